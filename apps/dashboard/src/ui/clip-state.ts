import type { ClipState, ClipView } from '@smartbox/contracts';

/** The four stations of every clip's journey, in order. */
export const journey = ['saved', 'prepared', 'sent', 'archived'] as const;
export type JourneyPoint = (typeof journey)[number];
export type PointState = 'done' | 'active' | 'ahead' | 'failed';

const reached: Record<ClipState, number> = {
  requested: 0,
  recording: 0,
  failed: 0,
  saved: 1,
  prepared: 2,
  sending: 2,
  sent: 3,
  archived: 4,
};

/** Is the video itself safe? `savedAt` decides for a clip that failed later on its way. */
export function isSaved(clip: Pick<ClipView, 'state' | 'savedAt'>): boolean {
  return reached[clip.state] >= 1 || clip.savedAt !== undefined;
}

/** Is the next point being worked on, or only still to come? */
const underWay: ReadonlySet<ClipState> = new Set(['requested', 'recording', 'saved', 'sending']);

/**
 * Where each point of the journey stands. A failure marks the first point that was not reached; a clip whose video
 * is safe keeps its "saved" even when what follows failed.
 */
export function journeyPoints(clip: Pick<ClipView, 'state' | 'savedAt'>): { point: JourneyPoint; state: PointState }[] {
  const done = clip.state === 'failed' && clip.savedAt !== undefined ? 1 : reached[clip.state];
  return journey.map((point, index) => {
    if (index < done) return { point, state: 'done' };
    if (index > done) return { point, state: 'ahead' };
    if (clip.state === 'failed') return { point, state: 'failed' };
    return { point, state: underWay.has(clip.state) ? 'active' : 'ahead' };
  });
}
