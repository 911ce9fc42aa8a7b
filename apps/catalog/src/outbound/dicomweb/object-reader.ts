import { buffer } from 'node:stream/consumers';
import {
  number,
  openPayload,
  readEncapsulation,
  readPart10,
  transferSyntaxes,
  type ByteSource,
  type ParsedPart10,
  type PayloadItem,
} from '@smartbox/dicom';
import { inputError } from '@smartbox/kernel';
import type { ObjectStore } from '@smartbox/storage';
import type { InstanceRow } from './instance-search.ts';

/** Heads that are kept: a viewer asks for the same study in many ways within a second. */
const MAX_KEPT = 256;
const CHUNK_BYTES = 4 << 20;

type Stored = Pick<InstanceRow, 'key' | 'bytes' | 'sha256'>;

/** Attributes and payload of objects as they lie in the store; nothing of a payload is held. */
export class ObjectReader {
  readonly #store: ObjectStore;
  readonly #kept = new Map<string, Promise<ParsedPart10>>();

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  /** Random access; each read is one ranged request. */
  source({ key, bytes }: Stored, signal?: AbortSignal): ByteSource {
    return {
      size: bytes,
      read: async (offset, length) =>
        buffer(await this.#store.getRange(key, offset, Math.min(length, bytes - offset), { signal })),
    };
  }

  /** The attributes before Pixel Data. An object never changes: one read serves until it is pushed out. */
  head(stored: Stored): Promise<ParsedPart10> {
    const known = this.#kept.get(stored.sha256);
    if (known) {
      this.#kept.delete(stored.sha256);
      this.#kept.set(stored.sha256, known);
      return known;
    }
    const read = readPart10(this.source(stored));
    this.#kept.set(stored.sha256, read);
    read.catch(() => this.#kept.delete(stored.sha256));
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MAX_KEPT && oldest !== undefined) this.#kept.delete(oldest);
    return read;
  }

  /** The whole Part 10 object. */
  whole({ key, bytes }: Stored, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    return this.#store.getRange(key, 0, bytes, { signal });
  }

  /** The payload without item headers and padding: the video, or the one frame of a picture. */
  async payload(stored: Stored, signal: AbortSignal): Promise<Payload> {
    const parsed = await this.head(stored);
    const source = this.source(stored, signal);
    const bytes = await openPayload(source, parsed);
    const start = Buffer.from(await bytes.read(0, 16));
    return { bytes, contentType: mediaType(parsed.transferSyntaxUid, start) };
  }

  /** Each frame with its own bytes; of a video every frame is the one stream. */
  async frames(stored: Stored, signal: AbortSignal): Promise<ByteSource[]> {
    const parsed = await this.head(stored);
    const source = this.source(stored, signal);
    const frames = number(parsed.dataset, 'NumberOfFrames') ?? 1;
    const layout = transferSyntaxes.get(parsed.transferSyntaxUid)?.layout;
    if (layout === 'stream') return new Array<ByteSource>(frames).fill(await openPayload(source, parsed));
    if (layout !== 'frames') throw inputError('frames-not-found', 'uncompressed pixels are handed out as bulk data');
    const encapsulation = await readEncapsulation(source, parsed);
    if (frames === 1) return [await openPayload(source, parsed, encapsulation)];
    if (encapsulation.fragments.length !== frames) {
      const found = `${encapsulation.fragments.length} fragments for ${frames} frames`;
      throw inputError('frames-not-found', `which fragment belongs to which frame cannot be told: ${found}`);
    }
    const one = (fragment: PayloadItem) => openPayload(source, parsed, { ...encapsulation, fragments: [fragment] });
    return Promise.all(encapsulation.fragments.map(one));
  }
}

export interface Payload {
  bytes: ByteSource;
  /** PS3.18 tables 8.7.3-2 to 8.7.3-5. */
  contentType: string;
}

/** What the payload is by itself: the container decides for video, the transfer syntax for pictures. */
function mediaType(transferSyntaxUid: string, start: Buffer): string {
  const codec = transferSyntaxes.get(transferSyntaxUid)?.codec;
  if (codec === 'jpeg') return 'image/jpeg';
  if (codec === 'htj2k') return 'image/jphc';
  if (start.toString('latin1', 4, 8) === 'ftyp') return 'video/mp4';
  if (start[0] === 0x47) return 'video/mp2t';
  if (codec === 'mpeg2') return 'video/mpeg';
  return 'application/octet-stream';
}

/** Part of a payload, `CHUNK_BYTES` in memory at a time. */
export async function* slice(source: ByteSource, first: number, length: number): AsyncGenerator<Uint8Array, void> {
  for (let at = first, left = length; left > 0;) {
    const chunk = await source.read(at, Math.min(CHUNK_BYTES, left));
    at += chunk.length;
    left -= chunk.length;
    yield chunk;
  }
}
