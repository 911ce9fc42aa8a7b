import { SmartBoxError, toError } from '@smartbox/kernel';
import type { InstanceCreated } from '@smartbox/contracts';
import { transferSyntaxName } from '@smartbox/dicom';
import { LATER_MS } from '../domain/backoff.ts';
import {
  deliveryFacts,
  deliveryIdOf,
  isOver,
  newDelivery,
  underPolicy,
  type DeliveryRecord,
} from '../domain/delivery.ts';
import { judgeFailure } from '../domain/failure.ts';
import { againstPolicy } from '../domain/fallback.ts';
import { judgeStatus } from '../domain/store-status.ts';
import type { Destination } from './destination.ts';
import { FallBack } from './fall-back.ts';
import type { Announcements, Commitments, Objects, Records } from './ports.ts';
import { SettleDelivery, type Outcome } from './settle-delivery.ts';

/** When to give up: `waiting` ends a wait for a parked destination, `sending` also an object on its way. */
export interface Stop {
  waiting: AbortSignal;
  sending: AbortSignal;
}

/**
 * One instance to one destination, until it is stored, given up, or has to be tried later. Safe to call twice, late, and
 * after a crash at any line: the record is written before what it tells is announced, and ids are made from the work.
 */
export class DeliverInstance {
  readonly #objects: Objects;
  readonly #records: Records;
  readonly #announce: Announcements;
  readonly #settle: SettleDelivery;
  readonly #fallBack: FallBack;
  readonly #running = new Map<string, Promise<Outcome>>();

  constructor(objects: Objects, records: Records, announce: Announcements, commitments: Commitments) {
    this.#objects = objects;
    this.#records = records;
    this.#announce = announce;
    this.#settle = new SettleDelivery(records, announce, commitments);
    this.#fallBack = new FallBack(this.#settle);
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
    if (known && isOver(known)) return this.#settle.announceAgain(known);
    let record = underPolicy(known ?? newDelivery(instance, to.name), to.config.deidentify !== undefined);
    let announced = '';
    for (;;) {
      const { parked } = to.gate;
      // Once per absence, not once per try: an archive may be away for weeks.
      if (parked && announced !== parked.since.toISOString()) {
        announced = parked.since.toISOString();
        record = await this.#settle.deferred(record, parked, parked.until, true, `parked/${announced}`);
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
      const superseded = await this.#superseded(record.instance);
      if (superseded !== undefined) return await this.#settle.dead(record, { code: 'superseded', reason: superseded });
      const against = againstPolicy(record.instance, to.config);
      if (against !== undefined) return await this.#fallBack.run(record, to, against, signal);
      const { status, ...answer } = await to.archive.store(record.instance, accepted, signal);
      to.gate.open(); // not before: one that takes associations and then hangs is still away
      const verdict = judgeStatus(status);
      const durationMs = Math.round(performance.now() - begun);
      if (verdict.kind === 'stored') {
        const warning = verdict.warning ?? answer.warning;
        return await this.#settle.stored(record, status, warning, durationMs, answer.verified);
      }
      const problem = { code: verdict.code, reason: verdict.reason, status };
      return verdict.kind === 'dead'
        ? await this.#settle.dead(record, problem)
        : await this.#settle.again(record, problem);
    } catch (thrown) {
      return this.#failedAttempt(record, to, toError(thrown), signal);
    }
  }

  /** Why an object of a corrected procedure or a moved clip is not sent any more: it names the wrong patient. Its rejection is. */
  async #superseded(instance: InstanceCreated): Promise<string | undefined> {
    const { origin, procedureVersion, assignment = 0, rendition } = instance;
    if (rendition === 'rejection-note') return undefined;
    if (assignment < (await this.#records.correctedTo(origin.id))) {
      return 'the clip was moved to another procedure: its objects of there go in place of this one';
    }
    const version = await this.#records.correctedTo(origin.procedureId);
    if (procedureVersion >= version) return undefined;
    return `the procedure was corrected: objects of version ${version} go there instead of version ${procedureVersion}`;
  }

  async #failedAttempt(
    record: DeliveryRecord,
    to: Destination,
    error: Error,
    signal: AbortSignal,
  ): Promise<Outcome | 'parked'> {
    if (signal.aborted) throw error;
    if (error instanceof SmartBoxError && error.code === 'presentation-context-refused') {
      to.gate.open();
      const syntax = transferSyntaxName(record.instance.transferSyntaxUid);
      return this.#fallBack
        .run(record, to, `does not take it in ${syntax}`, signal)
        .catch((asking: unknown) => this.#failedAttempt(record, to, toError(asking), signal));
    }
    const facts =
      error instanceof SmartBoxError
        ? {
            code: error.code,
            retryable: error.retryable,
            fault: error.fault,
            phase: error.details['phase'] as string | undefined,
            retryAfterMs: error.details['retryAfterMs'] as number | undefined,
          }
        : { code: 'internal', retryable: true, fault: 'ours' as const, retryAfterMs: undefined };
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
        to.gate.park(problem.code, problem.reason, facts.retryAfterMs);
        return 'parked';
      case 'dead':
        return this.#settle.dead(record, problem);
      case 'retry':
        return this.#settle.again(record, problem);
      case 'later':
      default:
        await this.#settle.deferred(record, problem, new Date(Date.now() + LATER_MS), false, `later/${record.attempt}`);
        return { kind: 'retry', delayMs: LATER_MS, reason: problem.reason };
    }
  }
}
