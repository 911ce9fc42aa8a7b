import { PrismaPg } from '@prisma/adapter-pg';
import { toError, transientError } from '@smartbox/kernel';
import { Prisma, PrismaClient } from '../generated/prisma/client.ts';

export type Tx = Prisma.TransactionClient;

/** PostgreSQL through Prisma. */
export class Database {
  readonly prisma: PrismaClient;

  constructor(url: string) {
    // adapter-pg reads every timestamptz as if it stood in UTC: so the session has to speak UTC.
    const adapter = new PrismaPg({
      connectionString: url,
      options: '-c TimeZone=UTC',
      max: 12,
      connectionTimeoutMillis: 5000,
    });
    // Minimal: the other formats quote the data of a failed query, and that may be a patient's.
    this.prisma = new PrismaClient({ adapter, errorFormat: 'minimal' });
  }

  /**
   * One transaction; repeated when the database says that it lost a race (deadlock, write conflict). `snapshot`: it sees
   * everything as it was at its beginning.
   */
  async tx<T>(
    work: (tx: Tx) => Promise<T>,
    { timeoutMs = 20_000, snapshot = false }: { timeoutMs?: number; snapshot?: boolean } = {},
  ): Promise<T> {
    const isolation = snapshot ? { isolationLevel: 'RepeatableRead' as const } : {};
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.prisma.$transaction(work, { maxWait: 10_000, timeout: timeoutMs, ...isolation });
      } catch (error) {
        if (!lostRace(error) || attempt === 5) throw error;
      }
    }
  }

  /** @throws SmartBoxError `database-unavailable` */
  async ping(): Promise<void> {
    await this.prisma.$queryRaw`SELECT 1`.catch((error: unknown) => {
      throw transientError('database-unavailable', `PostgreSQL does not answer: ${toError(error).name}`, error);
    });
  }

  async close(): Promise<void> {
    await this.prisma.$disconnect();
  }
}

/** Prisma: unreachable, timed out, connection closed, none free, transaction could not begin, lost a race. */
const away = new Set(['P1001', 'P1002', 'P1008', 'P1017', 'P2024', 'P2028', 'P2034', 'ECONNREFUSED', 'ECONNRESET']);
/** Classes of SQLSTATE (PostgreSQL, appendix A): connection, rollback, resources (a full disk), not now, shutdown, system. */
const troubled = new Set(['08', '40', '53', '55', '57', '58', 'XX']);
/** Serialization failure and deadlock. */
const races = new Set(['40001', '40P01']);

/** The database's own trouble, not the query's: the same one may succeed later. */
export function isDatabaseTrouble(error: unknown): boolean {
  return away.has(codeOf(error)) || troubled.has(stateOf(error).slice(0, 2));
}

/** Prisma has a code of its own for it, except for raw queries. */
const lostRace = (error: unknown): boolean => codeOf(error) === 'P2034' || races.has(stateOf(error));

interface Told {
  code?: unknown;
  meta?: { driverAdapterError?: { cause?: { originalCode?: string } } };
}
const codeOf = (error: unknown): string => String((error as Told | undefined)?.code);
/** SQLSTATE as the server said it. */
const stateOf = (error: unknown): string =>
  (error as Told | undefined)?.meta?.driverAdapterError?.cause?.originalCode ?? '';

/** Until the end of the transaction nobody else holds the lock of that name. */
export async function lock(tx: Tx, name: string): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${name}, 0))`;
}

/** A value for a Json column. */
export const json = (value: unknown) => value as Prisma.InputJsonValue;
/** An optional value for a Json column. */
export const jsonOrNull = (value: unknown) =>
  value === null || value === undefined ? Prisma.DbNull : (value as Prisma.InputJsonValue);
