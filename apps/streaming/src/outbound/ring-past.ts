import { buckets, parseRingHeaders, ringSubject, StationProcedure } from '@smartbox/contracts';
import { toError } from '@smartbox/kernel';
import type { KvStore, Messaging, RingHeader, RingInfo } from '@smartbox/messaging';
import { counter, createLogger, gauge } from '@smartbox/telemetry';
import type { Past, PastState, RingPiece } from '../application/ports.ts';
import { sourceKey } from '../application/ports.ts';
import { DvrIndex } from '../domain/dvr-index.ts';

/** Nobody asked for this long: the index goes, and is read again when somebody comes (3 000 headers in a second). */
const IDLE_MS = 30_000;
/** How old the knowledge of the ring's first message and of the broker's clock may be. */
const INFO_MS = 2_000;

interface Watched {
  index: DvrIndex;
  ready: Promise<void>;
  abort: AbortController;
  idle: NodeJS.Timeout;
}

const streamOf = (stationId: string) => `RING_${stationId}`;

/** The ring as JetStream holds it, read by headers alone and kept up to date while somebody looks back. */
export class RingPast implements Past {
  readonly #messaging: Messaging;
  readonly #watched = new Map<string, Watched>();
  readonly #infos = new Map<string, { at: number; info: Promise<RingInfo | undefined> }>();
  #procedures: Promise<KvStore<StationProcedure>> | undefined;

  constructor(messaging: Messaging) {
    this.#messaging = messaging;
    gauge('smartbox_dvr_sources', 'Sources whose ring is followed for rewinding', [], (set) => set(this.#watched.size));
  }

  async procedure(stationId: string): Promise<string | undefined> {
    this.#procedures ??= this.#messaging
      .kv(buckets.procedures.name, StationProcedure, { history: buckets.procedures.history })
      .catch((error: unknown) => {
        this.#procedures = undefined;
        throw error;
      });
    // Asked each time: from the moment a procedure ends, nobody sees its pictures.
    const entry = await (await this.#procedures).get(`station.${stationId}`);
    return entry?.value.procedureId ?? undefined;
  }

  async look(stationId: string, sourceId: string): Promise<PastState | undefined> {
    const info = await this.#info(stationId);
    if (!info) return undefined;
    const watched = this.#watch(stationId, sourceId);
    await watched.ready;
    const { index } = watched;
    index.dropBefore(info.firstSequence);
    // A ring made anew begins again at one: what was known of the old one is void.
    const newest = index.items.at(-1)?.streamSequence ?? 0;
    if (newest > info.lastSequence && (await this.#freshInfo(stationId, newest))) {
      this.#forget(sourceKey(stationId, sourceId));
      return this.look(stationId, sourceId);
    }
    return { index, windowMs: info.maxAgeMs, brokerNowMs: this.#brokerNow(stationId, info) };
  }

  async piece(stationId: string, sourceId: string, streamSequence: number): Promise<RingPiece> {
    const message = await this.#messaging.ring.getMessage(streamOf(stationId), streamSequence);
    if (!message) {
      const info = await this.#messaging.ring.streamInfo(streamOf(stationId));
      return info && streamSequence <= info.lastSequence ? 'expired' : 'unknown';
    }
    if (message.subject !== ringSubject(stationId, sourceId)) return 'unknown';
    const { procedure, initBytes } = parseRingHeaders((name) => message.headers[name]);
    return { procedure, initBytes, payload: message.payload };
  }

  close(): void {
    for (const key of [...this.#watched.keys()]) this.#forget(key);
  }

  #watch(stationId: string, sourceId: string): Watched {
    const key = sourceKey(stationId, sourceId);
    let watched = this.#watched.get(key);
    if (!watched) {
      const abort = new AbortController();
      const index = new DvrIndex();
      const idle = setTimeout(() => this.#forget(key), IDLE_MS).unref();
      const ready = this.#read(stationId, sourceId, index, abort.signal);
      watched = { index, ready, abort, idle };
      this.#watched.set(key, watched);
      ready.catch(() => this.#forget(key));
    }
    watched.idle.refresh();
    return watched;
  }

  #forget(key: string): void {
    const watched = this.#watched.get(key);
    if (!watched) return;
    this.#watched.delete(key);
    clearTimeout(watched.idle);
    watched.abort.abort();
  }

  /** Resolves when what was there has been read; what comes later is followed in the background. */
  async #read(stationId: string, sourceId: string, index: DvrIndex, signal: AbortSignal): Promise<void> {
    const stream = streamOf(stationId);
    const subject = ringSubject(stationId, sourceId);
    const { ring } = this.#messaging;
    let next = 1;
    const take = (message: RingHeader) => {
      next = message.sequence + 1;
      try {
        const headers = parseRingHeaders((name) => message.headers[name]);
        index.add({ streamSequence: message.sequence, brokerMs: message.timestamp.getTime(), headers });
      } catch (error) {
        counter('smartbox_ring_malformed_total', 'Ring messages with unreadable headers', ['stream']).inc({ stream });
        createLogger('streaming').warn({ stream, sequence: message.sequence, err: toError(error) }, 'malformed');
      }
    };
    for await (const message of ring.readHeaders(stream, { subject, signal })) take(message);
    const follow = async () => {
      for await (const message of ring.followHeaders(stream, { subject, startSeq: next, signal })) take(message);
    };
    void follow()
      .catch((error: unknown) => createLogger('streaming').warn({ stream, err: toError(error) }, 'following ended'))
      .finally(() => {
        const key = sourceKey(stationId, sourceId);
        if (this.#watched.get(key)?.index === index) this.#forget(key);
      });
  }

  #info(stationId: string): Promise<RingInfo | undefined> {
    const known = this.#infos.get(stationId);
    if (known && performance.now() - known.at < INFO_MS) return known.info;
    const asked = { at: performance.now(), info: this.#messaging.ring.streamInfo(streamOf(stationId)) };
    this.#infos.set(stationId, asked);
    // Stations are not made up by callers (the token names one that exists), so this map stays small.
    asked.info.catch(() => this.#infos.delete(stationId));
    return asked.info;
  }

  /** Asks again: is the newest that we know really beyond the ring's end? */
  async #freshInfo(stationId: string, newest: number): Promise<boolean> {
    this.#infos.delete(stationId);
    return newest > ((await this.#info(stationId))?.lastSequence ?? Infinity);
  }

  #brokerNow(stationId: string, info: RingInfo): number {
    const at = this.#infos.get(stationId)?.at ?? performance.now();
    return info.serverTime.getTime() + (performance.now() - at);
  }
}
