import type { Gap } from '@smartbox/contracts';
import {
  fragmentName,
  frameTicks,
  nsToTicks,
  samplesOf,
  ticksToMs,
  ticksToNs,
  type FragmentName,
  type RingEntry,
} from './ring-entry.ts';
import { timeline, type TimedEntry } from './timeline.ts';

/** A fragment's share of a clip: its first `sizes.length` frames. */
export interface PlannedFragment {
  entry: RingEntry;
  /** Bytes per frame taken. */
  sizes: number[];
  /** Ticks per frame taken; the last one reaches over a gap that follows. */
  durations: number[];
  /** Of the frames taken. */
  bytes: number;
}

/** A GOP that begins before the clip: its frames from `lead` on are the clip's first ones, encoded anew. */
export interface PlannedHead {
  fragments: PlannedFragment[];
  lead: number;
}

/** What one source's file will hold, known before any payload is read. */
export interface SourcePlan {
  sourceId: string;
  /** Of a clip that is cut exactly, where it does not begin with a keyframe. */
  head?: PlannedHead;
  fragments: PlannedFragment[];
  gaps: Gap[];
  frames: number;
  /** Whole length on the presentation timeline, gaps included. */
  durationMs: number;
  /** The station's monotonic clock at the first frame and after the last. */
  startNs: bigint;
  endNs: bigint;
}

export interface PlanOptions {
  /** Fragments that were found corrupt: left out, their time becomes a gap. */
  corrupt?: ReadonlySet<FragmentName>;
  /** Begins with the very frame that is shown at the start of the range, not with the keyframe before it. */
  exact?: boolean;
  /** What a hole in the sequence means: `fragment-lost` unless told. */
  holeReason?: Gap['reason'];
}

interface Playable {
  entry: TimedEntry;
  frames: number;
}

/** A continuation without the message before it cannot be decoded; a GOP cut short at its end can. */
function decodable(entries: readonly TimedEntry[], corrupt: ReadonlySet<FragmentName>): TimedEntry[] {
  const kept: TimedEntry[] = [];
  for (const entry of entries) {
    if (corrupt.has(fragmentName(entry.headers))) continue;
    const previous = kept.at(-1)?.headers;
    const { keyframe, epoch, sequence } = entry.headers;
    if (keyframe || (previous?.epoch === epoch && previous.sequence === sequence - 1)) kept.push(entry);
  }
  return kept;
}

/** From the keyframe at or before `startNs` (if its GOP reaches into the range) to the last frame before `endNs`. */
function cut(entries: readonly TimedEntry[], startNs: bigint, endNs: bigint): Playable[] {
  let first = entries.findIndex((entry) => entry.endNs > startNs);
  if (first < 0) return [];
  while (first > 0 && entries[first]?.headers.keyframe === false) first--;
  const chosen: Playable[] = [];
  for (const entry of entries.slice(first)) {
    if (entry.startNs >= endNs) break;
    chosen.push({ entry, frames: entry.endNs > endNs ? framesBefore(entry, endNs) : entry.headers.frames });
  }
  return chosen;
}

/** How many frames of a fragment begin before a moment. Reordered frames (B) cannot be cut: all of them then. */
function framesBefore(entry: TimedEntry, endNs: bigint): number {
  const durations = samplesOf(entry.headers)?.durations ?? [];
  const limit = nsToTicks(endNs - entry.startNs);
  let ticks = 0;
  let frames = 0;
  while (frames < durations.length && ticks < limit) ticks += durations[frames++] ?? 0;
  return Math.max(frames, 1);
}

/** Ticks without a picture between two fragments. */
function lostBetween(before: TimedEntry, after: TimedEntry): number {
  if (before.headers.epoch !== after.headers.epoch) return Math.max(0, nsToTicks(after.startNs - before.endNs));
  const jump = after.headers.baseTime - (before.headers.baseTime + before.ticks);
  return Math.max(0, jump, after.headers.gapBefore);
}

