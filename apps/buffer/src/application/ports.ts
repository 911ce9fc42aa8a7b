import type { EventData, EventName, ProcedureEntry, StationConfig } from '@smartbox/contracts';
import type { FragmentPayload, PlannedFragment, RingEntry } from '@smartbox/recording';
import type { ObjectStore } from '@smartbox/storage';
import type { HeadAnswer, HeadAsk } from '../domain/head.ts';
import type { RecordingState } from '../domain/recording.ts';

export interface Stations {
  get(stationId: string): StationConfig | undefined;
}

export interface Procedures {
  get(procedureId: string): Promise<ProcedureEntry | undefined>;
  /** What runs at a station now. */
  activeAt(stationId: string): Promise<string | undefined>;
}

export interface RingClock {
  /** The broker's clock now, milliseconds since 1970. */
  nowMs: number;
  /** Length of the ring. */
  windowMs: number;
}

/** Where planned fragments' payloads come from: the ring, or the segments of a recording. */
export interface Fragments {
  /** Undefined where it is no longer there. */
  payload(entry: RingEntry): Promise<Uint8Array | undefined>;
  /** At least the given fragments, in the order of their storage. */
  read(fragments: readonly PlannedFragment[], signal?: AbortSignal): AsyncIterable<FragmentPayload>;
}

export interface Ring {
  /** @throws SmartBoxError `ring-not-there` */
  clock(stationId: string): Promise<RingClock>;
  /** Every message that the ring holds now, headers only, in stream order. */
  entries(stationId: string): Promise<RingEntry[]>;
  fragments(stationId: string, sourceId: string): Fragments;
  /** Asks the station to end and publish its current GOPs. Best effort, never throws. */
  closeGops(stationId: string, sources: readonly string[]): Promise<void>;
}

/** Makes a beginning out of the middle of a GOP. */
export interface Heads {
  /** @throws SmartBoxError `damaged`, `worker-died`, `worker-idle`, `cancelled` */
  encode(ask: HeadAsk, signal?: AbortSignal): Promise<HeadAnswer>;
}

export interface Events {
  /** `id` makes a repeated publish one event. */
  publish<N extends EventName>(name: N, data: EventData<N>, id: string): Promise<void>;
}

export interface RecordingStates {
  get(clipId: string): Promise<RecordingState | undefined>;
  /** @throws SmartBoxError `kv-conflict` where it exists. */
  create(state: RecordingState): Promise<void>;
  put(state: RecordingState): Promise<void>;
  remove(clipId: string): Promise<void>;
  all(): Promise<RecordingState[]>;
}

export type Objects = Pick<
  ObjectStore,
  'put' | 'get' | 'getRange' | 'stat' | 'getJson' | 'putJson' | 'verify' | 'exists' | 'list' | 'remove' | 'removeAll'
>;

/** Milliseconds since 1970, for labels. */
export type Now = () => Date;
