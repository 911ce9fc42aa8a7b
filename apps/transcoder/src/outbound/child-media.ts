import type { VideoFacts } from '@smartbox/contracts';
import { childModule, runChild } from '@smartbox/media';
import type { Media, Picture, SpriteSheet } from '../application/ports.ts';
import type { EncodeTarget } from '../domain/pacs-rendition.ts';
import type { Job, JobProgress } from '../worker/jobs.ts';

const module = childModule(import.meta.url, '../worker/media-job');

/** Each job in a process of its own: a crash in native code costs one job, and cancelling is killing. */
export class ChildMedia implements Media {
  facts(pathOrUrl: string, signal: AbortSignal): Promise<VideoFacts> {
    return this.#run({ kind: 'facts', input: pathOrUrl }, signal);
  }

  poster(url: string, atMs: number, signal: AbortSignal): Promise<Picture> {
    return this.#run({ kind: 'poster', input: url, atMs }, signal);
  }

  still(url: string, frame: number, signal: AbortSignal): Promise<Picture> {
    return this.#run({ kind: 'still', input: url, frame }, signal);
  }

  sprite(url: string, count: number, signal: AbortSignal): Promise<SpriteSheet> {
    return this.#run({ kind: 'sprite', input: url, count }, signal);
  }

  encode(
    url: string,
    target: EncodeTarget & { output: string },
    signal: AbortSignal,
    onPercent: (percent: number) => void,
  ): Promise<string> {
    return this.#run({ kind: 'encode', input: url, ...target }, signal, onPercent);
  }

  #run<T>(job: Job, signal: AbortSignal, onPercent?: (percent: number) => void): Promise<T> {
    return runChild<Job, JobProgress, T>(module, job, {
      signal,
      idleTimeoutMs: 120_000,
      ...(onPercent ? { onProgress: ({ percent }) => onPercent(percent) } : {}),
    });
  }
}
