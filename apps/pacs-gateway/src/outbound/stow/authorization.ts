import type { ConnectionOptions } from 'node:tls';
import type { DicomwebAuth } from '@smartbox/contracts';
import { OAuth2Token } from './oauth2.ts';
import { secretOf } from './secret.ts';
import { EMPTY_SHA256, signV4 } from './sigv4.ts';

/** What of a request a signature is made over. */
export interface Signed {
  method: 'GET' | 'POST';
  url: URL;
  headers: Readonly<Record<string, string>>;
  /** SHA-256 of the body, hexadecimal; absent where there is none or it was not asked for. */
  bodySha256?: string | undefined;
}

/** How a server knows us: the headers that say so. */
export interface Authorization {
  /** The body's hash is wanted before the body is sent. */
  readonly signsBody: boolean;
  headers(request: Signed, signal?: AbortSignal): Promise<Record<string, string>>;
  /** The server refused (401): is there anything newer to try? */
  renew(): boolean;
}

const fixed = (header: () => Record<string, string>, renewable: boolean): Authorization => {
  return { signsBody: false, headers: async () => header(), renew: () => renewable };
};

/** `owner` names the destination in configuration errors. @throws SmartBoxError `invalid-configuration`. */
export function authorizationOf(
  auth: DicomwebAuth,
  configDir: string,
  owner: string,
  http: { tls?: ConnectionOptions | undefined; idleTimeoutMs: number },
): Authorization {
  const secret = (field: string, given: string | { file: string }) =>
    secretOf(given, configDir, `${owner}: auth.${field}`);
  switch (auth.type) {
    case 'none':
      return fixed(() => ({}), false);
    case 'basic': {
      const password = secret('password', auth.password);
      const pair = () => Buffer.from(`${auth.user}:${password()}`).toString('base64');
      return fixed(() => ({ Authorization: `Basic ${pair()}` }), false);
    }
    case 'bearer': {
      const token = secret('token', auth.token);
      // From a file: somebody may have written a newer one while the request was on its way.
      return fixed(() => ({ Authorization: `Bearer ${token()}` }), typeof auth.token !== 'string');
    }
    case 'oauth2': {
      const token = new OAuth2Token({ ...auth, clientSecret: secret('clientSecret', auth.clientSecret) }, http);
      return {
        signsBody: false,
        headers: async (_, signal) => ({ Authorization: `Bearer ${await token.get(signal)}` }),
        renew: () => token.forget(),
      };
    }
    case 'sigv4':
      return sigV4(auth, secret);
  }
}

function sigV4(
  auth: Extract<DicomwebAuth, { type: 'sigv4' }>,
  secret: (field: string, given: string | { file: string }) => () => string,
): Authorization {
  const accessKeyId = secret('accessKeyId', auth.accessKeyId);
  const secretAccessKey = secret('secretAccessKey', auth.secretAccessKey);
  const sessionToken = auth.sessionToken === undefined ? undefined : secret('sessionToken', auth.sessionToken);
  return {
    signsBody: auth.signBody,
    headers: async ({ method, url, headers, bodySha256 }) => {
      const hash = bodySha256 ?? (method === 'GET' ? EMPTY_SHA256 : 'UNSIGNED-PAYLOAD');
      const signed = { ...headers, 'x-amz-content-sha256': hash };
      const credentials = {
        accessKeyId: accessKeyId(),
        secretAccessKey: secretAccessKey(),
        sessionToken: sessionToken?.(),
      };
      const made = signV4({ method, url, headers: signed, payloadHash: hash }, credentials, auth, new Date());
      return { 'x-amz-content-sha256': hash, ...made };
    },
    renew: () => false,
  };
}
