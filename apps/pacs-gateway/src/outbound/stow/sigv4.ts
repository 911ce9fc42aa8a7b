import { createHash, createHmac } from 'node:crypto';

export interface SigV4Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string | undefined;
}

export interface SigV4Request {
  method: string;
  url: URL;
  /** Those that are signed besides `host` and `x-amz-date`. */
  headers: Readonly<Record<string, string>>;
  /** SHA-256 of the body, hexadecimal, or `UNSIGNED-PAYLOAD`. */
  payloadHash: string;
}

/** SHA-256 of nothing. */
export const EMPTY_SHA256 = createHash('sha256').digest('hex');

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();

/** RFC 3986: everything but the unreserved characters. */
const encode = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

const byCode = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

function canonicalQuery(url: URL): string {
  const pairs = [...url.searchParams].map(([name, value]) => [encode(name), encode(value)] as const);
  pairs.sort(([a, x], [b, y]) => byCode(a, b) || byCode(x, y));
  return pairs.map(([name, value]) => `${name}=${value}`).join('&');
}

/** Every service but S3 signs the path encoded twice. */
const canonicalPath = (url: URL) => url.pathname.split('/').map(encode).join('/');

/**
 * AWS Signature Version 4: the headers to send, among them `Authorization`. `scope` names region and service.
 */
export function signV4(
  request: SigV4Request,
  credentials: SigV4Credentials,
  scope: { region: string; service: string },
  now: Date,
): Record<string, string> {
  const stamp = now.toISOString().replace(/[-:]|\.\d+/g, '');
  const day = stamp.slice(0, 8);
  const { sessionToken, accessKeyId, secretAccessKey } = credentials;
  const added = {
    'x-amz-date': stamp,
    ...(sessionToken === undefined ? {} : { 'x-amz-security-token': sessionToken }),
  };
  const signed = Object.entries({ host: request.url.host, ...request.headers, ...added })
    .map(([name, value]) => [name.toLowerCase(), value.trim().replace(/ +/g, ' ')] as const)
    .sort(([a], [b]) => byCode(a, b));
  const names = signed.map(([name]) => name).join(';');
  const canonical = [
    request.method,
    canonicalPath(request.url),
    canonicalQuery(request.url),
    ...signed.map(([name, value]) => `${name}:${value}`),
    '',
    names,
    request.payloadHash,
  ].join('\n');
  const within = `${day}/${scope.region}/${scope.service}/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', stamp, within, sha256(canonical)].join('\n');
  const key = [scope.region, scope.service, 'aws4_request'].reduce(
    (key: Buffer, part) => hmac(key, part),
    hmac(`AWS4${secretAccessKey}`, day),
  );
  const signature = hmac(key, toSign).toString('hex');
  return {
    ...added,
    Authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${within}, SignedHeaders=${names}, Signature=${signature}`,
  };
}
