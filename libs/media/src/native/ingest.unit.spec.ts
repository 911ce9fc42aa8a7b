import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Fragmenter, type MediaFragment } from '../mp4/fragmenter.ts';
import { frameCounters } from './decode.ts';
import type { IngestOptions, StreamFormat } from './ingest-paths.ts';
import { runIngest } from './run-ingest.ts';
import { fieldCounters, writeInterlacedVideo, writeSyntheticVideo } from './testing.ts';

let dir: string;
beforeAll(async () => void (dir = await mkdtemp(join(tmpdir(), 'ingest-'))));
afterAll(() => rm(dir, { recursive: true }));

/** Plays until `frames` access units came, on a clock that runs `speed` times as fast as real time. */
async function play(
  options: Omit<IngestOptions, 'signal'>,
  frames: number,
): Promise<{ formats: StreamFormat[]; pts: number[]; counters: (number | null)[] }> {
  const stop = new AbortController();
  const formats: StreamFormat[] = [];
  const pts: number[] = [];
  const fragments: MediaFragment[] = [];
  const fragmenter = new Fragmenter({ frameDuration: 3000 });
  const start = process.hrtime.bigint();
  await runIngest(
    { ...options, signal: stop.signal },
    {
      now: () => Number(((process.hrtime.bigint() - start) * 9n) / 100_000n) + 90_000,
      wantsIdr: (at) => at % 90_000 < 3000,
      onFormat: (format) => formats.push(format),
      onUnit: (unit) => {
        if (pts.length >= frames) return stop.abort();
        pts.push(unit.pts);
        const done = fragmenter.push(unit);
        if (done) fragments.push(done);
      },
    },
  );
  const last = fragmenter.cut();
  if (last) fragments.push(last);
  const path = join(dir, `out-${options.encode}.mp4`);
  await writeFile(path, Buffer.concat([fragments[0]?.init ?? Buffer.alloc(0), ...fragments.map((f) => f.data)]));
  return { formats, pts, counters: await frameCounters(path) };
}

describe('runIngest', () => {
  it('passes conformant H.264 through and plays the file again and again, without a hole', async () => {
    const url = join(dir, 'short.mp4');
    await writeSyntheticVideo(url, { width: 320, height: 180, frames: 30, gop: 10, bitrate: 500_000 });
    const seen = await play({ kind: 'file', url, mode: 'pull', bitrate: 1_000_000, encode: 'auto' }, 50);
    expect(seen.formats).toMatchObject([
      { width: 320, height: 180, encoder: 'passthrough', frameRate: { num: 30, den: 1 } },
    ]);
    expect(seen.counters).toEqual(Array.from({ length: 50 }, (_, i) => i % 30));
    expect(new Set(seen.pts.slice(1).map((at, i) => at - (seen.pts[i] ?? 0)))).toEqual(new Set([3000]));
  });

  it('re-encodes when asked to, scaled, with every picture', async () => {
    const url = join(dir, 'large.mp4');
    await writeSyntheticVideo(url, { width: 640, height: 360, frames: 30 });
    const seen = await play(
      { kind: 'file', url, mode: 'pull', bitrate: 1_000_000, encode: 'always', width: 480, height: 270 },
      40,
    );
    expect(seen.formats).toMatchObject([
      { width: 480, height: 270, input: '640x360, re-encoded: re-encoding is configured' },
    ]);
    expect(seen.formats[0]?.encoder).toMatch(/^libx264 preset=superfast/);
    expect(seen.counters).toEqual(Array.from({ length: 40 }, (_, i) => i % 30));
  });

  it('makes whole pictures of fields, at the rate of the pictures', async () => {
    const url = join(dir, 'fields.mp4');
    writeInterlacedVideo(url, { target: 'h264-bluray', fields: 'tff', pictures: 8 });
    const size = { width: 960, height: 540 };
    const seen = await play({ kind: 'file', url, mode: 'pull', bitrate: 4_000_000, encode: 'auto', ...size }, 12);
    expect(seen.formats).toMatchObject([
      { ...size, frameRate: { num: 25, den: 1 }, input: '1920x1080, re-encoded: interlaced' },
    ]);
    const first = fieldCounters(16).filter((_, i) => i % 2 === 0);
    expect(seen.counters).toEqual(Array.from({ length: 12 }, (_, i) => first[i % 8]));
  });

  it('says what is wrong with an address', async () => {
    const refused = {
      kind: 'rtmp',
      url: 'rtmp://user:secret@127.0.0.1:9/app/key',
      mode: 'pull',
      bitrate: 1,
      encode: 'auto',
    } as const;
    await expect(play(refused, 1)).rejects.toThrow(/cannot open rtmp:\/\/127\.0\.0\.1:9\/app\/key: Connection refused/);
    await expect(play({ ...refused, kind: 'v4l2', url: '/dev/video77' }, 1)).rejects.toThrow(
      /no device \/dev\/video77; found: /,
    );
    await expect(play({ ...refused, kind: 'file', url: join(dir, 'none.mp4') }, 1)).rejects.toMatchObject({
      code: 'media-error',
      fault: 'input',
    });
  });
});
