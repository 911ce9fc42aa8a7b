import type { SessionView } from '@smartbox/contracts';
import type { Clock } from '@smartbox/kernel';
import { local, permissionsFor, type Caller } from '../../domain/access/caller.ts';
import { hashSecret } from '../../domain/access/secrets.ts';
import { endOf, isOver, lastInput, type SessionLimits } from '../../domain/access/session-rules.ts';
import type { AccountStore, ApiToken, Panel, PanelStore, SessionStore, TokenStore } from './ports.ts';
import type { Audit } from '../ports.ts';

export type Access = SessionView['access'];

export interface DoorSettings {
  /** The service listens where only this machine reaches it. */
  isLocal: boolean;
  /** There is a provider that people sign in at. */
  hasProvider: boolean;
  limits: SessionLimits;
}

/** What a request shows. */
export interface Shown {
  bearer: string | undefined;
  session: string | undefined;
  panel: string | undefined;
  /** `Smartbox-Idle`: seconds since the last input. */
  idle: string | undefined;
  /** It was made on this machine, and to it. */
  isHere: boolean;
  address: string;
}

/** How old the news may be that nobody has an account. */
const ASK_AGAIN_MS = 1000;
/** When somebody was last there need not be known more exactly. */
const SEEN_MS = 30_000;

/** Knows who somebody is by what they show. */
export class Doorkeeper {
  readonly #accounts: AccountStore;
  readonly #sessions: SessionStore;
  readonly #tokens: TokenStore;
  readonly #panels: PanelStore;
  readonly #settings: DoorSettings;
  readonly #clock: Clock;
  #closed = false;
  #askedAt = -Infinity;

  constructor(
    stores: { accounts: AccountStore; sessions: SessionStore; tokens: TokenStore; panels: PanelStore },
    settings: DoorSettings,
    clock: Clock,
  ) {
    this.#accounts = stores.accounts;
    this.#sessions = stores.sessions;
    this.#tokens = stores.tokens;
    this.#panels = stores.panels;
    this.#settings = settings;
    this.#clock = clock;
    this.#closed = settings.hasProvider;
  }

  /** Open as long as nobody has an account, on the machine itself; once closed, it stays so. */
  async access(): Promise<Access> {
    if (!this.#closed && performance.now() - this.#askedAt >= ASK_AGAIN_MS) {
      this.#closed = await this.#accounts.any();
      this.#askedAt = performance.now();
    }
    if (this.#closed) return 'accounts';
    return this.#settings.isLocal ? 'open' : 'set-up';
  }

  /** The first account was made. */
  close(): void {
    this.#closed = true;
  }

  /** Undefined: nobody that we know. A token that is wrong is not made up for by anything else. */
  async recognise(shown: Shown): Promise<Caller | undefined> {
    const { bearer, session, panel } = shown;
    if (bearer !== undefined) return this.#byToken(bearer);
    const person = session === undefined ? undefined : await this.#bySession(session, shown.idle);
    if (person) return person;
    const device = panel === undefined ? undefined : await this.#byPanel(panel, shown.address);
    if (device) return device;
    return shown.isHere && (await this.access()) === 'open' ? local : undefined;
  }

  async #bySession(secret: string, idle: string | undefined): Promise<Caller | undefined> {
    const now = this.#clock.now();
    const found = await this.#sessions.find(hashSecret(secret), now);
    if (!found || found.account.disabledAt) return undefined;
    const { session, account, opened } = found;
    const { accountId, name, displayName, roles, stations } = account;
    if (isOver(session, this.#settings.limits, now)) {
      await this.#over({ sessionId: session.sessionId, accountId, name });
      return undefined;
    }
    const seenAt = lastInput(now, idle);
    if (seenAt.getTime() - session.lastSeenAt.getTime() >= SEEN_MS) {
      await this.#sessions.seen(session.sessionId, seenAt);
    }
    const passwordChangeNeeded = account.oneTimeUntil !== null;
    return {
      kind: 'person',
      actor: name,
      displayName,
      roles,
      permissions: permissionsFor(roles, passwordChangeNeeded),
      stations,
      opened,
      accountId,
      sessionId: session.sessionId,
      hasPassword: account.passwordHash !== null,
      passwordChangeNeeded,
      endsAt: endOf(session, this.#settings.limits),
    };
  }

  async #byToken(secret: string): Promise<Caller | undefined> {
    const now = this.#clock.now();
    const token = await this.#tokens.find(hashSecret(secret));
    if (!token || token.revokedAt || (token.expiresAt && token.expiresAt <= now)) return undefined;
    if (isStale(token.lastUsedAt, now)) await this.#tokens.used(token.tokenId, now);
    return ofToken(token);
  }

  async #byPanel(secret: string, address: string): Promise<Caller | undefined> {
    const now = this.#clock.now();
    const panel = await this.#panels.find(hashSecret(secret));
    if (!panel || panel.revokedAt) return undefined;
    if (isStale(panel.lastSeenAt, now)) await this.#panels.seen(panel.panelId, now, address);
    return ofPanel(panel);
  }

  /** Ends what nobody ended and whose time is over. */
  async sweep(): Promise<void> {
    const now = this.#clock.now().getTime();
    const { idleMs, absoluteMs } = this.#settings.limits;
    const before = { createdAt: new Date(now - absoluteMs), lastSeenAt: new Date(now - idleMs) };
    for (const session of await this.#sessions.over(before)) await this.#over(session);
  }

  async #over({ sessionId, accountId, name }: { sessionId: string; accountId: string; name: string }): Promise<void> {
    const audit: Audit = { actor: name, action: 'session.end', detail: { why: 'its time was over' } };
    await this.#sessions.end({ accountId, name }, { sessionId }, audit, this.#clock.now());
  }
}

const isStale = (at: Date | null, now: Date) => at === null || now.getTime() - at.getTime() >= SEEN_MS;

const device = { opened: [], hasPassword: false, passwordChangeNeeded: false } as const;

const ofToken = ({ name, roles, stations }: ApiToken): Caller => ({
  ...device,
  kind: 'token',
  actor: `token:${name}`,
  displayName: name,
  roles,
  permissions: permissionsFor(roles, false),
  stations,
});

const ofPanel = ({ panelId, stationId, name }: Panel): Caller => ({
  ...device,
  kind: 'panel',
  actor: `panel:${stationId}/${panelId.slice(-6).toLowerCase()}`,
  displayName: name,
  roles: ['panel'],
  permissions: permissionsFor(['panel'], false),
  stations: new Set([stationId]),
});
