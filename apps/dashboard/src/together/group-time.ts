/** One member of a clip group on the group's own time line, in seconds. */
export interface Member {
  /** When its first frame was, after the group's first. */
  offset: number;
  /** Length of its video. */
  length: number;
  fps: number;
}

interface Source {
  startedAt: string;
  durationMs: number;
  frameRate: { num: number; den: number };
}

/** Where each source lies on the common time line: the capture time of its first frame decides. */
export function membersOf(sources: readonly Source[]): Member[] {
  const starts = sources.map((source) => Date.parse(source.startedAt));
  const first = Math.min(...starts);
  return sources.map((source, i) => ({
    offset: ((starts[i] ?? first) - first) / 1000,
    length: source.durationMs / 1000,
    fps: source.frameRate.num / source.frameRate.den,
  }));
}

export const groupLength = (members: readonly Member[]): number =>
  Math.max(0, ...members.map(({ offset, length }) => offset + length));

/** Half a millisecond of grace: times are rounded to the time base of a file. */
const GRACE = 0.0005;

/**
 * Where a member has to be to show the frame that was current at a moment of the group: the middle of that frame, so
 * that no rounding lands on a neighbour. Before its beginning its first frame, behind its end its last.
 */
export function seekTime({ offset, length, fps }: Member, at: number): number {
  const frames = Math.max(1, Math.round(length * fps));
  const frame = Math.floor((at - offset + GRACE) * fps);
  return (Math.min(frames - 1, Math.max(0, frame)) + 0.5) / fps;
}

/** Does the member have a picture of its own at that moment? */
export const covers = ({ offset, length }: Member, at: number): boolean => at >= offset - GRACE && at < offset + length;

/** The group's moment one frame of the leading member further or back. */
export function stepGroup(leader: Member, at: number, by: number, length: number): number {
  const frame = Math.floor((at - leader.offset + GRACE) * leader.fps) + by;
  return Math.min(Math.max(0, length - 0.5 / leader.fps), Math.max(0, leader.offset + frame / leader.fps));
}

/** Beyond this a follower is put right by a seek; within, by a slightly other speed; below half a frame not at all. */
const SEEK_BEYOND = 0.4;

export type Correction = { do: 'nothing' } | { do: 'seek' } | { do: 'rate'; rate: number };

/** What brings a follower back that is `drift` seconds ahead (negative: behind), at a play speed. */
export function correction(drift: number, fps: number, speed: number): Correction {
  if (Math.abs(drift) > SEEK_BEYOND) return { do: 'seek' };
  if (Math.abs(drift) <= 0.5 / fps) return { do: 'nothing' };
  const change = Math.max(-0.25, Math.min(0.25, drift * 2));
  return { do: 'rate', rate: speed * (1 - change) };
}
