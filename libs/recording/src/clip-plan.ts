import type { Range } from '@smartbox/contracts';
import { inputError, SmartBoxError } from '@smartbox/kernel';
import { monotonicAtBroker, monotonicAtWall } from './anchor.ts';
import {
  frameTicks,
  msToNs,
  nsToMs,
  samplesOf,
  ticksToMs,
  ticksToNs,
  type FragmentName,
  type RingEntry,
} from './ring-entry.ts';
import { planSource, type SourcePlan } from './source-plan.ts';
import { timeline, type TimedEntry } from './timeline.ts';

export interface ClipRequest {
  /** Sources wanted; those without anything in the range come back as `missing`. */
  sources: readonly string[];
  range: Range;
  /** The moment of the request on the broker's clock: "the last N" counts back from it. Milliseconds since 1970. */
  anchorMs: number;
  corrupt?: ReadonlySet<FragmentName>;
}

/** A stretch of the station's monotonic clock, nanoseconds. */
export interface MonotonicRange {
  startNs: bigint;
  endNs: bigint;
}

export interface ClipPlan {
  /** The same for every source; a source is planned again over it when a fragment turns out unusable. */
  range: MonotonicRange;
  sources: SourcePlan[];
  missing: { sourceId: string; reason: string }[];
  /** Sources begin with the frame that is shown at its start, not with the keyframe before. */
  exact: boolean;
  requestedMs: number;
  /** Length of the longest source, never more than what is there. */
  savedMs: number;
  truncated: boolean;
}

/** The last GOP may be unpublished at the press: up to this much the range moves back to what is there. */
const TAIL_NS = 2_500_000_000n;
/**
 * Sources that end this near to each other are cut at the earliest end, so that one clip covers one range: GOPs closed
 * by one request end within a frame, a passed-through GOP or a starved encoder comes up to a second later. A source
 * further behind (no signal) costs the others nothing.
 */
const TOGETHER_NS = 1_200_000_000n;
/** Clocks of people and stations differ a little; this much of the future is not a mistake. */
const FUTURE_MS = 5_000;

type TimeRange = Exclude<Range, { frames: unknown }>;

function requestedRange(range: TimeRange, anchorMs: number): { fromMs: number; toMs: number } {
  if ('lastMs' in range) return { fromMs: anchorMs - range.lastMs, toMs: anchorMs };
  const [fromMs, toMs] = [Date.parse(range.from), Date.parse(range.to)];
  if (fromMs >= toMs) throw inputError('range-empty', `the range ends (${range.to}) before it begins (${range.from})`);
  if (toMs > anchorMs + FUTURE_MS) {
    const now = new Date(anchorMs).toISOString();
    throw inputError('range-in-future', `the range ends at ${range.to}, which is in the future (now ${now})`);
  }
  return { fromMs, toMs };
}

/**
 * Where the broker's clock says "now", moved back to what is there when that is a little earlier. Sources that end
 * nearly together are cut at the earliest of their ends, so that all of them cover the same range.
 */
function endAtBroker(entries: readonly TimedEntry[], brokerMs: number): bigint | undefined {
  const at = monotonicAtBroker(entries, brokerMs);
  if (at === undefined) return undefined;
  const ends = new Map<string, bigint>();
  for (const { headers, endNs } of entries) {
    if (endNs > (ends.get(headers.source) ?? 0n)) ends.set(headers.source, endNs);
  }
  const latest = largest(ends.values());
  if (at - latest > TAIL_NS) return at;
  const together = ends.values().filter((end) => latest - end <= TOGETHER_NS);
  return together.reduce((least, end) => (end < least ? end : least), at);
}

const largest = (values: Iterable<bigint>) =>
  Iterator.from(values).reduce((most, value) => (value > most ? value : most), 0n);

/** The range on the station's monotonic clock. */
function resolve(range: Range, anchorMs: number, entries: readonly TimedEntry[]): MonotonicRange | undefined {
  if ('frames' in range) return frameRange(range, entries);
  const { fromMs, toMs } = requestedRange(range, anchorMs);
  if ('lastMs' in range) {
    const endNs = endAtBroker(entries, anchorMs);
    return endNs === undefined ? undefined : { startNs: endNs - msToNs(range.lastMs), endNs };
  }
  const startNs = monotonicAtWall(entries, fromMs);
  const endNs = monotonicAtWall(entries, toMs);
  return startNs === undefined || endNs === undefined ? undefined : { startNs, endNs };
}

