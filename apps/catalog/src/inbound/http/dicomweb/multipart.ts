import { randomBytes } from 'node:crypto';
import { pipeline, Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';

/** One part of a `multipart/related` answer. */
export interface Part {
  contentType: string;
  bytes: number;
  location?: string;
  /** Content-Range, where it is not the whole. */
  range?: string;
  open: (signal: AbortSignal) => Promise<AsyncIterable<Uint8Array>> | AsyncIterable<Uint8Array>;
}

/** Parts one after the other (RFC 2387, PS3.18 section 8.6.1.2), at the pace of the client, with their length. */
export function sendMultipart(reply: FastifyReply, media: string, parts: readonly Part[], status = 200): void {
  const boundary = `smartbox.${randomBytes(16).toString('hex')}`;
  const heads = parts.map(({ contentType, bytes, location, range }) => {
    const where = location === undefined ? '' : `Content-Location: ${location}\r\n`;
    const which = range === undefined ? '' : `Content-Range: ${range}\r\n`;
    const head = `Content-Type: ${contentType}\r\nContent-Length: ${bytes}\r\n${where}${which}`;
    return Buffer.from(`--${boundary}\r\n${head}\r\n`);
  });
  const gap = Buffer.from('\r\n');
  const end = Buffer.from(`--${boundary}--\r\n`);
  const length = parts.reduce((sum, part, i) => sum + (heads[i]?.length ?? 0) + part.bytes + gap.length, end.length);
  const gone = new AbortController();
  async function* body(): AsyncGenerator<Uint8Array, void> {
    for (const [i, part] of parts.entries()) {
      yield heads[i] ?? gap;
      yield* await part.open(gone.signal);
      yield gap;
    }
    yield end;
  }
  const { raw } = reply;
  raw.once('close', () => gone.abort());
  reply.hijack();
  raw.writeHead(status, {
    ...(reply.getHeaders() as Record<string, string>),
    'Content-Type': `multipart/related; type="${media}"; boundary=${boundary}`,
    'Content-Length': length,
    'Cache-Control': 'no-store',
  });
  // A broken read ends the answer short of its length: the client sees that it is not whole.
  pipeline(Readable.from(body(), { objectMode: false }), raw, () => gone.abort());
}
