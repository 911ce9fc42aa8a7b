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
  #armed = false;
  frames = 0;

  constructor(options: WatchdogOptions) {
    this.#options = options;
  }

  frame(): void {
    if (!this.#armed) return;
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

  /** The stream of a session is there: frames count from now on. */
  arm(): void {
    this.#armed = true;
  }

  /**
   * A session is over. A browser paints one more frame of a stream that was closed: it says nothing, and nothing
   * counts until the next stream is there.
   */
  reset(): void {
    this.#armed = false;
    this.#lastFrameAt = undefined;
    this.#stale = false;
    this.frames = 0;
  }
}
