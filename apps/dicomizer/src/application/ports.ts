import type { InstanceCreated, ProcedureSnapshot, RenditionReady } from '@smartbox/contracts';
import type { ByteSource } from '@smartbox/dicom';

/** Who and what: one consistent version of patient and procedure. */
export interface Snapshots {
  /** @throws SmartBoxError, retryable while the catalog is away */
  get(procedureId: string): Promise<ProcedureSnapshot>;
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
  failed(rendition: RenditionReady, code: string, reason: string): Promise<void>;
}
