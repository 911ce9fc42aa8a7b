import type { ConnectionOptions } from 'node:tls';
import type { DicomwebAuth } from '@smartbox/contracts';
import { z } from 'zod';
import { exchange } from './http-exchange.ts';
import type { Secret } from './secret.ts';
import { refusedBy, StowError } from './stow-error.ts';

type Client = Omit<Extract<DicomwebAuth, { type: 'oauth2' }>, 'clientSecret'> & { clientSecret: Secret };

/** RFC 6749 section 5.1. */
const TokenReply = z.object({
  access_token: z.string().min(1),
  token_type: z.string().optional(),
  expires_in: z.coerce.number().positive().default(300),
});
/** Renewed so long before its end, or at half its life where that is short. */
const MARGIN_MS = 60_000;

/** An access token by client credentials (RFC 6749 section 4.4): fetched once for all requests, renewed in time. */
export class OAuth2Token {
  readonly #client: Client;
  readonly #http: { tls?: ConnectionOptions | undefined; idleTimeoutMs: number };
  #token: { value: string; renewAt: number } | undefined;
  #fetching: Promise<string> | undefined;

  constructor(client: Client, http: { tls?: ConnectionOptions | undefined; idleTimeoutMs: number }) {
    this.#client = client;
    this.#http = http;
  }

  /** @throws StowError `peer-unreachable`, `peer-unauthorized`, ... */
  async get(signal?: AbortSignal): Promise<string> {
    signal?.throwIfAborted();
    if (this.#token && Date.now() < this.#token.renewAt) return this.#token.value;
    this.#fetching ??= this.#fetch().finally(() => (this.#fetching = undefined));
    return this.#fetching;
  }

  /** The server refused it, whatever its age. */
  forget(): boolean {
    this.#token = undefined;
    return true;
  }

  async #fetch(): Promise<string> {
    const { tokenUrl, clientId, clientSecret, clientAuth, scope, audience } = this.#client;
    const url = new URL(tokenUrl);
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      ...(scope === undefined ? {} : { scope }),
      ...(audience === undefined ? {} : { audience }),
      ...(clientAuth === 'post' ? { client_id: clientId, client_secret: clientSecret() } : {}),
    });
    const body = Buffer.from(form.toString());
    // RFC 6749 section 2.3.1: both are form-encoded before they are joined.
    const pair = [clientId, clientSecret()].map((text) => encodeURIComponent(text)).join(':');
    const {
      status,
      headers,
      body: reply,
    } = await exchange({
      method: 'POST',
      url,
      headers: {
        'Content-Type': 'application/x-www-form-urlencoded',
        'Content-Length': body.length,
        Accept: 'application/json',
        ...(clientAuth === 'post' ? {} : { Authorization: `Basic ${Buffer.from(pair).toString('base64')}` }),
      },
      body: async () =>
        (async function* () {
          yield body;
        })(),
      ...this.#http,
    });
    // 400 invalid_client, invalid_scope ...: RFC 6749 section 5.2.
    if (status === 400 || status === 401 || status === 403) {
      throw new StowError('peer-unauthorized', 'negotiation', `${url.host} gave no token: HTTP ${status}`);
    }
    if (status !== 200) throw tokenless(refusedBy(url.host, status, headers, 'negotiation'));
    const parsed = TokenReply.safeParse(json(reply));
    if (!parsed.success) {
      throw new StowError('peer-protocol-error', 'negotiation', `${url.host} answered without a token`);
    }
    const { access_token: value, expires_in: seconds } = parsed.data;
    const lifeMs = seconds * 1000;
    this.#token = { value, renewAt: Date.now() + Math.max(lifeMs - MARGIN_MS, lifeMs / 2) };
    return value;
  }
}

/** Whatever it refuses, it says nothing about the object: the destination has to wait. */
function tokenless(error: StowError): StowError {
  return error.retryable ? error : new StowError('peer-unauthorized', 'negotiation', `no token: ${error.message}`);
}

function json(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}
