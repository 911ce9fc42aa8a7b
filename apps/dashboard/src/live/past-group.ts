import { correction } from '../together/group-time.ts';

/** The picture that a tile shows: of which moment it is (ms since 1970), and when it was painted (the page's clock). */
export interface Shown {
  momentMs: number;
  at: number;
}

/** One tile that can look back. */
export interface PastMember {
  sourceId: string;
  video: HTMLVideoElement;
  /** Of the past; undefined while it is live, or while the picture is being fetched. */
  shown: () => Shown | undefined;
  behindMs: () => number | undefined;
  reachMs: () => number | undefined;
  back: () => boolean;
  goBack: (behindMs: number) => void;
  goLive: () => void;
  seekTo: (momentMs: number) => void;
}

/** A picture's own moment is its first one: a little later is surely within it, at 60 pictures a second too. */
export const WITHIN_MS = 4;
/** Without a new picture for this long, nothing follows a tile. */
const STALLED_MS = 500;
/** For the tolerance between two tiles: half a picture. */
const PICTURES_PER_SECOND = 30;

/**
 * The tiles of one room at one moment of the past. They begin at the same distance from now; then the first one leads,
 * and the others are kept at its moment. Held, all of them show the picture of the same moment.
 */
export class PastGroup {
  readonly #members = new Set<PastMember>();
  #held: number | undefined;

  join(member: PastMember): () => void {
    this.#members.add(member);
    return () => void this.#members.delete(member);
  }

  /** Those that look back. */
  get back(): PastMember[] {
    return [...this.#members].filter((member) => member.back());
  }

  get held(): boolean {
    return this.#held !== undefined;
  }

  get behindMs(): number | undefined {
    return this.#leader()?.behindMs();
  }

  /** As far as every one of them can go. */
  get reachMs(): number | undefined {
    const reaches = [...this.#members].flatMap((member) => member.reachMs() ?? []);
    return reaches.length === 0 ? undefined : Math.min(...reaches);
  }

  goBack(behindMs: number): void {
    if (this.held) this.play();
    for (const member of this.#members) member.goBack(behindMs);
  }

  goLive(): void {
    this.#held = undefined;
    for (const member of this.#members) member.goLive();
  }

  hold(): void {
    const shown = this.#leader()?.shown();
    if (shown) this.#hold(shown.momentMs + WITHIN_MS);
  }

  play(): void {
    this.#held = undefined;
    for (const { video } of this.back) video.play().catch(() => undefined);
  }

  /** Held, so many pictures further or back. */
  step(pictures: number, frameMs: number): void {
    const from = this.#held ?? this.#leader()?.shown()?.momentMs;
    if (from !== undefined) this.#hold(from + pictures * frameMs);
  }

  /** Keeps all of them at the moment of the first. @param now of the page's clock. */
  follow(now: number): void {
    if (this.#held !== undefined) return;
    const leader = this.#leader();
    const lead = leader?.shown();
    if (!leader || !lead || leader.video.paused || now - lead.at > STALLED_MS) return;
    const head = lead.momentMs + (now - lead.at);
    for (const member of this.back) {
      const shown = member.shown();
      if (member === leader || !shown || member.video.seeking) continue;
      if (member.video.paused) member.video.play().catch(() => undefined);
      const drift = (shown.momentMs + (now - shown.at) - head) / 1000;
      const what = correction(drift, PICTURES_PER_SECOND, 1);
      if (what.do === 'seek') member.seekTo(head);
      member.video.playbackRate = what.do === 'rate' ? what.rate : 1;
    }
  }

  #leader(): PastMember | undefined {
    const back = this.back;
    return back.find((member) => member.shown() !== undefined) ?? back[0];
  }

  #hold(momentMs: number): void {
    this.#held = momentMs;
    for (const { video, seekTo } of this.back) {
      video.pause();
      video.playbackRate = 1;
      seekTo(momentMs);
    }
  }
}
