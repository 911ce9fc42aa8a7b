import type { SetUp } from '@smartbox/contracts';
import { inputError, SmartBoxError, type Clock } from '@smartbox/kernel';
import { timingSafeEqual } from 'node:crypto';
import type { z } from 'zod';
import type { Caller } from '../../domain/access/caller.ts';
import { checkPassword } from '../../domain/access/password.ts';
import { hashSecret, newSecret, normalCode } from '../../domain/access/secrets.ts';
import type { Attempts } from './attempts.ts';
import type { Doorkeeper } from './doorkeeper.ts';
import type { Account, AccountStore, AuditLog, PasswordHasher, Session, SessionStore } from './ports.ts';
import type { Audit } from '../ports.ts';

/** What the first account is made with, where the door is not this machine's own. */
export class SetUpCode {
  readonly value: string | undefined;

  constructor(value: string | undefined) {
    this.value = value;
  }
}

/** From where. */
export interface Where {
  address: string;
  device: string;
}

/** People with a password of ours: in, out, another password. */
export class SignIns {
  readonly #accounts: AccountStore;
  readonly #sessions: SessionStore;
  readonly #hasher: PasswordHasher;
  readonly #attempts: Attempts;
  readonly #log: AuditLog;
  readonly #door: Doorkeeper;
  readonly #setUpCode: SetUpCode;
  readonly #clock: Clock;

  constructor(
    parts: {
      accounts: AccountStore;
      sessions: SessionStore;
      hasher: PasswordHasher;
      attempts: Attempts;
      log: AuditLog;
      door: Doorkeeper;
    },
    setUpCode: SetUpCode,
    clock: Clock,
  ) {
    this.#accounts = parts.accounts;
    this.#sessions = parts.sessions;
    this.#hasher = parts.hasher;
    this.#attempts = parts.attempts;
    this.#log = parts.log;
    this.#door = parts.door;
    this.#setUpCode = setUpCode;
    this.#clock = clock;
  }

  /**
   * The secret of a new session. Whether there is no such account, it is disabled, or the password is another one: the
   * same answer, after the same work.
   * @throws SmartBoxError `sign-in-failed`, `too-many-attempts`
   */
  async signIn(typed: { name: string; password: string }, where: Where): Promise<string> {
    const name = typed.name.trim().toLowerCase();
    await this.#attempts.begin(name, where.address);
    const account = await this.#accounts.named(name);
    const matches = await this.#hasher.verify(account?.passwordHash ?? null, typed.password);
    const at = this.#clock.now();
    const mayEnter =
      account !== undefined && !account.disabledAt && (account.oneTimeUntil === null || account.oneTimeUntil > at);
    if (!account || !matches || !mayEnter) {
      const known = account?.name ?? 'unknown';
      const detail = { with: 'password', device: where.device };
      const audit: Audit = { actor: known, action: 'session.sign-in', outcome: 'failure', detail } as const;
      await this.#log.write(`account/${known}`, audit, at);
      throw new SmartBoxError({
        code: 'sign-in-failed',
        message: 'the name or the password is not right, or the account is disabled',
        fault: 'input',
      });
    }
    await this.#attempts.succeeded(name, where.address);
    return this.#open(account, where, at);
  }

