import type { ClipView, StationView } from '@smartbox/contracts';
import { isSaved } from '../ui/clip-state.ts';

/** One press of the button. `clipId` is ours, so asking again after a lost answer saves once. */
export interface SaveAttempt {
  clipId: string;
  seconds: number;
  startedAt: number;
  /** The server refused it, or never answered. */
  refused?: string;
}

/** Something that did not work and stays on the screen until it is acknowledged. */
export interface Failure {
  id: string;
  /** Length that was asked for, where it was a save that can be asked for again. */
  seconds?: number;
  /** Which other action failed. */
  action?: 'record' | 'still' | 'marker' | 'undo' | 'end' | 'retry' | 'conversation';
  reason: string;
}

export type SavePhase =
  { phase: 'saving'; forMs: number } | { phase: 'saved'; clip: ClipView } | { phase: 'failed'; reason: string };

/** Where an attempt stands. Only the server's word makes it saved, even when the answer to the request was lost. */
export function savePhase(attempt: SaveAttempt, clip: ClipView | undefined, now: number): SavePhase {
  if (clip && isSaved(clip)) return { phase: 'saved', clip };
  if (clip?.state === 'failed') return { phase: 'failed', reason: clip.failure?.reason ?? '' };
  if (attempt.refused !== undefined) return { phase: 'failed', reason: attempt.refused };
  return { phase: 'saving', forMs: Math.max(0, now - attempt.startedAt) };
}

/**
 * Every failure that nobody has acknowledged: of the buttons pressed here, and of clips of this procedure whose video
 * is not safe, whoever asked for them.
 */
export function openFailures(
  attempts: readonly SaveAttempt[],
  others: readonly Failure[],
  clips: readonly ClipView[],
  acknowledged: ReadonlySet<string>,
): Failure[] {
  const byId = new Map(clips.map((clip) => [clip.clipId, clip]));
  const failures = new Map<string, Failure>();
  for (const attempt of attempts) {
    const phase = savePhase(attempt, byId.get(attempt.clipId), attempt.startedAt);
    if (phase.phase === 'failed') {
      failures.set(attempt.clipId, { id: attempt.clipId, seconds: attempt.seconds, reason: phase.reason });
    }
  }
  for (const clip of clips) {
    if (clip.state !== 'failed' || isSaved(clip) || failures.has(clip.clipId)) continue;
    failures.set(clip.clipId, { id: clip.clipId, reason: clip.failure?.reason ?? '' });
  }
  for (const failure of others) failures.set(failure.id, failure);
  return [...failures.values()].filter((failure) => !acknowledged.has(failure.id));
}

/**
 * What a save would surely get, in ms: the least of the sources that are live. A camera that is off does not hide
 * what the others have. `undefined` when nobody knows.
 */
export function availableMs(station: Pick<StationView, 'window' | 'sources'>): number | undefined {
  if (!station.window) return undefined;
  const live = new Set(
    station.sources.filter((s) => s.state === 'live' || s.state === 'frozen').map((s) => s.sourceId),
  );
  const filled = station.window.sources.filter((s) => live.has(s.sourceId)).map((s) => s.availableMs);
  const all = station.window.sources.map((s) => s.availableMs);
  if (filled.length > 0) return Math.min(...filled);
  return all.length > 0 ? Math.max(...all) : 0;
}

/** What a source is taken to need where it does not say, bit/s. */
const USUAL_BITRATE = 8_000_000;

/** How long the station's disk holds a recording of all its sources, ms; `undefined` when nobody knows. */
export function recordableMs(station: Pick<StationView, 'diskFreeBytes' | 'sources'>): number | undefined {
  const { diskFreeBytes, sources } = station;
  const bitrate = sources.reduce((sum, source) => sum + (source.bitrate ?? USUAL_BITRATE), 0);
  return diskFreeBytes === undefined || bitrate === 0 ? undefined : (diskFreeBytes * 8 * 1000) / bitrate;
}
