import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { childModule, runChild } from '../src/index.ts';
import { runIngest } from '../src/native.ts';
import type { SendRequest } from './sender.ts';
import { expectWhole, freePort, take, type Taken } from './taking.ts';

let dir: string;
beforeAll(async () => void (dir = await mkdtemp(join(tmpdir(), 'network-'))));
afterAll(() => rm(dir, { recursive: true }));

describe('network inputs', () => {
  it('takes MPEG-TS over UDP and passes it through', async () => {
    const url = `udp://127.0.0.1:${await freePort()}`;
    const taken = await take(
      dir,
      { kind: 'udp', url, mode: 'listen' },
      { url: `${url}?pkt_size=1316`, format: 'mpegts', codec: 'h264', frames: 400 },
      60,
    );
    expect(taken.formats).toMatchObject([{ width: 480, height: 270, encoder: 'passthrough' }]);
    expectWhole(taken, 60);
  });

  it('listens for SRT and re-encodes what has B-frames', async () => {
    const url = `srt://127.0.0.1:${await freePort()}`;
    const taken = await take(
      dir,
      { kind: 'srt', url, mode: 'listen' },
      { url: `${url}?mode=caller`, format: 'mpegts', codec: 'h264-bframes', frames: 400, retryMs: 8000 },
      60,
    );
    expect(taken.formats).toMatchObject([
      { encoder: expect.stringMatching(/^libx264/), input: '480x270, re-encoded: B-frames' },
    ]);
    expectWhole(taken, 60);
  });

  it('calls an SRT sender and re-encodes MPEG-2', async () => {
    const url = `srt://127.0.0.1:${await freePort()}`;
    const call = async (): Promise<Taken> => {
      for (let attempt = 0; ; attempt++) {
        try {
          return await take(
            dir,
            { kind: 'srt', url, mode: 'pull' },
            { url: `${url}?mode=listener`, format: 'mpegts', codec: 'mpeg2video', frames: 400 },
            60,
          );
        } catch (error) {
          if (attempt === 3) throw error;
        }
      }
    };
    const taken = await call();
    expect(taken.formats).toMatchObject([{ input: '480x270, re-encoded: codec mpeg2video is not H.264' }]);
    expectWhole(taken, 60);
  });

  it('listens for an RTMP publisher', async () => {
    const url = `rtmp://127.0.0.1:${await freePort()}/live/cam`;
    const taken = await take(
      dir,
      { kind: 'rtmp', url, mode: 'listen' },
      { url, format: 'flv', codec: 'h264', frames: 400, retryMs: 8000 },
      60,
    );
    expect(taken.formats).toMatchObject([{ encoder: 'passthrough', frameRate: { num: 30, den: 1 } }]);
    expectWhole(taken, 60);
  });

  it('listens for an RTSP publisher', async () => {
    const url = `rtsp://127.0.0.1:${await freePort()}/cam`;
    const taken = await take(
      dir,
      { kind: 'rtsp', url, mode: 'listen' },
      { url, format: 'rtsp', codec: 'h264', frames: 400, retryMs: 8000, muxerOptions: { rtsp_transport: 'tcp' } },
      60,
    );
    expect(taken.formats).toMatchObject([{ width: 480, height: 270, encoder: 'passthrough' }]);
    expectWhole(taken, 60);
  });

  it('begins a new format where the size changes, and keeps every picture', async () => {
    const parts: Buffer[] = [];
    for (const width of [480, 640]) {
      const url = join(dir, `${width}.ts`);
      await runChild<SendRequest, never, number>(childModule(import.meta.url, './sender'), {
        url,
        format: 'mpegts',
        codec: 'h264',
        frames: 30,
        width,
      });
      parts.push(await readFile(url));
    }
    const url = join(dir, 'both.ts');
    await writeFile(url, Buffer.concat(parts));
    const stop = new AbortController();
    const formats: string[] = [];
    const units: number[] = [];
    await runIngest(
      { kind: 'file', url, mode: 'pull', bitrate: 1_000_000, encode: 'always', signal: stop.signal },
      {
        now: () => Number((process.hrtime.bigint() * 9n) / 100_000n),
        wantsIdr: () => false,
        onFormat: ({ width, height }) => formats.push(`${width}x${height} after ${units.length}`),
        onUnit: (unit) => {
          if (units.push(unit.pts) === 60) stop.abort();
        },
      },
    );
    expect(formats).toEqual(['480x270 after 0', '640x360 after 30']);
    expect(units).toEqual([...units].sort((a, b) => a - b));
  });

  it('ends a wait for a sender when told to', async () => {
    const url = `rtmp://127.0.0.1:${await freePort()}/live/cam`;
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 300);
    const waiting = runIngest(
      { kind: 'rtmp', url, mode: 'listen', bitrate: 1, encode: 'auto', signal: stop.signal },
      { now: () => 0, wantsIdr: () => false, onFormat: () => undefined, onUnit: () => undefined },
    );
    await expect(waiting).rejects.toThrow(/exit/i);
  });
});
