/** A picture older than this is not live any more. */
export const STALE_MS = 1_000;
/** A browser paints no frames in a hidden tab: silence means nothing there. */
export interface WatchdogOptions {
  onStale: () => void;
  onFresh: () => void;
  now: () => number;
  hidden: () => boolean;
}

/** Tells within one second that no frame came. Frames are reported by `requestVideoFrameCallback`. */
export class FrameWatchdog {
  #options: WatchdogOptions;
  #lastFrameAt: number | undefined;
  #stale = false;
  frames = 0;

  constructor(options: WatchdogOptions) {
    this.#options = options;
  }

  frame(): void {
    this.frames += 1;
    this.#lastFrameAt = this.#options.now();
    if (this.frames === 1 || this.#stale) {
      this.#stale = false;
      this.#options.onFresh();
    }
  }

  /** Called several times a second. */
  check(): void {
    if (this.#lastFrameAt === undefined || this.#stale) return;
    if (this.#options.hidden()) {
      this.#lastFrameAt = this.#options.now();
      return;
    }
    if (this.#options.now() - this.#lastFrameAt < STALE_MS) return;
    this.#stale = true;
    this.#options.onStale();
  }

  /** A new session begins: what came before says nothing about it. */
  reset(): void {
    this.#lastFrameAt = undefined;
    this.#stale = false;
    this.frames = 0;
  }
}
