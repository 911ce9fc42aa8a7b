import { SmartBoxError, type Clock } from '@smartbox/kernel';
import { fromClaims, type ClaimRules } from '../../domain/access/provider-claims.ts';
import { hashSecret, newSecret } from '../../domain/access/secrets.ts';
import type { AccountStore, AuditLog, FlowStore, ProviderClient, Session, SessionStore } from './ports.ts';
import type { Where } from './sign-in.ts';

/** So long somebody may take at the provider. */
export const FLOW_MS = 10 * 60_000;

export interface ProviderSettings {
  rules: ClaimRules;
  /** Where browsers reach us, without a slash at the end. */
  publicUrl: string;
}

/** The hospital's own sign-in, where there is one. */
export class HospitalSignIn {
  /** On the button. */
  readonly name: string | undefined;
  readonly signIns: ProviderSignIns | undefined;

  constructor(name: string | undefined, signIns: ProviderSignIns | undefined) {
    this.name = name;
    this.signIns = signIns;
  }
}

/** People of a hospital sign in there: accounts are made at the first time, roles follow the claims at each. */
export class ProviderSignIns {
  readonly #client: ProviderClient;
  readonly #flows: FlowStore;
  readonly #accounts: AccountStore;
  readonly #sessions: SessionStore;
  readonly #log: AuditLog;
  readonly #settings: ProviderSettings;
  readonly #clock: Clock;

  constructor(
    parts: {
      client: ProviderClient;
      flows: FlowStore;
      accounts: AccountStore;
      sessions: SessionStore;
      log: AuditLog;
    },
    settings: ProviderSettings,
    clock: Clock,
  ) {
    this.#client = parts.client;
    this.#flows = parts.flows;
    this.#accounts = parts.accounts;
    this.#sessions = parts.sessions;
    this.#log = parts.log;
    this.#settings = settings;
    this.#clock = clock;
  }

  /** Where the browser goes, and the secret that ties the answer to this very browser. */
  async begin(returnTo: string): Promise<{ url: string; flow: string }> {
    const { url, ...checks } = await this.#client.begin(this.#callback);
    const flow = newSecret();
    const expiresAt = new Date(this.#clock.now().getTime() + FLOW_MS);
    await this.#flows.begin(hashSecret(flow), { ...checks, returnTo: pathOf(returnTo) }, expiresAt);
    return { url, flow };
  }

  /**
   * The secret of a new session, and where the person wanted to go.
   * @param query of the address that the provider sent the browser to
   * @throws SmartBoxError `flow-unknown`, `provider-refused`, `provider-answer-invalid`, `provider-away`, `no-role`,
   * `account-disabled`
   */
  async finish(query: string, flow: string | undefined, where: Where): Promise<{ secret: string; returnTo: string }> {
    try {
      return await this.#finish(query, flow, where);
    } catch (error) {
      const code = error instanceof SmartBoxError ? error.code : 'unexpected';
      const detail = { with: 'provider', code, device: where.device };
      const audit = { actor: 'unknown', action: 'session.sign-in', outcome: 'failure', detail } as const;
      await this.#log.write('account/unknown', audit, this.#clock.now());
      throw error;
    }
  }

  async #finish(query: string, flow: string | undefined, where: Where): Promise<{ secret: string; returnTo: string }> {
    const begun = flow === undefined ? undefined : await this.#flows.take(hashSecret(flow), this.#clock.now());
    if (!begun) throw refused('flow-unknown', 'this sign-in was not begun in this browser, or too long ago');
    const { returnTo, ...checks } = begun;
    const { claims, idToken, sid } = await this.#client.finish(new URL(`${this.#callback}${query}`), checks);
    const person = fromClaims(claims, this.#settings.rules);
    if (person.roles.length === 0) throw refused('no-role', 'no role here belongs to the groups of this person');
    const at = this.#clock.now();
    const stations = person.stations === undefined ? ('everywhere' as const) : new Set(person.stations);
    const identity = { issuer: this.#client.issuer, subject: claims.sub };
    const account = await this.#accounts.ofProvider({ ...identity, ...person, stations }, at);
    if (account.disabledAt) throw refused('account-disabled', 'the account of this person is disabled here');
    const secret = newSecret();
    const session = { tokenHash: hashSecret(secret), ...where, providerSid: sid, idToken };
    await this.#sessions.open(account, session, at, { with: 'provider' });
    return { secret, returnTo };
  }

  /** Where the provider ends its session too; undefined where it has nothing to end, or is away. */
  async logoutUrl({ idToken }: Session): Promise<string | undefined> {
    if (idToken === null) return undefined;
    return this.#client.logoutUrl(idToken, `${this.#settings.publicUrl}/`).catch(() => undefined);
  }

  /** Told by the provider itself. @throws SmartBoxError `logout-token-invalid` */
  async loggedOut(logoutToken: string): Promise<void> {
    const { sid, subject } = await this.#client.loggedOut(logoutToken);
    await this.#sessions.endOfProvider({ issuer: this.#client.issuer, sid, subject }, this.#clock.now());
  }

  get #callback(): string {
    return `${this.#settings.publicUrl}/api/v1/session/provider/callback`;
  }
}

const refused = (code: string, message: string) => new SmartBoxError({ code, message, fault: 'input' });

/** A path of our own, or the beginning: nobody is sent elsewhere from here. */
const pathOf = (returnTo: string): string => (/^\/(?![/\\])[^\p{Cc}\\]*$/u.test(returnTo) ? returnTo : '/');
