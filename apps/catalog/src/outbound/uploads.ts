import { createHash } from 'node:crypto';
import { inputError, SmartBoxError } from '@smartbox/kernel';
import type { ObjectStore } from '@smartbox/storage';
import type { Uploads } from '../application/imports.ts';

/** Bytes that people bring, into the object store: constant memory, whole or not at all, read back. */
export class StoredUploads implements Uploads {
  readonly #store: ObjectStore;

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  async put(key: string, bytes: AsyncIterable<Uint8Array>, expected: { bytes: number; sha256: string }): Promise<void> {
    const source = checked(bytes, expected.sha256);
    await this.#store.put(key, source, { size: expected.bytes, contentType: 'application/octet-stream' });
    await this.#store.verify(key, expected);
  }

  async size(key: string): Promise<number | undefined> {
    try {
      return (await this.#store.stat(key)).bytes;
    } catch (error) {
      if (error instanceof SmartBoxError && error.code === 'object-not-found') return undefined;
      throw error;
    }
  }
}

/** Ends in an error before the last piece is given away, so that no object appears, where the bytes are others than was said. */
async function* checked(bytes: AsyncIterable<Uint8Array>, sha256: string): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  let last: Uint8Array | undefined;
  for await (const chunk of bytes) {
    hash.update(chunk);
    if (last) yield last;
    last = chunk;
  }
  const found = hash.digest('hex');
  if (found !== sha256)
    throw inputError('hash-differs', `the bytes that came have sha256 ${found}, not ${sha256} as the address says`);
  if (last) yield last;
}