  /**
   * The first account, an admin; from now on signing in is needed. The secret of its session.
   * @throws SmartBoxError `accounts-exist`, `set-up-code-wrong`, `too-many-attempts`, and what `checkPassword` throws
   */
  async setUp(body: z.infer<typeof SetUp>, where: Where): Promise<string> {
    const access = await this.#door.access();
    if (access === 'accounts') throw accountsExist();
    if (access === 'set-up') await this.#checkCode(body.code ?? '', where);
    const { name, displayName, password } = body;
    checkPassword(password, body);
    const at = this.#clock.now();
    const account = await this.#accounts.create(
      {
        name,
        displayName,
        roles: ['admin'],
        stations: 'everywhere',
        passwordHash: await this.#hasher.hash(password),
        oneTimeUntil: null,
      },
      { actor: name, action: 'account.create', detail: { roles: ['admin'], first: true } },
      at,
      { first: true },
    );
    this.#door.close();
    return this.#open(account, where, at);
  }

  async #checkCode(typed: string, where: Where): Promise<void> {
    const who = 'set-up';
    await this.#attempts.begin(who, where.address);
    const { value } = this.#setUpCode;
    const hashed = (text: string) => Buffer.from(hashSecret(text));
    if (value !== undefined && timingSafeEqual(hashed(normalCode(typed)), hashed(value))) {
      await this.#attempts.succeeded(who, where.address);
      return;
    }
    throw new SmartBoxError({
      code: 'set-up-code-wrong',
      message: 'this is not the code that the log of the service names',
      fault: 'input',
    });
  }

  /**
   * Another password for the own account. Every other session of it ends, this one gets another secret: the one
   * returned.
   * @throws SmartBoxError `password-wrong`, `too-many-attempts`, `no-password`, and what `checkPassword` throws
   */
  async changePassword(caller: Caller, typed: { current: string; next: string }, where: Where): Promise<string> {
    const { account, sessionId } = await this.#own(caller);
    if (account.passwordHash === null)
      throw inputError('no-password', 'this account signs in at the hospital: its password is changed there');
    await this.#attempts.begin(account.name, where.address);
    if (!(await this.#hasher.verify(account.passwordHash, typed.current))) {
      throw inputError('password-wrong', 'the current password is not right');
    }
    await this.#attempts.succeeded(account.name, where.address);
    checkPassword(typed.next, account);
    if (typed.next === typed.current) throw inputError('password-same', 'the new password is the old one');
    const change = { passwordHash: await this.#hasher.hash(typed.next), oneTimeUntil: null };
    const audit: Audit = { actor: account.name, action: 'account.change-password' };
    await this.#accounts.change(account.accountId, change, audit, this.#clock.now(), { sessionsBut: sessionId });
    const secret = newSecret();
    await this.#sessions.renew(sessionId, hashSecret(secret));
    return secret;
  }

  /** The session that was ended; its provider may want to know. */
  async signOut(caller: Caller): Promise<Session | undefined> {
    const { account, sessionId } = await this.#own(caller);
    const session = (await this.#sessions.ofAccount(account.accountId)).find((one) => one.sessionId === sessionId);
    const audit: Audit = { actor: account.name, action: 'session.sign-out' };
    await this.#sessions.end(account, { sessionId }, audit, this.#clock.now());
    return session;
  }

  async ownSessions(caller: Caller): Promise<Session[]> {
    const { account } = await this.#own(caller);
    return this.#sessions.ofAccount(account.accountId);
  }

  /** @throws SmartBoxError `session-not-found` */
  async endOwn(caller: Caller, which: 'all' | { sessionId: string }): Promise<void> {
    const { account } = await this.#own(caller);
    const action = which === 'all' ? 'session.end-all' : 'session.end';
    const count = await this.#sessions.end(account, which, { actor: account.name, action }, this.#clock.now());
    if (count === 0 && which !== 'all')
      throw inputError('session-not-found', `you have no open session ${JSON.stringify(which.sessionId)}`);
  }

  async #own(caller: Caller): Promise<{ account: Account; sessionId: string }> {
    const account = caller.accountId === undefined ? undefined : await this.#accounts.find(caller.accountId);
    if (account && caller.sessionId !== undefined) return { account, sessionId: caller.sessionId };
    throw inputError('no-account', 'this is for people who are signed in with an account of their own');
  }

  async #open(account: Account, { address, device }: Where, at: Date): Promise<string> {
    const secret = newSecret();
    await this.#sessions.open(account, { tokenHash: hashSecret(secret), address, device }, at, { with: 'password' });
    return secret;
  }
}

export const accountsExist = () =>
  new SmartBoxError({
    code: 'accounts-exist',
    message: 'the first account was made already: sign in, and let an administrator make further ones',
    fault: 'input',
  });
