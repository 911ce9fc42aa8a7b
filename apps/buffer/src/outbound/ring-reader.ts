import { parseRingHeaders, ringSubject } from '@smartbox/contracts';
import { SmartBoxError } from '@smartbox/kernel';
import type { Messaging, RingInfo } from '@smartbox/messaging';
import { monotonicAtBroker, samplesOf, ticksToNs, timeline, type RingEntry } from '@smartbox/recording';
import { counter, createLogger } from '@smartbox/telemetry';
import type { Fragments, Ring, RingClock } from '../application/ports.ts';

const streamOf = (stationId: string) => `RING_${stationId}`;
/** Time for the station to hear that its sources should end their GOPs (ADR 5)... */
const IDR_MS = 150;
/** ... and for the ended GOPs to arrive: one frame, its encoding, and an fsync. */
const ARRIVAL_MS = 250;
/** A source whose last fragment is older than this is not waited for. */
const LIVE_MS = 6_000;
/** Ends this near to the press are "at the press". */
const AT_PRESS_NS = 40_000_000n;

/** The headers of one station's ring, read once and then only what is new: about 1.5 KB a fragment. */
class RingIndex {
  readonly #messaging: Messaging;
  readonly #stream: string;
  readonly #malformed = counter('smartbox_ring_malformed_total', 'Ring messages with unreadable headers', ['stream']);
  #entries: RingEntry[] = [];
  #last = 0;
  /** The broker's clock at the last look, milliseconds since 1970. */
  seenMs = 0;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(messaging: Messaging, stationId: string) {
    this.#messaging = messaging;
    this.#stream = streamOf(stationId);
  }

  /** What the ring holds at the time of the call. */
  entries(): Promise<RingEntry[]> {
    const turn = this.#turn.catch(() => undefined).then(() => this.#refresh());
    this.#turn = turn;
    return turn;
  }

  async info(): Promise<RingInfo> {
    const info = await this.#messaging.ring.streamInfo(this.#stream);
    if (info) return info;
    throw new SmartBoxError({
      code: 'ring-not-there',
      message: `there is no stream ${this.#stream}`,
      fault: 'ours',
      retryable: true,
    });
  }

  async #refresh(): Promise<RingEntry[]> {
    const { firstSequence, lastSequence, serverTime } = await this.info();
    this.seenMs = serverTime.getTime();
    if (lastSequence < this.#last) {
      this.#entries = [];
      this.#last = 0;
    }
    if (lastSequence > this.#last) {
      const startSeq = Math.max(this.#last + 1, firstSequence);
      for await (const message of this.#messaging.ring.readHeaders(this.#stream, { startSeq })) {
        this.#last = message.sequence;
        try {
          const headers = parseRingHeaders((name) => message.headers[name]);
          const brokerMs = message.timestamp.getTime();
          this.#entries.push({ streamSequence: message.sequence, brokerMs, payloadBytes: message.bytes, headers });
        } catch (error) {
          this.#malformed.inc({ stream: this.#stream });
          createLogger('buffer').warn({ stream: this.#stream, sequence: message.sequence, err: error }, 'malformed');
        }
      }
    }
    const stale = this.#entries.findIndex((entry) => entry.streamSequence >= firstSequence);
    this.#entries.splice(0, stale < 0 ? this.#entries.length : stale);
    return [...this.#entries];
  }
}

/** The ring as JetStream holds it. */
export class RingReader implements Ring {
  readonly #messaging: Messaging;
  readonly #indices = new Map<string, RingIndex>();

  constructor(messaging: Messaging) {
    this.#messaging = messaging;
  }

  async clock(stationId: string): Promise<RingClock> {
    const { serverTime, maxAgeMs } = await this.#index(stationId).info();
    return { nowMs: serverTime.getTime(), windowMs: maxAgeMs };
  }

  entries(stationId: string): Promise<RingEntry[]> {
    return this.#index(stationId).entries();
  }

  fragments(stationId: string, sourceId: string): Fragments {
    const { ring } = this.#messaging;
    const stream = streamOf(stationId);
    return {
      payload: async (entry) => (await ring.getMessage(stream, entry.streamSequence))?.payload,
      async *read(fragments, signal) {
        const sequences = fragments.map(({ entry }) => entry.streamSequence);
        const named = new Map(fragments.map(({ entry }) => [entry.streamSequence, entry.headers]));
        const [fromSeq, toSeq] = [Math.min(...sequences), Math.max(...sequences)];
        const subject = ringSubject(stationId, sourceId);
        const options = { subject, fromSeq, toSeq, ...(signal ? { signal } : {}) };
        for await (const { sequence, payload } of ring.readMessages(stream, options)) {
          const headers = named.get(sequence);
          if (headers) yield { epoch: headers.epoch, sequence: headers.sequence, payload };
        }
      },
    };
  }

  async closeGops(stationId: string, sources: readonly string[]): Promise<void> {
    const log = createLogger('buffer');
    try {
      const index = this.#index(stationId);
      const entries = await index.entries();
      const pressedMs = index.seenMs;
      const recent = entries.filter(({ brokerMs }) => brokerMs > pressedMs - LIVE_MS);
      const bySource = Map.groupBy(recent, ({ headers }) => headers.source);
      const pressedNs = monotonicAtBroker([...bySource.values()].flatMap(timeline), pressedMs);
      const live = sources.filter((sourceId) => bySource.has(sourceId));
      if (pressedNs === undefined || live.length === 0) return;
      const request = { stationId, sources: live };
      await this.#messaging.call('capture-edge.idr', request, { station: stationId, timeoutMs: IDR_MS });
      await this.#arrival(stationId, new Set(live), (entries.at(-1)?.streamSequence ?? 0) + 1, pressedNs - AT_PRESS_NS);
    } catch (error) {
      log.debug({ stationId, err: error }, 'the sources did not end their GOPs in time');
    }
  }

  /** Waits until the ring holds each source up to a moment of its clock. */
  async #arrival(stationId: string, waiting: Set<string>, startSeq: number, untilNs: bigint): Promise<void> {
    const signal = AbortSignal.timeout(ARRIVAL_MS);
    for await (const message of this.#messaging.ring.followHeaders(streamOf(stationId), { startSeq, signal })) {
      const headers = parseRingHeaders((name) => message.headers[name]);
      const ticks = samplesOf(headers)?.durations.reduce((sum, duration) => sum + duration, 0) ?? 0;
      if (BigInt(headers.monotonicNs) + ticksToNs(ticks) >= untilNs) waiting.delete(headers.source);
      if (waiting.size === 0) return;
    }
  }

  #index(stationId: string): RingIndex {
    let index = this.#indices.get(stationId);
    if (!index) this.#indices.set(stationId, (index = new RingIndex(this.#messaging, stationId)));
    return index;
  }
}
