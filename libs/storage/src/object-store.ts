import { Readable } from 'node:stream';
import { inputError, SmartBoxError } from '@smartbox/kernel';
import type { S3Address } from './address.ts';
import { S3Connection, type ConnectionOptions } from './connection.ts';
import { ResumableUpload } from './resumable-upload.ts';
import { toStorageError } from './storage-error.ts';
import { abortUpload, upload, type StoredObject, type UploadOptions } from './upload.ts';

export interface ObjectInfo {
  key: string;
  bytes: number;
  etag: string;
  lastModified: Date;
  contentType: string | undefined;
}

export interface Expected {
  bytes: number;
  /** 64 hexadecimal digits. */
  sha256: string;
}

interface Cancel {
  signal?: AbortSignal | undefined;
}

const JSON_TYPE = 'application/json';

/** The object store: streams in and out, constant memory, errors as SmartBoxError that say whether to retry. */
export class ObjectStore {
  readonly bucket: string;
  readonly #s3: S3Connection;

  constructor(address: S3Address, options: ConnectionOptions = {}) {
    this.#s3 = new S3Connection(address, options);
    this.bucket = address.bucket;
  }

  /** Creates the bucket unless it is there. Safe to call at every start and from several services at once. */
  async ensureBucket(): Promise<void> {
    const { client } = this.#s3;
    await this.#s3.retry('create', '', undefined, async () => {
      if (await client.bucketExists(this.bucket)) return;
      await client.makeBucket(this.bucket).catch((error: unknown) => {
        const code = (error as { code?: unknown }).code;
        if (code !== 'BucketAlreadyOwnedByYou' && code !== 'BucketAlreadyExists') throw error;
      });
    });
  }

  /** For readiness: the server answers, the credentials hold, the bucket is there. @throws SmartBoxError otherwise. */
  async ping(): Promise<void> {
    const there = await this.#s3.once('find', '', undefined, () => this.#s3.client.bucketExists(this.bucket));
    if (there) return;
    const missing = Object.assign(new Error('no such bucket'), { code: 'NoSuchBucket' });
    throw toStorageError(missing, { verb: 'find', bucket: this.bucket, key: '' });
  }

  /**
   * Streams one object in. It becomes visible whole or not at all; on an error or abort nothing is left behind.
   * Overwrites what stands under the key. Resolves when the server has it; `verify` proves it.
   */
  async put(
    key: string,
    source: AsyncIterable<Uint8Array> | Uint8Array,
    options: UploadOptions,
  ): Promise<StoredObject> {
    checkKey(key);
    const stream = source instanceof Uint8Array ? Readable.from([source]) : source;
    return upload(this.#s3, key, stream, options);
  }

  /** Begins an object that comes in several goes. @returns what `resumable` knows it by */
  async beginUpload(key: string, contentType: string): Promise<string> {
    checkKey(key);
    const { client } = this.#s3;
    const meta = { 'Content-Type': contentType };
    return this.#s3.retry('begin', key, undefined, () => client.initiateNewMultipartUpload(this.bucket, key, meta));
  }

  /** @param size bytes of the whole @param restPrefix the upload's own folder, ending in a slash */
  resumable(upload: { key: string; uploadId: string; size: number; restPrefix: string }): ResumableUpload {
    checkKey(upload.key);
    checkKey(upload.restPrefix);
    return new ResumableUpload(this.#s3, upload);
  }

  /** The whole object. The stream fails with a SmartBoxError when it breaks half-way. */
  async get(key: string, options: Cancel = {}): Promise<Readable> {
    checkKey(key);
    const { client } = this.#s3;
    return this.#stream(key, options, () => client.getObject(this.bucket, key));
  }

  /** `length` bytes from `offset`; less where the object ends earlier. */
  async getRange(key: string, offset: number, length: number, options: Cancel = {}): Promise<Readable> {
    checkKey(key);
    if (!(Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0)) {
      throw inputError('object-range', `${key}: ${offset}+${length} is no byte range`);
    }
    if (length === 0) return Readable.from([]);
    const { client } = this.#s3;
    return this.#stream(key, options, () => client.getPartialObject(this.bucket, key, offset, length));
  }

  /** @throws SmartBoxError `object-not-found` */
  async stat(key: string, options: Cancel = {}): Promise<ObjectInfo> {
    checkKey(key);
    const { client } = this.#s3;
    const found = await this.#s3.retry('stat', key, options.signal, () => client.statObject(this.bucket, key));
    const type = (found.metaData as Record<string, string>)['content-type'];
    return { key, bytes: found.size, etag: found.etag, lastModified: found.lastModified, contentType: type };
  }

  async exists(key: string): Promise<boolean> {
    return this.stat(key).then(() => true, ifNotFound(false));
  }

  /** Removes one object; one that is not there is fine. */
  async remove(key: string): Promise<void> {
    checkKey(key);
    const { client } = this.#s3;
    await this.#s3.retry('remove', key, undefined, () => client.removeObject(this.bucket, key)).catch(ifNotFound());
  }

  /** Removes everything whose key starts with `prefix`. */
  async removeAll(prefix: string): Promise<void> {
    const batch: Promise<void>[] = [];
    for await (const { key } of this.list(prefix)) {
      if (batch.push(this.remove(key)) === 16) await Promise.all(batch.splice(0));
    }
    await Promise.all(batch);
  }

  /** Every object whose key starts with `prefix`, in key order, page by page. */
  async *list(prefix: string): AsyncGenerator<Pick<ObjectInfo, 'key' | 'bytes' | 'lastModified'>> {
    checkKey(prefix);
    const found = this.#s3.client.listObjectsV2(this.bucket, prefix, true) as AsyncIterable<{
      name?: string;
      size: number;
      lastModified?: Date;
    }>;
    try {
      for await (const { name, size, lastModified } of found) {
        if (name !== undefined) yield { key: name, bytes: size, lastModified: lastModified ?? new Date(0) };
      }
    } catch (error) {
      throw toStorageError(error, { verb: 'list', bucket: this.bucket, key: prefix });
    }
  }

  /** A link that reads one object for a while (at most 7 days) without credentials. */
  async presignedGet(
    key: string,
    options: { expiresSeconds: number; contentType?: string; fileName?: string },
  ): Promise<string> {
    checkKey(key);
    const headers = {
      ...(options.contentType ? { 'response-content-type': options.contentType } : {}),
      ...(options.fileName
        ? { 'response-content-disposition': `attachment; filename="${options.fileName.replace(/[^\w.-]/g, '_')}"` }
        : {}),
    };
    const { client } = this.#s3;
    return this.#s3.once('presign', key, undefined, () =>
      client.presignedGetObject(this.bucket, key, options.expiresSeconds, headers),
    );
  }

  /** A small JSON document (manifests, indices). */
  async putJson(key: string, value: unknown): Promise<StoredObject> {
    const bytes = Buffer.from(JSON.stringify(value, null, 1));
    return this.put(key, bytes, { size: bytes.length, contentType: JSON_TYPE });
  }

  /** @throws SmartBoxError `object-not-found`, `object-corrupt` where it is no JSON. The caller checks the shape. */
  async getJson(key: string): Promise<unknown> {
    checkKey(key);
    const { client } = this.#s3;
    const text = await this.#s3.retry('get', key, undefined, async () => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of await client.getObject(this.bucket, key)) chunks.push(chunk as Uint8Array);
      return Buffer.concat(chunks).toString('utf8');
    });
    try {
      return JSON.parse(text) as unknown;
    } catch (cause) {
      throw corrupt(this.bucket, key, 'is no JSON', cause);
    }
  }

  /**
   * Reads the object back and compares length and hash: only after this a copy elsewhere may be let go.
   * @throws SmartBoxError `object-corrupt` (retryable: writing it again may heal), `object-not-found`.
   */
  async verify(key: string, expected: Expected, { signal }: Cancel = {}): Promise<void> {
    checkKey(key);
    const found = await this.#s3.retry('read back', key, signal, () => this.#s3.digest(key, signal));
    if (found.bytes !== expected.bytes) {
      throw corrupt(this.bucket, key, `has ${found.bytes} bytes where ${expected.bytes} were written`);
    }
    if (found.sha256 === expected.sha256) return;
    throw corrupt(this.bucket, key, `reads back as sha256 ${found.sha256}, written ${expected.sha256}`);
  }

  /**
   * Aborts uploads under `prefix` that were begun more than `olderThanMs` ago: what a process killed half-way left.
   * MinIO lists unfinished uploads of one exact key only, and removes them by itself after a day.
   * @param isOurs of the keys under `prefix`, those that the caller looks after
   * @returns how many.
   */
  async abortStaleUploads(prefix: string, olderThanMs: number, isOurs = (_key: string) => true): Promise<number> {
    const { client } = this.#s3;
    const stale: { key: string; uploadId: string }[] = [];
    let keyMarker = '';
    let uploadIdMarker = '';
    for (let more = true; more;) {
      const page = await this.#s3.retry('list uploads', prefix, undefined, () =>
        client.listIncompleteUploadsQuery(this.bucket, prefix, keyMarker, uploadIdMarker, ''),
      );
      const before = Date.now() - olderThanMs;
      stale.push(
        ...page.uploads.filter(
          ({ key, initiated }) => key.startsWith(prefix) && isOurs(key) && initiated.getTime() <= before,
        ),
      );
      keyMarker = page.nextKeyMarker;
      uploadIdMarker = page.nextUploadIdMarker;
      more = page.isTruncated;
    }
    for (const { key, uploadId } of stale) await abortUpload(this.#s3, key, uploadId);
    return stale.length;
  }

  async #stream(key: string, { signal }: Cancel, open: () => Promise<Readable>): Promise<Readable> {
    const stream = await this.#s3.retry('get', key, signal, open);
    const { bucket } = this;
    return Readable.from(
      (async function* () {
        try {
          for await (const chunk of stream) yield chunk as Uint8Array;
        } catch (error) {
          signal?.throwIfAborted();
          throw toStorageError(error, { verb: 'get', bucket, key });
        }
      })(),
      { objectMode: false, highWaterMark: 256 * 1024 },
    );
  }
}

function corrupt(bucket: string, key: string, what: string, cause?: unknown): SmartBoxError {
  const message = `${bucket}/${key} ${what}`;
  return new SmartBoxError({ code: 'object-corrupt', message, fault: 'theirs', retryable: true, cause });
}

/** Keys are made by the server; one that could leave its folder is a bug, not a request. */
function checkKey(key: string): void {
  if (/^[A-Za-z0-9][A-Za-z0-9._/-]*$/.test(key) && !/\.\.|\/\//.test(key) && key.length <= 512) return;
  throw inputError('object-key', `${JSON.stringify(key.slice(0, 80))} is no object key`);
}

function ifNotFound<T>(value?: T): (error: unknown) => T {
  return (error) => {
    if (error instanceof SmartBoxError && error.code === 'object-not-found') return value as T;
    throw error;
  };
}
