import type { ClipSaved, StartRecording } from '@smartbox/contracts';
import { inputError, SmartBoxError } from '@smartbox/kernel';
import { planRecording } from '@smartbox/recording';
import { createLogger, gauge } from '@smartbox/telemetry';
import { recordingFolder } from '../domain/keys.ts';
import type { RecordingState } from '../domain/recording.ts';
import type { ClipKeeper } from './clip-keeper.ts';
import { Joined } from './gate.ts';
import { checkIntent } from './intent.ts';
import type { Events, Objects, Procedures, RecordingStates, Ring, Stations } from './ports.ts';
import { Recorder } from './recorder.ts';
import { Segments } from './segments.ts';

export interface RecordingPorts {
  stations: Stations;
  procedures: Procedures;
  ring: Ring;
  objects: Objects;
  states: RecordingStates;
  events: Events;
  keeper: ClipKeeper;
}

/** Recordings of any length: copied out of the ring while they run, put together when they stop. */
export class Recordings {
  readonly #ports: RecordingPorts;
  readonly #recorders = new Map<string, Recorder>();
  readonly #finishing = new Joined<ClipSaved>();
  readonly #log = createLogger('buffer');

  constructor(ports: RecordingPorts) {
    this.#ports = ports;
    gauge('smartbox_recordings', 'Recordings that run', [], (set) => set(this.#recorders.size));
  }

  /** After a start of the service: every recording in KV goes on, or is finished if it was being. */
  async resume(): Promise<void> {
    for (const state of await this.#ports.states.all()) {
      if (state.stopMs === undefined) this.#record(state);
      else
        void this.stop(state.clipId, state.stopMs).catch((error: unknown) =>
          this.#log.warn({ clipId: state.clipId, err: error }, 'the stopped recording is finished later'),
        );
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#recorders.values()].map((recorder) => recorder.stop()));
  }

  /** `startMs`: the press on the broker's clock. Idempotent on the clip's id. */
  async start(request: StartRecording, startMs: number): Promise<void> {
    const { states, ring, keeper, events } = this.#ports;
    const { clipId, stationId, procedureId, requestedAt } = request;
    const { procedure, sources } = await checkIntent(request, this.#ports.stations, this.#ports.procedures);
    let state = await states.get(clipId);
    if (!state) {
      if (await keeper.existing(clipId, procedureId)) return;
      if (procedure.endedAt !== undefined) {
        throw inputError('procedure-ended', `procedure ${procedureId} has ended: nothing can be recorded any more`);
      }
      await ring.clock(stationId);
      await ring.closeGops(stationId, sources);
      state = { clipId, stationId, procedureId, sources, requestedAt, startMs };
      await states.create(state);
    }
    this.#record(state);
    const startedAt = new Date(state.startMs).toISOString();
    const started = { clipId, stationId, procedureId, startedAt, sources: state.sources };
    await events.publish('buffer.recording.started', started, `recording-started-${clipId}`);
  }

  /**
   * Resolves when the recording is SAVED. `stopMs`: the press on the broker's clock; the first one counts.
   * @throws SmartBoxError `unknown-recording`, `range-not-available` when nothing was recorded.
   */
  stop(clipId: string, stopMs: number, signal?: AbortSignal): Promise<ClipSaved> {
    return this.#finishing.run(clipId, () => this.#finish(clipId, stopMs, signal));
  }

  /** Those that run, or are being finished, of a procedure: they end with it. */
  async ofProcedure(procedureId: string): Promise<RecordingState[]> {
    return (await this.#ports.states.all()).filter((state) => state.procedureId === procedureId);
  }

  /** Is there, or was there, such a recording? */
  async knows(clipId: string): Promise<boolean> {
    return (await this.#ports.states.get(clipId)) !== undefined || (await this.#ports.keeper.begun(clipId));
  }

  #record(state: RecordingState): void {
    if (this.#recorders.has(state.clipId)) return;
    const recorder = new Recorder(state, this.#ports.ring, this.#ports.objects);
    this.#recorders.set(state.clipId, recorder);
    recorder.start();
  }

  async #finish(clipId: string, stopMs: number, signal?: AbortSignal): Promise<ClipSaved> {
    const { states, ring, objects, events, keeper, procedures } = this.#ports;
    let state = await states.get(clipId);
    const saved = await keeper.existing(clipId, state?.procedureId);
    if (saved) {
      await this.#forget(clipId);
      return saved;
    }
    if (!state) throw inputError('unknown-recording', `there is no recording ${clipId}`);
    const procedure = await procedures.get(state.procedureId);
    if (!procedure) throw inputError('unknown-procedure', `there is no procedure ${state.procedureId}`);
    if (state.stopMs === undefined) {
      state = { ...state, stopMs };
      await states.put(state);
    }
    const { stationId, procedureId, requestedAt, startMs } = state;
    const end = state.stopMs ?? stopMs;
    await ring.closeGops(stationId, state.sources);
    const recorder = this.#recorders.get(clipId) ?? new Recorder(state, ring, objects);
    await recorder.stop();
    await recorder.copy(state, true);
    const stopped = { clipId, stationId, procedureId, stoppedAt: new Date(end).toISOString() };
    await events.publish('buffer.recording.stopped', stopped, `recording-stopped-${clipId}`);

    const segments = await Segments.open(objects, clipId);
    const entries = segments.entries();
    const plan = planRecording(entries, { sources: state.sources, startMs, stopMs: end });
    const clip = {
      ...{ clipId, stationId, procedureId, kind: 'recording' as const },
      ...{ anchorMs: end, requestedMs: plan.requestedMs },
    };
    const kept = await keeper.keep(
      {
        ...{ clip, procedure, requestedAt, plan, signal },
        entries: () => Promise.resolve(entries),
        fragments: () => segments,
        station: this.#ports.stations.get(stationId),
      },
      await keeper.begun(clipId),
    );
    await this.#forget(clipId);
    return kept;
  }

  /** After the clip is SAVED, or nothing of it can ever be: the copy and the state go. */
  async #forget(clipId: string): Promise<void> {
    const recorder = this.#recorders.get(clipId);
    this.#recorders.delete(clipId);
    await recorder?.stop();
    await this.#ports.objects.removeAll(recordingFolder(clipId));
    await this.#ports.states.remove(clipId);
  }

  /** Nothing of it can be saved, whatever is tried: what was copied goes too. */
  async discard(clipId: string): Promise<void> {
    const state = await this.#ports.states.get(clipId);
    if (state) await this.#forget(clipId);
  }
}

/** Does a failure mean that trying again is of no use? */
export function isFinal(error: unknown): error is SmartBoxError {
  return error instanceof SmartBoxError && !error.retryable;
}
