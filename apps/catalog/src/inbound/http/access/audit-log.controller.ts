import { Controller, Inject, Res } from '@nestjs/common';
import type { AuditChainView, AuditCheck, AuditEntryView } from '@smartbox/contracts';
import type { FastifyReply } from 'fastify';
import { Readable } from 'node:stream';
import { Housekeeping } from '../../../application/housekeeping.ts';
import { atnaFile } from '../../../domain/audit/atna.ts';
import { auditCsv } from '../../../domain/audit/csv.ts';
import { AuditQueries, auditWhere } from '../../../outbound/audit-queries.ts';
import { AuditStore } from '../../../outbound/audit-store.ts';
import { SETTINGS, type Settings } from '../../../settings.ts';
import { Input, Op } from '../operation.decorator.ts';
import type { InputOf } from '../operations.ts';
import { who } from '../who.ts';
import type { Audit } from '../../../application/ports.ts';

/** The audit as a whole: searched, exported, verified. */
@Controller('api/v1')
export class AuditLogController {
  readonly #queries: AuditQueries;
  readonly #store: AuditStore;
  readonly #housekeeping: Housekeeping;
  readonly #settings: Settings;

  constructor(
    @Inject(AuditQueries) queries: AuditQueries,
    @Inject(AuditStore) store: AuditStore,
    @Inject(Housekeeping) housekeeping: Housekeeping,
    @Inject(SETTINGS) settings: Settings,
  ) {
    this.#queries = queries;
    this.#store = store;
    this.#housekeeping = housekeeping;
    this.#settings = settings;
  }

  @Op('searchAudit')
  search(@Input() { query }: InputOf<'searchAudit'>): Promise<{ items: AuditEntryView[]; nextCursor?: string }> {
    const { limit, cursor, ...filter } = query;
    return this.#queries.search(filter, { limit, before: cursor });
  }

  @Op('exportAudit')
  async export(@Input() { query }: InputOf<'exportAudit'>, @Res() reply: FastifyReply): Promise<void> {
    const { format, ...filter } = query;
    const entries = this.#store.each(auditWhere(filter));
    const isXml = format === 'atna';
    const name = `smartbox-audit-${new Date().toISOString().slice(0, 10)}.${isXml ? 'xml' : 'csv'}`;
    void reply
      .header('Content-Type', isXml ? 'application/xml; charset=utf-8' : 'text/csv; charset=utf-8')
      .header('Content-Disposition', `attachment; filename="${name}"`);
    const text = isXml ? atnaFile(entries, this.#settings.auditSource) : auditCsv(entries);
    await reply.send(Readable.from(text, { encoding: 'utf8' }));
  }

  @Op('getAuditChain')
  async chain(): Promise<AuditChainView> {
    const { sequence, hash, base } = await this.#store.head();
    const first = await this.#queries.first();
    const { lastCheck } = this.#housekeeping;
    return {
      entries: sequence - base.sequence,
      retentionDays: this.#settings.auditRetentionDays,
      ...(first ? { first, head: { sequence, hash } } : {}),
      ...(lastCheck ? { check: lastCheck } : {}),
    };
  }

  @Op('verifyAuditChain')
  async verify(): Promise<AuditCheck> {
    const check = await this.#housekeeping.check();
    const { entries, intact } = check;
    const audit: Audit = { actor: who().actor, action: 'audit.verify', detail: { entries, intact } };
    await this.#store.write('audit', audit, new Date());
    return check;
  }
}
