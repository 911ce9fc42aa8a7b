import type { PastOptions } from './past-session.ts';

type DatedVideo = HTMLVideoElement & { getStartDate?: () => Date };

/** A new token this long before the old one ends. */
const RENEW_MS = 30_000;

/** One look back where the browser plays HLS itself and has no Media Source Extensions (iPhones, iPads). */
export class NativePast {
  readonly #options: PastOptions;
  readonly #abort = new AbortController();
  #behindMs: number;
  #renewal: ReturnType<typeof setTimeout> | undefined;
  #started = false;
  #over = false;

  /** @param behindMs how far back it begins. */
  constructor(options: PastOptions, behindMs: number) {
    this.#options = options;
    this.#behindMs = behindMs;
  }

  static isSupported(video: HTMLVideoElement): boolean {
    return video.canPlayType('application/vnd.apple.mpegurl') !== '';
  }

  async start(): Promise<void> {
    const { video } = this.#options;
    video.addEventListener('loadedmetadata', this.#begin);
    video.addEventListener('error', this.#failed);
    await this.#load();
  }

  get shownBehindMs(): number | undefined {
    const { video } = this.#options;
    if (!this.#started || video.seeking || video.readyState < 2) return undefined;
    const moment = this.momentAt(video.currentTime);
    if (moment !== undefined) return Math.max(0, Date.now() - moment);
    const end = this.#end();
    return end === undefined ? undefined : Math.max(0, (end - video.currentTime) * 1000);
  }

  /** The moment of a place in the video; undefined where the browser does not date it. */
  momentAt(mediaTime: number): number | undefined {
    const zero = this.#zero();
    return Number.isFinite(zero) ? zero + mediaTime * 1000 : undefined;
  }

  /** Shows the picture of that moment. */
  seekTo(momentMs: number): void {
    const zero = this.#zero();
    if (Number.isFinite(zero)) this.#options.video.currentTime = (momentMs - zero) / 1000;
  }

  get reachMs(): number | undefined {
    const { seekable } = this.#options.video;
    const end = this.#end();
    return end === undefined ? undefined : (end - seekable.start(0)) * 1000;
  }

  seek(behindMs: number): void {
    this.#behindMs = behindMs;
    const { video } = this.#options;
    const end = this.#end();
    if (end !== undefined) video.currentTime = Math.max(video.seekable.start(0), end - behindMs / 1000);
  }

  /** Safe to call twice. */
  stop(): void {
    this.#over = true;
    clearTimeout(this.#renewal);
    this.#abort.abort();
    const { video } = this.#options;
    video.removeEventListener('loadedmetadata', this.#begin);
    video.removeEventListener('error', this.#failed);
  }

  #zero(): number {
    return (this.#options.video as DatedVideo).getStartDate?.().getTime() ?? NaN;
  }

  #end(): number | undefined {
    const { seekable } = this.#options.video;
    return seekable.length === 0 ? undefined : seekable.end(seekable.length - 1);
  }

  /** The addresses in a playlist carry the token they were asked with: a new one begins the playlist anew. */
  async #load(): Promise<void> {
    try {
      const grant = await this.#options.grant(this.#abort.signal);
      this.#abort.signal.throwIfAborted();
      this.#behindMs = this.shownBehindMs ?? this.#behindMs;
      this.#started = false;
      const address = new URL(grant.hlsUrl, location.href);
      address.searchParams.set('token', grant.token);
      this.#options.video.src = address.href;
      const wait = Math.max(1_000, Date.parse(grant.expiresAt) - Date.now() - RENEW_MS);
      this.#renewal = setTimeout(() => void this.#load(), wait);
    } catch (error) {
      if (!this.#over) this.#finish(String(error), false);
    }
  }

  readonly #begin = (): void => {
    this.#started = true;
    this.seek(this.#behindMs);
    this.#options.video.play().catch(() => undefined);
  };

  /** What failed is not said by the browser; a part that has been shown and is gone now has left the ring. */
  readonly #failed = (): void => this.#finish('the browser cannot play the playlist', this.#started);

  #finish(reason: string, expired: boolean): void {
    if (this.#over) return;
    this.stop();
    this.#options.onEnd(reason, expired);
  }
}
