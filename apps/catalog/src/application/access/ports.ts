import type { AccountRole } from '@smartbox/contracts';
import type { Failures } from '../../domain/access/back-off.ts';
import type { Opened, Reach } from '../../domain/access/caller.ts';
import type { Audit } from '../ports.ts';

export interface Account {
  accountId: string;
  name: string;
  displayName: string;
  roles: AccountRole[];
  stations: Reach;
  /** Null: no password here. */
  passwordHash: string | null;
  /** Given: the password is for one sign-in until then. */
  oneTimeUntil: Date | null;
  /** Of the provider; null for a local account. */
  issuer: string | null;
  disabledAt: Date | null;
  createdAt: Date;
  lastSignInAt: Date | null;
}

export interface NewAccount {
  name: string;
  displayName: string;
  roles: AccountRole[];
  stations: Reach;
  passwordHash: string;
  oneTimeUntil: Date | null;
}

export interface AccountChange {
  displayName?: string;
  roles?: AccountRole[];
  stations?: Reach;
  disabledAt?: Date | null;
  passwordHash?: string;
  oneTimeUntil?: Date | null;
}

export interface AccountStore {
  /** Whether anybody has one, disabled or not. */
  any(): Promise<boolean>;
  list(): Promise<(Account & { openSessions: number })[]>;
  find(accountId: string): Promise<Account | undefined>;
  named(name: string): Promise<Account | undefined>;
  /** @throws SmartBoxError `name-taken`; with `first`, `accounts-exist` where there is one already. */
  create(account: NewAccount, audit: Audit, at: Date, options?: { first: boolean }): Promise<Account>;
  /**
   * `end`: which sessions of the account end with the change.
   * @throws SmartBoxError `account-not-found`, `last-admin`.
   */
  change(
    accountId: string,
    change: AccountChange,
    audit: Audit,
    at: Date,
    end?: { sessions: 'all' } | { sessionsBut: string },
  ): Promise<Account>;
  /** The account of a person at the provider; made at the first sign-in, brought up to date at each. */
  ofProvider(
    person: {
      issuer: string;
      subject: string;
      name: string;
      displayName: string;
      roles: AccountRole[];
      stations: Reach;
    },
    at: Date,
  ): Promise<Account>;
}

export interface Session {
  sessionId: string;
  accountId: string;
  address: string;
  device: string;
  createdAt: Date;
  lastSeenAt: Date;
  providerSid: string | null;
  idToken: string | null;
}

export interface NewSession {
  tokenHash: string;
  address: string;
  device: string;
  providerSid?: string | undefined;
  idToken?: string | undefined;
}

export interface SessionStore {
  open(account: Account, session: NewSession, at: Date, detail: Record<string, unknown>): Promise<Session>;
  /** With its account and the rooms that this has open. */
  find(tokenHash: string, now: Date): Promise<{ session: Session; account: Account; opened: Opened[] } | undefined>;
  seen(sessionId: string, at: Date): Promise<void>;
  ofAccount(accountId: string): Promise<Session[]>;
  /** Another secret for the same session: what somebody may have copied before is worthless. */
  renew(sessionId: string, tokenHash: string): Promise<void>;
  /** Those of the account with this id, or all of them. How many that were. */
  end(
    of: { accountId: string; name: string },
    which: 'all' | { sessionId: string },
    audit: Audit,
    at: Date,
  ): Promise<number>;
  /** Told by the provider: its session, or every session of that person. */
  endOfProvider(
    of: { issuer: string; sid?: string | undefined; subject?: string | undefined },
    at: Date,
  ): Promise<number>;
  /** Those that nobody ended and whose time is over. */
  over(before: {
    createdAt: Date;
    lastSeenAt: Date;
  }): Promise<{ sessionId: string; accountId: string; name: string }[]>;
}

export interface ApiToken {
  tokenId: string;
  name: string;
  roles: AccountRole[];
  stations: Reach;
  createdAt: Date;
  createdBy: string;
  expiresAt: Date | null;
  lastUsedAt: Date | null;
  revokedAt: Date | null;
}

