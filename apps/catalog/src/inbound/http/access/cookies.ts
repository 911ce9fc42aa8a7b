import { stringifySetCookie, type SetCookie } from 'cookie';
import type { FastifyReply } from 'fastify';
import { FLOW_MS } from '../../../application/access/provider-sign-in.ts';

/** As long as browsers keep any (RFC 6265bis section 5.5). */
const FOR_GOOD_S = 400 * 24 * 3600;
const SESSION = 'smartbox-session';
const PANEL = 'smartbox-panel';
const FLOW = 'smartbox-flow';

/**
 * The cookies of sessions: out of reach of scripts, sent to us by our own pages only. Over TLS with the prefix that
 * keeps neighbours from planting one (RFC 6265bis section 4.1.3.2).
 */
export class Cookies {
  readonly #secure: boolean;
  readonly session: string;
  readonly panel: string;
  readonly flow: string;

  constructor(publicUrl: string) {
    this.#secure = publicUrl.startsWith('https:');
    const prefix = this.#secure ? '__Host-' : '';
    this.session = `${prefix}${SESSION}`;
    this.panel = `${prefix}${PANEL}`;
    this.flow = `${prefix}${FLOW}`;
  }

  /** Until the browser is closed; the server ends it earlier. */
  setSession(reply: FastifyReply, secret: string): void {
    this.#set(reply, { name: this.session, value: secret });
  }

  clearSession(reply: FastifyReply): void {
    this.#set(reply, { name: this.session, value: '', maxAge: 0 });
  }

  setPanel(reply: FastifyReply, secret: string): void {
    this.#set(reply, { name: this.panel, value: secret, maxAge: FOR_GOOD_S });
  }

  clearPanel(reply: FastifyReply): void {
    this.#set(reply, { name: this.panel, value: '', maxAge: 0 });
  }

  /** Lax: the browser comes back from the provider, another site. */
  setFlow(reply: FastifyReply, secret: string): void {
    this.#set(reply, { name: this.flow, value: secret, maxAge: FLOW_MS / 1000, sameSite: 'lax' });
  }

  clearFlow(reply: FastifyReply): void {
    this.#set(reply, { name: this.flow, value: '', maxAge: 0, sameSite: 'lax' });
  }

  #set(reply: FastifyReply, cookie: Pick<SetCookie, 'name' | 'value' | 'maxAge' | 'sameSite'>): void {
    const safe = { path: '/', httpOnly: true, secure: this.#secure, sameSite: 'strict' } as const;
    void reply.header('Set-Cookie', stringifySetCookie({ ...safe, ...cookie }));
  }
}
