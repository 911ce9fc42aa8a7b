import { SmartBoxError } from '@smartbox/kernel';
import {
  AV_LOG_ERROR,
  AV_LOG_QUIET,
  AVFMT_FLAG_NONBLOCK,
  AVERROR_EOF,
  AVERROR_EXIT,
  AVMEDIA_TYPE_VIDEO,
  type AVMediaType,
} from 'node-av/constants';
import {
  Dictionary,
  FFmpegError,
  FormatContext,
  InputFormat,
  Log,
  PosixError,
  type Rational,
  type Stream,
} from 'node-av/lib';

Log.setLevel(AV_LOG_ERROR);

/** FFmpeg's own lines are left out from now on: for programs whose words go to people. */
export function quiet(): void {
  Log.setLevel(AV_LOG_QUIET);
}

const AVERROR_EAGAIN: number = FFmpegError.AVERROR(PosixError.EAGAIN);

/** A stream or file as it may be shown in an error: no user name, password, query or signature. */
export function shown(url: string): string {
  return url.replace(/\/\/[^@/]*@/, '//').replace(/\?.*$/s, '?...');
}

/**
 * Throws what FFmpeg's return code means.
 * @param what what was tried, with the value: `open rtsp://10.0.0.5/main`
 */
export function check(code: number, what: string): number {
  if (code >= 0) return code;
  throw avError(code, what);
}

export function avError(code: number, what: string): SmartBoxError {
  const text = FFmpegError.strerror(code);
  const retryable = code === AVERROR_EAGAIN || /refused|timed out|unreachable|reset|I\/O error|5XX/i.test(text);
  return new SmartBoxError({
    code: 'media-error',
    message: `cannot ${what}: ${text}`,
    fault: retryable ? 'theirs' : 'input',
    retryable,
    details: { avError: code },
  });
}

export function again(code: number): boolean {
  return code === AVERROR_EAGAIN || code === AVERROR_EOF;
}

/** Nothing is there yet, of an input that does not wait. */
export function isEarly(code: number): boolean {
  return code === AVERROR_EAGAIN;
}

export function isEof(code: number): boolean {
  return code === AVERROR_EOF || code === AVERROR_EXIT;
}

export interface OpenOptions {
  /** FFmpeg demuxer name, when it cannot be guessed. */
  readonly format?: string;
  readonly options?: Readonly<Record<string, string>>;
  /** Neither opening nor reading waits for pictures: while there is none, reading answers what `isEarly` knows. */
  readonly waitless?: boolean;
}

/** A store that restarts, or that closed a connection which stood still for a while, costs a pause and not the job. */
const RECONNECT = { reconnect: '1', reconnect_on_network_error: '1', reconnect_delay_max: '8' };

/**
 * Opens a file path or URL for reading and finds its streams. Close it with `closeInput()`.
 * Aborting `signal` ends a wait for a sender.
 */
export async function openMedia(
  pathOrUrl: string,
  open: OpenOptions = {},
  signal?: AbortSignal,
): Promise<FormatContext> {
  const input = new FormatContext();
  input.allocContext();
  if (open.waitless) input.setFlags(AVFMT_FLAG_NONBLOCK);
  const format = open.format ? InputFormat.findInputFormat(open.format) : null;
  const given = { ...(/^https?:/.test(pathOrUrl) ? RECONNECT : {}), ...open.options };
  const options = Object.keys(given).length > 0 ? Dictionary.fromObject(given) : null;
  const interrupt = (): void => input.interrupt();
  signal?.addEventListener('abort', interrupt, { once: true });
  try {
    check(await input.openInput(pathOrUrl, format, options), `open ${shown(pathOrUrl)}`);
    const code = open.waitless ? 0 : await input.findStreamInfo(null);
    if (code < 0) {
      await input.closeInput();
      throw avError(code, `find streams in ${shown(pathOrUrl)}`);
    }
    return input;
  } finally {
    signal?.removeEventListener('abort', interrupt);
  }
}

/** The video stream. @throws SmartBoxError `no-video` naming what there is instead. */
export function videoStream(input: FormatContext, pathOrUrl: string): Stream {
  const index = input.findBestStream(AVMEDIA_TYPE_VIDEO);
  const stream = input.streams[index];
  if (index < 0 || !stream) {
    const kinds = input.streams.map((s) => kindOf(s.codecpar.codecType));
    throw new SmartBoxError({
      code: 'no-video',
      message: `${shown(pathOrUrl)} has no video stream${kinds.length > 0 ? ` (only ${kinds.join(', ')})` : ''}`,
      fault: 'input',
    });
  }
  return stream;
}

export function kindOf(type: AVMediaType): string {
  return ['video', 'audio', 'data', 'subtitle', 'attachment'][type as number] ?? 'unknown';
}

/** Width to height of one sample, as the container says it, else the codec; undefined where neither does. */
export function sampleAspectOf(stream: Pick<Stream, 'codecpar'> & Partial<Stream>): Rational | undefined {
  return [stream.sampleAspectRatio, stream.codecpar.sampleAspectRatio].find(
    (each) => each && each.num > 0 && each.den > 0,
  );
}
