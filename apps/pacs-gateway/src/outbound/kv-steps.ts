import { SmartBoxError } from '@smartbox/kernel';
import type { KvStore, Messaging } from '@smartbox/messaging';
import type { StepEntry, StepStore } from '../application/procedure-ports.ts';
import { isOpen, StepRecord } from '../domain/procedure-step.ts';

const BUCKET = 'PROCEDURE_STEPS';
const KEEP_MS = 90 * 24 * 3_600_000;

/** KV bucket PROCEDURE_STEPS: `step.<procedureId>`. */
export class KvSteps implements StepStore {
  readonly #kv: KvStore<StepRecord>;
  readonly #open = new Map<string, StepEntry>();
  readonly #stop = new AbortController();
  #watching: Promise<void> | undefined;

  private constructor(kv: KvStore<StepRecord>) {
    this.#kv = kv;
  }

  static async open(messaging: Messaging): Promise<KvSteps> {
    const steps = new KvSteps(await messaging.kv<StepRecord>(BUCKET, StepRecord, { ttlMs: KEEP_MS }));
    steps.#watching = steps.#watch();
    return steps;
  }

  list(): readonly StepEntry[] {
    return [...this.#open.values()];
  }

  async get(procedureId: string): Promise<StepEntry | undefined> {
    const found = await this.#kv.get(`step.${procedureId}`);
    return found && { record: found.value, revision: found.revision };
  }

  async create(record: StepRecord): Promise<void> {
    await exceptConflict(this.#kv.create(`step.${record.procedureId}`, record));
  }

  async replace(record: StepRecord, revision: number): Promise<boolean> {
    const next = await exceptConflict(this.#kv.update(`step.${record.procedureId}`, record, revision));
    if (next === undefined) return false;
    this.#heard(record.procedureId, { record, revision: next });
    return true;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#watching;
  }

  async #watch(): Promise<void> {
    for await (const { key, value, revision } of this.#kv.watch('step.*', { signal: this.#stop.signal })) {
      if (value) this.#heard(key.slice('step.'.length), { record: value, revision });
    }
  }

  #heard(procedureId: string, entry: StepEntry): void {
    const known = this.#open.get(procedureId);
    if (known && known.revision > entry.revision) return;
    if (isOpen(entry.record)) this.#open.set(procedureId, entry);
    else this.#open.delete(procedureId);
  }
}

async function exceptConflict(write: Promise<number>): Promise<number | undefined> {
  try {
    return await write;
  } catch (error) {
    if (error instanceof SmartBoxError && error.code === 'kv-conflict') return undefined;
    throw error;
  }
}
