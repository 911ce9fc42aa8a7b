import { createHash } from 'node:crypto';
import https from 'node:https';
import net from 'node:net';

export interface Digest {
  bytes: number;
  /** 64 hexadecimal digits. */
  sha256: string;
}

interface Limits {
  /** Milliseconds without any byte. */
  idleTimeoutMs: number;
  signal?: AbortSignal | undefined;
}

const CHUNK = 256 * 1024;
const MAX_HEAD = 64 * 1024;

/**
 * Length and hash of what a presigned URL gives. Over plain HTTP everything passes through one buffer: Node's HTTP
 * client allocates every chunk anew, and reading back a clip would cost more garbage collection than hashing.
 * @throws Error with an S3 code where the server refuses, a network code where it breaks off.
 */
export function digestOf(url: string, limits: Limits): Promise<Digest> {
  return url.startsWith('https:') ? overTls(url, limits) : overSocket(new URL(url), limits);
}

function overSocket(url: URL, { idleTimeoutMs, signal }: Limits): Promise<Digest> {
  const { promise, resolve, reject } = Promise.withResolvers<Digest>();
  const hash = createHash('sha256');
  let head = '';
  let length: number | undefined;
  let bytes = 0;
  const take = (chunk: Uint8Array): void => {
    let body = chunk;
    if (length === undefined) {
      const before = head.length;
      head += Buffer.from(chunk).toString('latin1');
      const end = head.indexOf('\r\n\r\n');
      if (end < 0 && head.length <= MAX_HEAD) return;
      length = contentLength(head.slice(0, end));
      body = chunk.subarray(end + 4 - before);
    }
    bytes += body.byteLength;
    if (bytes > length) throw failure('the answer is longer than announced', 'ECONNRESET');
    hash.update(body);
    if (bytes < length) return;
    resolve({ bytes, sha256: hash.digest('hex') });
    socket.destroy();
  };
  const socket = net.connect({
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || 80),
    ...(signal ? { signal } : {}),
    onread: {
      buffer: Buffer.allocUnsafeSlow(CHUNK),
      callback: (read, buffer) => {
        try {
          take(buffer.subarray(0, read));
          return true;
        } catch (error) {
          socket.destroy(error as Error);
          return false;
        }
      },
    },
  });
  socket.setTimeout(idleTimeoutMs, () => socket.destroy(failure(`no byte for ${idleTimeoutMs} ms`, 'ETIMEDOUT')));
  socket.on('error', reject);
  socket.on('close', () => reject(failure(`the answer broke off after ${bytes} bytes`, 'ECONNRESET')));
  socket.resume();
  socket.write(`GET ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\nConnection: close\r\n\r\n`);
  return promise;
}

/** From the head of an HTTP/1.1 answer (RFC 9112). @throws Error when it is none that we can count. */
function contentLength(head: string): number {
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1]);
  checkStatus(status);
  const length = /^content-length: *(\d+)\s*$/im.exec(head)?.[1];
  if (length === undefined) throw failure('the answer does not say how long it is', 'ECONNRESET');
  return Number(length);
}

function checkStatus(status: number | undefined): void {
  if (status === 200) return;
  if (status === 404) throw failure('not found', 'NoSuchKey');
  if (status === 403) throw failure('access denied', 'AccessDenied');
  throw failure(`HTTP status ${status}`, 'ServiceUnavailable');
}

function overTls(url: string, { idleTimeoutMs, signal }: Limits): Promise<Digest> {
  const { promise, resolve, reject } = Promise.withResolvers<Digest>();
  const request = https.get(url, { timeout: idleTimeoutMs, ...(signal ? { signal } : {}) }, (response) => {
    const hash = createHash('sha256');
    let bytes = 0;
    try {
      checkStatus(response.statusCode);
    } catch (error) {
      response.destroy(error as Error);
    }
    response.on('data', (chunk: Uint8Array) => {
      hash.update(chunk);
      bytes += chunk.byteLength;
    });
    response.on('error', reject);
    response.on('end', () => resolve({ bytes, sha256: hash.digest('hex') }));
  });
  request.on('timeout', () => request.destroy(failure(`no byte for ${idleTimeoutMs} ms`, 'ETIMEDOUT')));
  request.on('error', reject);
  return promise;
}

const failure = (message: string, code: string): Error => Object.assign(new Error(message), { code });
