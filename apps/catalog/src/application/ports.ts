import type {
  CommandData,
  CommandName,
  EventData,
  EventName,
  ProcedureEntry,
  ProcedureSnapshot,
  Recipe,
  StationConfig,
  StationProcedure,
  WorklistItem,
} from '@smartbox/contracts';
import type { ClipKind } from '../domain/clip.ts';

/** What leaves the catalog, written in the transaction of the change and published in that order. */
export type Outgoing =
  | { [N in EventName]: { kind: 'event'; name: N; data: EventData<N> } }[EventName]
  | { [N in CommandName]: { kind: 'command'; name: N; data: CommandData<N> } }[CommandName]
  | { kind: 'kv'; name: `station.${string}`; data: StationProcedure }
  | { kind: 'kv'; name: `procedure.${string}`; data: ProcedureEntry };

export interface OutboxEntry {
  id: bigint;
  messageId: string;
  message: Outgoing;
  traceparent: string | undefined;
}

export interface Outbox {
  /** The oldest unpublished entries, in the order of their transactions. */
  pending(limit: number): Promise<OutboxEntry[]>;
  published(id: bigint): Promise<void>;
  /** Forgets what was published longer ago. */
  prune(before: Date): Promise<number>;
  /** Calls back after each transaction of this process that wrote something. */
  onWritten(listener: () => void): void;
}

/** Where the relay publishes to. */
export interface Publisher {
  publish(message: Outgoing, options: { messageId: string; traceparent: string | undefined }): Promise<void>;
}

export interface Procedure {
  procedureId: string;
  stationId: string;
  worklistItemId: string | null;
  emergency: boolean;
  recipe: Recipe;
  version: number;
  startedAt: Date;
  endedAt: Date | null;
}

export interface PatientAndStudy {
  patient: ProcedureSnapshot['patient'];
  study: ProcedureSnapshot['study'];
  request?: ProcedureSnapshot['request'];
}

export interface ProcedureStore {
  active(stationId: string): Promise<Procedure | undefined>;
  find(procedureId: string): Promise<(Procedure & PatientAndStudy) | undefined>;
  /** Ends what runs at the station and starts this, in one transaction. `who` may count (emergency numbers). */
  start(
    procedure: Omit<Procedure, 'version' | 'endedAt'>,
    who: (count: (name: string) => Promise<number>) => Promise<PatientAndStudy>,
    audit: Audit,
  ): Promise<void>;
  /** False: it had ended before. */
  end(procedureId: string, at: Date, audit: Audit): Promise<boolean>;
  /** A new version; clips carry the new patient from the same transaction on. */
  correct(
    procedureId: string,
    at: Date,
    change: (
      now: Procedure & PatientAndStudy,
    ) => PatientAndStudy & { worklistItemId?: string | null; emergency?: boolean },
    audit: Audit & { reason?: string | undefined },
  ): Promise<void>;
  worklistItem(itemId: string): Promise<WorklistItem | undefined>;
}

export interface Audit {
  actor: string;
  action: string;
  detail?: Record<string, unknown>;
}

export interface ClipRequest {
  clipId: string;
  kind: ClipKind;
  stationId: string;
  procedureId: string;
  requestedAt: Date;
  requestedMs: number | null;
  description: string | null;
  traceId: string | undefined;
  command: Extract<Outgoing, { kind: 'command' }>;
}

export interface ClipStore {
  /** What was asked under this id before. */
  asked(clipId: string): Promise<{ kind: string | null; request: unknown } | undefined>;
  /** Writes what was asked and its command; nothing where the id was used before. */
  request(request: ClipRequest, audit: Audit): Promise<void>;
  openRecording(stationId: string): Promise<{ clipId: string; since: Date; stopRequestedAt: Date | null } | undefined>;
  stopRecording(clipId: string, at: Date, command: Outgoing, audit: Audit): Promise<void>;
  annotate(clipId: string, change: { description?: string; keep?: boolean }, audit: Audit): Promise<void>;
  hide(clipId: string, at: Date, audit: Audit): Promise<void>;
  /** `subject`: what the audit entry is about, `clip/<id>`. */
  send(commands: readonly Outgoing[], subject: string, audit: Audit): Promise<void>;
  retryable(clipId: string): Promise<{
    request: CommandData<'buffer.save-clip'> | undefined;
    deliveries: { deliveryId: string; instanceId: string; destination: string; state: string }[];
  }>;
}

export interface StationDirectory {
  all(): readonly StationConfig[];
  find(stationId: string): StationConfig | undefined;
}
