import { TIMESCALE, type RingHeaders } from '@smartbox/contracts';

/** A stretch of a source's past as the playlist says it: a fragment of the ring, or time without a picture. */
export interface DvrItem {
  /** EXT-X-MEDIA-SEQUENCE counts these: consecutive, never used twice (RFC 8216 section 4.4.3.2). */
  ordinal: number;
  /** How many discontinuities came before and with it (RFC 8216 section 4.4.3.3). */
  discontinuity: number;
  /** First frame, milliseconds since 1970 by the station's clock. */
  atMs: number;
  seconds: number;
  procedure: string;
  epoch: string;
  /** When the broker stored it, milliseconds since 1970 by the broker's clock: decides about its expiry. */
  brokerMs: number;
  /** Where it stands in RING_<station>; undefined: no picture. */
  streamSequence: number | undefined;
  keyframe: boolean;
  initBytes: number;
}

export interface SeenFragment {
  streamSequence: number;
  brokerMs: number;
  headers: RingHeaders;
}

/** Shorter holes are the jitter of a camera. */
const GAP_MS = 500;
/** A hole is said in pieces no longer than a segment may be, and at most this many: the clock says the rest. */
const GAP_PIECE_S = 2;
const GAP_PIECES = 30;
/** Ordinals per place in the stream: more than the pieces of a hole, so that a restarted service never goes back. */
const ORDINALS = 32;

/** What one source's ring holds, in the order of its frames. Fed by headers alone, about 300 bytes a fragment. */
export class DvrIndex {
  #items: DvrItem[] = [];
  #next: number | undefined;
  #last: { headers: RingHeaders; endNs: bigint; endMs: number; brokerMs: number; discontinuity: number } | undefined;
  #longest = 0;
  #version = 0;

  get items(): readonly DvrItem[] {
    return this.#items;
  }

  /** Grows with every change. */
  get version(): number {
    return this.#version;
  }

  /** Whole seconds that no item exceeds; never shrinks (RFC 8216 section 4.4.3.1). */
  get targetSeconds(): number {
    return Math.max(GAP_PIECE_S, Math.round(this.#longest));
  }

  /** Takes the next fragment of the stream. Repeated and late ones are left out: the past does not change. */
  add({ streamSequence, brokerMs, headers }: SeenFragment): void {
    const last = this.#last;
    const sameEpoch = last?.headers.epoch === headers.epoch;
    if (last && sameEpoch && headers.sequence <= last.headers.sequence) return;
    this.#version += 1;
    this.#next ??= streamSequence * ORDINALS;
    const seconds = durationTicks(headers) / TIMESCALE;
    const startNs = BigInt(headers.monotonicNs);
    const atMs = Date.parse(headers.capturedAt);
    let discontinuity = last?.discontinuity ?? 0;
    const common = { procedure: headers.procedure, epoch: headers.epoch, brokerMs };
    if (last) {
      const missing = missingMs(last, startNs, brokerMs, seconds * 1000);
      // Another patient's pause is nobody's gap.
      const hole = missing >= GAP_MS && last.headers.procedure === headers.procedure ? missing / 1000 : 0;
      // A new epoch has parameters and times of its own; after a hole the times jump.
      if (!sameEpoch) discontinuity += 1;
      const pieces = Math.min(GAP_PIECES, Math.ceil(hole / GAP_PIECE_S));
      for (let piece = 0; piece < pieces; piece++) {
        const length = Math.min(GAP_PIECE_S, hole - piece * GAP_PIECE_S);
        this.#items.push({
          ...common,
          ordinal: this.#next++,
          discontinuity: last.discontinuity,
          epoch: last.headers.epoch,
          atMs: last.endMs + piece * GAP_PIECE_S * 1000,
          seconds: length,
          streamSequence: undefined,
          keyframe: true,
          initBytes: 0,
        });
      }
    }
    const { keyframe, initBytes } = headers;
    this.#items.push({
      ...common,
      ordinal: this.#next++,
      discontinuity,
      atMs,
      seconds,
      streamSequence,
      keyframe,
      initBytes,
    });
    this.#longest = Math.max(this.#longest, seconds);
    const endNs = startNs + BigInt(Math.round(seconds * 1e9));
    this.#last = { headers, endNs, endMs: atMs + seconds * 1000, brokerMs, discontinuity };
  }

  /** Forgets what the ring has dropped. */
  dropBefore(streamSequence: number): void {
    const first = this.#items.findIndex((item) => (item.streamSequence ?? -1) >= streamSequence);
    const dropped = first < 0 ? this.#items.length : first;
    if (dropped === 0) return;
    this.#items.splice(0, dropped);
    this.#version += 1;
  }

  /** A message that carries the header (ftyp+moov) of an epoch, the newest: the last one to expire. */
  headerOf(epoch: string, procedure: string): DvrItem | undefined {
    return this.#items.findLast((item) => item.epoch === epoch && item.procedure === procedure && item.initBytes > 0);
  }
}

function missingMs(
  last: { endNs: bigint; brokerMs: number },
  startNs: bigint,
  brokerMs: number,
  lengthMs: number,
): number {
  const byStation = Number(startNs - last.endNs) / 1e6;
  // The monotonic clock began anew with the machine: only the broker's clock knows how long it was away.
  return byStation < -1000 ? brokerMs - last.brokerMs - lengthMs : byStation;
}

function durationTicks({ sampleDurations, frames }: RingHeaders): number {
  const values = sampleDurations.split(',').map(Number);
  return values.length === 1 ? (values[0] ?? 0) * frames : values.reduce((sum, value) => sum + value, 0);
}
