import { createHash } from 'node:crypto';
import { inputError, SmartBoxError } from '@smartbox/kernel';
import type { S3Connection } from './connection.ts';
import { PART_BYTES, PartBuffers } from './part-buffers.ts';

export interface StoredObject {
  key: string;
  bytes: number;
  /** Of the whole object, 64 hexadecimal digits. */
  sha256: string;
}

export interface UploadOptions {
  /** Exact length in bytes; a source that gives fewer or more fails and leaves nothing behind. */
  size: number;
  contentType: string;
  /** Bytes per part of a multipart upload: 6 MiB unless told. Memory is `(concurrency + 1) * partBytes`. */
  partBytes?: number | undefined;
  /** Parts on their way at once: 3 unless told. */
  concurrency?: number | undefined;
  signal?: AbortSignal | undefined;
}

const MiB = 1024 ** 2;

/** S3 takes 10 000 parts of an object and parts of at least 5 MiB. */
const MAX_PARTS = 10_000;

/** Bytes of each part but the last. */
export function partSize(options: Pick<UploadOptions, 'size' | 'partBytes'>): number {
  const needed = Math.ceil(options.size / MAX_PARTS / MiB) * MiB;
  return Math.max(options.partBytes ?? PART_BYTES, 5 * MiB, needed);
}

/** Cuts a stream into buffers of exactly `partBytes` (the last is shorter), hashing the whole on the way. */
async function* cut(
  key: string,
  source: AsyncIterable<Uint8Array>,
  options: { size: number; partBytes: number; take: () => Buffer; update: (bytes: Uint8Array) => void },
): AsyncGenerator<Buffer> {
  let part = options.take();
  let filled = 0;
  let total = 0;
  for await (const chunk of source) {
    total += chunk.byteLength;
    if (total > options.size) {
      throw inputError('object-size', `${key}: the source gave more than the announced ${options.size} bytes`);
    }
    options.update(chunk);
    for (let at = 0; at < chunk.byteLength;) {
      const piece = chunk.subarray(at, at + options.partBytes - filled);
      part.set(piece, filled);
      filled += piece.byteLength;
      at += piece.byteLength;
      if (filled === options.partBytes) {
        yield part;
        part = options.take();
        filled = 0;
      }
    }
  }
  if (total !== options.size) {
    throw inputError('object-size', `${key}: the source ended at ${total} of the announced ${options.size} bytes`);
  }
  if (filled > 0 || total === 0) yield part.subarray(0, filled);
}

/** One PUT of a whole object or a part; returns its tag. */
export async function putBody(
  connection: S3Connection,
  key: string,
  body: Buffer,
  query: string,
  contentType?: string,
): Promise<string> {
  const { client, bucket } = connection;
  const headers = {
    'content-length': String(body.length),
    ...(contentType === undefined ? {} : { 'content-type': contentType }),
  };
  const request = { method: 'PUT', bucketName: bucket, objectName: key, query, headers };
  const response = await client.makeRequestStreamAsync(request, body, '', [200], '');
  response.resume();
  return (response.headers.etag ?? '').replaceAll('"', '');
}

/** An answer may be lost after the server has completed: then our very bytes stand there. Tags differ by server. */
async function complete(
  connection: S3Connection,
  stored: StoredObject,
  uploadId: string,
  etags: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  const { client, bucket } = connection;
  const { key } = stored;
  let earlier = 0;
  await connection.retry('complete', key, signal, async () => {
    try {
      const parts = etags.map((etag, index) => ({ part: index + 1, etag }));
      await client.completeMultipartUpload(bucket, key, uploadId, parts);
    } catch (error) {
      if (earlier++ === 0) throw error;
      const readBack = connection.retry('read back', key, signal, () => connection.digest(key, signal));
      const found = await readBack.catch(() => undefined);
      if (found?.sha256 !== stored.sha256) throw error;
    }
  });
}

/**
 * Streams `source` into one object: one PUT when it fits a part, else a multipart upload with parts in parallel.
 * The object appears whole or not at all; a failure aborts the upload, so no parts are left behind.
 */
export async function upload(
  connection: S3Connection,
  key: string,
  source: AsyncIterable<Uint8Array>,
  options: UploadOptions,
): Promise<StoredObject> {
  const { signal } = options;
  const { client, bucket } = connection;
  const single = options.size <= partSize(options);
  const partBytes = single ? Math.max(options.size, 1) : partSize(options);
  const concurrency = options.concurrency ?? 3;
  const whole = createHash('sha256');
  const sha256 = () => whole.copy().digest('hex');
  const etags: string[] = [];
  const buffers = new PartBuffers(partBytes);
  const take = () => buffers.take();

  const stopped = new AbortController();
  const abort = signal ? AbortSignal.any([signal, stopped.signal]) : stopped.signal;
  const inFlight = new Set<Promise<void>>();
  let uploadId: string | undefined;
  let sent = 0;
  let failure: { error: unknown } | undefined;

  const send = (body: Buffer, id: string) => {
    const index = sent++;
    const query = `partNumber=${index + 1}&uploadId=${encodeURIComponent(id)}`;
    const sending = connection
      .retry('put', key, abort, () => putBody(connection, key, body, query))
      .then(
        (etag) => {
          etags[index] = etag;
          buffers.give(body);
        },
        (error: unknown) => {
          failure ??= { error };
          stopped.abort(error);
        },
      )
      .finally(() => inFlight.delete(sending));
    inFlight.add(sending);
  };

  try {
    const cutting = cut(key, source, { size: options.size, partBytes, take, update: (bytes) => whole.update(bytes) });
    if (single) {
      for await (const body of cutting) {
        await connection.retry('put', key, signal, () => putBody(connection, key, body, '', options.contentType));
      }
    } else {
      const id = await connection.retry('begin', key, signal, () =>
        client.initiateNewMultipartUpload(bucket, key, { 'Content-Type': options.contentType }),
      );
      uploadId = id;
      for await (const body of cutting) {
        abort.throwIfAborted();
        send(body, id);
        while (inFlight.size >= concurrency) await Promise.race(inFlight);
      }
      await Promise.all(inFlight);
      abort.throwIfAborted();
      await complete(connection, { key, bytes: options.size, sha256: sha256() }, id, etags, signal);
    }
  } catch (error) {
    stopped.abort(error);
    await Promise.all(inFlight);
    if (uploadId !== undefined) await abortUpload(connection, key, uploadId);
    throw failure?.error ?? error;
  }
  buffers.close();
  return { key, bytes: options.size, sha256: sha256() };
}

/** Removes the parts of an unfinished upload; one that is already gone is fine, a server away is left to the sweep. */
export async function abortUpload(connection: S3Connection, key: string, uploadId: string): Promise<void> {
  try {
    await connection.retry('abort', key, undefined, () =>
      connection.client.abortMultipartUpload(connection.bucket, key, encodeURIComponent(uploadId)),
    );
  } catch (error) {
    if (!(error instanceof SmartBoxError)) throw error;
  }
}
