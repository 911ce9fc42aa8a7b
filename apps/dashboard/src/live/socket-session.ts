import { Lateness, readFormat, readFrame, readSession } from './frame-message.ts';
import type { FrameFormat } from './frame-message.ts';
import type { EndCause } from './transport-order.ts';
import { insteadOf } from './whep-client.ts';
import type { Grant } from './whep-client.ts';

export interface SocketOptions {
  video: HTMLVideoElement;
  grant: (signal: AbortSignal) => Promise<Grant>;
  /** Sessions that ended, whose place this one takes. */
  instead: readonly string[];
  /** It has begun; by this name another one can take its place. */
  onSession: (id: string) => void;
  /** The video element plays this session from now on. */
  onStream: () => void;
  onEnd: (reason: string, waitMs: number | undefined, cause: EndCause) => void;
}

const OPEN_MS = 4_000;
/** Later than this is not live: a fresh connection begins with a fresh keyframe. */
const LATE_MS = 1_000;
/** Pictures that wait to be taken by the browser; more means that it cannot keep up. */
const MAX_WAITING = 90;
/** Distance to the newest picture: beyond `FAR_S` it jumps, between the others it plays faster. */
const FAR_S = 0.4;
const NEAR_S = 0.12;
const CLOSE_S = 0.06;
const KEEP_S = 5;
const RETRY_MS = 2_000;

type Source = MediaSource & { onstartstreaming?: unknown };
/** iPhones have the managed one only (Safari 17.1). */
function mediaSource(): (new () => Source) | undefined {
  const { ManagedMediaSource: managed, MediaSource: usual } = globalThis as unknown as Record<
    string,
    (new () => Source) | undefined
  >;
  return usual ?? managed;
}

/** Where the live socket of a stream is: beside its WHEP endpoint. */
export function socketUrl(whepUrl: string, base: string, instead: readonly string[] = []): string {
  const url = new URL(insteadOf(whepUrl, instead), base);
  url.protocol = url.protocol.replace('http', 'ws');
  url.pathname = url.pathname.replace('/whep/', '/live/');
  return url.href;
}

function sentTo(whepUrl: string, origin: string): string {
  const { pathname } = new URL(whepUrl, location.href);
  return `${origin}${pathname}?sent=1`;
}

/** Live pictures over a WebSocket into Media Source Extensions, each shown as it comes. It never reconnects by itself. */
export class SocketSession {
  readonly #options: SocketOptions;
  readonly #abort = new AbortController();
  readonly #lateness = new Lateness();
  #socket: WebSocket | undefined;
  #buffer: SourceBuffer | undefined;
  #format: FrameFormat | undefined;
  #waiting: Uint8Array<ArrayBuffer>[] = [];
  #address: string | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #trimmedAt = 0;
  #over = false;

  constructor(options: SocketOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const Media = mediaSource();
    if (!Media || typeof WebSocket === 'undefined') return this.#end('no media source', undefined, 'codec');
    try {
      const grant = await this.#options.grant(this.#abort.signal);
      this.#abort.signal.throwIfAborted();
      this.#attach(new Media());
      this.#connect(grant);
    } catch (error) {
      this.#end(String(error), undefined, 'refused');
    }
  }

  get codec(): string | undefined {
    return this.#format?.codec;
  }

  /** From the newest picture that came to the one that is shown. */
  get behindMs(): number | undefined {
    const { buffered, currentTime } = this.#options.video;
    return buffered.length === 0 ? undefined : (buffered.end(buffered.length - 1) - currentTime) * 1000;
  }

