import type { EventData, EventName, RingHeaders, StationPresence } from '@smartbox/contracts';
import type { FromWorker, ToWorker, WorkerJob } from '../worker/protocol.ts';

/** The corridor, as the capture side needs it. Every method may be called while the broker is away. */
export interface Broker {
  readonly connected: boolean;
  onStatus(listener: (connected: boolean) => void): void;
  /**
   * One attempt; resolves when the message is stored. `after`: refused unless the ring's last message has this id.
   * @throws SmartBoxError
   */
  publishRing(headers: RingHeaders, payload: Uint8Array, after?: string): Promise<void>;
  publishLive(sourceId: string, message: Uint8Array): void;
  /** Delivered once the broker is there; never rejects. */
  publishEvent<N extends EventName>(name: N, data: EventData<N>, id: string): void;
  /** Calls with the station's procedure now and at each change. */
  watchProcedure(listener: (procedureId: string | null) => void): void;
  putPresence(presence: StationPresence): Promise<void>;
}

export interface SpooledFragment {
  /** Grows; also the order of publishing. */
  readonly order: number;
  readonly headers: RingHeaders;
  readonly bytes: number;
}

/** Fragments on disk, fsynced, in order. */
export interface Spool {
  /** What an earlier run left behind, in order. Damaged files are set aside. */
  open(): Promise<SpooledFragment[]>;
  write(order: number, headers: RingHeaders, payload: Uint8Array): Promise<void>;
  read(fragment: SpooledFragment): Promise<Uint8Array>;
  remove(fragment: SpooledFragment): Promise<void>;
  /** A small fact that outlives the process. Never rejects. */
  saveNote(name: string, value: unknown): Promise<void>;
  loadNote(name: string): Promise<unknown>;
  /** Room left on its disk; undefined where that cannot be told. Never rejects. */
  freeBytes(): Promise<number | undefined>;
}

export interface CaptureWorker {
  readonly pid: number;
  send(message: ToWorker): void;
  kill(): void;
  /** Does it wait for the processor alone (and is not stopped, nor asleep)? */
  wantsCpu(): boolean;
  /** Never rejects; the text says how it ended. */
  readonly exited: Promise<string>;
}

export interface WorkerLauncher {
  start(job: WorkerJob, onMessage: (message: FromWorker) => void): CaptureWorker;
  /** CPU ms per synthetic frame of 1280x720. */
  measure(): Promise<number>;
}
