import { SmartBoxError, toError } from '@smartbox/kernel';
import type { StoredEvent } from '@smartbox/messaging';
import type { Logger } from '@smartbox/telemetry';

export interface AlarmNote {
  sequence: number;
  code: string;
  stationId: string | null;
  sourceId: string | null;
  reason: string;
  at: Date;
}

/** What a batch of events changed, told after its commit. */
export interface Changes {
  /** Of the last event applied. */
  sequence: number;
  clips: string[];
  /** renditionIds of edits and exports. */
  films: string[];
  procedures: string[];
  markers: string[];
  alarms: AlarmNote[];
  /** Events the database could not take; recorded as skipped. */
  refused: number[];
}

export interface ProjectionStore {
  position(): Promise<{ sequence: number; streamCreated: string | undefined }>;
  /** Notes which stream the position belongs to; a stream made anew begins at 0 again. */
  adoptStream(created: string): Promise<void>;
  apply(events: readonly StoredEvent[], expected: number): Promise<Changes | undefined>;
  rebuild(firstSequence: number, batches: AsyncIterable<readonly StoredEvent[]>): Promise<number>;
}

export interface EventSource {
  readEvents(options: { fromSequence: number; follow: boolean; signal: AbortSignal }): AsyncIterable<StoredEvent>;
  eventsState(): Promise<{ created: string; firstSequence: number; lastSequence: number }>;
}

const MAX_BATCH = 100;

/** Events in runs: as many as are waiting, at most `MAX_BATCH`; a lone one at once. */
export async function* inBatches(events: AsyncIterable<StoredEvent>, size = MAX_BATCH): AsyncGenerator<StoredEvent[]> {
  let batch: StoredEvent[] = [];
  for await (const event of events) {
    batch.push(event);
    if (batch.length < size && event.pending > 0) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** Reads EVENTS from the stored position on and applies each event exactly once, for as long as the service lives. */
export class Projector {
  readonly #source: EventSource;
  readonly #store: ProjectionStore;
  readonly #log: Logger;
  readonly #stop = new AbortController();
  readonly #onChanges: (changes: Changes) => Promise<void>;
  #running: Promise<void> | undefined;
  #sequence = 0;
  #trouble: string | undefined = 'not started';

  constructor(
    source: EventSource,
    store: ProjectionStore,
    log: Logger,
    onChanges: (changes: Changes) => Promise<void>,
  ) {
    this.#source = source;
    this.#store = store;
    this.#log = log;
    this.#onChanges = onChanges;
  }

  /** EVENTS sequence of the last event applied. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Why events are not being applied at the moment; undefined when they are. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    for (let wait = 100; !signal.aborted;) {
      try {
        await this.#follow(() => (wait = 100));
      } catch (error) {
        if (signal.aborted) return;
        this.#trouble = toError(error).name;
        const facts = error instanceof SmartBoxError ? { code: error.code, reason: error.message } : { err: error };
        this.#log.error({ ...facts, sequence: this.#sequence }, 'events cannot be applied; trying again');
        await new Promise((resolve) => setTimeout(resolve, wait));
        wait = Math.min(wait * 2, 5000);
      }
    }
  }

  async #follow(progress: () => void): Promise<void> {
    const { signal } = this.#stop;
    const state = await this.#source.eventsState();
    await this.#store.adoptStream(state.created);
    let expected = (await this.#store.position()).sequence;
    this.#sequence = expected;
    this.#trouble = undefined;
    if (state.firstSequence > expected + 1 && expected > 0) {
      const gap = { from: expected + 1, to: state.firstSequence - 1 };
      this.#log.error(gap, 'events expired before they were applied: the catalog was away for too long');
    }
    const events = this.#source.readEvents({ fromSequence: expected + 1, follow: true, signal });
    for await (const batch of inBatches(events)) {
      const changes = await this.#store.apply(batch, expected);
      if (!changes) {
        this.#log.warn({ expected }, 'another process applied events: reading again from its position');
        return;
      }
      expected = changes.sequence;
      this.#sequence = expected;
      progress();
      for (const event of batch.filter((e) => e.invalid !== undefined)) {
        this.#log.warn({ sequence: event.sequence, reason: event.invalid }, 'an event was skipped');
      }
      if (changes.refused.length > 0)
        this.#log.error({ sequences: changes.refused }, 'events were refused and skipped');
      await this.#onChanges(changes).catch((error: unknown) => {
        this.#log.error({ err: toError(error) }, 'changes could not be told to the feed');
      });
    }
  }
}
