import type { ClipDetail, Gap } from '@smartbox/contracts';

/** A moment somebody marked in the room, on the time line of what is played. */
export interface Mark {
  id: string;
  atMs: number;
  label: string | undefined;
}

/** The marks within a film that began at this moment (ms since 1970), in their order. */
export function marksWithin(markers: ClipDetail['markers'], beganAtMs: number, durationMs: number): Mark[] {
  return (markers ?? [])
    .map(({ markerId, at, label }) => ({ id: markerId, atMs: Date.parse(at) - beganAtMs, label }))
    .filter(({ atMs }) => atMs >= 0 && atMs < durationMs)
    .sort((a, b) => a.atMs - b.atMs);
}

/** A stretch without pictures; of which source, where there are several. */
export type ShownGap = Gap & { source?: string };
