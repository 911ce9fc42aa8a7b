import { pipeline, type Readable } from 'node:stream';
import type { ObjectStore } from '@smartbox/storage';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { parseRange } from '../../domain/byte-range.ts';

export interface StoredBytes {
  key: string;
  bytes: number;
  /** Hexadecimal; the strong validator. */
  sha256: string;
  contentType: string;
  /** Given: the browser saves instead of showing. */
  fileName?: string;
}

/** An object of the store as HTTP. */
export function sendObject(
  store: ObjectStore,
  object: StoredBytes,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const open: Open = (first, length, signal) => store.getRange(object.key, first, length, { signal });
  return sendBytes(open, object, request, reply);
}

type Open = (first: number, length: number, signal: AbortSignal) => Promise<Readable>;

/**
 * Bytes as HTTP: GET and HEAD, one Range (206, 416), If-Range, ETag (RFC 9110). Streams at the pace of the client; when
 * the client goes away, so does the read.
 */
export async function sendBytes(
  open: Open,
  object: Omit<StoredBytes, 'key'>,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const etag = `"${object.sha256}"`;
  const { range: rangeHeader, 'if-range': ifRange, 'if-none-match': ifNoneMatch } = request.headers;
  const headers: Record<string, string | number> = {
    ...(reply.getHeaders() as Record<string, string>),
    'Content-Type': object.contentType,
    'Accept-Ranges': 'bytes',
    ETag: etag,
    'Cache-Control': 'private, max-age=0, must-revalidate',
    ...(object.fileName === undefined ? {} : { 'Content-Disposition': `attachment; filename="${object.fileName}"` }),
  };
  const { raw } = reply;
  if (ifNoneMatch?.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag)) {
    reply.hijack();
    raw.writeHead(304, headers).end();
    return;
  }
  const isCurrent = ifRange === undefined || ifRange === etag;
  const range = isCurrent && request.method === 'GET' ? parseRange(rangeHeader, object.bytes) : 'all';
  if (range === 'unsatisfiable') {
    reply.hijack();
    raw.writeHead(416, { ...headers, 'Content-Range': `bytes */${object.bytes}`, 'Content-Length': 0 }).end();
    return;
  }
  const [first, last] = range === 'all' ? [0, object.bytes - 1] : [range.first, range.last];
  const length = last - first + 1;
  const status = range === 'all' ? 200 : 206;
  const partial = range === 'all' ? {} : { 'Content-Range': `bytes ${first}-${last}/${object.bytes}` };
  if (request.method === 'HEAD') {
    reply.hijack();
    raw.writeHead(status, { ...headers, 'Content-Length': length }).end();
    return;
  }
  const gone = new AbortController();
  raw.once('close', () => gone.abort());
  const stream = await open(first, length, gone.signal);
  reply.hijack();
  raw.writeHead(status, { ...headers, ...partial, 'Content-Length': length });
  // A broken read ends the response short of its Content-Length: the client sees that it is not whole.
  pipeline(stream, raw, () => gone.abort());
}
