import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { SmartBoxError } from '@smartbox/kernel';
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

  async putJson(key: string, value: unknown): Promise<void> {
    await this.#store.putJson(key, value);
  }

  open(key: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    return this.#store.get(key, { signal });
  }

  async fetch(
    { key, bytes, sha256 }: { key: string; bytes: number; sha256: string },
    path: string,
    signal: AbortSignal,
  ): Promise<void> {
    const hash = createHash('sha256');
    let length = 0;
    const source = await this.#store.get(key, { signal });
    await pipeline(
      source,
      async function* (chunks) {
        for await (const chunk of chunks as AsyncIterable<Uint8Array>) {
          hash.update(chunk);
          length += chunk.length;
          yield chunk;
        }
      },
      createWriteStream(path),
      { signal },
    );
    const found = hash.digest('hex');
    if (length === bytes && found === sha256) return;
    const message = `${key} reads as ${length} bytes of sha256 ${found}, known as ${bytes} of ${sha256}`;
    throw new SmartBoxError({ code: 'object-corrupt', message, fault: 'theirs', retryable: true });
  }

  getJson(key: string): Promise<unknown> {
    return this.#store.getJson(key).catch((error: unknown) => {
      if (error instanceof SmartBoxError && error.code === 'object-not-found') return undefined;
      throw error;
    });
  }

  remove(key: string): Promise<void> {
    return this.#store.remove(key);
  }

  async #put(key: string, source: AsyncIterable<Uint8Array> | Uint8Array, size: number, contentType: string) {
    const stored = await this.#store.put(key, source, { size, contentType });
    await this.#store.verify(key, stored);
    return { bytes: stored.bytes, sha256: stored.sha256 };
  }
}
