import { Controller, Inject } from '@nestjs/common';
import type { CommandData, RpcReply, RpcRequest } from '@smartbox/contracts';
import { inputError, toError } from '@smartbox/kernel';
import { done, OnCommand, Rpc, type Verdict } from '@smartbox/messaging';
import type { Destinations } from '../application/destination.ts';
import type { Worklist } from '../application/ports.ts';
import { Resend } from '../application/resend.ts';
import { DESTINATIONS, WORKLIST } from '../tokens.ts';

/** What people and the catalog ask of the gateway. */
@Controller()
export class PacsGatewayController {
  readonly #resend: Resend;
  readonly #destinations: Destinations;
  readonly #worklist: Worklist;

  constructor(
    @Inject(Resend) resend: Resend,
    @Inject(DESTINATIONS) destinations: Destinations,
    @Inject(WORKLIST) worklist: Worklist,
  ) {
    this.#resend = resend;
    this.#destinations = destinations;
    this.#worklist = worklist;
  }

  @OnCommand('pacs-gateway.retry-delivery', { durable: 'pacs-gateway-commands' })
  async retry({ deliveryId, destination }: CommandData<'pacs-gateway.retry-delivery'>): Promise<Verdict> {
    await this.#resend.request(deliveryId, destination);
    return done();
  }

  @Rpc('pacs-gateway.find-worklist')
  findWorklist(query: RpcRequest<'pacs-gateway.find-worklist'>): Promise<RpcReply<'pacs-gateway.find-worklist'>> {
    return this.#worklist.find(query);
  }

  @Rpc('pacs-gateway.echo')
  async echo({ destination: name }: RpcRequest<'pacs-gateway.echo'>): Promise<RpcReply<'pacs-gateway.echo'>> {
    const destination = this.#destinations.get(name);
    if (!destination) throw inputError('unknown-destination', `no destination is called ${name}`);
    try {
      const roundTripMs = await destination.archive.echo();
      destination.gate.wake(); // it answers: what is parked need not wait out its time
      return { destination: name, ok: true, roundTripMs };
    } catch (error) {
      return { destination: name, ok: false, reason: toError(error).message };
    }
  }

  @Rpc('pacs-gateway.list-destinations')
  listDestinations(): RpcReply<'pacs-gateway.list-destinations'> {
    const destinations = [...this.#destinations.values()].map(({ config, gate }) => {
      const { name, title, aeTitle, host, port } = config;
      const parked = gate.parked;
      return {
        name,
        title,
        aeTitle,
        host,
        port,
        parked: parked !== undefined,
        ...(parked ? { parkedReason: parked.reason } : {}),
      };
    });
    return { destinations };
  }
}
