import type {
  CommandData,
  CommandName,
  ConsentState,
  EventData,
  EventName,
  ProcedureEntry,
  ProcedureSnapshot,
  Recipe,
  StationConfig,
  StationConversation,
  StationProcedure,
  WorklistItem,
} from '@smartbox/contracts';
import type { AuditAction } from '../domain/audit/actions.ts';
import type { ClipKind } from '../domain/clip.ts';

/** What leaves the catalog, written in the transaction of the change and published in that order. */
export type Outgoing =
  | { [N in EventName]: { kind: 'event'; name: N; data: EventData<N> } }[EventName]
  | { [N in CommandName]: { kind: 'command'; name: N; data: CommandData<N> } }[CommandName]
  | { kind: 'kv'; name: `station.${string}`; data: StationProcedure }
  | { kind: 'kv'; name: `procedure.${string}`; data: ProcedureEntry }
  | { kind: 'kv'; name: `conversation.${string}`; data: StationConversation };

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
  /** Since when those who watch may talk into the room. */
  conversationAt: Date | null;
  consent: ConsentState;
}

export interface PatientAndStudy {
  patient: ProcedureSnapshot['patient'];
  study: ProcedureSnapshot['study'];
  request?: ProcedureSnapshot['request'];
}

export type NewProcedure = Omit<Procedure, 'version' | 'endedAt' | 'conversationAt' | 'consent'>;

export interface ProcedureStore {
  active(stationId: string): Promise<Procedure | undefined>;
  /** With its newest version, or that one. */
  find(procedureId: string, version?: number): Promise<(Procedure & PatientAndStudy) | undefined>;
  /** Ends what runs at the station and starts this, in one transaction. `who` may count (emergency numbers). */
  start(
    procedure: NewProcedure,
    who: (count: (name: string) => Promise<number>) => Promise<PatientAndStudy>,
    audit: Audit,
  ): Promise<void>;
  /**
   * Opens or closes the conversation of what runs at the station. Its procedureId, also where nothing changed; undefined:
   * nothing runs there.
   */
  converse(stationId: string, open: boolean, at: Date, audit: Audit): Promise<string | undefined>;
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
  /** Where a clip was moved to, and how often; undefined where it never was. */
  assignmentOf(clipId: string): Promise<{ procedureId: string; stationId: string; assignment: number } | undefined>;
  worklistItem(itemId: string): Promise<WorklistItem | undefined>;
  /** Its clips say so from the same transaction on; `stop` is the recording that ends with it. False: it was so before. */
  setConsent(
    procedureId: string,
    consent: { state: ConsentState; at: Date; by: string },
    stop: { clipId: string; command: Outgoing } | undefined,
    audit: Audit,
  ): Promise<boolean>;
}

export interface Audit {
  actor: string;
  action: AuditAction;
  detail?: Record<string, unknown>;
  /** Default: success. */
  outcome?: 'success' | 'failure';
  /** Where the subject does not say it: the room, and the procedure whose patient it concerns. */
  stationId?: string;
  procedureId?: string;
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
    /** The save or the import itself. */
    request: Extract<Outgoing, { kind: 'command' }> | undefined;
    deliveries: { deliveryId: string; instanceId: string; destination: string; state: string }[];
    /** What was saved, where it could not be prepared for the archive. */
    prepare: Omit<CommandData<'transcoder.prepare-again'>, 'again'>[];
  }>;
}

export interface StationDirectory {
  all(): readonly StationConfig[];
  find(stationId: string): StationConfig | undefined;
}
