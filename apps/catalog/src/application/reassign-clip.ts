import type { ReassignClip as Change } from '@smartbox/contracts';
import { deterministicUid, inputError, newId, type Clock } from '@smartbox/kernel';
import { isDeepStrictEqual } from 'node:util';
import type { z } from 'zod';
import { fromWorklist } from '../domain/patient.ts';
import type { Changed } from './clips.ts';
import type { Audit, PatientAndStudy, Procedure, ProcedureStore } from './ports.ts';

/**
 * Where a clip goes: to a procedure there is, or to one that is written for it, unless its worklist item has one.
 * Undefined: it is there already.
 */
export type Target =
  | { procedureId: string }
  | (PatientAndStudy & Pick<Procedure, 'worklistItemId'> & { newProcedureId: string })
  | undefined;

export interface Reassignments {
  /** One move at a time for each clip; `decide` sees where it is now. The procedures it left and came to. */
  reassign(
    clipId: string,
    at: Date,
    decide: (now: Procedure & PatientAndStudy) => Target,
    audit: Pick<Audit, 'actor' | 'action'> & { reason?: string | undefined },
  ): Promise<{ from: string; to: string }>;
}

/** One clip belongs to somebody else: saved before the next patient was chosen, or under a wrong one. */
export class ReassignClip {
  readonly #store: Reassignments;
  readonly #procedures: Pick<ProcedureStore, 'find' | 'worklistItem'>;
  readonly #changed: Changed;
  readonly #clock: Clock;

  constructor(
    store: Reassignments,
    procedures: Pick<ProcedureStore, 'find' | 'worklistItem'>,
    changed: Changed,
    clock: Clock,
  ) {
    this.#store = store;
    this.#procedures = procedures;
    this.#changed = changed;
    this.#clock = clock;
  }

  /** @throws SmartBoxError `procedure-not-found`, `worklist-item-unknown` */
  async run(clipId: string, change: z.infer<typeof Change>, actor: string): Promise<void> {
    const audit = { actor, action: 'clip.reassign' as const, reason: change.reason };
    const { from, to } = await this.#store.reassign(clipId, this.#clock.now(), await this.#target(change), audit);
    if (from === to) return;
    this.#changed.clip(clipId);
    this.#changed.procedure(from);
    this.#changed.procedure(to);
  }

  async #target({
    procedureId,
    worklistItemId,
    patient,
  }: z.infer<typeof Change>): Promise<(now: Procedure & PatientAndStudy) => Target> {
    if (procedureId !== undefined) {
      if (!(await this.#procedures.find(procedureId))) {
        throw inputError('procedure-not-found', `there is no procedure ${procedureId}`);
      }
      return (now) => (now.procedureId === procedureId ? undefined : { procedureId });
    }
    const newProcedureId = newId();
    if (worklistItemId !== undefined) {
      const item = await this.#procedures.worklistItem(worklistItemId);
      if (!item) {
        const what = `no worklist answer held item ${worklistItemId}: load the worklist again`;
        throw inputError('worklist-item-unknown', what);
      }
      return (now) =>
        now.worklistItemId === worklistItemId
          ? undefined
          : { ...fromWorklist(item, newProcedureId), worklistItemId, newProcedureId };
    }
    if (!patient) throw inputError('invalid-request', 'procedureId, worklistItemId or patient is needed');
    return (now) => {
      if (isDeepStrictEqual(now.patient, patient)) return undefined;
      const studyInstanceUid = deterministicUid('study', newProcedureId);
      const { description } = now.study;
      const study = { studyInstanceUid, ...(description === undefined ? {} : { description }) };
      return { patient, study, worklistItemId: null, newProcedureId };
    };
  }
}
