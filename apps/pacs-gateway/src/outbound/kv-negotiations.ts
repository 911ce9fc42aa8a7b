import { isDeepStrictEqual } from 'node:util';
import { Negotiated } from '@smartbox/contracts';
import { toError } from '@smartbox/kernel';
import type { KvStore, Messaging } from '@smartbox/messaging';
import { createLogger } from '@smartbox/telemetry';

const BUCKET = 'DESTINATIONS';
/** The same again is written no more often. */
const AGAIN_MS = 60_000;
const log = createLogger('pacs-gateway');

/** KV bucket DESTINATIONS, key `<name>`: what was negotiated last with each. */
export class KvNegotiations {
  readonly #kv: KvStore<Negotiated>;
  readonly #last = new Map<string, Negotiated>();

  private constructor(kv: KvStore<Negotiated>) {
    this.#kv = kv;
  }

  static async open(messaging: Messaging): Promise<KvNegotiations> {
    return new KvNegotiations(await messaging.kv<Negotiated>(BUCKET, Negotiated));
  }

  async get(destination: string): Promise<Negotiated | undefined> {
    return (await this.#kv.get(destination))?.value;
  }

  /** For people to look at: a broker that does not take it now holds nothing up. */
  keep(destination: string, negotiated: Negotiated): void {
    const last = this.#last.get(destination);
    const recent = last !== undefined && Date.parse(negotiated.at) - Date.parse(last.at) < AGAIN_MS;
    if (recent && isDeepStrictEqual({ ...last, at: '' }, { ...negotiated, at: '' })) return;
    this.#last.set(destination, negotiated);
    this.#kv.put(destination, negotiated).catch((error: unknown) => {
      log.warn({ destination, err: toError(error).message }, 'what was negotiated is not kept');
    });
  }
}