  /** Safe to call twice. */
  stop(): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    this.#abort.abort();
    this.#socket?.close();
    this.#waiting = [];
    const { video } = this.#options;
    video.playbackRate = 1;
    // What replaces it may be there already.
    if (this.#address !== undefined && video.src === this.#address) video.removeAttribute('src');
    if (this.#address !== undefined) URL.revokeObjectURL(this.#address);
  }

  #end(reason: string, waitMs: number | undefined, cause: EndCause): void {
    if (this.#over) return;
    this.stop();
    this.#options.onEnd(reason, waitMs, cause);
  }

  #attach(source: Source): void {
    const { video } = this.#options;
    video.srcObject = null;
    video.disableRemotePlayback = true;
    this.#address = URL.createObjectURL(source);
    video.src = this.#address;
    source.addEventListener('sourceopen', () => this.#open(source), { once: true });
    this.#options.onStream();
    video.play().catch(() => undefined);
  }

  #connect({ whepUrl, token }: Grant): void {
    const url = socketUrl(whepUrl, location.href, this.#options.instead);
    const socket = new WebSocket(url, ['smartbox.live.v1', `bearer.${token}`]);
    this.#socket = socket;
    clearTimeout(this.#timer);
    socket.binaryType = 'arraybuffer';
    this.#timer = setTimeout(
      () => this.#end('no picture over the WebSocket in time', undefined, 'connection'),
      OPEN_MS,
    );
    socket.addEventListener('message', ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (this.#over) return;
      if (typeof data === 'string') this.#hear(data);
      else this.#take(data);
    });
    socket.addEventListener('close', ({ code, reason }) => {
      const status = code > 4000 ? code - 4000 : 0;
      // The origin of an instance that has room.
      if (status === 307 && !this.#over) return this.#connect({ whepUrl: sentTo(whepUrl, reason), token });
      if (status === 503) return this.#end(reason, RETRY_MS, 'overloaded');
      this.#end(reason || `WebSocket closed (${code})`, undefined, status > 0 ? 'refused' : 'connection');
    });
  }

  #hear(text: string): void {
    this.#format = readFormat(text) ?? this.#format;
    const session = readSession(text);
    if (session !== undefined) this.#options.onSession(session);
  }

  #take(message: ArrayBuffer): void {
    const frame = readFrame(message);
    if (!frame) return;
    clearTimeout(this.#timer);
    if (frame.kind === 'header') this.#prepare();
    else if (this.#lateness.note(frame.capturedAtMs, performance.timeOrigin + performance.now()) > LATE_MS) {
      return this.#end('the pictures came too late', undefined, 'connection');
    }
    if (this.#waiting.length > MAX_WAITING) return this.#end('the browser does not keep up', RETRY_MS, 'connection');
    this.#waiting.push(frame.data);
    this.#append();
  }

  #open(source: Source): void {
    this.#source = source;
    this.#prepare();
    this.#append();
  }
  #source: Source | undefined;

  /** A buffer for the format that is known: the first one, or another one of the same camera. */
  #prepare(): void {
    const { codec } = this.#format ?? {};
    if (!this.#source || codec === undefined || this.#over) return;
    const type = `video/mp4; codecs="${codec}"`;
    try {
      if (this.#buffer) {
        if (!this.#buffer.updating) this.#buffer.changeType(type);
        return;
      }
      const buffer = this.#source.addSourceBuffer(type);
      this.#buffer = buffer;
      buffer.addEventListener('updateend', () => this.#updated(buffer));
      buffer.addEventListener('error', () => this.#end('the pictures cannot be decoded', undefined, 'codec'));
    } catch (error) {
      this.#end(`${type}: ${String(error)}`, undefined, 'codec');
    }
  }

  #append(): void {
    const buffer = this.#buffer;
    if (!buffer || buffer.updating || this.#waiting.length === 0 || this.#over) return;
    const [only] = this.#waiting;
    const parts = this.#waiting;
    this.#waiting = [];
    try {
      buffer.appendBuffer(parts.length === 1 && only ? only : joined(parts));
    } catch (error) {
      this.#end(`the browser takes no more: ${String(error)}`, undefined, 'connection');
    }
  }

  #updated(buffer: SourceBuffer): void {
    if (this.#over) return;
    this.#follow(buffer.buffered);
    const { currentTime } = this.#options.video;
    const old = buffer.buffered.length > 0 ? currentTime - buffer.buffered.start(0) : 0;
    if (old > 2 * KEEP_S && currentTime - this.#trimmedAt > 1 && !buffer.updating) {
      this.#trimmedAt = currentTime;
      buffer.remove(0, currentTime - KEEP_S);
      return;
    }
    this.#append();
  }

  /** Stays at the newest picture. */
  #follow(buffered: TimeRanges): void {
    const { video } = this.#options;
    if (buffered.length === 0) return;
    const [start, end] = [buffered.start(buffered.length - 1), buffered.end(buffered.length - 1)];
    const behind = end - video.currentTime;
    if (video.currentTime < start || behind > FAR_S || behind < -FAR_S) {
      video.currentTime = Math.max(start, end - CLOSE_S);
      video.playbackRate = 1;
    } else if (behind > NEAR_S) video.playbackRate = 1.1;
    else if (behind < CLOSE_S) video.playbackRate = 1;
    if (video.paused) video.play().catch(() => undefined);
  }
}

function joined(parts: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.byteLength;
  }
  return out;
}
