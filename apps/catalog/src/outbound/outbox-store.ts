import { commandMap, events, ProcedureEntry, StationConversation, StationProcedure } from '@smartbox/contracts';
import { newId } from '@smartbox/kernel';
import { injectTrace } from '@smartbox/telemetry';
import type { Outbox, OutboxEntry, Outgoing } from '../application/ports.ts';
import { json, lock, type Database, type Tx } from './database.ts';

/** The transactional outbox: entries become visible, and so are published, in the order of their transactions. */
export class OutboxStore implements Outbox {
  readonly #db: Database;
  readonly #listeners = new Set<() => void>();

  constructor(db: Database) {
    this.#db = db;
  }

  onWritten(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** A transaction that may enqueue; the relay is told after its commit. */
  async tx<T>(work: (tx: Tx, enqueue: (messages: readonly Outgoing[]) => Promise<void>) => Promise<T>): Promise<T> {
    let wrote = false;
    const result = await this.#db.tx(async (tx) => {
      wrote = false;
      return work(tx, async (messages) => {
        if (messages.length === 0) return;
        await enqueue(tx, messages);
        wrote = true;
      });
    });
    if (wrote) for (const listener of this.#listeners) listener();
    return result;
  }

  async pending(limit: number): Promise<OutboxEntry[]> {
    const rows = await this.#db.prisma.outbox.findMany({
      where: { publishedAt: null },
      orderBy: { id: 'asc' },
      take: limit,
    });
    return rows.map((row) => ({
      id: row.id,
      messageId: row.messageId,
      message: { kind: row.kind, name: row.name, data: row.data } as unknown as Outgoing,
      traceparent: row.traceparent ?? undefined,
    }));
  }

  async published(id: bigint): Promise<void> {
    await this.#db.prisma.outbox.update({ where: { id }, data: { publishedAt: new Date() } });
  }

  async prune(before: Date): Promise<number> {
    return (await this.#db.prisma.outbox.deleteMany({ where: { publishedAt: { lt: before } } })).count;
  }
}

const schemaOf = (message: Outgoing) => {
  if (message.kind === 'event') return events[message.name];
  if (message.kind === 'command') return commandMap[message.name];
  if (message.name.startsWith('conversation.')) return StationConversation;
  return message.name.startsWith('station.') ? StationProcedure : ProcedureEntry;
};

/** A message that does not fit its contract fails the transaction here: later it would stop the whole queue. */
async function enqueue(tx: Tx, messages: readonly Outgoing[]): Promise<void> {
  await lock(tx, 'outbox'); // so that the order of ids is the order of commits
  const { traceparent = null } = injectTrace<Record<string, string>>({});
  const data = messages.map((message) => ({
    messageId: newId(),
    kind: message.kind,
    name: message.name,
    data: json(schemaOf(message).parse(message.data)),
    traceparent,
  }));
  await tx.outbox.createMany({ data });
}
