import type { EventData, InstanceCreated, RpcReply, RpcRequest } from '@smartbox/contracts';
import type { DeliveryRecord } from '../domain/delivery.ts';

/** The data set of one object in the object store, ready to be sent. */
export interface ObjectContent {
  /** Bytes after the File Meta Information. */
  size: number;
  /** Once. Ends with an error, before its last byte, when the bytes are not those that were stored. */
  read: () => AsyncIterable<Uint8Array>;
}

export interface Objects {
  /** @throws SmartBoxError `object-not-found`, `object-corrupt`, `storage-unavailable`, ... */
  open(instance: InstanceCreated, signal: AbortSignal): Promise<ObjectContent>;
}

/** One DICOM destination. */
export interface Archive {
  /**
   * Sends one object and resolves with the peer's status, whatever it is. `accepted` is called when the peer takes this
   * kind of object and before its first byte is sent. Anything else is an error whose code says what happened.
   */
  store(
    instance: InstanceCreated,
    accepted: () => Promise<ObjectContent>,
    signal: AbortSignal,
  ): Promise<{ status: number }>;
  /** C-ECHO on an association of its own; the round trip in ms. */
  echo(): Promise<number>;
  /** Ends what lies idle, in good order. */
  close(): Promise<void>;
}

export interface Worklist {
  find(query: RpcRequest<'pacs-gateway.find-worklist'>): Promise<RpcReply<'pacs-gateway.find-worklist'>>;
}

export interface Records {
  get(deliveryId: string): Promise<DeliveryRecord | undefined>;
  put(record: DeliveryRecord): Promise<void>;
  /** Deliveries a person asked for again, whose message is long acknowledged: they survive a restart here. */
  resends(): Promise<string[]>;
  addResend(deliveryId: string): Promise<void>;
  removeResend(deliveryId: string): Promise<void>;
}

/** Events with ids made from the work. Each resolves when the event is durable. */
export interface Announcements {
  started(event: EventData<'pacs-gateway.delivery.started'>): Promise<void>;
  /** `id` tells one deferral from the next. */
  deferred(event: EventData<'pacs-gateway.delivery.deferred'>, id: string): Promise<void>;
  failed(event: EventData<'pacs-gateway.delivery.failed'>): Promise<void>;
  stored(event: EventData<'pacs-gateway.instance.stored'>): Promise<void>;
}
