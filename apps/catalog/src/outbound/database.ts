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

  /** One transaction; repeated when the database says that it lost a race (deadlock, write conflict). */
  async tx<T>(work: (tx: Tx) => Promise<T>, options: { timeoutMs?: number } = {}): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.prisma.$transaction(work, { maxWait: 10_000, timeout: options.timeoutMs ?? 20_000 });
      } catch (error) {
        const lostRace = error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2034';
        if (!lostRace || attempt === 5) throw error;
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

/** Until the end of the transaction nobody else holds the lock of that name. */
export async function lock(tx: Tx, name: string): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${name}, 0))`;
}

/** A value for a Json column. */
export const json = (value: unknown) => value as Prisma.InputJsonValue;
/** An optional value for a Json column. */
export const jsonOrNull = (value: unknown) =>
  value === null || value === undefined ? Prisma.DbNull : (value as Prisma.InputJsonValue);
