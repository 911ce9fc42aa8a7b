import { buckets, ProcedureEntry, StationProcedure } from '@smartbox/contracts';
import type { KvStore, Messaging } from '@smartbox/messaging';
import type { Procedures, RecordingStates } from '../application/ports.ts';
import { RecordingState } from '../domain/recording.ts';

/** KV PROCEDURES: read here, written by the catalog. */
export class KvProcedures implements Procedures {
  readonly #procedures: KvStore<ProcedureEntry>;
  readonly #stations: KvStore<StationProcedure>;

  private constructor(procedures: KvStore<ProcedureEntry>, stations: KvStore<StationProcedure>) {
    this.#procedures = procedures;
    this.#stations = stations;
  }

  static async open(messaging: Messaging): Promise<KvProcedures> {
    const { name, history } = buckets.procedures;
    return new KvProcedures(
      await messaging.kv(name, ProcedureEntry, { history }),
      await messaging.kv(name, StationProcedure, { history }),
    );
  }

  async get(procedureId: string): Promise<ProcedureEntry | undefined> {
    return (await this.#procedures.get(`procedure.${procedureId}`))?.value;
  }

  async activeAt(stationId: string): Promise<string | undefined> {
    return (await this.#stations.get(`station.${stationId}`))?.value.procedureId ?? undefined;
  }
}

/** KV RECORDINGS: what is being recorded, over every restart. */
export class KvRecordingStates implements RecordingStates {
  readonly #kv: KvStore<RecordingState>;

  private constructor(kv: KvStore<RecordingState>) {
    this.#kv = kv;
  }

  static async open(messaging: Messaging): Promise<KvRecordingStates> {
    const { name, history } = buckets.recordings;
    return new KvRecordingStates(await messaging.kv(name, RecordingState, { history }));
  }

  async get(clipId: string): Promise<RecordingState | undefined> {
    return (await this.#kv.get(clipId))?.value;
  }
  async create(state: RecordingState): Promise<void> {
    await this.#kv.create(state.clipId, state);
  }
  async put(state: RecordingState): Promise<void> {
    await this.#kv.put(state.clipId, state);
  }
  remove(clipId: string): Promise<void> {
    return this.#kv.delete(clipId);
  }
  async all(): Promise<RecordingState[]> {
    return (await this.#kv.entries()).map(({ value }) => value);
  }
}