export interface TokenStore {
  list(): Promise<ApiToken[]>;
  find(tokenHash: string): Promise<ApiToken | undefined>;
  /** @throws SmartBoxError `name-taken` by one that is not revoked. */
  create(
    token: Pick<ApiToken, 'name' | 'roles' | 'stations' | 'expiresAt'> & { tokenHash: string },
    audit: Audit,
    at: Date,
  ): Promise<ApiToken>;
  /** @throws SmartBoxError `token-not-found` */
  revoke(tokenId: string, audit: Audit, at: Date): Promise<ApiToken>;
  used(tokenId: string, at: Date): Promise<void>;
  /** The token of that hash; an older one of the name is revoked. Nothing where the hash is known, also as a revoked one. */
  ensure(token: Pick<ApiToken, 'name' | 'roles'> & { tokenHash: string }, at: Date): Promise<void>;
}

export interface Panel {
  panelId: string;
  stationId: string;
  name: string;
  address: string;
  device: string;
  pairedAt: Date;
  pairedBy: string;
  lastSeenAt: Date | null;
  revokedAt: Date | null;
}

export interface PanelRequest {
  stationId: string | null;
  address: string;
  device: string;
  askedAt: Date;
}

export interface PanelStore {
  list(): Promise<Panel[]>;
  find(tokenHash: string): Promise<Panel | undefined>;
  /** A panel asks; what it asked before is forgotten. */
  request(request: PanelRequest & { codeHash: string; tokenHash: string; expiresAt: Date }): Promise<void>;
  requested(codeHash: string, now: Date): Promise<PanelRequest | undefined>;
  /** The secret of the request becomes the panel's. Undefined: no such code, or too late. */
  confirm(
    codeHash: string,
    panel: { stationId: string; name: string },
    audit: Audit,
    at: Date,
  ): Promise<Panel | undefined>;
  /** @throws SmartBoxError `panel-not-found` */
  revoke(panelId: string, audit: Audit, at: Date): Promise<Panel>;
  seen(panelId: string, at: Date, address: string): Promise<void>;
}

export interface FailureStore {
  /**
   * Counts an attempt as failed before it is made, unless `wait` (of what was counted before) says that it has to wait:
   * then nothing is counted. One attempt at a time for each key: a burst at once gets no further than one by one.
   */
  begin(keys: readonly string[], at: Date, wait: (before: ReadonlyMap<string, Failures>) => number): Promise<number>;
  /** It was right: this one does not count; of `all` nothing does any more. */
  succeeded(keys: readonly string[], all: string): Promise<void>;
}

export interface BreakGlassStore {
  /** Written together with its audit entry and the event that alarms the administrators. */
  open(grant: Opened & { accountId: string; actor: string }, at: Date): Promise<void>;
  /** False: there is none, or it has ended. */
  close(grantId: string, accountId: string, audit: Audit, at: Date): Promise<boolean>;
}

export interface PasswordHasher {
  hash(password: string): Promise<string>;
  /** Takes as long for no hash as for one. */
  verify(hash: string | null, password: string): Promise<boolean>;
}

/** Entries that belong to no change: failures, reads, refusals. */
export interface AuditLog {
  write(subject: string, audit: Audit, at: Date): Promise<void>;
}

/** A sign-in at the provider that has begun. */
export interface Flow {
  state: string;
  nonce: string;
  /** PKCE, RFC 7636. */
  verifier: string;
  /** Where the person wanted to go: a path of the web app. */
  returnTo: string;
}

export interface FlowStore {
  begin(flowHash: string, flow: Flow, expiresAt: Date): Promise<void>;
  /** Once: whoever takes it has it. */
  take(flowHash: string, now: Date): Promise<Flow | undefined>;
}

/** The hospital's own sign-in, OpenID Connect. */
export interface ProviderClient {
  readonly issuer: string;
  /** Where the browser goes. @throws SmartBoxError `provider-away` */
  begin(redirectUri: string): Promise<Omit<Flow, 'returnTo'> & { url: string }>;
  /**
   * Who came back: state, nonce, PKCE, signature, issuer, audience and times are checked.
   * @throws SmartBoxError `provider-away`, `provider-refused`, `provider-answer-invalid`
   */
  finish(
    callback: URL,
    flow: Omit<Flow, 'returnTo'>,
  ): Promise<{ claims: { sub: string; [claim: string]: unknown }; idToken: string; sid: string | undefined }>;
  /** Where the provider ends its own session (RP-Initiated Logout 1.0); undefined where it cannot. */
  logoutUrl(idToken: string, returnTo: string): Promise<string | undefined>;
  /** Whom a logout token (Back-Channel Logout 1.0) signs out. @throws SmartBoxError `logout-token-invalid` */
  loggedOut(logoutToken: string): Promise<{ sid: string | undefined; subject: string | undefined }>;
}
