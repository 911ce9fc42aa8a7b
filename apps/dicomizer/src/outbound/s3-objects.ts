import type { ByteSource } from '@smartbox/dicom';
import { SmartBoxError } from '@smartbox/kernel';
import type { ObjectStore } from '@smartbox/storage';
import type { Objects } from '../application/ports.ts';

/** Small parts: two objects in work stay far below 300 MB. */
const PART_BYTES = 5 * 1024 ** 2;

export class S3Objects implements Objects {
  readonly #store: ObjectStore;

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  async open(key: string): Promise<ByteSource> {
    const { bytes: size } = await this.#store.stat(key);
    return {
      size,
      read: async (offset, length) => {
        const chunks: Uint8Array[] = [];
        for await (const chunk of await this.#store.getRange(key, offset, Math.min(length, size - offset))) {
          chunks.push(chunk as Uint8Array);
        }
        return Buffer.concat(chunks);
      },
    };
  }

  read(key: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    return this.#store.get(key, { signal });
  }

  async size(key: string): Promise<number | undefined> {
    try {
      return (await this.#store.stat(key)).bytes;
    } catch (error) {
      if (error instanceof SmartBoxError && error.code === 'object-not-found') return undefined;
      throw error;
    }
  }

  async write(key: string, size: number, bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void> {
    await this.#store.put(key, bytes, { size, contentType: 'application/dicom', partBytes: PART_BYTES, signal });
  }
}
