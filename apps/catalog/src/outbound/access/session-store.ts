import { newId } from '@smartbox/kernel';
import type { Account, NewSession, Session, SessionStore as Port } from '../../application/access/ports.ts';
import type { Opened } from '../../domain/access/caller.ts';
import type { Audit } from '../../application/ports.ts';
import { writeAudit } from '../audit.ts';
import type { Database } from '../database.ts';
import { toAccount } from './account-store.ts';

/** Who is signed in where. Beginning and end stand in the audit, in the same transaction. */
export class SessionStore implements Port {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  open(account: Account, session: NewSession, at: Date, detail: Record<string, unknown>): Promise<Session> {
    const { accountId, name } = account;
    const { tokenHash, address, device, providerSid = null, idToken = null } = session;
    const data = { sessionId: newId(), accountId, tokenHash, address, device, providerSid, idToken };
    return this.#db.tx(async (tx) => {
      const row = await tx.session.create({ data: { ...data, createdAt: at, lastSeenAt: at } });
      await tx.account.update({ where: { accountId }, data: { lastSignInAt: at } });
      const audit: Audit = { actor: name, action: 'session.sign-in', detail: { ...detail, device } };
      await writeAudit(tx, `account/${name}`, audit, at);
      return row;
    });
  }

  async find(
    tokenHash: string,
    now: Date,
  ): Promise<{ session: Session; account: Account; opened: Opened[] } | undefined> {
    const grants = { where: { until: { gt: now }, endedAt: null }, orderBy: { startedAt: 'asc' } } as const;
    const row = await this.#db.prisma.session.findUnique({
      where: { tokenHash },
      include: { account: { include: { grants } } },
    });
    if (!row) return undefined;
    const { account, ...session } = row;
    const { grants: opened, ...rest } = account;
    return { session, account: toAccount(rest), opened };
  }

  async seen(sessionId: string, at: Date): Promise<void> {
    // Forward only, and not where it has ended meanwhile.
    await this.#db.prisma.session.updateMany({
      where: { sessionId, lastSeenAt: { lt: at } },
      data: { lastSeenAt: at },
    });
  }

  ofAccount(accountId: string): Promise<Session[]> {
    return this.#db.prisma.session.findMany({ where: { accountId }, orderBy: { createdAt: 'desc' } });
  }

  async renew(sessionId: string, tokenHash: string): Promise<void> {
    await this.#db.prisma.session.updateMany({ where: { sessionId }, data: { tokenHash } });
  }

  end(
    { accountId, name }: { accountId: string; name: string },
    which: 'all' | { sessionId: string },
    audit: Audit,
    at: Date,
  ): Promise<number> {
    const where = { accountId, ...(which === 'all' ? {} : { sessionId: which.sessionId }) };
    return this.#db.tx(async (tx) => {
      const { count } = await tx.session.deleteMany({ where });
      if (count > 0) await writeAudit(tx, `account/${name}`, { ...audit, detail: { ...audit.detail, count } }, at);
      return count;
    });
  }

  endOfProvider(
    { issuer, sid, subject }: { issuer: string; sid?: string | undefined; subject?: string | undefined },
    at: Date,
  ): Promise<number> {
    if (sid === undefined && subject === undefined) return Promise.resolve(0);
    return this.#db.tx(async (tx) => {
      const person = { issuer, ...(subject === undefined ? {} : { providerSubject: subject }) };
      const where = { account: person, ...(sid === undefined ? {} : { providerSid: sid }) };
      const rows = await tx.session.findMany({ where, include: { account: { select: { name: true } } } });
      for (const { sessionId, account } of rows) {
        await tx.session.delete({ where: { sessionId } });
        const audit: Audit = {
          actor: account.name,
          action: 'session.sign-out',
          detail: { why: 'told by the provider' },
        };
        await writeAudit(tx, `account/${account.name}`, audit, at);
      }
      return rows.length;
    });
  }

  async over(before: {
    createdAt: Date;
    lastSeenAt: Date;
  }): Promise<{ sessionId: string; accountId: string; name: string }[]> {
    const rows = await this.#db.prisma.session.findMany({
      where: { OR: [{ createdAt: { lte: before.createdAt } }, { lastSeenAt: { lte: before.lastSeenAt } }] },
      include: { account: { select: { name: true } } },
      take: 500,
    });
    return rows.map(({ sessionId, accountId, account }) => ({ sessionId, accountId, name: account.name }));
  }
}
