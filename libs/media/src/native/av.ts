import { SmartBoxError } from '@smartbox/kernel';
import { AV_LOG_ERROR, AVERROR_EOF, AVERROR_EXIT, AVMEDIA_TYPE_VIDEO, type AVMediaType } from 'node-av/constants';
import { Dictionary, FFmpegError, FormatContext, InputFormat, Log, PosixError, type Stream } from 'node-av/lib';

Log.setLevel(AV_LOG_ERROR);
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

export function isEof(code: number): boolean {
  return code === AVERROR_EOF || code === AVERROR_EXIT;
}

export interface OpenOptions {
  /** FFmpeg demuxer name, when it cannot be guessed. */
  readonly format?: string;
  readonly options?: Readonly<Record<string, string>>;
}

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
  const format = open.format ? InputFormat.findInputFormat(open.format) : null;
  const options = open.options ? Dictionary.fromObject(open.options) : null;
  const interrupt = (): void => input.interrupt();
  signal?.addEventListener('abort', interrupt, { once: true });
  try {
    check(await input.openInput(pathOrUrl, format, options), `open ${shown(pathOrUrl)}`);
    const code = await input.findStreamInfo(null);
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
