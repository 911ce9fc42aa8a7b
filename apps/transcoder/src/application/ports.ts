import type { RenditionReady, VideoFacts } from '@smartbox/contracts';
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

/** Streams and pictures, each read or made in a child process of its own. */
export interface Media {
  /** What the bitstream itself says. */
  facts(pathOrUrl: string, signal: AbortSignal): Promise<VideoFacts>;
  poster(url: string, atMs: number, signal: AbortSignal): Promise<Picture>;
  sprite(url: string, count: number, signal: AbortSignal): Promise<SpriteSheet>;
  /** The exact frame, full size. */
  still(url: string, frame: number, signal: AbortSignal): Promise<Picture>;
  /** H.264 or HEVC that a DICOM transfer syntax holds, into the file `output`. Answers with the encoder and its options. */
  encode(
    url: string,
    target: EncodeTarget & { output: string },
    signal: AbortSignal,
    onPercent: (percent: number) => void,
  ): Promise<string>;
}

/** What the rest of the line learns. Each call resolves when the event is durable. */
export interface Announcements {
  ready(event: RenditionReady): Promise<void>;
  progressed(task: Task, percent: number): Promise<void>;
  failed(task: Task, code: string, reason: string): Promise<void>;
}

/** Which clips a person has cancelled; every instance of the service knows. */
export interface Cancellations {
  cancel(clipId: string): Promise<void>;
  /** Aborts when the clip is cancelled, at once if it already was. */
  watch(clipId: string): { signal: AbortSignal; release: () => void };
}
