import type { AccountRole } from '@smartbox/contracts';
import { inputError, type Clock } from '@smartbox/kernel';
import type { Reach } from '../../domain/access/caller.ts';
import { newCode } from '../../domain/access/secrets.ts';
import type { Account, AccountStore, PasswordHasher, SessionStore } from './ports.ts';
import type { Audit } from '../ports.ts';

/** So long a one-time password can be used. */
const ONE_TIME_MS = 72 * 3_600_000;

export interface HandedOut {
  account: Account;
  oneTimePassword: string;
  expiresAt: Date;
}

/** What administrators do with accounts. They never learn the password that somebody works with. */
export class Accounts {
  readonly #store: AccountStore;
  readonly #sessions: SessionStore;
  readonly #hasher: PasswordHasher;
  readonly #clock: Clock;

  constructor(store: AccountStore, sessions: SessionStore, hasher: PasswordHasher, clock: Clock) {
    this.#store = store;
    this.#sessions = sessions;
    this.#hasher = hasher;
    this.#clock = clock;
  }

  list(): Promise<(Account & { openSessions: number })[]> {
    return this.#store.list();
  }

  async create(
    wanted: { name: string; displayName: string; roles: AccountRole[]; stations: Reach },
    actor: string,
  ): Promise<HandedOut> {
    const { oneTimePassword, expiresAt, passwordHash } = await this.#oneTime();
    const detail = { roles: wanted.roles, stations: told(wanted.stations) };
    const account = await this.#store.create(
      { ...wanted, passwordHash, oneTimeUntil: expiresAt },
      { actor, action: 'account.create', detail },
      this.#clock.now(),
    );
    return { account, oneTimePassword, expiresAt };
  }

  /** @throws SmartBoxError `account-not-found`, `last-admin`, `roles-from-provider` */
  async change(
    accountId: string,
    wanted: { displayName?: string; roles?: AccountRole[]; stations?: Reach; disabled?: boolean },
    actor: string,
  ): Promise<Account> {
    const { disabled, ...rest } = wanted;
    const account = await this.#find(accountId);
    if (account.issuer !== null && (rest.roles ?? rest.stations ?? rest.displayName) !== undefined) {
      const message = `${account.name} signs in at the hospital: name, roles and rooms are what is said there`;
      throw inputError('roles-from-provider', message);
    }
    const at = this.#clock.now();
    const detail = {
      ...(rest.displayName === undefined ? {} : { displayName: true }),
      ...(rest.roles === undefined ? {} : { roles: rest.roles, rolesBefore: account.roles }),
      ...(rest.stations === undefined ? {} : { stations: told(rest.stations), stationsBefore: told(account.stations) }),
      ...(disabled === undefined ? {} : { disabled }),
    };
    const change = { ...rest, ...(disabled === undefined ? {} : { disabledAt: disabled ? at : null }) };
    const audit: Audit = { actor, action: 'account.change', detail };
    return this.#store.change(accountId, change, audit, at, disabled ? { sessions: 'all' } : undefined);
  }

  /** A one-time password; whoever is signed in is out. @throws SmartBoxError `account-not-found`, `no-password` */
  async reset(accountId: string, actor: string): Promise<HandedOut> {
    const { name, issuer } = await this.#find(accountId);
    if (issuer !== null)
      throw inputError('no-password', `${name} signs in at the hospital: its password is changed there`);
    const { oneTimePassword, expiresAt, passwordHash } = await this.#oneTime();
    const account = await this.#store.change(
      accountId,
      { passwordHash, oneTimeUntil: expiresAt },
      { actor, action: 'account.reset-password' },
      this.#clock.now(),
      { sessions: 'all' },
    );
    return { account, oneTimePassword, expiresAt };
  }

  /** Signs somebody out everywhere. @throws SmartBoxError `account-not-found` */
  async endSessions(accountId: string, actor: string): Promise<void> {
    const account = await this.#find(accountId);
    await this.#sessions.end(account, 'all', { actor, action: 'session.end-all' }, this.#clock.now());
  }

  async #oneTime() {
    const oneTimePassword = newCode(4);
    const expiresAt = new Date(this.#clock.now().getTime() + ONE_TIME_MS);
    return { oneTimePassword, expiresAt, passwordHash: await this.#hasher.hash(oneTimePassword) };
  }

  async #find(accountId: string): Promise<Account> {
    const account = await this.#store.find(accountId);
    if (account) return account;
    throw inputError('account-not-found', `there is no account ${JSON.stringify(accountId)}`);
  }
}

/** For the audit. */
const told = (stations: Reach): string[] | null => (stations === 'everywhere' ? null : [...stations].sort());
