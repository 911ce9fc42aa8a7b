import { Instant, Token, Ulid, type EventData } from '@smartbox/contracts';
import { deterministicUid } from '@smartbox/kernel';
import { z } from 'zod';

/** What is remembered of one procedure's MPPS. No patient data: that is asked of the catalog when it is sent. */
export const StepRecord = z.object({
  procedureId: Ulid,
  stationId: Token,
  /** Of `procedure.started` in EVENTS: what belongs to the procedure comes later. */
  sequence: z.int().positive(),
  startedAt: Instant,
  endedAt: Instant.optional(),
  state: z.enum(['to-create', 'in-progress', 'completed', 'discontinued', 'failed']),
  /** The N-CREATE went out once: its answer may have been lost. */
  creating: z.boolean().default(false),
  /** The final N-SET went out once: its answer may have been lost. */
  ending: z.boolean().default(false),
  /** Attempts in a row that failed in a way that counts. */
  failures: z.int().nonnegative(),
  dueAt: Instant,
  problem: z.string().optional(),
  /** Of the procedure's snapshot that the information system was told of. */
  version: z.int().positive().default(1),
  /** Another patient or worklist item: this version takes the place of `version`, whose step ends first. */
  correctedTo: z.int().positive().optional(),
  /** Steps of earlier versions, as they were left. */
  left: z.array(z.object({ version: z.int().positive(), state: z.enum(['completed', 'discontinued']) })).default([]),
});
export type StepRecord = z.infer<typeof StepRecord>;

/** Attempts that count before a person has to look. */
export const MAX_STEP_FAILURES = 12;
/** After the end: what was pressed in the last moment is on its way. */
const LAST_PRESS_MS = 10_000;

export function newStep(
  { procedureId, stationId, startedAt }: EventData<'catalog.procedure.started'>,
  sequence: number,
  now: Date,
): StepRecord {
  const dueAt = now.toISOString();
  const begun = { state: 'to-create', creating: false, ending: false, failures: 0, dueAt, version: 1 } as const;
  return { procedureId, stationId, sequence, startedAt, ...begun, left: [] };
}

/**
 * What becomes of a step when its procedure gets another patient. The patient of a step cannot be changed (PS3.4 table
 * F.7.2-1: no N-SET), and an ended one not at all: one in progress is discontinued as a wrong worklist entry (IHE RAD TF
 * 4.7, PPS exception management), one that has ended stays as it is; then a new step begins for the right patient.
 */
export function corrected(record: StepRecord, version: number, now: Date): StepRecord {
  if (version <= Math.max(record.version, record.correctedTo ?? 0)) return record;
  const dueAt = now.toISOString();
  const mayBeThere = record.state === 'in-progress' || (record.state === 'to-create' && record.creating);
  if (mayBeThere) return { ...record, correctedTo: version, dueAt };
  // nothing was told of it, or nobody took it: then there is no step to be left
  if (record.state !== 'completed' && record.state !== 'discontinued') return begunAnew(record, version, dueAt);
  return begunAnew(leave(record, record.state), version, dueAt);
}

const leave = (record: StepRecord, state: 'completed' | 'discontinued'): StepRecord => ({
  ...record,
  left: [...record.left, { version: record.version, state }],
});

function begunAnew(
  { problem: _old, correctedTo: _done, ...rest }: StepRecord,
  version: number,
  dueAt: string,
): StepRecord {
  return { ...rest, version, state: 'to-create', creating: false, ending: false, failures: 0, dueAt };
}

/** The step is over; where its procedure was corrected meanwhile, the next one begins. */
export function over(record: StepRecord, state: 'completed' | 'discontinued' | 'failed', now: Date): StepRecord {
  const { correctedTo, ...rest } = { ...record, state };
  if (correctedTo === undefined) return rest;
  return begunAnew(state === 'failed' ? rest : leave(rest, state), correctedTo, now.toISOString());
}

/** The same for the same version of a procedure: an N-CREATE that is sent twice is one step. */
export const stepUidOf = (procedureId: string, version = 1) =>
  deterministicUid('mpps', procedureId, ...(version > 1 ? [String(version)] : []));
/** Performed Procedure Step ID, 16 characters. */
export const stepIdOf = (procedureId: string, version = 1) =>
  version > 1 ? `${procedureId.slice(-13)}.${version}`.slice(-16) : procedureId.slice(-16);

/** The first time that the final N-SET may go out, and the time from which it does not wait for anything. */
export function endingWindow(endedAt: string, settleSeconds: number): { from: Date; until: Date } {
  const ended = Date.parse(endedAt);
  const settleMs = settleSeconds * 1000;
  return { from: new Date(ended + Math.min(LAST_PRESS_MS, settleMs)), until: new Date(ended + settleMs) };
}

export const isOpen = ({ state }: StepRecord) => state === 'to-create' || state === 'in-progress';

const hex = (status: number) => status.toString(16).toUpperCase().padStart(4, '0');

export type StepVerdict =
  | { kind: 'done' }
  /** The information system does not know the step: it is created anew. */
  | { kind: 'create-again'; code: string; reason: string }
  | { kind: 'again'; code: string; reason: string };

/** "Performed Procedure Step Object may no longer be updated", PS3.4 table F.7.2-2. */
const NO_LONGER_UPDATED = 0xa710;

/** What the status of an N-CREATE or N-SET means, PS3.7 sections 10.1.5.1.6 and 10.1.3.1.9. */
export function judgeStepStatus(
  what: 'N-CREATE' | 'N-SET',
  { status, errorId }: { status: number; errorId?: number },
  sentBefore: boolean,
): StepVerdict {
  // 0001, 0107, 0116: warnings about single attributes; the step is there.
  if (status === 0 || status === 0x0001 || status === 0x0107 || status === 0x0116) return { kind: 'done' };
  if (what === 'N-CREATE' && status === 0x0111) return { kind: 'done' }; // it is there already
  if (what === 'N-SET' && sentBefore && status === 0x0110 && errorId === NO_LONGER_UPDATED) return { kind: 'done' };
  const problem = {
    code: `mpps-status-${hex(status).toLowerCase()}`,
    reason: `the information system answered the ${what} with status ${hex(status)}`,
  };
  if (what === 'N-SET' && status === 0x0112) return { kind: 'create-again', ...problem };
  return { kind: 'again', ...problem };
}
