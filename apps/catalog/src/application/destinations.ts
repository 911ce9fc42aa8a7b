import type { DestinationsView, RpcReply } from '@smartbox/contracts';
import { toError } from '@smartbox/kernel';
import type { z } from 'zod';
import type { Reach } from '../domain/access/caller.ts';

type Listed = RpcReply<'pacs-gateway.list-destinations'>['destinations'];
type View = z.infer<typeof DestinationsView>;
export interface DestinationFacts {
  list(): Promise<Listed>;
  counts(reach: Reach): Promise<{ destination: string; state: string; count: number }[]>;
}

/** The archives as the PACS gateway knows them, with what the catalog knows of their deliveries. */
export class Destinations {
  readonly #facts: DestinationFacts;
  #last: Listed = [];

  constructor(facts: DestinationFacts) {
    this.#facts = facts;
  }

  /** What waits is counted of the rooms within reach. */
  async view(reach: Reach): Promise<View> {
    let reason: string | undefined;
    try {
      this.#last = await this.#facts.list();
    } catch (error) {
      reason = toError(error).message;
    }
    const counts = await this.#facts.counts(reach);
    const sum = (name: string, states: readonly string[]) =>
      counts.filter((c) => c.destination === name && states.includes(c.state)).reduce((n, c) => n + c.count, 0);
    const items = this.#last.map((destination) => ({
      ...destination,
      waiting: sum(destination.name, ['waiting', 'sending', 'deferred']),
      failed: sum(destination.name, ['failed']),
    }));
    return { items, reachable: reason === undefined, ...(reason === undefined ? {} : { reason }) };
  }
}
