import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Origin } from '@smartbox/contracts';
import { indexSource, measureQuality, smartCut, writeSyntheticVideo } from '@smartbox/media/native';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeReport } from '../worker/quality-report.ts';
import type { FilmAnnouncements, Films } from './film-ports.ts';
import { Measure } from './measure.ts';
import type { Objects } from './ports.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'measure-'));
  const film = { width: 320, height: 180, frames: 20, gop: 5, detail: 0.3 };
  await writeSyntheticVideo(join(dir, 'source.mp4'), film);
  await writeSyntheticVideo(join(dir, 'poor.mp4'), { ...film, bitrate: 60_000 });
  const sources = [await indexSource(join(dir, 'source.mp4'))];
  const parts = [
    { source: 0, from: 0, to: 10 },
    { source: 0, from: 11, to: 20 },
  ];
  await smartCut({ sources, parts, output: join(dir, 'one-lost.mp4') });
});
afterAll(() => rm(dir, { recursive: true }));

const origin = { kind: 'clip', id: 'c', sourceId: 's', stationId: 'or-1', recipe: {} } as Origin;

/** What is told of a re-encoding; it is really measured, only store and broker are not there. */
async function told(distorted: string) {
  const said: { measured: unknown[]; warned: { code: string; reason: string }[] } = { measured: [], warned: [] };
  const objects: Pick<Objects, 'putFile'> = { putFile: async (key) => ({ key, bytes: 1, sha256: '0'.repeat(64) }) };
  const films: Films = {
    run: async (_, ask) => {
      const { reference, distorted: second, report, minPsnr, minSsim } = ask as { reference: string; distorted: string; report: string; minPsnr: number; minSsim: number }; // prettier-ignore
      return writeReport(await measureQuality(reference, second, { minPsnr, minSsim }), report);
    },
  };
  const announce: Pick<FilmAnnouncements, 'measured' | 'warned'> = {
    measured: async (event) => void said.measured.push(event),
    warned: async (event) => void said.warned.push(event),
  };
  const measure = new Measure(objects as Objects, films, announce as FilmAnnouncements);
  const videos = { reference: join(dir, 'source.mp4'), distorted: join(dir, distorted) };
  const options = { signal: new AbortController().signal, priority: 'export' as const };
  await measure.keep(
    { origin, rendition: 'export', folder: 'clips/c' },
    await measure.compare(origin, videos, dir, options),
  );
  return said;
}

describe('a re-encoding', () => {
  it('that lost a frame is warned of as other frames, however near the rest is', async () => {
    const { measured, warned } = await told('one-lost.mp4');
    expect(measured).toHaveLength(1);
    expect(warned).toMatchObject([{ code: 'frames-differ', reason: 'the videos have 20 and 19 frames' }]);
  });

  it('that is only poor is warned of as poor, and the same film of nothing', async () => {
    expect((await told('poor.mp4')).warned).toMatchObject([{ code: 'quality-low' }]);
    expect((await told('source.mp4')).warned).toEqual([]);
  });
});
