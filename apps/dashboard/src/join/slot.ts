import { frameAt, timeOfFrame } from '../clip/frames.ts';
import type { FrameGap } from '../clip/frames.ts';
import type { Stretch } from './join.ts';

/** A part with what it takes to play it. */
export interface Playable extends Stretch {
  readonly id: string;
  readonly url: string;
  readonly fps: number;
  readonly gaps: readonly FrameGap[];
}

interface Events {
  /** The picture that was asked for stands. */
  onStanding: (slot: Slot) => void;
  /** This frame of the original is on the screen. */
  onFrame: (slot: Slot, frame: number) => void;
  onEnd: (slot: Slot) => void;
  onBroken: (slot: Slot) => void;
}

/** One of the two video elements that show the parts by turns. */
export class Slot {
  part: Playable | undefined;
  readonly #events: Events;
  #video: HTMLVideoElement | undefined;
  #url = '';
  #target: number | undefined;
  #asked = -1;

  constructor(events: Events) {
    this.#events = events;
  }

  /** For React: takes the element, and answers how to let it go. */
  readonly attach = (video: HTMLVideoElement): (() => void) => {
    this.#video = video;
    const standing = () => this.#standing();
    const ended = () => this.#events.onEnd(this);
    const broken = () => this.#events.onBroken(this);
    const frame = (_now: number, { mediaTime }: VideoFrameCallbackMetadata) => {
      handle = video.requestVideoFrameCallback(frame);
      if (this.part && !this.isSeeking) this.#events.onFrame(this, frameAt(mediaTime, this.part.fps, this.part.gaps));
    };
    let handle = video.requestVideoFrameCallback(frame);
    const listeners = [['seeked', standing], ['loadeddata', standing], ['canplay', standing], ['ended', ended], ['error', broken]] as const; // prettier-ignore
    for (const [event, listener] of listeners) video.addEventListener(event, listener);
    return () => {
      video.cancelVideoFrameCallback(handle);
      for (const [event, listener] of listeners) video.removeEventListener(event, listener);
      this.#video = undefined;
      this.part = undefined;
      this.#url = '';
    };
  };

  get isSeeking(): boolean {
    return this.#target !== undefined;
  }

  /** Does it stand on this frame, or is about to? */
  holds(part: Playable, frame: number): boolean {
    return this.#url === part.url && this.part?.id === part.id && (this.#target ?? this.#asked) === frame;
  }

  /** Seeks, one at a time: while one is under way only the newest wish is kept. */
  show(part: Playable, frame: number): void {
    const video = this.#video;
    if (!video) return;
    if (this.#url !== part.url) {
      this.#url = part.url;
      this.#asked = -1;
      video.src = part.url;
    }
    this.part = part;
    this.#target = Math.min(Math.max(0, Math.round(frame)), part.frames - 1);
    if (!video.seeking) this.#seek(video, part);
  }

  /** @returns false where the browser refuses. */
  async play(): Promise<boolean> {
    this.#asked = -1;
    return this.#video?.play().then(
      () => true,
      (error: unknown) => error instanceof DOMException && error.name === 'AbortError',
    ) ?? false; // prettier-ignore
  }

  pause(): void {
    this.#video?.pause();
  }

  #seek(video: HTMLVideoElement, part: Playable): void {
    this.#asked = this.#target ?? 0;
    video.currentTime = timeOfFrame(this.#asked, part.fps, part.gaps);
  }

  #standing(): void {
    const [video, part] = [this.#video, this.part];
    if (!video || !part || this.#target === undefined || video.seeking || video.readyState < 2) return;
    if (this.#target !== this.#asked) return this.#seek(video, part);
    this.#target = undefined;
    this.#events.onStanding(this);
  }
}
