import { SmartBoxError, toError } from '@smartbox/kernel';
import type { InstanceCreated } from '@smartbox/contracts';
import { backoffMs, LATER_MS, RETRY } from '../domain/backoff.ts';
import {
  deliveryFacts,
  deliveryIdOf,
  isOver,
  MAX_FAILURES,
  newDelivery,
  type DeliveryRecord,
} from '../domain/delivery.ts';
import { judgeFailure } from '../domain/failure.ts';
import { judgeStatus } from '../domain/store-status.ts';
import type { Destination } from './destination.ts';
import type { Announcements, Objects, Records } from './ports.ts';

/** When to give up: `waiting` ends a wait for a parked destination, `sending` also an object on its way. */
export interface Stop {
  waiting: AbortSignal;
  sending: AbortSignal;
}

export type Outcome =
  | { kind: 'stored' }
  | { kind: 'retry'; delayMs: number; reason: string }
  | { kind: 'dead'; code: string; reason: string };

interface Problem {
  code: string;
  reason: string;
  status?: number;
}

/**
 * One instance to one destination, until it is stored, given up, or has to be tried later. Safe to call twice, late, and
 * after a crash at any line: the record is written before what it tells is announced, and ids are made from the work.
 */
export class DeliverInstance {
  readonly #objects: Objects;
  readonly #records: Records;
  readonly #announce: Announcements;
  readonly #running = new Map<string, Promise<Outcome>>();

  constructor(objects: Objects, records: Records, announce: Announcements) {
    this.#objects = objects;
    this.#records = records;
    this.#announce = announce;
  }

  /** Rejects with a signal's reason when it is told to stop; anything else is an outcome or a broker's error. */
  run(instance: InstanceCreated, to: Destination, stop: Stop): Promise<Outcome> {
    const id = deliveryIdOf(instance.instanceId, to.name);
    const running = this.#running.get(id);
    if (running) return running;
    const run = this.#deliver(id, instance, to, stop).finally(() => this.#running.delete(id));
    this.#running.set(id, run);
    return run;
  }

  async #deliver(id: string, instance: InstanceCreated, to: Destination, stop: Stop): Promise<Outcome> {
    const known = await this.#records.get(id);
    if (known && isOver(known)) return this.#announceAgain(known);
    let record = known ?? newDelivery(instance, to.name);
    let announced = '';
    for (;;) {
      const { parked } = to.gate;
      // Once per absence, not once per try: an archive may be away for weeks.
      if (parked && announced !== parked.since.toISOString()) {
        announced = parked.since.toISOString();
        record = await this.#deferred(record, parked, parked.until, true, `parked/${announced}`);
      }
      await to.gate.pass(stop.waiting);
      const attempt = await this.#attempt(record, to, stop.sending);
      if (attempt !== 'parked') return attempt;
      record = (await this.#records.get(id)) ?? record;
    }
  }

  async #attempt(before: DeliveryRecord, to: Destination, signal: AbortSignal): Promise<Outcome | 'parked'> {
    let record = before;
    const begun = performance.now();
    const accepted = async () => {
      record = { ...record, state: 'sending', attempt: record.attempt + 1 };
      await this.#records.put(record);
      await this.#announce.started({ ...deliveryFacts(record), attempt: record.attempt });
      return this.#objects.open(record.instance, signal);
    };
    try {
      const { status } = await to.archive.store(record.instance, accepted, signal);
      to.gate.open(); // not before: one that takes associations and then hangs is still away
      const verdict = judgeStatus(status);
      const durationMs = Math.round(performance.now() - begun);
      if (verdict.kind === 'stored') return await this.#stored(record, status, verdict.warning, durationMs);
      const problem = { code: verdict.code, reason: verdict.reason, status };
      return verdict.kind === 'dead' ? await this.#dead(record, problem) : await this.#again(record, problem);
    } catch (thrown) {
      return this.#failedAttempt(record, to, toError(thrown), signal);
    }
  }

  async #failedAttempt(
    record: DeliveryRecord,
    to: Destination,
    error: Error,
    signal: AbortSignal,
  ): Promise<Outcome | 'parked'> {
    if (signal.aborted) throw error;
    const facts =
      error instanceof SmartBoxError
        ? {
            code: error.code,
            retryable: error.retryable,
            fault: error.fault,
            phase: error.details['phase'] as string | undefined,
          }
        : { code: 'internal', retryable: true, fault: 'ours' as const };
    const problem = { code: facts.code, reason: error.message };
    let verdict = judgeFailure(facts);
    if (verdict === 'retry-if-alive') {
      verdict = await to.archive.echo().then(
        () => 'retry' as const,
        () => 'park' as const,
      );
    }
    if (verdict === 'dead' || verdict === 'retry') to.gate.open();
    switch (verdict) {
      case 'park':
        to.gate.park(problem.code, problem.reason);
        return 'parked';
      case 'dead':
        return this.#dead(record, problem);
      case 'retry':
        return this.#again(record, problem);
      case 'later':
      default:
        await this.#deferred(record, problem, new Date(Date.now() + LATER_MS), false, `later/${record.attempt}`);
        return { kind: 'retry', delayMs: LATER_MS, reason: problem.reason };
    }
  }

  async #stored(
    record: DeliveryRecord,
    status: number,
    warning: string | undefined,
    durationMs: number,
  ): Promise<Outcome> {
    const stored = {
      ...deliveryFacts(record),
      attempt: record.attempt,
      transferSyntaxUid: record.instance.transferSyntaxUid,
      status,
      ...(warning === undefined ? {} : { warning }),
      bytes: record.instance.bytes,
      durationMs,
    };
    // Remembered first: a crash between the two announces it again instead of sending it again.
    await this.#records.put({ ...record, state: 'stored', stored });
    await this.#announce.stored(stored);
    return { kind: 'stored' };
  }

  async #again(record: DeliveryRecord, problem: Problem): Promise<Outcome> {
    const failures = record.failures + 1;
    if (failures >= MAX_FAILURES) {
      return this.#dead(
        { ...record, failures },
        { ...problem, reason: `${problem.reason} (${failures} attempts failed)` },
      );
    }
    const delayMs = backoffMs(RETRY, failures, Math.random());
    await this.#deferred(
      { ...record, failures },
      problem,
      new Date(Date.now() + delayMs),
      false,
      `retry/${record.attempt}`,
    );
    return { kind: 'retry', delayMs, reason: problem.reason };
  }

  async #dead(record: DeliveryRecord, failed: Problem): Promise<Outcome> {
    const dead: DeliveryRecord = { ...record, state: 'failed', failed };
    await this.#records.put(dead);
    return this.#announceAgain(dead);
  }

  async #deferred(
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

  async #announceAgain(record: DeliveryRecord): Promise<Outcome> {
    if (record.stored) {
      await this.#announce.stored(record.stored);
      return { kind: 'stored' };
    }
    const failed = record.failed ?? { code: 'unknown', reason: 'it was given up' };
    await this.#announce.failed({ ...deliveryFacts(record), attempt: record.attempt, ...failed });
    return { kind: 'dead', code: failed.code, reason: failed.reason };
  }
}
