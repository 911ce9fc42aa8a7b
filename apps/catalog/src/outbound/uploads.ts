import { Sha256, isImportUpload, type OpenUpload } from '@smartbox/contracts';
import { inputError, SmartBoxError } from '@smartbox/kernel';
import type { ObjectStore } from '@smartbox/storage';
import { z } from 'zod';
import type { Uploads } from '../application/imports.ts';

const FOLDER = 'imports/';
const DAY_MS = 24 * 3_600_000;
/** From the last byte that came, or from the last one of all: longer than a weekend and a holiday. */
const KEEP_MS = 7 * DAY_MS;

/** `imports/<sha256>/upload.json`: from the first request until somebody's clip is made of it. */
const Begun = z.object({
  key: z.string(),
  bytes: z.int().positive(),
  uploadId: z.string(),
  beganAt: z.iso.datetime(),
  /** When its hash was found to be right. */
  wholeAt: z.iso.datetime().optional(),
});
type Begun = z.infer<typeof Begun>;

/**
 * Bytes that people bring, into the object store, in as many goes as it takes: constant memory, read back before they
 * count. Nothing of it is in this process, so that any instance goes on with what another one began.
 */
export class StoredUploads implements Uploads {
  readonly #store: ObjectStore;
  readonly #finishing = new Map<string, Promise<void>>();

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  async begin(sha256: string, key: string, bytes: number): Promise<void> {
    const known = await this.find(sha256);
    if (known?.bytes === bytes) return;
    await this.discard(sha256, key);
    const uploadId = await this.#store.beginUpload(key, 'application/octet-stream');
    await this.#note(sha256, { key, bytes, uploadId, beganAt: new Date().toISOString() });
  }

  async whole(sha256: string): Promise<number | undefined> {
    const begun = await this.#begun(sha256);
    return begun?.wholeAt === undefined ? undefined : begun.bytes;
  }

  async find(sha256: string): Promise<OpenUpload | undefined> {
    const begun = await this.#begun(sha256);
    if (!begun) return undefined;
    const { bytes } = begun;
    const view = (offset: number, uploaded: boolean, at: Date): OpenUpload => ({
      ...{ sha256, bytes, offset, uploaded },
      expiresAt: new Date(at.getTime() + KEEP_MS).toISOString(),
    });
    if (begun.wholeAt !== undefined) return view(bytes, true, new Date(begun.wholeAt));
    const began = new Date(begun.beganAt);
    try {
      const { bytes: offset, at = began } = await this.#upload(sha256, begun).held();
      return view(offset, false, at > began ? at : began);
    } catch (error) {
      if (!isNotThere(error, 'upload-not-found')) throw error;
      // put together, and whoever did it was killed before its hash was known: or the store has given it up
      if (await this.#store.exists(begun.key)) return view(bytes, false, began);
      await this.#forget(sha256);
      return undefined;
    }
  }

  async append(sha256: string, from: number, source: AsyncIterable<Uint8Array>): Promise<number> {
    const begun = await this.#begun(sha256);
    if (!begun) throw notBegun(sha256);
    if (begun.wholeAt !== undefined) return begun.bytes;
    const offset = await this.#upload(sha256, begun).append(source, from);
    if (offset === begun.bytes) await this.finish(sha256);
    return offset;
  }

  /** Asked twice, it is done once. */
  async finish(sha256: string): Promise<void> {
    const running = this.#finishing.get(sha256) ?? this.#finish(sha256).finally(() => this.#finishing.delete(sha256));
    this.#finishing.set(sha256, running);
    await running;
  }

  async settle(sha256: string): Promise<void> {
    await this.#forget(sha256);
  }

  async *open(): AsyncGenerator<OpenUpload & { key: string }> {
    for await (const { key } of this.#store.list(FOLDER)) {
      const [, sha256 = '', name] = key.split('/');
      if (name !== 'upload.json' || !Sha256.safeParse(sha256).success) continue;
      const begun = await this.#begun(sha256);
      const found = await this.find(sha256);
      if (begun && found) yield { ...found, key: begun.key };
    }
  }

  async discard(sha256: string, key: string): Promise<void> {
    const begun = await this.#begun(sha256);
    if (begun) await this.#upload(sha256, begun).abort();
    await this.#store.remove(key);
    await this.#forget(sha256);
  }

  async sweepLost(): Promise<void> {
    await this.#store.abortStaleUploads('clips/', KEEP_MS * 2, isImportUpload);
  }

  async #finish(sha256: string): Promise<void> {
    const begun = await this.#begun(sha256);
    if (!begun) throw notBegun(sha256);
    const { key, bytes } = begun;
    if (begun.wholeAt !== undefined) return;
    await this.#upload(sha256, begun)
      .complete()
      .catch((error: unknown) => {
        if (!isNotThere(error, 'upload-not-found')) throw error; // another did it: the bytes say whether rightly
      });
    try {
      await this.#store.verify(key, { bytes, sha256 });
    } catch (error) {
      if (!(error instanceof SmartBoxError) || error.code !== 'object-corrupt') throw error;
      await this.discard(sha256, key);
      throw inputError('hash-differs', `not the bytes that the address says (${error.message}): they were removed, send them anew`); // prettier-ignore
    }
    await this.#note(sha256, { ...begun, wholeAt: new Date().toISOString() });
  }

  #upload(sha256: string, { key, uploadId, bytes: size }: Begun) {
    return this.#store.resumable({ key, uploadId, size, restPrefix: `${FOLDER}${sha256}/` });
  }

  async #begun(sha256: string): Promise<Begun | undefined> {
    try {
      return Begun.parse(await this.#store.getJson(noteOf(sha256)));
    } catch (error) {
      if (isNotThere(error, 'object-not-found')) return undefined;
      throw error;
    }
  }

  async #note(sha256: string, begun: Begun): Promise<void> {
    await this.#store.putJson(noteOf(sha256), begun);
  }

  async #forget(sha256: string): Promise<void> {
    await this.#store.removeAll(`${FOLDER}${sha256}/`);
  }
}

const noteOf = (sha256: string): string => `${FOLDER}${sha256}/upload.json`;

const isNotThere = (error: unknown, code: string): boolean => error instanceof SmartBoxError && error.code === code;

const notBegun = (sha256: string): SmartBoxError =>
  inputError(
    'upload-not-found',
    `no upload of ${sha256} was begun, or it was removed: begin it by POST /imports/uploads`,
  );
