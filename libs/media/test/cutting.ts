import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect } from 'vitest';
import { indexSource } from '../src/native/cut/index-source.ts';
import type { CutPart } from '../src/native/cut/plan.ts';
import { smartCut, type SmartCutResult } from '../src/native/cut/smart-cut.ts';
import { frameCounters } from '../src/native/decode.ts';
import { writeSyntheticVideo } from '../src/native/testing.ts';
import { writeForeignVideo, type ForeignVideo } from './foreign-video.ts';

/** A folder for films and their cuts. */
export class CuttingRoom {
  readonly dir: string;
  private count = 0;

  private constructor(dir: string) {
    this.dir = dir;
  }

  static async open(): Promise<CuttingRoom> {
    return new CuttingRoom(await mkdtemp(join(tmpdir(), 'cut-')));
  }

  close(): Promise<void> {
    return rm(this.dir, { recursive: true });
  }

  async cut(
    paths: readonly string[],
    parts: readonly CutPart[],
  ): Promise<SmartCutResult & { counters: (number | null)[]; output: string }> {
    const output = join(this.dir, `cut-${this.count++}.mp4`);
    const sources = [];
    for (const path of paths) sources.push(await indexSource(path));
    const result = await smartCut({ sources, parts, output });
    return { ...result, output, counters: await frameCounters(output) };
  }

  foreign(name: string, video: ForeignVideo): string {
    const path = join(this.dir, name);
    writeForeignVideo(path, video);
    return path;
  }

  async own(name: string, frames: number, firstCounter = 0): Promise<string> {
    const path = join(this.dir, name);
    await writeSyntheticVideo(path, { width: 320, height: 180, frames, gop: 8, firstCounter });
    return path;
  }

  /**
   * A film in GOPs of 8, cut at every offset: the first GOP's every frame as start and as end, and `random` other cuts.
   */
  async everyOffset(
    path: string,
    frames: number,
    random: number,
    check: (result: SmartCutResult) => void,
  ): Promise<void> {
    const examples: [number, number][] = [
      ...range(0, 9).map((i): [number, number] => [i, frames - 1 - i]),
      ...range(0, 9).map((i): [number, number] => [0, i]),
      [7, 0],
      [8, 7],
      [15, 1],
    ];
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: frames - 1 }), fc.nat(frames - 1), async (from, length) => {
        const to = from + 1 + (length % (frames - from));
        const parts = [{ source: 0, from, to }];
        const result = await this.cut([path], parts);
        expect(result.counters).toEqual(wanted(parts));
        expect(result.copiedFrames + result.reencodedFrames).toBe(to - from);
        expect(result.proof.identicalFrames).toBe(result.copiedFrames);
        check(result);
        await rm(result.output);
      }),
      {
        numRuns: examples.length + random,
        examples,
      },
    );
  }
}

export const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

/** The counters that a film of these parts shows, where sources count from 1000 times their number on. */
export const wanted = (parts: readonly CutPart[]): number[] =>
  parts.flatMap(({ source, from, to }) => range(source * 1000 + from, source * 1000 + to));
