import { Controller, Inject } from '@nestjs/common';
import { Messaging } from '@smartbox/messaging';
import { currentReach } from '../../application/access/asking.ts';
import { Destinations } from '../../application/destinations.ts';
import { ClipQueries } from '../../outbound/clip-queries.ts';
import { Input, Op } from './operation.decorator.ts';
import type { InputOf } from './operations.ts';

@Controller('api/v1')
export class DeliveriesController {
  readonly #destinations: Destinations;
  readonly #queries: ClipQueries;
  readonly #messaging: Messaging;

  constructor(
    @Inject(Destinations) destinations: Destinations,
    @Inject(ClipQueries) queries: ClipQueries,
    @Inject(Messaging) messaging: Messaging,
  ) {
    this.#destinations = destinations;
    this.#queries = queries;
    this.#messaging = messaging;
  }

  @Op('listDestinations')
  destinations() {
    return this.#destinations.view(currentReach());
  }

  @Op('echoDestination')
  echo(@Input() { params }: InputOf<'echoDestination'>) {
    return this.#messaging.call('pacs-gateway.echo', { destination: params.name }, { timeoutMs: 15_000 });
  }

  @Op('listDeliveries')
  deliveries(@Input() { query }: InputOf<'listDeliveries'>) {
    const { destination, state, limit, cursor } = query;
    return this.#queries.deliveries({ reach: currentReach(), destination, state }, { limit, cursor });
  }
}