function gapReason(before: TimedEntry, after: TimedEntry, options: PlanOptions): Gap['reason'] {
  const { epoch, sequence, gapReason: told } = after.headers;
  const sameEpoch = before.headers.epoch === epoch;
  for (let hole = sameEpoch ? before.headers.sequence + 1 : 0; hole < sequence; hole++) {
    if (options.corrupt?.has(fragmentName({ epoch, sequence: hole }))) return 'fragment-corrupt';
  }
  if (told !== 'none') return told;
  return sameEpoch ? (options.holeReason ?? 'fragment-lost') : 'source-restarted';
}

/**
 * Lays out one source's file for a range of the station's monotonic clock.
 * The presentation follows real time: the frame before a gap stands until the next one, and the gap is listed.
 * Undefined when the range holds nothing that can be decoded.
 */
export function planSource(
  sourceId: string,
  entries: readonly RingEntry[],
  range: { startNs: bigint; endNs: bigint },
  options: PlanOptions = {},
): SourcePlan | undefined {
  const chosen = cut(decodable(timeline(entries), options.corrupt ?? new Set()), range.startNs, range.endNs);
  const first = chosen[0];
  const last = chosen.at(-1);
  if (!first || !last) return undefined;
  const fragments: PlannedFragment[] = [];
  const gaps: Gap[] = [];
  let ticks = 0;
  let frames = 0;
  let endNs = first.entry.startNs;
  chosen.forEach(({ entry, frames: taken }, index) => {
    const samples = samplesOf(entry.headers);
    if (!samples) return;
    const sizes = samples.sizes.slice(0, taken);
    const durations = samples.durations.slice(0, taken);
    const length = durations.reduce((sum, duration) => sum + duration, 0);
    ticks += length;
    frames += taken;
    endNs = entry.startNs + ticksToNs(length);
    const next = chosen[index + 1];
    if (next) {
      const lost = lostBetween(entry, next.entry);
      const hole =
        next.entry.headers.epoch === entry.headers.epoch && next.entry.headers.sequence !== entry.headers.sequence + 1;
      // Less than a frame is jitter of the clock, not a gap.
      if (hole || lost >= frameTicks(next.entry.headers)) {
        const reason = gapReason(entry, next.entry, options);
        gaps.push({ atMs: ticksToMs(ticks), durationMs: ticksToMs(lost), reason });
      }
      durations[taken - 1] = (durations[taken - 1] ?? 0) + lost;
      ticks += lost;
    }
    fragments.push({ entry, sizes, durations, bytes: sizes.reduce((sum, size) => sum + size, 0) });
  });
  const plan = { sourceId, fragments, gaps, frames, durationMs: ticksToMs(ticks), startNs: first.entry.startNs, endNs };
  return options.exact ? exactly(plan, range.startNs) : plan;
}

/** Instants are labels in whole milliseconds: a frame that ends within one was not meant. */
const LABEL_NS = 1_000_000n;

/** The same plan from the frame on that is shown at a moment. */
function exactly(plan: SourcePlan, startNs: bigint): SourcePlan {
  const next = plan.fragments.findIndex(({ entry }, i) => i > 0 && entry.headers.keyframe);
  const gop = next < 0 ? plan.fragments : plan.fragments.slice(0, next);
  const durations = gop.flatMap((fragment) => fragment.durations);
  let lead = 0;
  let ticks = 0;
  while (lead < durations.length - 1 && plan.startNs + ticksToNs(ticks + (durations[lead] ?? 0)) <= startNs + LABEL_NS)
    ticks += durations[lead++] ?? 0;
  if (lead === 0) return plan;
  return {
    ...plan,
    head: { fragments: gop, lead },
    fragments: plan.fragments.slice(gop.length),
    gaps: plan.gaps.map((gap) => ({ ...gap, atMs: Math.max(0, rounded(gap.atMs - ticksToMs(ticks))) })),
    frames: plan.frames - lead,
    durationMs: rounded(plan.durationMs - ticksToMs(ticks)),
    startNs: plan.startNs + ticksToNs(ticks),
  };
}

const rounded = (ms: number): number => Math.round(ms * 1000) / 1000;
