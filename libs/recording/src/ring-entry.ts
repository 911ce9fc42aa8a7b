import { parseFrameRate, TIMESCALE, type RingHeaders } from '@smartbox/contracts';

/** One ring message as a headers-only reader sees it. */
export interface RingEntry {
  /** Its sequence in the stream RING_<station>. */
  streamSequence: number;
  /** The broker's clock when it was stored, milliseconds since 1970. */
  brokerMs: number;
  /** Length of the message's payload. */
  payloadBytes: number;
  headers: RingHeaders;
}

/** Names a fragment within a station's source, whatever stream it is read from. */
export type FragmentName = `${string}/${number}`;

export function fragmentName(headers: Pick<RingHeaders, 'epoch' | 'sequence'>): FragmentName {
  return `${headers.epoch}/${headers.sequence}`;
}

/** Comma-separated numbers, one per frame, or a single one for all; undefined where the count is wrong. */
function perFrame(text: string, frames: number): number[] | undefined {
  const values = text.split(',').map(Number);
  const [only] = values;
  if (values.length === 1 && only !== undefined) return new Array<number>(frames).fill(only);
  return values.length === frames ? values : undefined;
}

/** Bytes and ticks of every frame of a fragment; undefined where the headers contradict themselves. */
export function samplesOf(headers: RingHeaders): { sizes: number[]; durations: number[] } | undefined {
  const sizes = perFrame(headers.sampleSizes, headers.frames);
  const durations = perFrame(headers.sampleDurations, headers.frames);
  return sizes && durations ? { sizes, durations } : undefined;
}

/** Length of one frame at the nominal rate, ticks of TIMESCALE. */
export function frameTicks(headers: Pick<RingHeaders, 'frameRate'>): number {
  const rate = parseFrameRate(headers.frameRate);
  return (TIMESCALE * rate.den) / rate.num;
}

const NS_PER_SECOND = 1_000_000_000n;

export function ticksToNs(ticks: number): bigint {
  return (BigInt(Math.round(ticks)) * NS_PER_SECOND) / BigInt(TIMESCALE);
}

/** Rounded to the nearest tick. */
export function nsToTicks(ns: bigint): number {
  const half = ns < 0n ? -NS_PER_SECOND / 2n : NS_PER_SECOND / 2n;
  return Number((ns * BigInt(TIMESCALE) + half) / NS_PER_SECOND);
}

export const ticksToMs = (ticks: number): number => Math.round((ticks * 1_000_000) / TIMESCALE) / 1000;
export const msToNs = (ms: number): bigint => BigInt(Math.round(ms * 1_000_000));
export const nsToMs = (ns: bigint): number => Number(ns / 1000n) / 1000;
