import type { EventData } from '@smartbox/contracts';
import { SmartBoxError, toError } from '@smartbox/kernel';
import { backoffMs, PARK, RETRY } from '../domain/backoff.ts';
import { judgeFailure } from '../domain/failure.ts';
import {
  corrected,
  endingWindow,
  isOpen,
  judgeStepStatus,
  MAX_STEP_FAILURES,
  newStep,
  over,
  stepUidOf,
  type StepRecord,
} from '../domain/procedure-step.ts';
import type { InformationSystem, ProcedureFacts, StepAnnouncements, StepEntry, StepStore } from './procedure-ports.ts';

const TICK_MS = 500;
/** Nobody else takes up a step that is being sent. */
const LEASE_MS = 60_000;
/** Until what is still being made is looked at again. */
const SETTLE_STEP_MS = 15_000;
/** An open procedure waits for its end, not for a time. */
const NEVER = '9999-12-31T00:00:00.000Z';

/**
 * Tells the information system what was done (MPPS, PS3.4 annex F): N-CREATE at the start, N-SET with every object at
 * the end, COMPLETED or (nothing was made) DISCONTINUED. A step is a record that any replica may take up; UIDs are made
 * from the procedure, so that sending twice is one step.
 */
export class ProcedureSteps {
  readonly #ris: InformationSystem;
  readonly #store: StepStore;
  readonly #facts: ProcedureFacts;
  readonly #announce: StepAnnouncements;
  readonly #onError: (error: Error) => void;
  readonly #working = new Map<string, Promise<void>>();
  readonly #stop = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  /** Tries in a row that did not reach the information system. */
  #away = 0;

  constructor(
    ris: InformationSystem,
    store: StepStore,
    facts: ProcedureFacts,
    announce: StepAnnouncements,
    onError: (error: Error) => void,
  ) {
    this.#ris = ris;
    this.#store = store;
    this.#facts = facts;
    this.#announce = announce;
    this.#onError = onError;
  }

  async started(event: EventData<'catalog.procedure.started'>, sequence: number): Promise<void> {
    await this.#store.create(newStep(event, sequence, new Date()));
  }

