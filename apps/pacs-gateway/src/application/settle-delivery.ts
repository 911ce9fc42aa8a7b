import { backoffMs, RETRY } from '../domain/backoff.ts';
import { deliveryFacts, MAX_FAILURES, type DeliveryRecord, type Replacement } from '../domain/delivery.ts';
import type { Announcements, Commitments, Records } from './ports.ts';

export type Outcome =
  | { kind: 'stored' }
  /** Another object goes there instead. */
  | { kind: 'replaced' }
  | { kind: 'retry'; delayMs: number; reason: string }
  | { kind: 'dead'; code: string; reason: string };

export interface Problem {
  code: string;
  reason: string;
  status?: number;
}

/** What becomes of a delivery, remembered before it is announced: a crash between the two announces it again. */
export class SettleDelivery {
  readonly #records: Records;
  readonly #announce: Announcements;
  readonly #commitments: Commitments;

  constructor(records: Records, announce: Announcements, commitments: Commitments) {
    this.#records = records;
    this.#announce = announce;
    this.#commitments = commitments;
  }

  async stored(
    record: DeliveryRecord,
    status: number,
    warning: string | undefined,
    durationMs: number,
    verified?: 'qido' | 'import-report',
  ): Promise<Outcome> {
    const wanted = this.#commitments.wanted(record.destination);
    const stored: DeliveryRecord['stored'] = {
      ...deliveryFacts(record),
      attempt: record.attempt,
      transferSyntaxUid: record.instance.transferSyntaxUid,
      status,
      ...(warning === undefined ? {} : { warning }),
      ...(verified === undefined ? {} : { verified }),
      commitment: wanted ? 'requested' : 'none',
      bytes: record.instance.bytes,
      durationMs,
    };
    // Remembered first: a crash between the two announces it again instead of sending it again.
    const kept: DeliveryRecord = { ...record, state: 'stored', stored, ...(wanted ? { commitment: 'open' } : {}) };
    await this.#records.put(kept);
    return this.announceAgain(kept);
  }

  async again(record: DeliveryRecord, problem: Problem): Promise<Outcome> {
    const failures = record.failures + 1;
    if (failures >= MAX_FAILURES) {
      return this.dead(
        { ...record, failures },
        { ...problem, reason: `${problem.reason} (${failures} attempts failed)` },
      );
    }
    const delayMs = backoffMs(RETRY, failures, Math.random());
    await this.deferred(
      { ...record, failures },
      problem,
      new Date(Date.now() + delayMs),
      false,
      `retry/${record.attempt}`,
    );
    return { kind: 'retry', delayMs, reason: problem.reason };
  }

  async dead(record: DeliveryRecord, failed: Problem): Promise<Outcome> {
    const dead: DeliveryRecord = { ...record, state: 'failed', failed };
    await this.#records.put(dead);
    return this.announceAgain(dead);
  }

  async replaced(record: DeliveryRecord, by: Replacement): Promise<Outcome> {
    const replaced: DeliveryRecord = { ...record, state: 'replaced', replaced: by };
    await this.#records.put(replaced);
    return this.announceAgain(replaced);
  }

  async deferred(
    record: DeliveryRecord,
    problem: Problem,
    retryAt: Date,
    parked: boolean,
    id: string,
  ): Promise<DeliveryRecord> {
    const deferred: DeliveryRecord = { ...record, state: 'deferred' };
    await this.#records.put(deferred);
    const event = {
      ...deliveryFacts(record),
      attempt: record.attempt,
      code: problem.code,
      reason: problem.reason,
      retryAt: retryAt.toISOString(),
      parked,
    };
    await this.#announce.deferred(event, id);
    return deferred;
  }

  async announceAgain(record: DeliveryRecord): Promise<Outcome> {
    if (record.stored) {
      if (record.commitment === 'open') await this.#commitments.open(record);
      await this.#announce.stored(record.stored);
      return { kind: 'stored' };
    }
    if (record.replaced && record.state === 'replaced') {
      const { rendition, round } = record.replaced;
      const { renditionId, transferSyntaxUid, reason } = rendition;
      // asked for first: what is announced as on its way has to be so
      await this.#announce.ask(rendition, `${renditionId}/${round}`);
      const event = { ...deliveryFacts(record), attempt: record.attempt, renditionId, transferSyntaxUid, reason };
      await this.#announce.replaced(event, `${renditionId}/${round}`);
      return { kind: 'replaced' };
    }
    const failed = record.failed ?? { code: 'unknown', reason: 'it was given up' };
    await this.#announce.failed({ ...deliveryFacts(record), attempt: record.attempt, ...failed });
    return { kind: 'dead', code: failed.code, reason: failed.reason };
  }
}
