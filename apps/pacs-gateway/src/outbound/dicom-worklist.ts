import type { DestinationsFile, RpcReply, RpcRequest } from '@smartbox/contracts';
import { inputError } from '@smartbox/kernel';
import { createLogger } from '@smartbox/telemetry';
import type { Worklist } from '../application/ports.ts';
import { findWorklist } from '@smartbox/dimse';

/** A person waits for the answer. */
const IDLE_TIMEOUT_MS = 15_000;
const log = createLogger('pacs-gateway');

/** The site's worklist server, PS3.4 annex K. */
export class DicomWorklist implements Worklist {
  readonly #config: DestinationsFile['worklist'];

  constructor(config: DestinationsFile['worklist']) {
    this.#config = config;
  }

  async find(query: RpcRequest<'pacs-gateway.find-worklist'>): Promise<RpcReply<'pacs-gateway.find-worklist'>> {
    if (!this.#config) throw inputError('worklist-not-configured', 'destinations.yaml names no worklist server');
    const { host, port, aeTitle, callingAeTitle } = this.#config;
    const address = { host, port, calledAeTitle: aeTitle, callingAeTitle };
    const { items, truncated, unreadable } = await findWorklist(
      { ...address, maxPduBytes: 131_072, idleTimeoutMs: IDLE_TIMEOUT_MS },
      query,
    );
    if (unreadable > 0) log.warn({ unreadable, readable: items.length }, 'worklist items could not be read');
    return { items, truncated };
  }
}
