import type { ExportDeidentified, InstanceCreated, ProcedureSnapshot, RenditionReady } from '@smartbox/contracts';
import type { ByteSource } from '@smartbox/dicom';

/** Who and what: one consistent version of patient and procedure. */
export interface Snapshots {
  /** Of the procedure that a clip belongs to by now. @throws SmartBoxError, retryable while the catalog is away */
  get(clip: { id: string; procedureId: string }): Promise<ProcedureSnapshot>;
  /** As it was. @throws SmartBoxError as `get` */
  asOf(procedureId: string, version: number): Promise<ProcedureSnapshot>;
}

/** What was made of something until now, as the events tell. */
export interface Made {
  renditions: RenditionReady[];
  instances: InstanceCreated[];
  /** Which instance lies at which destinations. */
  stored: ReadonlyMap<string, ReadonlySet<string>>;
}
export interface Past {
  /** Of the clips that belong to the procedure by now: what was made since they do. */
  procedure(procedureId: string): Promise<Made>;
  clip(clipId: string): Promise<Made>;
}

/** Destinations that honour rejection notes (IHE IOCM), by name. @throws SmartBoxError, retryable while nobody answers */
export interface Receivers {
  ofRejectionNotes(): Promise<ReadonlySet<string>>;
}

/** What the information system was told of a procedure (MPPS). */
export interface Steps {
  /** SOP Instance UID of this version's performed procedure step; undefined where there is none, or nobody to ask. */
  of(procedureId: string, version: number): Promise<string | undefined>;
}

/** The bytes, streamed. */
export interface Objects {
  /** Random access for headers: small ranges. @throws SmartBoxError `object-not-found` */
  open(key: string): Promise<ByteSource>;
  /** The whole object as a stream. */
  read(key: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  /** Bytes of an object; undefined where there is none. */
  size(key: string): Promise<number | undefined>;
  /** Streams exactly `size` bytes in; the object appears whole or not at all. */
  write(key: string, size: number, bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void>;
}

/** What the rest of the line learns. Each call resolves when the event is durable. */
export interface Announcements {
  created(event: InstanceCreated): Promise<void>;
  deidentified(event: ExportDeidentified): Promise<void>;
  failed(rendition: RenditionReady, code: string, reason: string): Promise<void>;
}
