import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import type { ListenerConfig } from '@smartbox/contracts';
import type { CommitmentDesk } from '../application/commitment-desk.ts';
import type { Destinations } from '../application/destination.ts';
import type { Resend } from '../application/resend.ts';
import type { KvCommitments } from '../outbound/kv-commitments.ts';
import { CommitmentListener } from './commitment.listener.ts';

/** Storage Commitment while the service runs: the desk that asks, and the listener that archives report to. */
@Injectable()
export class CommitmentService implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #desk: CommitmentDesk;
  readonly #store: KvCommitments;
  readonly #resend: Resend;
  readonly #listener: CommitmentListener | undefined;

  constructor(
    config: { listener?: ListenerConfig | undefined; configDir: string },
    desk: CommitmentDesk,
    store: KvCommitments,
    destinations: Destinations,
    resend: Resend,
  ) {
    const { listener, configDir } = config;
    this.#desk = desk;
    this.#store = store;
    this.#resend = resend;
    this.#listener = listener && new CommitmentListener(listener, configDir, desk, destinations);
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.#listener?.listen();
    this.#desk.start((deliveryId, destination) => this.#resend.request(deliveryId, destination));
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.#listener?.close();
    await this.#desk.stop();
    await this.#store.stop();
  }
}
