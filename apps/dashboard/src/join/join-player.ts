import { filmFrameAt, filmFrames, placeAt } from './join.ts';
import type { Place } from './join.ts';
import { Slot } from './slot.ts';
import type { Playable } from './slot.ts';

export interface Shown extends Place {
  /** Which of the two video elements is in sight. */
  readonly slot: 0 | 1;
  readonly playing: boolean;
  /** The film goes on as soon as its next part is there. */
  readonly waiting: boolean;
  readonly broken: boolean;
}

/**
 * Plays the parts of several originals as the film that they will be. Two video elements take turns: while one plays,
 * the other stands on the first frame of the next part, so that a joint is crossed as the finished film crosses it.
 */
export class JoinPlayer {
  readonly slots: readonly [Slot, Slot];
  #parts: readonly Playable[] = [];
  #shown: Shown = { part: 0, frame: 0, slot: 0, playing: false, waiting: false, broken: false };
  /** What is on the screen, or is about to be. */
  #at: Place = { part: 0, frame: 0 };
  /** The slot out of sight comes into it as soon as its picture stands. */
  #coming = false;
  #until: Place | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #listeners = new Set<() => void>();

  constructor() {
    const events = {
      onStanding: (slot: Slot) => this.#standing(slot),
      onFrame: (slot: Slot, frame: number) => this.#frame(slot, frame),
      onEnd: (slot: Slot) => slot === this.#front && this.#shown.playing && this.#over(),
      onBroken: (slot: Slot) => (slot === this.#front || this.#coming || this.#shown.waiting) && this.#broken(),
    };
    this.slots = [new Slot(events), new Slot(events)];
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
  readonly snapshot = (): Shown => this.#shown;
  readonly here = (): Place => this.#at;

  /** The film has changed. What is on the screen stays there as long as its part is in the film. */
  setParts(parts: readonly Playable[]): void {
    const id = this.#parts[this.#at.part]?.id;
    const now = parts.findIndex((part) => part.id === id);
    this.#parts = parts;
    const part = now < 0 ? Math.min(this.#at.part, parts.length - 1) : now;
    const here = parts[part];
    if (!here) return;
    for (const slot of this.slots) slot.part = parts.find((one) => one.id === slot.part?.id);
    const frame = now < 0 ? here.from : Math.min(this.#at.frame, here.frames - 1);
    const stays = now >= 0 && this.#front.part?.url === here.url && !this.#coming;
    this.#at = { part, frame };
    if (stays) this.#tell({ part });
    else this.seek(this.#at);
    this.#prepare();
  }

  readonly seek = (place: Place): void => {
    this.pause();
    this.#show(place);
  };

  readonly pause = (): void => {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#until = undefined;
    for (const slot of this.slots) slot.pause();
    this.#tell({ playing: false, waiting: false });
  };

  readonly play = (): void => {
    const at = filmFrameAt(this.#parts, this.#at);
    const last = at >= filmFrames(this.#parts) - 1;
    this.#playFrom(placeAt(this.#parts, last ? 0 : at));
  };

  readonly toggle = (): void => (this.#shown.playing ? this.pause() : this.play());

  /** Plays from shortly before the end of a part to shortly after the start of the next one. */
  readonly watchJoint = (part: number, seconds: number): void => {
    const [before, after] = [this.#parts[part], this.#parts[part + 1]];
    if (!before || !after) return;
    const margin = ({ fps }: Playable) => Math.round(seconds * fps);
    this.pause();
    this.#playFrom(
      { part, frame: Math.max(before.from, before.to - margin(before)) },
      { part: part + 1, frame: Math.min(after.to, after.from + margin(after)) - 1 },
    );
  };

  /** Along the film; from a frame that it does not keep, along the original. */
  readonly step = (by: number): void => {
    const { part, frame } = this.#at;
    const here = this.#parts[part];
    if (!here) return;
    const kept = frame >= here.from && frame < here.to;
    this.seek(
      kept
        ? placeAt(this.#parts, filmFrameAt(this.#parts, this.#at) + by)
        : { part, frame: Math.min(Math.max(0, frame + by), here.frames - 1) },
    );
  };

  get #front(): Slot {
    return this.slots[this.#shown.slot];
  }
  get #back(): Slot {
    return this.slots[this.#shown.slot === 0 ? 1 : 0];
  }

  #tell(change: Partial<Shown>): void {
    this.#shown = { ...this.#shown, ...change };
    for (const listener of this.#listeners) listener();
  }

  #playFrom(place: Place, until?: Place): void {
    this.#until = until;
    this.#tell({ playing: true, waiting: false });
    if (place.part === this.#at.part && place.frame === this.#at.frame && !this.#front.isSeeking && !this.#coming)
      this.#start();
    else this.#show(place);
  }

  #show(place: Place): void {
    const part = this.#parts[place.part];
    if (!part) return;
    this.#at = place;
    this.#coming = this.#front.part !== undefined && this.#front.part.id !== part.id;
    this.#tell({ broken: false });
    (this.#coming ? this.#back : this.#front).show(part, place.frame);
  }

  /** The other slot stands ready on the first frame of what comes next. */
  #prepare(): void {
    const next = this.#parts[this.#at.part + 1];
    if (next && !this.#coming && !this.#back.holds(next, next.from)) this.#back.show(next, next.from);
  }

  #start(): void {
    void this.#front.play().then((plays) => {
      if (!plays) this.pause();
    });
  }

  #standing(slot: Slot): void {
    if (slot === this.#back) {
      if (this.#coming) this.#swap();
      else if (this.#shown.waiting) this.#over();
      return;
    }
    this.#tell({ ...this.#at, waiting: false });
    if (this.#shown.playing) this.#start();
    this.#prepare();
  }

  /** Brings the other slot into sight. */
  #swap(): void {
    this.#front.pause();
    this.#coming = false;
    this.#tell({ ...this.#at, slot: this.#shown.slot === 0 ? 1 : 0, waiting: false, broken: false });
    if (this.#shown.playing) this.#start();
    this.#prepare();
  }

  #frame(slot: Slot, frame: number): void {
    const { part } = this.#at;
    const here = this.#parts[part];
    if (slot !== this.#front || this.#coming || !here || !this.#shown.playing || this.#timer !== undefined) return;
    const stop = this.#until?.part === part ? this.#until.frame : here.to - 1;
    this.#at = { part, frame: Math.min(frame, stop) };
    this.#tell(this.#at);
    if (frame < stop) return;
    // the last frame stays as long as the film shows it
    slot.pause();
    this.#timer = setTimeout(() => this.#over(), 1000 / here.fps);
  }

  /** A part is at its end: on to the next one, or stop on its last frame. */
  #over(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { part } = this.#at;
    const [here, next] = [this.#parts[part], this.#parts[part + 1]];
    const until = this.#until?.part === part ? this.#until.frame : undefined;
    if (!here) return;
    if (until !== undefined || !next) return this.seek({ part, frame: until ?? here.to - 1 });
    if (this.#back.holds(next, next.from) && !this.#back.isSeeking) {
      this.#at = { part: part + 1, frame: next.from };
      return this.#swap();
    }
    this.#tell({ waiting: true });
    this.#back.show(next, next.from);
  }

  #broken(): void {
    this.pause();
    this.#tell({ broken: true });
  }
}
