import type { EventData, ProcedureSnapshot } from '@smartbox/contracts';
import type { StepAnswer } from '@smartbox/dimse';
import type { ProcedureObjects, Versions } from '../domain/procedure-objects.ts';
import type { StepRecord } from '../domain/procedure-step.ts';

/** Whoever scheduled the procedure, reached by MPPS. Each resolves with the peer's status, whatever it is. */
export interface InformationSystem {
  /** So long after the end, objects that are still being made are waited for. */
  readonly settleSeconds: number;
  create(procedure: ProcedureSnapshot, version: number, signal: AbortSignal): Promise<StepAnswer>;
  /** `completed` where something was made; `wrong-entry`: it was begun for the wrong patient or worklist item. */
  end(
    procedure: ProcedureSnapshot,
    step: { version: number; endedAt: string; series: ProcedureObjects['series']; why?: 'wrong-entry' },
    signal: AbortSignal,
  ): Promise<StepAnswer>;
}

export interface ProcedureFacts {
  snapshot(procedureId: string): Promise<ProcedureSnapshot>;
  /** `fromSequence`: of the procedure's start in EVENTS. */
  objects(procedureId: string, fromSequence: number, versions: Versions): Promise<ProcedureObjects>;
}

export interface StepEntry {
  record: StepRecord;
  revision: number;
}

/** The steps of procedures, shared by all replicas. */
export interface StepStore {
  /** Those that are not over, as last heard. */
  list(): readonly StepEntry[];
  get(procedureId: string): Promise<StepEntry | undefined>;
  /** Nothing happens where it is there already. */
  create(record: StepRecord): Promise<void>;
  /** False where somebody was faster. */
  replace(record: StepRecord, revision: number): Promise<boolean>;
}

export interface StepAnnouncements {
  reported(event: EventData<'pacs-gateway.procedure-step.reported'>): Promise<void>;
  /** `id` tells one deferral from the next. */
  deferred(event: EventData<'pacs-gateway.procedure-step.deferred'>, id: string): Promise<void>;
}
