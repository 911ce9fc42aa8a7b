import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { ObjectStore } from '@smartbox/storage';
import type { Objects, Stored } from '../application/ports.ts';

/** Longer than any job that reads by it. */
const READ_SECONDS = 6 * 3600;

export class S3Objects implements Objects {
  readonly #store: ObjectStore;

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  readUrl(key: string): Promise<string> {
    return this.#store.presignedGet(key, { expiresSeconds: READ_SECONDS });
  }

  async putFile(key: string, path: string, contentType: string): Promise<Stored> {
    const { size } = await stat(path);
    return this.#put(key, createReadStream(path), size, contentType);
  }

  putBytes(key: string, bytes: Uint8Array, contentType: string): Promise<Stored> {
    return this.#put(key, bytes, bytes.byteLength, contentType);
  }

  async #put(key: string, source: AsyncIterable<Uint8Array> | Uint8Array, size: number, contentType: string) {
    const stored = await this.#store.put(key, source, { size, contentType });
    await this.#store.verify(key, stored);
    return { bytes: stored.bytes, sha256: stored.sha256 };
  }
}
