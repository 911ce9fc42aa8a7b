import type { WebhookDeliveryView } from '@smartbox/contracts';
import type { Audit } from '../application/ports.ts';
import type { WebhookAttempt, WebhookLog } from '../application/webhooks.ts';
import { writeAudit } from './audit.ts';
import type { Database } from './database.ts';

const KEEP_MS = 30 * 24 * 3_600_000;

/** The log of webhook messages, 30 days. */
export class WebhookStore implements WebhookLog {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async find(messageId: string): Promise<{ state: string; attempts: number } | undefined> {
    return (await this.#db.prisma.webhookDelivery.findUnique({ where: { messageId } })) ?? undefined;
  }

  async sent(webhook: string, messageId: string): Promise<WebhookAttempt | undefined> {
    const row = await this.#db.prisma.webhookDelivery.findUnique({ where: { messageId } });
    if (row?.webhook !== webhook || row.body === null) return undefined;
    const { firstAt: _first, lastAt: _last, body, ...rest } = row;
    return { ...rest, body, state: rest.state as WebhookAttempt['state'] };
  }

  async audit(audit: Audit, webhook: string, at: Date): Promise<void> {
    await this.#db.tx((tx) => writeAudit(tx, `webhook/${webhook}`, audit, at));
  }

  async record({ messageId, ...rest }: WebhookAttempt, at: Date): Promise<void> {
    const update = { ...rest, lastAt: at };
    await this.#db.prisma.webhookDelivery.upsert({
      where: { messageId },
      create: { messageId, firstAt: at, ...update },
      update,
    });
  }

  async prune(now: Date): Promise<void> {
    await this.#db.prisma.webhookDelivery.deleteMany({ where: { lastAt: { lt: new Date(now.getTime() - KEEP_MS) } } });
  }

  async counts(): Promise<{ webhook: string; state: string; count: number; lastAt: Date | null }[]> {
    const by = ['webhook', 'state'] as const;
    const groups = await this.#db.prisma.webhookDelivery.groupBy({ by: [...by], _count: true, _max: { lastAt: true } });
    return groups.map(({ webhook, state, _count, _max }) => ({ webhook, state, count: _count, lastAt: _max.lastAt }));
  }

  /** The newest first; `before` is the last message of the page before. */
  async list(
    webhook: string,
    { state, limit, before }: { state?: string | undefined; limit: number; before?: string | undefined },
  ): Promise<WebhookDeliveryView[]> {
    const rows = await this.#db.prisma.webhookDelivery.findMany({
      where: { webhook, ...(state === undefined ? {} : { state }) },
      orderBy: [{ lastAt: 'desc' }, { messageId: 'desc' }],
      take: limit,
      ...(before === undefined ? {} : { cursor: { messageId: before }, skip: 1 }),
    });
    return rows.map(({ messageId, type, attempts, ...row }) => ({
      messageId,
      type,
      state: row.state as WebhookAttempt['state'],
      attempts,
      ...(row.status === null ? {} : { status: row.status }),
      ...(row.reason === null ? {} : { reason: row.reason }),
      firstAt: row.firstAt.toISOString(),
      lastAt: row.lastAt.toISOString(),
      ...(row.nextAt === null ? {} : { nextAt: row.nextAt.toISOString() }),
      ...(row.body === null ? {} : { body: row.body }),
    }));
  }
}
