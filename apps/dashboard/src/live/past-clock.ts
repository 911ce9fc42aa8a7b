/** What the playlist says of one piece: where it lies in the player's timeline, and when it was seen. */
export interface PastPiece {
  /** Seconds in the player's own timeline. */
  start: number;
  duration: number;
  /** Milliseconds since 1970, by the station's clock; null where the playlist does not say. */
  programDateTime: number | null;
  gap?: boolean | undefined;
}

/** Nearer to now than this is live: there is nothing to fetch yet. */
export const LIVE_WITHIN_MS = 2_000;
/** Kept from both ends: the last piece may still be coming, the first one may just be going. */
const MARGIN_S = 0.3;
/** Clocks closer together than this are the same: the rest is the way of the picture. */
const SAME_CLOCK_MS = 3_000;

const endMs = (piece: PastPiece) => (piece.programDateTime ?? 0) + piece.duration * 1000;

/** The first and the last moment there is a picture of, ms since 1970. */
export function rangeOf(pieces: readonly PastPiece[]): { fromMs: number; toMs: number } | undefined {
  const shown = pieces.filter((piece) => piece.gap !== true && piece.programDateTime !== null);
  const [first, last] = [shown[0], shown.at(-1)];
  return first && last && { fromMs: first.programDateTime ?? 0, toMs: endMs(last) };
}

/** Where a moment lies in the player's timeline; in a hole: where the picture goes on. Undefined: there is no picture. */
export function positionOf(pieces: readonly PastPiece[], atMs: number): number | undefined {
  const shown = pieces.filter((piece) => piece.gap !== true && piece.programDateTime !== null);
  const [first, last] = [shown[0], shown.at(-1)];
  if (!first || !last) return undefined;
  const piece = shown.find((one) => atMs < endMs(one)) ?? last;
  const inside = Math.max(0, (atMs - (piece.programDateTime ?? 0)) / 1000);
  const latest = last.start + last.duration - MARGIN_S;
  return Math.min(piece.start + inside, Math.max(first.start, latest));
}

/** The moment that a position of the player shows. */
export function momentOf(pieces: readonly PastPiece[], position: number): number | undefined {
  const piece =
    pieces.findLast((one) => one.programDateTime !== null && one.start <= position + 0.001) ??
    pieces.find((one) => one.programDateTime !== null);
  return piece && (piece.programDateTime ?? 0) + (position - piece.start) * 1000;
}

/**
 * "Now" by the station's clock, which may be wrong: pictures are labelled by it. Learned from the newest piece at
 * each look: what lags least comes nearest.
 */
export class StationNow {
  #ahead: number | undefined;

  note(newestEndMs: number, nowMs: number): void {
    const ahead = newestEndMs - nowMs;
    this.#ahead = this.#ahead === undefined ? ahead : Math.max(this.#ahead, ahead);
  }

  at(nowMs: number): number {
    const ahead = this.#ahead ?? 0;
    return ahead <= 0 && ahead > -SAME_CLOCK_MS ? nowMs : nowMs + ahead;
  }
}
