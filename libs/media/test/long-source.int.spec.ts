import { readFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readMovie } from '@smartbox/recording/mp4';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openBytes } from '../src/bytes/byte-source.ts';
import { frameCounters, indexSource, previewFrame, smartCut, writeSyntheticVideo } from '../src/native.ts';
import { FilmServer, LongFilm } from './long-film.ts';

const GOP = 30;
const MINUTES = 60;
const FRAMES = MINUTES * 60 * GOP;
let dir: string;
let film: LongFilm;
let server: FilmServer;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'long-'));
  const path = join(dir, 'gop.mp4');
  await writeSyntheticVideo(path, { width: 640, height: 360, frames: GOP, gop: GOP, detail: 0.3 });
  const bytes = await openBytes(path);
  const [track] = (bytes && (await readMovie(bytes)))?.tracks ?? [];
  if (!track) throw new Error('no track');
  await bytes?.close();
  film = new LongFilm(track, await readFile(path), MINUTES * 60);
  server = await FilmServer.start(film);
});
beforeEach(() => void (server.sent = 0));
afterAll(async () => {
  await server.stop();
  await rm(dir, { recursive: true });
});

/** Boxes and the heads of keyframes are read in blocks. */
const SLACK = 3 * 64 * 1024;

describe('an hour of film in the object store', () => {
  it('is indexed by its tables alone', async () => {
    const index = await indexSource(server.url);
    expect(index).toMatchObject({ frames: FRAMES, refusal: null, codec: 'h264' });
    expect(index.keyframes.length).toBe(MINUTES * 60);
    expect(server.sent).toBeLessThan(film.headerBytes + SLACK);
  });

  it('gives a short cut without being read', async () => {
    const from = 50 * 60 * GOP + 11;
    const parts = [{ source: 0, from, to: from + 4 * GOP }];
    const output = join(dir, 'cut.mp4');
    const sources = [await indexSource(server.url)];
    for (const proof of ['bytes', 'frames'] as const) {
      server.sent = 0;
      const result = await smartCut({ sources, parts, output, proof });
      expect(result).toMatchObject({ frames: 4 * GOP, copiedFrames: 4 * GOP - 19, reencodedFrames: 19 });
      // the GOP of the edge and those that are copied; with the proof of frames the same once more to be decoded
      const needed = (proof === 'bytes' ? 5 : 10) * film.gopBytes;
      expect(server.sent).toBeGreaterThan(3 * film.gopBytes);
      expect(server.sent).toBeLessThan(needed + SLACK);
      expect(server.sent).toBeLessThan(film.bytes / 100);
    }
    const counters = Array.from({ length: 4 * GOP }, (_, i) => (11 + i) % GOP);
    expect(await frameCounters(output)).toEqual(counters);
  });

  it('shows a frame near its end for the price of its GOP', async () => {
    const picture = await previewFrame({ input: server.url, frame: FRAMES - 1, filters: () => '', width: 640 });
    expect(picture).toMatchObject({ width: 640, height: 360 });
    expect(server.sent).toBeLessThan(film.headerBytes + film.gopBytes + SLACK);
    await expect(previewFrame({ input: server.url, frame: FRAMES, filters: () => '', width: 640 })).rejects.toThrow(
      /has the frames 0 to 107999, not 108000/,
    );
  });

  it('is read on when the store was away for a moment', async () => {
    server.failures.push(503, 503);
    const index = await indexSource(server.url);
    server.failures.push(503);
    const output = join(dir, 'patient.mp4');
    const parts = [{ source: 0, from: FRAMES - 35, to: FRAMES }];
    expect(await smartCut({ sources: [index], parts, output })).toMatchObject({ copiedFrames: 30, reencodedFrames: 5 });
    expect(server.failures).toEqual([]);
  });
});
