import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeJwt, exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWTPayload } from 'jose';
import Provider, { type Configuration, type KoaContextWithOIDC } from 'oidc-provider';

/** A person at the hospital's sign-in: what its claims say. */
export type Claims = Record<string, unknown>;

/** A real OpenID provider (certified, npm `oidc-provider`) on this machine, with people whose claims the spec writes. */
export class Hospital {
  readonly issuer: string;
  readonly people = new Map<string, Claims>();
  /** Changes the ID token before it is signed anew with the provider's own key. */
  forge: ((claims: JWTPayload) => JWTPayload) | undefined;
  /** What became of each logout that it told us of. */
  readonly told: string[] = [];
  readonly #server: Server;
  readonly #key: CryptoKey;

  private constructor(issuer: string, server: Server, key: CryptoKey) {
    this.issuer = issuer;
    this.#server = server;
    this.#key = key;
  }

  static async start(publicUrl: string): Promise<Hospital> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { privateKey } = await generateKeyPair('RS256', { extractable: true });
    const hospital = new Hospital(issuer, server, privateKey);
    const api = `${publicUrl}/api/v1/session/provider`;
    const configuration: Configuration = {
      clients: [
        {
          client_id: 'smartbox',
          client_secret: 'the secret of the spec',
          redirect_uris: [`${api}/callback`],
          post_logout_redirect_uris: [`${publicUrl}/`],
          backchannel_logout_uri: `${api}/back-channel-logout`,
          backchannel_logout_session_required: true,
        },
      ],
      jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: 'spec', alg: 'RS256', use: 'sig' }] },
      pkce: { required: () => true },
      features: { backchannelLogout: { enabled: true }, devInteractions: { enabled: true } },
      claims: { openid: ['sub'], profile: ['name', 'preferred_username', 'groups', 'rooms'] },
      cookies: { keys: ['spec'] },
      // Without the dispatcher that keeps a provider on the internet from calling this machine.
      fetch: (url, { dispatcher: _own, ...options } = {}) => fetch(url, options),
      findAccount: (_context, sub) => ({
        accountId: sub,
        claims: () => ({ sub, preferred_username: sub, ...hospital.people.get(sub) }),
      }),
    };
    const provider = new Provider(issuer, configuration);
    provider.use(async (context: KoaContextWithOIDC, next) => {
      await next();
      const body = context.body as { id_token?: string } | undefined;
      if (hospital.forge && context.oidc?.route === 'token' && body?.id_token) {
        body.id_token = await hospital.sign(hospital.forge(decodeJwt(body.id_token)));
      }
    });
    provider.on('backchannel.success', () => hospital.told.push('taken'));
    provider.on('backchannel.error', (_context, error: Error) => hospital.told.push(error.message));
    server.on('request', (request, response) => void provider.callback()(request, response));
    return hospital;
  }

  sign(payload: JWTPayload, header: { typ?: string } = {}): Promise<string> {
    return new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid: 'spec', ...header }).sign(this.#key);
  }

  stop(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}

/** The browser of somebody at the provider: keeps its cookies, fills in its forms. */
export class AtProvider {
  readonly #cookies = new Map<string, string>();

  async #fetch(url: string, body?: Record<string, string>): Promise<Response> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie, ...(body ? { 'Content-Type': 'application/x-www-form-urlencoded' } : {}) },
      ...(body ? { method: 'POST', body: new URLSearchParams(body) } : {}),
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '') this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    return response;
  }

  /** From the address that we were sent to, until the provider sends the browser back; that address. */
  async signIn(url: string, login: string, answer: 'agrees' | 'refuses' = 'agrees'): Promise<URL> {
    const { origin } = new URL(url);
    let at = url;
    for (let steps = 0; steps < 20; steps += 1) {
      if (new URL(at).origin !== origin) return new URL(at);
      const page = await this.#fetch(at);
      const next = page.headers.get('location');
      if (next !== null) at = new URL(next, at).href;
      else at = await this.#answer(at, await page.text(), login, answer);
    }
    throw new Error('the provider sends us round in circles');
  }

  /** Ends the session at the provider, as its own page does. */
  async signOut(endSessionUrl: string): Promise<void> {
    const page = await (await this.#fetch(endSessionUrl)).text();
    const xsrf = /name="xsrf" value="([^"]+)"/.exec(page)?.[1] ?? '';
    await this.#fetch(new URL('/session/end/confirm', endSessionUrl).href, { xsrf, logout: 'yes' });
  }

  async #answer(at: string, page: string, login: string, answer: 'agrees' | 'refuses'): Promise<string> {
    const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1];
    if (prompt === undefined) throw new Error(`the provider says: ${page.slice(0, 500)}`);
    const response =
      answer === 'refuses'
        ? await this.#fetch(`${at}/abort`)
        : await this.#fetch(at, { prompt, login, password: 'any' });
    return new URL(response.headers.get('location') ?? '', at).href;
  }
}
