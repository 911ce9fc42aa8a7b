import type { RenditionReady, StillFormat, VideoFacts } from '@smartbox/contracts';
import type { Closeness } from '@smartbox/media';
import type { Still } from '../domain/film-jobs.ts';
import type { EncodeTarget } from '../domain/pacs-rendition.ts';
import type { Task } from '../domain/renditions.ts';

export interface Stored {
  bytes: number;
  sha256: string;
}

/** The bytes. Every write is proven by a read-back before it resolves. */
export interface Objects {
  /** A short-lived address that a child process can read ranges of. */
  readUrl(key: string): Promise<string>;
  putFile(key: string, path: string, contentType: string): Promise<Stored>;
  putBytes(key: string, bytes: Uint8Array, contentType: string): Promise<Stored>;
  putJson(key: string, value: unknown): Promise<void>;
  /** The whole object as a stream. */
  open(key: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  /** A local copy, for what is read more than once; verified. */
  fetch(object: { key: string; bytes: number; sha256: string }, path: string, signal: AbortSignal): Promise<void>;
  /** Undefined where there is none. */
  getJson(key: string): Promise<unknown>;
  /** One that is not there is fine. */
  remove(key: string): Promise<void>;
}

export interface Picture {
  jpeg: Uint8Array;
  width: number;
  height: number;
}
export type SpriteSheet = Picture & {
  columns: number;
  rows: number;
  tileWidth: number;
  tileHeight: number;
  count: number;
};

export interface Encoded {
  /** With its options. */
  encoder: string;
  /** Of encoding. */
  durationMs: number;
  /** To what the encoder was given. */
  closeness?: Closeness;
  /** What a person should know of how it was made. */
  notes: readonly string[];
}

/** Streams and pictures, each read or made in a child process of its own. */
export interface Media {
  /** What the bitstream itself says. */
  facts(pathOrUrl: string, signal: AbortSignal): Promise<VideoFacts>;
  poster(url: string, atMs: number, signal: AbortSignal): Promise<Picture>;
  sprite(url: string, count: number, signal: AbortSignal): Promise<SpriteSheet>;
  /** The exact frame, full size. */
  still(url: string, frame: number, format: StillFormat, signal: AbortSignal): Promise<Still>;
  /** H.264 or HEVC that a DICOM transfer syntax holds, into the file `output`. */
  encode(
    url: string,
    target: EncodeTarget & { output: string },
    signal: AbortSignal,
    onPercent: (percent: number) => void,
  ): Promise<Encoded>;
}

/** What the rest of the line learns. Each call resolves when the event is durable. */
export interface Announcements {
  ready(event: RenditionReady): Promise<void>;
  progressed(task: Task, percent: number): Promise<void>;
  failed(task: Task, code: string, reason: string): Promise<void>;
}

/** Which clips, edits and exports a person has cancelled; every instance of the service knows. */
export interface Cancellations {
  cancel(id: string): Promise<void>;
  /** As if it had never been cancelled. */
  forget(id: string): Promise<void>;
  /** Aborts when it is cancelled, at once if it already was. */
  watch(id: string): { signal: AbortSignal; release: () => void };
}
