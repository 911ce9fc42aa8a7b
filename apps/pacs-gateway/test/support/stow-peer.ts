import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { TlsOptions } from 'node:tls';
import type { AddressInfo } from 'node:net';

/** What came in: a request with its body hashed, its part kept where it is small. */
export interface Received {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  bytes: number;
  /** The Part 10 object in it; its beginning where the body is larger than it is worth keeping. */
  object: Buffer;
}

/** Answers a request itself (true), or lets the well-behaved archive do it. */
export type Rude = (request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean>;

export interface StowPeer {
  url: string;
  received: Received[];
  /** SOP instances it holds, by UID. */
  holds: Map<string, Buffer>;
  /** `silent`: no `100 Continue` is sent before the rudeness. */
  behave: (rude: Rude | undefined, silent?: 'silent') => void;
  stop: () => Promise<void>;
}

const KEEP_BYTES = 4_000_000;

async function take(request: IncomingMessage): Promise<Received> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length;
    if (bytes <= KEEP_BYTES) chunks.push(chunk as Buffer);
  }
  const { method = '', url = '', headers } = request;
  const boundary = /boundary=([\w.]+)/.exec(headers['content-type'] ?? '')?.[1];
  const body = Buffer.concat(chunks);
  const begin = body.indexOf('\r\n\r\n') + 4;
  const end = body.lastIndexOf(`\r\n--${boundary ?? ''}--`);
  return { method, url, headers, bytes, object: body.subarray(begin, end > begin ? end : body.length) };
}

export const jsonAnswer = (response: ServerResponse, status: number, value: unknown, headers = {}): true => {
  response.writeHead(status, { 'Content-Type': 'application/dicom+json', ...headers }).end(JSON.stringify(value));
  return true;
};

/** A Store Instances Response about one instance, PS3.18 annex I. */
export function storeAnswer(uid: string, failureReason?: number, warningReason?: number): object {
  const reason = (tag: string, value: number | undefined) =>
    value === undefined ? {} : { [tag]: { vr: 'US', Value: [value] } };
  const item = {
    '00081155': { vr: 'UI', Value: [uid] },
    ...reason('00081197', failureReason),
    ...reason('00081196', warningReason),
  };
  return { [failureReason === undefined ? '00081199' : '00081198']: { vr: 'SQ', Value: [item] } };
}

/** The SOP Instance UID of the File Meta Information, (0002,0003). */
function uidOf(object: Buffer): string {
  const at = object.indexOf(Buffer.from([0x02, 0x00, 0x03, 0x00, 0x55, 0x49])) + 6;
  return object.toString('latin1', at + 2, at + 2 + object.readUInt16LE(at)).replace(/\0+$/, '');
}

/** A small DICOMweb archive that can be talked into anything an archive might do. Loopback only; TLS is mutual. */
export async function stowPeer(tls?: Pick<TlsOptions, 'key' | 'cert' | 'ca'>): Promise<StowPeer> {
  const received: Received[] = [];
  const holds: StowPeer['holds'] = new Map();
  let rude: Rude | undefined;
  let silent = false;
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (await rude?.(request, response)) return;
    const url = new URL(request.url ?? '', 'http://peer');
    const got = await take(request);
    received.push(got);
    if (got.method === 'POST') {
      const uid = uidOf(got.object);
      holds.set(uid, got.object);
      jsonAnswer(response, 200, storeAnswer(uid));
      return;
    }
    const uid = url.searchParams.get('SOPInstanceUID');
    const found = uid === null ? [] : [uid].filter((one) => holds.has(one));
    jsonAnswer(
      response,
      200,
      found.map((one) => ({ '00080018': { vr: 'UI', Value: [one] } })),
    );
  };
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    request.on('error', () => undefined);
    serve(request, response).catch(() => response.destroy());
  };
  const server: Server = tls
    ? createTlsServer({ ...tls, requestCert: true, rejectUnauthorized: true }, handle)
    : createServer(handle);
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    if (!silent) response.writeContinue();
    handle(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}/dicom-web`,
    received,
    holds,
    behave: (next, how) => {
      rude = next;
      silent = how === 'silent';
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

export const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');
