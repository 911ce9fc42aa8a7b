import { SmartBoxError } from '@smartbox/kernel';
import { createLogger, counter } from '@smartbox/telemetry';
import { belongsTo, cutSegments, type RecordingState } from '../domain/recording.ts';
import type { Objects, Ring } from './ports.ts';
import { Segments } from './segments.ts';

/** How often a running recording looks into the ring: well within the shortest window. */
const POLL_MS = 2_000;

/** Copies a running recording's fragments out of the ring, in segments, as they come. Stateless: resumes from S3. */
export class Recorder {
  readonly #ring: Ring;
  readonly #objects: Objects;
  readonly #stop = new AbortController();
  readonly #log;
  readonly #copied = new Map<string, number>();
  readonly #lost = counter('smartbox_recording_lost_total', 'Messages that left the ring before they were copied');
  #state: RecordingState;
  #opened = false;
  #running: Promise<void> | undefined;

  constructor(state: RecordingState, ring: Ring, objects: Objects) {
    this.#state = state;
    this.#ring = ring;
    this.#objects = objects;
    this.#log = createLogger('buffer').child({ clipId: state.clipId });
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Ends the polling; what is copied stays. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** Copies what is there and belongs to the recording; the segment that is still growing only with `all`. */
  async copy(state: RecordingState, all: boolean): Promise<void> {
    this.#state = state;
    await this.#open();
    for (;;) {
      const pending = (await this.#ring.entries(state.stationId)).filter(
        (entry) => belongsTo(state, entry) && entry.streamSequence > (this.#copied.get(entry.headers.source) ?? 0),
      );
      const bySource = Map.groupBy(pending, (entry) => entry.headers.source);
      const done = await Promise.all(
        [...bySource].map(async ([sourceId, entries]) => {
          for (const segment of cutSegments(entries, all)) {
            if (!(await this.#segment(sourceId, segment))) return false;
          }
          return true;
        }),
      );
      if (done.every(Boolean)) return;
    }
  }

  /** False when something of it left the ring meanwhile: look again. */
  async #segment(sourceId: string, segment: Parameters<typeof Segments.copy>[2]): Promise<boolean> {
    try {
      const ring = this.#ring.fragments(this.#state.stationId, sourceId);
      await Segments.copy(this.#objects, this.#state.clipId, segment, ring);
    } catch (error) {
      if (!(error instanceof SmartBoxError) || error.code !== 'fragment-missing') throw error;
      this.#lost.inc();
      this.#log.error({ sourceId, err: error }, 'the recording is behind the ring: fragments are lost');
      return false;
    }
    this.#copied.set(sourceId, segment.at(-1)?.streamSequence ?? 0);
    return true;
  }

  async #open(): Promise<void> {
    if (this.#opened) return;
    const segments = await Segments.open(this.#objects, this.#state.clipId);
    for (const sourceId of this.#state.sources) this.#copied.set(sourceId, segments.lastSequence(sourceId));
    this.#opened = true;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await this.copy(this.#state, false);
      } catch (error) {
        this.#log.warn({ err: error }, 'copying failed: it is tried again');
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, POLL_MS);
        signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
        if (signal.aborted) resolve();
      });
    }
  }
}
