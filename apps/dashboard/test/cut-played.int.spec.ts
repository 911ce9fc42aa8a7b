import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { indexSource, smartCut, writeSyntheticVideo, type CutPart } from '@smartbox/media/native';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser } from './browser.ts';
import { counterOf } from './counter.ts';

const run = promisify(execFile);
const FRAMES = 90;

let dir: string;
let browser: Browser;
let page: Page;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'cut-played-'));
  browser = await launchBrowser();
  page = await browser.newPage();
  await page.setContent('<video muted></video>');
  const film = { width: 640, height: 360, gop: 15 };
  await writeSyntheticVideo(join(dir, 'own.mp4'), { ...film, frames: FRAMES });
  await writeSyntheticVideo(join(dir, 'second.mp4'), { ...film, frames: FRAMES, firstCounter: 1000 });
  const foreign = ['-c:v', 'libx264', '-preset', 'veryfast', '-g', '15'];
  await ffmpeg(
    'own.mp4',
    'b-frames.mp4',
    ...foreign,
    '-x264-params',
    'bframes=3:b-adapt=0:b-pyramid=normal:open-gop=0',
  );
  // every third frame lasts twice as long
  await ffmpeg('own.mp4', 'variable.mp4', ...foreign, '-bf', '0', '-fps_mode', 'vfr', '-vf', "setpts='PTS+floor(N/3)/30/TB'"); // prettier-ignore
  await ffmpeg('own.mp4', 'hevc.mp4', '-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'keyint=15:open-gop=0:log-level=none', '-tag:v', 'hvc1'); // prettier-ignore
});
afterAll(async () => {
  await browser?.close();
  await rm(dir, { recursive: true });
});

const ffmpeg = (input: string, output: string, ...args: string[]) =>
  run('ffmpeg', ['-v', 'error', '-i', join(dir, input), ...args, join(dir, output)]);

async function cut(
  paths: readonly string[],
  parts: readonly CutPart[],
): Promise<{ output: string; durationMs: number }> {
  const output = join(dir, `cut-of-${paths.join('-')}`);
  const sources = await Promise.all(paths.map((path) => indexSource(join(dir, path))));
  const { durationMs } = await smartCut({ sources, parts, output });
  return { output, durationMs };
}

/** When each frame of a film begins, and the last one ends, in seconds. */
async function beginnings(path: string): Promise<number[]> {
  const { times, timeBase } = await indexSource(path);
  return Array.from(times, (at) => ((at - (times[0] ?? 0)) * timeBase.num) / timeBase.den);
}

/** What the counters of the film have to say. */
const wanted = (parts: readonly CutPart[]): number[] =>
  parts.flatMap(({ source, from, to }) => Array.from({ length: to - from }, (_, i) => source * 1000 + from + i));

async function open(path: string): Promise<number> {
  const bytes = (await readFile(path)).toString('base64');
  return page.locator('video').evaluate(async (element, base64) => {
    const player = element as HTMLVideoElement;
    const film = await (await fetch(`data:video/mp4;base64,${base64}`)).blob();
    player.src = URL.createObjectURL(film);
    await new Promise((done, fail) => {
      player.onloadeddata = done;
      player.onerror = () => fail(new Error(player.error?.message));
    });
    return player.duration;
  }, bytes);
}

async function seek(seconds: number): Promise<void> {
  await page.locator('video').evaluate(async (element, at) => {
    const player = element as HTMLVideoElement;
    const sought = new Promise((done) => (player.onseeked = done));
    player.currentTime = at;
    await sought;
  }, seconds);
}
/** The picture follows `seeked` by a moment. */
const shown = () => expect.poll(() => counterOf(page.locator('video')), { timeout: 10_000 });

/** Plays to the end; what the browser complained about. */
const playThrough = (): Promise<string | null> =>
  page.locator('video').evaluate(async (element) => {
    const player = element as HTMLVideoElement;
    player.currentTime = 0;
    player.playbackRate = 2;
    await new Promise((done, fail) => {
      player.onended = done;
      player.onerror = () => fail(new Error(player.error?.message));
      player.play().catch(fail);
    });
    return player.error?.message ?? null;
  });

describe('a cut film in other hands', () => {
  it.each<[string, string[], CutPart[]]>([
    ['of the ring', ['own.mp4'], [{ source: 0, from: 7, to: 83 }]],
    ['with a part taken out', ['own.mp4'], [{ source: 0, from: 3, to: 40 }, { source: 0, from: 52, to: 90 }]], // prettier-ignore
    ['with B-frames', ['b-frames.mp4'], [{ source: 0, from: 4, to: 38 }, { source: 0, from: 49, to: 86 }]], // prettier-ignore
    ['joined', ['own.mp4', 'second.mp4'], [{ source: 0, from: 11, to: 55 }, { source: 1, from: 22, to: 71 }]], // prettier-ignore
    ['of a variable rate', ['variable.mp4'], [{ source: 0, from: 8, to: 44 }, { source: 0, from: 61, to: 88 }]], // prettier-ignore
  ])(
    '%s: Chromium shows its first and last frame and its joints, plays it through, and knows its length',
    { timeout: 60_000 },
    async (_, paths, parts) => {
      const { output, durationMs } = await cut(paths, parts);
      const counters = wanted(parts);
      const at = await beginnings(output);
      expect(at).toHaveLength(counters.length + 1);
      expect((await open(output)) * 1000).toBeCloseTo(durationMs, -0.5);
      const joints = parts.slice(0, -1).map(({ from, to }) => to - from);
      for (const frame of [0, 1, ...joints.flatMap((first) => [first - 1, first, first + 1]), counters.length - 1]) {
        const middle = ((at[frame] ?? 0) + (at[frame + 1] ?? 0)) / 2;
        await seek(middle);
        await shown().toBe(counters[frame]);
      }
      expect(await playThrough()).toBeNull();
      await shown().toBe(counters.at(-1));
      await expectCounted(output, counters.length, durationMs);
    },
  );

  it('of HEVC: another FFmpeg than ours decodes every frame of it', { timeout: 60_000 }, async () => {
    const parts = [{ source: 0, from: 4, to: 38 }, { source: 0, from: 49, to: 86 }]; // prettier-ignore
    const { output, durationMs } = await cut(['hevc.mp4'], parts);
    await expectCounted(output, wanted(parts).length, durationMs);
  });
});

/** The distribution's ffprobe decodes it all, without a complaint. */
async function expectCounted(path: string, frames: number, durationMs: number): Promise<void> {
  const entries = 'stream=nb_read_frames,duration';
  const { stdout, stderr } = await run('ffprobe', ['-v', 'error', '-count_frames', '-select_streams', 'v', '-show_entries', entries, '-of', 'json', path]); // prettier-ignore
  expect(stderr).toBe('');
  const [stream] = (JSON.parse(stdout) as { streams: { nb_read_frames: string; duration: string }[] }).streams;
  expect(Number(stream?.nb_read_frames)).toBe(frames);
  expect(Number(stream?.duration) * 1000).toBeCloseTo(durationMs, -0.5);
}
