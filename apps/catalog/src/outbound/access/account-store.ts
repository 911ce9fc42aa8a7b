import { AccountRole, reservedNames } from '@smartbox/contracts';
import { inputError, newId } from '@smartbox/kernel';
import type { Account, AccountChange, AccountStore as Port, NewAccount } from '../../application/access/ports.ts';
import { accountsExist } from '../../application/access/sign-in.ts';
import type { Audit } from '../../application/ports.ts';
import type { Account as Row } from '../../generated/prisma/client.ts';
import { writeAudit } from '../audit.ts';
import { lock, type Database, type Tx } from '../database.ts';
import { fromReach, toReach } from './rooms.ts';

export const toAccount = ({ limited, stations, roles, providerSubject: _, ...row }: Row): Account => ({
  ...row,
  // A role that this build does not know brings nothing.
  roles: roles.flatMap((role) => AccountRole.safeParse(role).data ?? []),
  stations: toReach({ limited, stations }),
});

/** Held by whoever makes an account or takes rights away: the first one, and the last administrator, are questions of all. */
const ACCOUNTS = 'accounts';

/** Accounts; each change with its audit entry in one transaction. */
export class AccountStore implements Port {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async any(): Promise<boolean> {
    return (await this.#db.prisma.account.findFirst({ select: { accountId: true } })) !== null;
  }

  async list(): Promise<(Account & { openSessions: number })[]> {
    const rows = await this.#db.prisma.account.findMany({
      include: { _count: { select: { sessions: true } } },
      orderBy: { name: 'asc' },
    });
    return rows.map(({ _count, ...row }) => ({ ...toAccount(row), openSessions: _count.sessions }));
  }

  async find(accountId: string): Promise<Account | undefined> {
    const row = await this.#db.prisma.account.findUnique({ where: { accountId } });
    return row ? toAccount(row) : undefined;
  }

  async named(name: string): Promise<Account | undefined> {
    // A text with a null character is no name, and no text of PostgreSQL's.
    const row = name.includes('\0') ? null : await this.#db.prisma.account.findUnique({ where: { name } });
    return row ? toAccount(row) : undefined;
  }

  create(account: NewAccount, audit: Audit, at: Date, options = { first: false }): Promise<Account> {
    const { stations, ...rest } = account;
    return this.#db.tx(async (tx) => {
      await lock(tx, ACCOUNTS);
      if (options.first && (await tx.account.count()) > 0) throw accountsExist();
      if (await tx.account.findUnique({ where: { name: account.name } })) {
        throw inputError('name-taken', `there is an account ${JSON.stringify(account.name)} already`);
      }
      const data = { accountId: newId(), ...rest, ...fromReach(stations), createdAt: at };
      const row = await tx.account.create({ data });
      await writeAudit(tx, `account/${row.name}`, audit, at);
      return toAccount(row);
    });
  }

  change(
    accountId: string,
    change: AccountChange,
    audit: Audit,
    at: Date,
    end?: { sessions: 'all' } | { sessionsBut: string },
  ): Promise<Account> {
    const { stations, ...rest } = change;
    return this.#db.tx(async (tx) => {
      await lock(tx, ACCOUNTS);
      const before = await tx.account.findUnique({ where: { accountId } });
      if (!before) throw inputError('account-not-found', `there is no account ${JSON.stringify(accountId)}`);
      const data = { ...rest, ...(stations === undefined ? {} : fromReach(stations)) };
      const row = await tx.account.update({ where: { accountId }, data });
      if (isAdmin(before) && !isAdmin(row)) await keepAnAdmin(tx, row.name);
      if (end) {
        const but = 'sessionsBut' in end ? { NOT: { sessionId: end.sessionsBut } } : {};
        await tx.session.deleteMany({ where: { accountId, ...but } });
      }
      await writeAudit(tx, `account/${row.name}`, audit, at);
      return toAccount(row);
    });
  }

  ofProvider(person: Parameters<Port['ofProvider']>[0], at: Date): Promise<Account> {
    const { issuer, subject, name, displayName, roles, stations } = person;
    return this.#db.tx(async (tx) => {
      await lock(tx, ACCOUNTS);
      const where = { issuer_providerSubject: { issuer, providerSubject: subject } };
      const before = await tx.account.findUnique({ where });
      const data = { displayName, roles, ...fromReach(stations) };
      if (!before) {
        const identity = { accountId: newId(), name: await freeName(tx, name), issuer, providerSubject: subject };
        const row = await tx.account.create({ data: { ...identity, ...data, createdAt: at } });
        const audit: Audit = { actor: row.name, action: 'account.create', detail: { roles, from: 'provider' } };
        await writeAudit(tx, `account/${row.name}`, audit, at);
        return toAccount(row);
      }
      const row = await tx.account.update({ where, data });
      if (differs(before, row)) {
        const detail = { roles, rolesBefore: before.roles, from: 'provider' };
        await writeAudit(tx, `account/${row.name}`, { actor: row.name, action: 'account.change', detail }, at);
      }
      return toAccount(row);
    });
  }
}

const isAdmin = ({ roles, disabledAt, issuer }: Row) => roles.includes('admin') && !disabledAt && issuer === null;

/** @throws SmartBoxError `last-admin` */
async function keepAnAdmin(tx: Tx, name: string): Promise<void> {
  const others = await tx.account.count({ where: { roles: { has: 'admin' }, disabledAt: null, issuer: null } });
  if (others > 0) return;
  throw inputError('last-admin', `${name} is the last administrator with a password: make another one first`);
}

const differs = (a: Row, b: Row) =>
  a.roles.join() !== b.roles.join() || a.stations.join() !== b.stations.join() || a.limited !== b.limited;

/** The name that was wished for, or that with the first free number. */
async function freeName(tx: Tx, wanted: string): Promise<string> {
  for (let n = 1; ; n += 1) {
    const name = n === 1 ? wanted : `${wanted.slice(0, 58)}-${n}`;
    const taken = reservedNames.includes(name) || (await tx.account.findUnique({ where: { name } }));
    if (!taken) return name;
  }
}