/** Frames of one source by their numbers, from the one on that is shown at a moment: when they begin and end. */
function frameRange(
  { sourceId, since, frames }: Extract<Range, { frames: unknown }>,
  entries: readonly TimedEntry[],
): MonotonicRange | undefined {
  const own = entries.filter(({ headers }) => headers.source === sourceId);
  const sinceNs = monotonicAtWall(own, Date.parse(since));
  if (sinceNs === undefined) return undefined;
  const starts = own.flatMap((entry) => frameStarts(entry));
  const first = Math.max(
    0,
    starts.findLastIndex((start) => start <= sinceNs + LABEL_NS),
  );
  const startNs = starts[first + frames.from];
  if (startNs === undefined) return undefined;
  const last = own.at(-1);
  return { startNs, endNs: starts[first + frames.to] ?? last?.endNs ?? startNs };
}

/** Instants are labels in whole milliseconds. */
const LABEL_NS = 1_000_000n;

function frameStarts(entry: TimedEntry): bigint[] {
  let ticks = 0;
  return (samplesOf(entry.headers)?.durations ?? []).map((duration) => entry.startNs + ticksToNs((ticks += duration) - duration)); // prettier-ignore
}

/** The length that a request means, for the check of its form before anything is read; of frames it is known later. */
export function requestedMs(range: Range, anchorMs: number): number | undefined {
  if ('frames' in range) return undefined;
  const { fromMs, toMs } = requestedRange(range, anchorMs);
  return toMs - fromMs;
}

interface Wanted {
  sources: readonly string[];
  corrupt?: ReadonlySet<FragmentName>;
}

/**
 * Cameras begin their GOPs together, but never in the same nanosecond: a range that begins between two of those
 * keyframes would take a whole GOP more of one source. Then all begin with that GOP.
 */
function together(range: MonotonicRange, sources: readonly SourcePlan[]): MonotonicRange | undefined {
  const starts = sources.map(({ startNs }) => startNs);
  const [first] = sources;
  if (!first?.fragments[0] || starts.length < 2) return undefined;
  const frame = ticksToNs(frameTicks(first.fragments[0].entry.headers));
  const earliest = starts.reduce((least, start) => (start < least ? start : least));
  if (starts.every((start) => start - earliest <= frame)) return undefined;
  const startNs = earliest + frame < range.startNs ? earliest + frame : range.startNs;
  return { ...range, startNs };
}

function planOver(
  entries: readonly RingEntry[],
  wanted: Wanted & { requestedMs: number | undefined; exact?: boolean },
  resolveRange: (all: readonly TimedEntry[]) => MonotonicRange | undefined,
): ClipPlan {
  const bySource = Map.groupBy(entries, (entry) => entry.headers.source);
  const all = [...bySource.values()].flatMap((list) => timeline(list));
  const exact = wanted.exact ?? false;
  const options = { exact, ...(wanted.corrupt ? { corrupt: wanted.corrupt } : {}) };
  const over = (range: MonotonicRange) =>
    wanted.sources
      .map((id) => planSource(id, bySource.get(id) ?? [], range, options))
      .filter((plan) => plan !== undefined);
  let range = resolveRange(all);
  let sources = range ? over(range) : [];
  const aligned = range && !exact && together(range, sources);
  if (aligned) sources = over((range = aligned));
  const missing = wanted.sources
    .filter((id) => !sources.some(({ sourceId }) => sourceId === id))
    .map((id) => ({ sourceId: id, reason: bySource.has(id) ? 'nothing in this range' : 'nothing in the ring' }));
  if (!range || sources.length === 0) throw notAvailable(all, wanted.sources);
  const savedMs = Math.max(...sources.map((plan) => plan.durationMs));
  const asked = wanted.requestedMs ?? nsToMs(range.endNs - range.startNs);
  return { range, exact, sources, missing, requestedMs: asked, savedMs, truncated: savedMs < asked - SHORT_MS };
}

