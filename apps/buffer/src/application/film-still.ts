import type { FilmFrame } from '@smartbox/contracts';
import { inputError } from '@smartbox/kernel';
import { gopOfFrame, readMovie, type Bytes, type FrameGop } from '@smartbox/recording/mp4';
import { gopKey } from '../domain/keys.ts';
import type { StoredFile } from '../domain/clip-source.ts';
import type { Objects } from './ports.ts';

/** Boxes are read in blocks. */
const BLOCK = 64 * 1024;

export interface FilmStillMade {
  readonly stored: StoredFile;
  readonly gop: FrameGop;
}

/** Keeps the pictures that one frame of a stored film needs: only its tables and these are read, nothing is decoded. */
export class FilmStill {
  readonly #objects: Objects;

  constructor(objects: Objects) {
    this.#objects = objects;
  }

  /** Made twice it is the same object. @throws SmartBoxError `no-such-frame`, `object-not-found`, `no-film` */
  async keep(stillId: string, of: FilmFrame, signal?: AbortSignal): Promise<FilmStillMade> {
    const movie = await readMovie(await this.#open(of.key));
    const track = movie?.tracks.find(({ handler }) => handler === 'vide');
    if (!track) throw inputError('no-film', `${of.key} is no film that frames can be taken from`);
    const gop = gopOf(track, of);
    const key = gopKey(stillId, of.sourceId);
    const source = this.#bytesOf(of.key, gop, signal);
    const stored = await this.#objects.put(key, source, { size: gop.bytes, contentType: 'video/mp4', signal });
    await this.#objects.verify(key, stored, { signal });
    return { stored, gop };
  }

  async #open(key: string): Promise<Bytes> {
    const { bytes: size } = await this.#objects.stat(key);
    let block: { at: number; data: Buffer } = { at: 0, data: Buffer.alloc(0) };
    return {
      size,
      read: async (offset, length) => {
        if (offset < block.at || offset + length > block.at + block.data.length) {
          const wanted = Math.min(Math.max(length, BLOCK), size - offset);
          block = { at: offset, data: await this.#read(key, offset, wanted) };
        }
        return block.data.subarray(offset - block.at, offset - block.at + length);
      },
    };
  }

  async #read(key: string, offset: number, length: number): Promise<Buffer> {
    const parts: Uint8Array[] = [];
    for await (const part of await this.#objects.getRange(key, offset, length)) parts.push(part as Uint8Array);
    return Buffer.concat(parts);
  }

  async *#bytesOf(key: string, { header, ranges }: FrameGop, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    yield header;
    for (const { offset, length } of ranges) {
      for await (const part of await this.#objects.getRange(key, offset, length, { signal })) yield part as Uint8Array;
    }
  }
}

function gopOf(track: Parameters<typeof gopOfFrame>[0], { clipId, frame }: FilmFrame): FrameGop {
  try {
    return gopOfFrame(track, frame);
  } catch (error) {
    if (error instanceof RangeError) throw inputError('no-such-frame', `clip ${clipId}: ${error.message}`);
    throw error;
  }
}
