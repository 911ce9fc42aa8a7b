import type { CallerView, SessionView } from '@smartbox/contracts';
import { accounts, caller, chain, entries, nobody, panels, sessions, signedIn, tokens } from './fixture-access.ts';
import { ago, ulidOf } from './fixture-data.ts';
import type { Answer, Asked, FixtureServer } from './fixture-server.ts';

export const PASSWORD = 'drei Fliegen im Honig';

const ok = (body: unknown, status = 200): Answer => ({ status, body });
const refused = (status: number, code: string): Answer => ({
  status,
  body: { type: 'about:blank', title: code, status, code, detail: `in English: ${code}` },
});

/** The catalog's door before a fixture server: who is signed in is remembered, and nobody else is answered. */
export class Door {
  accounts = accounts;
  tokens = tokens;
  panels = panels;
  chain = chain;
  /** Who comes in with the password. */
  person: CallerView = caller();
  readonly #server: FixtureServer;

  constructor(server: FixtureServer, session?: SessionView) {
    this.#server = server;
    if (session) server.session = session;
    server.more = (asked) => this.#answer(asked);
  }

  /** What the clock or an administrator does. */
  end(): void {
    this.#server.session = { ...nobody, signIn: this.#server.session.signIn };
  }

  #enter(): Answer {
    this.#server.session = { ...signedIn(this.person), signIn: this.#server.session.signIn };
    return ok(this.#server.session);
  }

  #answer(asked: Asked): Answer | undefined {
    const { method, path, query } = asked;
    const body = (asked.body ?? {}) as Record<string, string>;
    if (method === 'POST' && path === '/session') {
      return body['password'] === PASSWORD ? this.#enter() : refused(401, 'sign-in-failed');
    }
    if (method === 'POST' && path === '/set-up') return this.#enter();
    if (method === 'POST' && path === '/panels/requests') {
      return ok({ code: 'K7QF-2M', expiresAt: new Date(Date.now() + 600_000).toISOString() }, 201);
    }
    if (path === '/session' && method === 'GET') return undefined;
    if (!this.#server.session.caller) return refused(401, 'sign-in-needed');
    switch (`${method} ${path}`) {
      case 'DELETE /session':
        this.end();
        return ok({});
      case 'POST /session/password':
        if (body['next'] === 'kurz') return refused(422, 'password-too-short');
        this.person = { ...this.person, passwordChangeNeeded: false };
        return this.#enter();
      case 'GET /sessions':
        return ok({ items: sessions });
      case 'GET /accounts':
        return ok({ items: this.accounts });
      case 'POST /accounts': {
        const account = { ...accounts[3]!, ...body, accountId: ulidOf(799), disabled: false, passwordChangeNeeded: true }; // prettier-ignore
        this.accounts = [...this.accounts, account];
        return ok({ account, oneTimePassword: 'ABCD-EFGH-JKLM-NPQR', expiresAt: ago(-72 * 3_600_000) }, 201);
      }
      case 'GET /tokens':
        return ok({ items: this.tokens });
      case 'POST /tokens': {
        const view = { ...tokens[0]!, ...body, tokenId: ulidOf(798) };
        this.tokens = [...this.tokens, view];
        return ok({ token: 'sbx_3vJ2xW8mQ5tR7yU1iO4pA6sD9fG0hK2l', view }, 201);
      }
      case 'GET /panels':
        return ok({ items: this.panels });
      case 'GET /panels/requests/K7QF-2M':
        return ok({ stationId: 'or-1', address: '10.20.9.12', device: sessions[0]!.device, askedAt: ago(30_000) });
      case 'POST /panels': {
        const made = { ...panels[0]!, panelId: ulidOf(731), name: body['name'] ?? '', stationId: body['stationId'] ?? '' }; // prettier-ignore
        this.panels = [...this.panels, made];
        return ok(made, 201);
      }
      case 'GET /audit':
        return ok({ items: entries.filter(({ actor }) => actor.includes(query.get('person') ?? '')) });
      case 'GET /audit/chain':
        return ok(this.chain);
      case 'POST /audit/chain/check':
        return ok(this.chain.check);
      case 'GET /break-glass/rooms':
        return ok({ items: [{ stationId: 'or-1', name: 'OP 1' }] });
      case 'POST /break-glass': {
        const until = new Date(Date.now() + 3_600_000).toISOString();
        const opened = { grantId: ulidOf(740), stationId: body['stationId']!, reason: body['reason']!, until };
        this.person = { ...this.person, opened: [opened] };
        this.#enter();
        return ok(opened, 201);
      }
    }
    if (path.startsWith('/panels/requests/')) return refused(404, 'code-not-found');
    if (method === 'DELETE' && path.startsWith('/break-glass/')) {
      this.person = { ...this.person, opened: [] };
      this.#enter();
      return ok(undefined, 204);
    }
    const reset = /^\/accounts\/([^/]+)\/password$/.exec(path)?.[1];
    if (reset !== undefined) {
      const account = this.accounts.find(({ accountId }) => accountId === reset);
      return ok({ account, oneTimePassword: 'WXYZ-2345-6789-ABCD', expiresAt: ago(-72 * 3_600_000) });
    }
    const changed = /^\/accounts\/([^/]+)$/.exec(path)?.[1];
    if (method === 'PATCH' && changed !== undefined) {
      this.accounts = this.accounts.map((one) => (one.accountId === changed ? { ...one, ...asked.body as object } : one)); // prettier-ignore
      return ok(this.accounts.find(({ accountId }) => accountId === changed));
    }
    const revoked = /^\/tokens\/([^/]+)$/.exec(path)?.[1];
    if (method === 'DELETE' && revoked !== undefined) {
      this.tokens = this.tokens.map((one) => (one.tokenId === revoked ? { ...one, revokedAt: ago(0) } : one));
      return ok(this.tokens.find(({ tokenId }) => tokenId === revoked));
    }
    return undefined;
  }
}