  async ended({ procedureId, endedAt }: EventData<'catalog.procedure.ended'>): Promise<void> {
    for (;;) {
      const known = await this.#store.get(procedureId);
      if (!known || known.record.endedAt !== undefined) return;
      const { from } = endingWindow(endedAt, this.#ris.settleSeconds);
      const dueAt = known.record.state === 'to-create' ? known.record.dueAt : from.toISOString();
      if (await this.#store.replace({ ...known.record, endedAt, dueAt }, known.revision)) return;
    }
  }

  /** Another patient or worklist item. Of an older version, or of a procedure that was told to nobody, nothing happens. */
  async corrected({ procedureId, version }: EventData<'catalog.procedure.corrected'>): Promise<void> {
    for (;;) {
      const known = await this.#store.get(procedureId);
      if (!known) return;
      const next = corrected(known.record, version, new Date());
      if (next === known.record || (await this.#store.replace(next, known.revision))) return;
    }
  }

  start(): void {
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#stop.abort();
    await Promise.allSettled(this.#working.values());
  }

  #tick(): void {
    const now = Date.now();
    for (const entry of this.#store.list()) {
      const { record } = entry;
      if (!isOpen(record) || Date.parse(record.dueAt) > now || this.#working.has(record.procedureId)) continue;
      const work = this.#work(entry)
        .catch((error: unknown) => this.#onError(toError(error)))
        .finally(() => this.#working.delete(record.procedureId));
      this.#working.set(record.procedureId, work);
    }
  }

  async #work({ record, revision }: StepEntry): Promise<void> {
    const dueAt = new Date(Date.now() + LEASE_MS).toISOString();
    if (!(await this.#store.replace({ ...record, dueAt }, revision))) return; // somebody else was faster
    try {
      if (record.correctedTo !== undefined) await this.#discontinue(record, record.correctedTo);
      else if (record.state === 'to-create') await this.#create(record);
      else await this.#end(record);
    } catch (thrown) {
      if (this.#stop.signal.aborted) return;
      await this.#failed(record, toError(thrown));
    }
  }

  async #create(record: StepRecord): Promise<void> {
    const snapshot = await this.#facts.snapshot(record.procedureId);
    await this.#put(record.procedureId, (now) => ({ ...now, creating: true }));
    const answer = await this.#ris.create(snapshot, record.version, this.#stop.signal);
    this.#away = 0;
    const verdict = judgeStepStatus('N-CREATE', answer, true);
    if (verdict.kind !== 'done') return this.#later(record, verdict);
    await this.#announce.reported({ ...factsOf(record), status: 'in-progress', series: 0, instances: 0 });
    await this.#put(record.procedureId, (now) => ({
      ...settled(now),
      state: 'in-progress',
      dueAt: this.#nextOf(now),
    }));
  }

  /** When there is something to say of a step in progress. */
  #nextOf({ correctedTo, endedAt }: StepRecord): string {
    if (correctedTo !== undefined) return new Date().toISOString();
    return endedAt === undefined ? NEVER : endingWindow(endedAt, this.#ris.settleSeconds).from.toISOString();
  }

  /** The step of the wrong patient ends with what was made for it; then one for the right patient begins. */
  async #discontinue(record: StepRecord, version: number): Promise<void> {
    const { procedureId, sequence } = record;
    const [snapshot, { series, instances }] = await Promise.all([
      this.#facts.snapshot(procedureId),
      this.#facts.objects(procedureId, sequence, { below: version }),
    ]);
    await this.#put(procedureId, (now) => ({ ...now, ending: true }));
    const endedAt = new Date().toISOString();
    const step = { version: record.version, endedAt, series, why: 'wrong-entry' as const };
    const verdict = judgeStepStatus('N-SET', await this.#ris.end(snapshot, step, this.#stop.signal), record.ending);
    this.#away = 0;
    // one that the information system does not know needs no end
    if (verdict.kind === 'again') return this.#later(record, verdict);
    await this.#announce.reported({ ...factsOf(record), status: 'discontinued', series: series.length, instances });
    await this.#put(procedureId, (now) => over({ correctedTo: version, ...settled(now) }, 'discontinued', new Date()));
  }

  async #end(record: StepRecord): Promise<void> {
    if (record.endedAt === undefined)
      return this.#put(record.procedureId, (now) => ({ ...now, dueAt: this.#nextOf(now) }));
    const { until } = endingWindow(record.endedAt, this.#ris.settleSeconds);
    // of a corrected procedure, only what was made for the right patient
    const from = record.version > 1 ? record.version : 0;
    const objects = await this.#facts.objects(record.procedureId, record.sequence, { from });
    if (objects.outstanding > 0 && until.getTime() > Date.now()) {
      const next = Math.min(until.getTime(), Date.now() + SETTLE_STEP_MS);
      return this.#put(record.procedureId, (now) => ({ ...now, dueAt: new Date(next).toISOString() }));
    }
    const snapshot = await this.#facts.snapshot(record.procedureId);
    await this.#put(record.procedureId, (now) => ({ ...now, ending: true }));
    const step = { version: record.version, endedAt: record.endedAt, series: objects.series };
    const answer = await this.#ris.end(snapshot, step, this.#stop.signal);
    this.#away = 0;
    const verdict = judgeStepStatus('N-SET', answer, record.ending);
    if (verdict.kind !== 'done') return this.#later(record, verdict);
    const status = objects.instances > 0 ? 'completed' : 'discontinued';
    const { series, instances } = objects;
    await this.#announce.reported({ ...factsOf(record), status, series: series.length, instances });
    await this.#put(record.procedureId, (now) => over(settled(now), status, new Date()));
  }

  async #failed(record: StepRecord, error: Error): Promise<void> {
    const facts =
      error instanceof SmartBoxError
        ? { code: error.code, retryable: error.retryable, fault: error.fault, phase: error.details['phase'] as string }
        : { code: 'internal', retryable: true, fault: 'ours' as const };
    const problem = { code: facts.code, reason: error.message };
    const verdict = judgeFailure(facts);
    if (verdict !== 'park' && verdict !== 'later') return this.#later(record, { kind: 'again', ...problem });
    this.#away += 1;
    await this.#defer(record, problem, backoffMs(PARK, this.#away, Math.random()), verdict === 'park');
  }

  async #later(
    record: StepRecord,
    problem: { kind: 'again' | 'create-again'; code: string; reason: string },
  ): Promise<void> {
    const failures = record.failures + 1;
    if (problem.kind === 'create-again') {
      await this.#put(record.procedureId, (now) => ({ ...now, state: 'to-create', ending: false }));
    }
    if (failures < MAX_STEP_FAILURES) {
      await this.#defer({ ...record, failures }, problem, backoffMs(RETRY, failures, Math.random()), false);
      return;
    }
    const reason = `${problem.reason} (${failures} attempts failed)`;
    await this.#announce.deferred(
      { ...factsOf(record), status: statusOf(record), code: problem.code, reason, parked: false, final: true },
      `${failures}`,
    );
    await this.#put(record.procedureId, (now) =>
      over({ ...now, failures, problem: problem.code }, 'failed', new Date()),
    );
  }

  async #defer(
    record: StepRecord,
    { code, reason }: { code: string; reason: string },
    delayMs: number,
    parked: boolean,
  ): Promise<void> {
    const retryAt = new Date(Date.now() + delayMs).toISOString();
    const event = { ...factsOf(record), status: statusOf(record), code, reason, parked, final: false, retryAt };
    // Once per trouble, not once per try: an information system may be away for days.
    if (record.problem !== code) await this.#announce.deferred(event, `${record.failures}/${retryAt}`);
    const { failures } = record;
    await this.#put(record.procedureId, (now) => ({ ...now, failures, problem: code, dueAt: retryAt }));
  }

  /** Over whatever is there: the end may have been written meanwhile. */
  async #put(procedureId: string, change: (now: StepRecord) => StepRecord): Promise<void> {
    for (;;) {
      const known = await this.#store.get(procedureId);
      if (!known || (await this.#store.replace(change(known.record), known.revision))) return;
    }
  }
}

const factsOf = ({ procedureId, stationId, version }: StepRecord) => ({
  procedureId,
  stationId,
  sopInstanceUid: stepUidOf(procedureId, version),
});
const statusOf = ({ state }: StepRecord) => (state === 'to-create' ? ('in-progress' as const) : ('completed' as const));

/** Without what was wrong before. */
function settled({ problem: _healed, ...record }: StepRecord): StepRecord {
  return { ...record, failures: 0 };
}
