import type { StillFormat, VideoFacts } from '@smartbox/contracts';
import { childModule, runChild, type EncoderChoice, type RunChildOptions } from '@smartbox/media';
import type { Encoded, Media, Picture, SpriteSheet } from '../application/ports.ts';
import type { Still } from '../domain/film-jobs.ts';
import type { EncodeTarget } from '../domain/pacs-rendition.ts';
import type { Job, JobProgress } from '../worker/jobs.ts';
import type { LoadGate, Rank } from './load-gate.ts';

const module = childModule(import.meta.url, '../worker/media-job');

/** Short work that a person or the archive waits for; everything else has the niceness of a job. */
const AWAITED = 0;
/** Only what is left over: on a small machine a sprite would take half of it from the object on its way to the PACS. */
const IDLE = 19;

/** Each job in a process of its own: a crash in native code costs one job, and cancelling is killing. */
export class ChildMedia implements Media {
  readonly #gate: LoadGate;
  readonly #encoder: EncoderChoice;

  constructor(gate: LoadGate, encoder: EncoderChoice) {
    this.#gate = gate;
    this.#encoder = encoder;
  }

  facts(pathOrUrl: string, signal: AbortSignal): Promise<VideoFacts> {
    return this.#run({ kind: 'facts', input: pathOrUrl }, signal, { niceness: AWAITED });
  }

  poster(url: string, atMs: number, signal: AbortSignal): Promise<Picture> {
    return this.#run({ kind: 'poster', input: url, atMs }, signal, { niceness: AWAITED });
  }

  still(url: string, frame: number, format: StillFormat, signal: AbortSignal): Promise<Still> {
    return this.#run({ kind: 'still', input: url, frame, format }, signal, { niceness: AWAITED });
  }

  sprite(url: string, count: number, signal: AbortSignal): Promise<SpriteSheet> {
    return this.#run({ kind: 'sprite', input: url, count }, signal, { niceness: IDLE, rank: 'edit' });
  }

  encode(
    url: string,
    target: EncodeTarget & { output: string },
    signal: AbortSignal,
    onPercent: (percent: number) => void,
  ): Promise<Encoded> {
    return this.#run({ kind: 'encode', input: url, encoder: this.#encoder, ...target }, signal, {
      onProgress: ({ percent }) => onPercent(percent),
    });
  }

  #run<T>(
    job: Job,
    signal: AbortSignal,
    { rank = 'archive', ...options }: RunChildOptions<JobProgress> & { rank?: Rank } = {},
  ): Promise<T> {
    return this.#gate.run(rank, signal, (onProcess) =>
      runChild<Job, JobProgress, T>(module, job, {
        signal,
        onProcess,
        idleTimeoutMs: 120_000,
        ...options,
      }),
    );
  }
}