/**
 * Plans a clip of several sources over the same range of the station's clock from ring headers alone.
 * `entries` holds one procedure only: the caller leaves out every fragment of another.
 * @throws SmartBoxError `range-empty`, `range-in-future`, `range-not-available`.
 */
export function planClip(entries: readonly RingEntry[], request: ClipRequest): ClipPlan {
  const { range } = request;
  const exact = 'frames' in range || ('exact' in range && range.exact === true);
  const wanted = { ...request, exact, requestedMs: requestedMs(range, request.anchorMs) };
  const plan = planOver(entries, wanted, (all) => resolve(range, request.anchorMs, all));
  return 'frames' in range ? countFrames(plan, range) : plan;
}

/** Frames were asked for: fewer of them are fewer, however short they are. */
function countFrames(plan: ClipPlan, { sourceId, frames }: Extract<Range, { frames: unknown }>): ClipPlan {
  const own = plan.sources.find((source) => source.sourceId === sourceId);
  const missing = own ? frames.to - frames.from - own.frames : 0;
  const { headers } = (own?.head ?? own)?.fragments[0]?.entry ?? {};
  if (missing <= 0 || !headers) return plan;
  return { ...plan, truncated: true, requestedMs: plan.requestedMs + ticksToMs(missing * frameTicks(headers)) };
}

/** Two moments on the broker's clock, milliseconds since 1970: when "record" and "stop" were pressed. */
export interface RecordingRequest extends Wanted {
  startMs: number;
  stopMs: number;
}

/** As `planClip`, for a recording: the range lies between two moments of the broker's clock. */
export function planRecording(entries: readonly RingEntry[], request: RecordingRequest): ClipPlan {
  const { startMs, stopMs } = request;
  return planOver(entries, { ...request, requestedMs: Math.max(0, stopMs - startMs) }, (all) => {
    const startNs = monotonicAtBroker(all, startMs);
    const endNs = endAtBroker(all, stopMs);
    return startNs === undefined || endNs === undefined ? undefined : { startNs, endNs };
  });
}

/** The GOP that holds the frame shown at a moment, up to that frame: it is the last one of each source's plan. */
export function planStill(
  entries: readonly RingEntry[],
  request: Wanted & { at: { brokerMs: number } | { wallMs: number } },
): ClipPlan {
  const { at } = request;
  const wide = planOver(entries, { ...request, requestedMs: 0 }, (all) => {
    const endNs = 'brokerMs' in at ? endAtBroker(all, at.brokerMs) : monotonicAtWall(all, at.wallMs);
    return endNs === undefined ? undefined : { startNs: endNs - TAIL_NS, endNs };
  });
  return { ...wide, sources: wide.sources.map(lastGop) };
}

function lastGop(plan: SourcePlan): SourcePlan {
  const fragments = plan.fragments.slice(plan.fragments.findLastIndex(({ entry }) => entry.headers.keyframe));
  const ticks = fragments.flatMap(({ durations }) => durations).reduce((sum, duration) => sum + duration, 0);
  const frames = fragments.reduce((sum, { sizes }) => sum + sizes.length, 0);
  const startNs = plan.endNs - ticksToNs(ticks);
  return { ...plan, fragments, gaps: [], frames, durationMs: ticksToMs(ticks), startNs };
}

/** Less than the longest frame (10 fps) is not "less than asked". */
const SHORT_MS = 100;

function notAvailable(entries: readonly TimedEntry[], wanted: readonly string[]): SmartBoxError {
  const [first] = entries;
  const start = entries.reduce((least, entry) => (entry.startNs < least ? entry.startNs : least), first?.startNs ?? 0n);
  const end = entries.reduce((most, entry) => (entry.endNs > most ? entry.endNs : most), 0n);
  const availableMs = first ? Math.round(nsToMs(end - start)) : 0;
  const sources = wanted.join(', ');
  return new SmartBoxError({
    code: 'range-not-available',
    message: first
      ? `nothing of ${sources} is in this range; the ring holds ${(availableMs / 1000).toFixed(1)} s of this procedure`
      : `the ring holds nothing of ${sources} in this procedure`,
    fault: 'input',
    details: { availableMs },
  });
}
