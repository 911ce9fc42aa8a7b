import type { DestinationsFile, RpcReply, RpcRequest, WorklistItem } from '@smartbox/contracts';
import { inputError } from '@smartbox/kernel';
import { createLogger } from '@smartbox/telemetry';
import type { Worklist } from '../application/ports.ts';
import { findWorklist, tlsOptions, type AssociationOptions } from '@smartbox/dimse';
import { worklistQueries } from '../domain/worklist-matching.ts';

const log = createLogger('pacs-gateway');

/** The site's worklist server, PS3.4 annex K. */
export class DicomWorklist implements Worklist {
  #config: DestinationsFile['worklist'];
  #options: Omit<AssociationOptions, 'contexts'> | undefined;

  readonly #configDir: string;

  /** `configDir`: where relative names of certificate files are looked up. */
  constructor(config: DestinationsFile['worklist'], configDir: string) {
    this.#configDir = configDir;
    this.use(config);
  }

  /** From the next query on. @throws SmartBoxError `invalid-configuration`. */
  use(config: DestinationsFile['worklist']): void {
    this.#options = config && {
      host: config.host,
      port: config.port,
      calledAeTitle: config.aeTitle,
      callingAeTitle: config.callingAeTitle,
      maxPduBytes: 131_072,
      idleTimeoutMs: config.idleTimeoutSeconds * 1000,
      ...(config.tls ? { tls: tlsOptions(config.tls, this.#configDir, 'worklist') } : {}),
    };
    this.#config = config;
  }

  async find({
    limit: asked,
    ...query
  }: RpcRequest<'pacs-gateway.find-worklist'>): Promise<RpcReply<'pacs-gateway.find-worklist'>> {
    if (!this.#config || !this.#options) {
      throw inputError('worklist-not-configured', 'destinations.yaml names no worklist server');
    }
    const { matching } = this.#config;
    const limit = Math.min(asked ?? Infinity, this.#config.limit);
    const found = new Map<string, WorklistItem>();
    let truncated = false;
    for (const one of worklistQueries(query, matching)) {
      const answer = await findWorklist(this.#options, one, Math.max(1, limit - found.size));
      if (answer.unreadable > 0) {
        log.warn({ unreadable: answer.unreadable, readable: answer.items.length }, 'worklist items could not be read');
      }
      for (const item of answer.items) found.set(item.itemId, item);
      truncated ||= answer.truncated;
    }
    return { items: [...found.values()], truncated };
  }
}
