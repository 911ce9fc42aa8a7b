import Hls, { type HlsConfig } from 'hls.js';
import type { PastPiece } from './past-clock.ts';
import { momentOf, positionOf, rangeOf, StationNow } from './past-clock.ts';

/** The permission to look back into one stream, as the catalog grants it. */
export interface PastGrant {
  hlsUrl: string;
  token: string;
  expiresAt: string;
}

export interface PastOptions {
  video: HTMLVideoElement;
  grant: (signal: AbortSignal) => Promise<PastGrant>;
  /** It is over and is not coming back; `expired`: the ring has dropped what was asked for, or the procedure ended. */
  onEnd: (reason: string, expired: boolean) => void;
}

/** A new token this long before the old one ends. */
const RENEW_MS = 30_000;
/** Less than what the playlist leaves out of the ring's end: until then everything can still be fetched. */
const BEHIND_RANGE_MS = 5_000;
const GONE = new Set([404, 410]);

/** One look back: HLS out of the station's ring. It plays at the speed of time, so it stays behind by what it began with. */
export class PastSession {
  readonly #options: PastOptions;
  readonly #abort = new AbortController();
  readonly #now = new StationNow();
  #hls: Hls | undefined;
  #pieces: readonly PastPiece[] = [];
  #grant: PastGrant | undefined;
  #renewal: ReturnType<typeof setTimeout> | undefined;
  #behindMs: number;
  #started = false;
  #over = false;

  /** @param behindMs how far back it begins. */
  constructor(options: PastOptions, behindMs: number) {
    this.#options = options;
    this.#behindMs = behindMs;
  }

  static isSupported(): boolean {
    return Hls.isSupported();
  }

  async start(): Promise<void> {
    try {
      const grant = await this.#renew();
      this.#abort.signal.throwIfAborted();
      this.#play(grant.hlsUrl);
    } catch (error) {
      this.#end(String(error), false);
    }
  }

  /** The moment of the picture that is shown, ms since 1970 by the station's clock. */
  get momentMs(): number | undefined {
    const { video } = this.#options;
    return this.#started && video.readyState >= 2 ? momentOf(this.#pieces, video.currentTime) : undefined;
  }

  /** The moment of a place in the video. */
  momentAt(mediaTime: number): number | undefined {
    return this.#started ? momentOf(this.#pieces, mediaTime) : undefined;
  }

  /** Shows the picture of that moment. */
  seekTo(momentMs: number): void {
    const position = this.#started ? positionOf(this.#pieces, momentMs) : undefined;
    if (position !== undefined) this.#options.video.currentTime = position;
  }

  /** How long ago the picture on the screen was; undefined while there is none. */
  get shownBehindMs(): number | undefined {
    const moment = this.momentMs;
    return moment === undefined || this.#options.video.seeking ? undefined : Math.max(0, this.#stationNow() - moment);
  }

  /** How far back one can go. */
  get reachMs(): number | undefined {
    const range = rangeOf(this.#pieces);
    return range && Math.max(0, this.#stationNow() - range.fromMs);
  }

  seek(behindMs: number): void {
    this.#behindMs = behindMs;
    if (!this.#started) return;
    const position = this.#position();
    if (position !== undefined) this.#options.video.currentTime = position;
  }

  /** Safe to call twice. */
  stop(): void {
    this.#over = true;
    clearTimeout(this.#renewal);
    this.#abort.abort();
    this.#hls?.destroy();
    this.#hls = undefined;
  }

  #end(reason: string, expired: boolean): void {
    if (this.#over) return;
    this.stop();
    this.#options.onEnd(reason, expired);
  }

  #stationNow(): number {
    return this.#now.at(Date.now());
  }

  #position(): number | undefined {
    return positionOf(this.#pieces, this.#stationNow() - this.#behindMs);
  }

  async #renew(): Promise<PastGrant> {
    const grant = await this.#options.grant(this.#abort.signal);
    this.#grant = grant;
    const wait = Math.max(1_000, Date.parse(grant.expiresAt) - Date.now() - RENEW_MS);
    this.#renewal = setTimeout(
      () => void this.#renew().catch((error: unknown) => this.#end(String(error), false)),
      wait,
    );
    return grant;
  }

  #play(url: string): void {
    const config: Partial<HlsConfig> = {
      autoStartLoad: false,
      // fMP4 passes through: a worker would only carry it about.
      enableWorker: false,
      maxBufferLength: 8,
      maxMaxBufferLength: 20,
      backBufferLength: 20,
      // In the query, not in a header: no preflight for each segment. Always the newest one.
      xhrSetup: (xhr, asked) => {
        const address = new URL(asked, location.href);
        address.searchParams.set('token', this.#grant?.token ?? '');
        xhr.open('GET', address.href);
      },
    };
    const hls = new Hls(config);
    this.#hls = hls;
    hls.on(Hls.Events.LEVEL_UPDATED, (_event, { details }) => {
      this.#pieces = details.fragments;
      const range = rangeOf(this.#pieces);
      if (range) this.#now.note(range.toMs, Date.now());
      if (this.#started) {
        // Paused, or held up, for so long that the ring has moved on: the next picture would be another one.
        const moment = this.momentMs;
        if (range && moment !== undefined && moment < range.fromMs - BEHIND_RANGE_MS) this.#end('left behind', true);
        return;
      }
      const position = this.#position();
      if (position === undefined) return;
      this.#started = true;
      queueMicrotask(() => {
        if (this.#over) return;
        hls.startLoad(position);
        this.#options.video.play().catch(() => undefined);
      });
    });
    hls.on(Hls.Events.ERROR, (_event, { fatal, details, response }) => {
      const expired = GONE.has(response?.code ?? 0);
      // What the ring has dropped is not worth a second try.
      if (fatal || expired) this.#end(`${details} ${response?.code ?? ''}`.trim(), expired);
    });
    hls.attachMedia(this.#options.video);
    hls.loadSource(url);
  }
}
