import { createServer } from 'node:http';
import { readFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { frameCounters, decodeFrames } from './decode.ts';
import { decodePicture, rgbFrames } from './frames.ts';
import { spriteSheet, takePicture } from './pictures.ts';
import { takeStill } from './still.ts';
import { probe } from './probe.ts';
import { syntheticFragments, writeSyntheticVideo } from './testing.ts';
import { transcode } from './transcode.ts';

let dir: string;
let video: string;
let mp4: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pictures-'));
  video = join(dir, 'video.mp4');
  mp4 = join(dir, 'faststart.mp4');
  await writeSyntheticVideo(video, { width: 640, height: 360, frames: 90, firstPts: 9_000_000 });
  await transcode({ input: video, output: mp4, crf: 18 });
});
afterAll(() => rm(dir, { recursive: true }));

async function counterOfJpeg(jpeg: Buffer): Promise<number | null | undefined> {
  expect(jpeg.subarray(0, 3).toString('hex')).toBe('ffd8ff');
  expect(jpeg.subarray(-2).toString('hex')).toBe('ffd9');
  const path = join(dir, 'picture.jpg');
  await writeFile(path, jpeg);
  return (await frameCounters(path))[0];
}

describe('pictures', () => {
  it.each([0, 1, 29, 30, 44, 89])('takes exactly frame %i', async (frame) => {
    const still = await takeStill(mp4, frame, 'jpeg');
    expect(still).toMatchObject({ width: 640, height: 360, contentType: 'image/jpeg' });
    expect(await counterOfJpeg(still.bytes)).toBe(frame);
    expect(await counterOfJpeg((await takeStill(video, frame, 'jpeg')).bytes)).toBe(frame);
  });

  it('gives the same samples as PNG and as HTJ2K, and says which frames there are', async () => {
    const png = await takeStill(mp4, 44, 'png');
    expect(png.bytes.subarray(1, 4).toString('latin1')).toBe('PNG');
    const htj2k = await takeStill(mp4, 44, 'htj2k');
    const decoded = decodePicture('jpeg2000', htj2k.bytes);
    const path = join(dir, 'still.png');
    await writeFile(path, png.bytes);
    for await (const { rgb, width, height } of rgbFrames(path)) {
      expect({ width, height }).toEqual({ width: 640, height: 360 });
      expect(decoded.rgb?.equals(rgb)).toBe(true);
    }
    await expect(takeStill(mp4, 90, 'png')).rejects.toThrow(/has the frames 0 to 89, not 90/);
  });

  it('takes the picture shown at a time, and the last one after the end', async () => {
    const at = await takePicture(mp4, { ms: 1510 }, { width: 320 });
    expect(at).toMatchObject({ width: 320, height: 180 });
    expect(await counterOfJpeg(at.jpeg)).toBe(45);
    expect(await counterOfJpeg((await takePicture(mp4, { ms: 99_000 })).jpeg)).toBe(89);
  });

  it('keeps the colours (BT.709 video, BT.601 JPEG)', async () => {
    const { bytes: jpeg } = await takeStill(mp4, 0, 'jpeg');
    const path = join(dir, 'colour.jpg');
    await writeFile(path, jpeg);
    await decodeFrames(path, ({ frame }) => {
      const [y, , v] = frame.data ?? [];
      // the last colour bar is (28, 212, 120) in BT.709 limited range: blue, JFIF luma about 29, not 14 (unconverted)
      const [strideY = 0, , strideV = 0] = frame.linesize;
      expect(y?.[10 * strideY + 620]).toBeGreaterThan(18);
      expect(v?.[5 * strideV + 310]).toBeLessThan(125);
    });
  });

  it('makes a sprite sheet with a WebVTT that addresses it', async () => {
    const sheet = await spriteSheet(mp4, { count: 6, columns: 3, thumbWidth: 160, url: 's.jpg' });
    expect(sheet).toMatchObject({ count: 6, columns: 3, rows: 2, thumbWidth: 160, thumbHeight: 90 });
    const path = join(dir, 'sheet.jpg');
    await writeFile(path, sheet.jpeg);
    expect(await probe(path)).toMatchObject({ codec: 'mjpeg', width: 480, height: 180 });
    expect(sheet.vtt).toContain('00:00:02.500 --> 00:00:03.000\ns.jpg#xywh=320,90,160,90');
  });

  it('reads a URL by ranges', async () => {
    const bytes = await readFile(mp4);
    const ranges: string[] = [];
    const server = createServer((request, response) => {
      const range = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? '');
      ranges.push(request.headers.range ?? 'none');
      const from = Number(range?.[1] ?? 0);
      const to = range?.[2] ? Number(range[2]) : bytes.length - 1;
      response.writeHead(206, {
        'content-range': `bytes ${from}-${to}/${bytes.length}`,
        'content-length': to - from + 1,
        'accept-ranges': 'bytes',
      });
      response.end(bytes.subarray(from, to + 1));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/clip.mp4?X-Amz-Signature=secret`;
    const still = await takeStill(url, 75, 'jpeg');
    expect(await counterOfJpeg(still.bytes)).toBe(75);
    expect(ranges.length).toBeGreaterThan(0);
    server.close();
    server.closeAllConnections();
    await expect(takeStill(url, 1, 'jpeg')).rejects.toThrow(/clip\.mp4\?\.\.\.: connect ECONNREFUSED/);
  });
});

describe('transcode', () => {
  it('makes what DICOM holds, with every frame', async () => {
    expect(await frameCounters(mp4)).toEqual(Array.from({ length: 90 }, (_, i) => i));
    expect(await probe(mp4)).toMatchObject({
      profile: 'High',
      level: 41,
      frames: 90,
      durationMs: 3000,
      constantFrameRate: true,
      frameRate: { num: 30, den: 1 },
      chroma: '4:2:0',
      startTicks: 0,
      gop: { closed: true, bFrames: false, maxFrames: 30 },
    });
    const bytes = await readFile(mp4);
    expect(bytes.indexOf('moov')).toBeLessThan(bytes.indexOf('mdat'));
  });

  it('cuts, scales and changes the rate', async () => {
    const output = join(dir, 'part.mp4');
    const progress: number[] = [];
    const result = await transcode({
      input: mp4,
      output,
      fromMs: 1000,
      toMs: 2000,
      width: 480,
      frameRate: { num: 15, den: 1 },
      onProgress: (p) => progress.push(p.frames),
    });
    expect(result).toMatchObject({ frames: 15, width: 480, height: 270, level: '4.1' });
    expect(progress.at(-1)).toBe(15);
    expect((await frameCounters(output)).every((counter, i) => Math.abs((counter ?? 0) - (30 + 2 * i)) <= 1)).toBe(
      true,
    );
  });

  it('fills a hole so that the rate stays constant', async () => {
    const fragments = syntheticFragments({ width: 320, height: 180, frames: 90 });
    const path = join(dir, 'hole.mp4');
    await writeFile(path, Buffer.concat([fragments[0]!.init, fragments[0]!.data, fragments[2]!.data]));
    expect((await probe(path)).constantFrameRate).toBe(false);
    const output = join(dir, 'filled.mp4');
    expect(await transcode({ input: path, output })).toMatchObject({ frames: 90 });
    expect(await probe(output)).toMatchObject({ constantFrameRate: true, frames: 90 });
  });

  it('says no clearly', async () => {
    await expect(transcode({ input: mp4, output: join(dir, 'x.mp4'), width: 3840, height: 2160 })).rejects.toThrow(
      /3840x2160 at 30\/1 needs H.264 level 5.1/,
    );
    await expect(transcode({ input: join(dir, 'none.mp4'), output: join(dir, 'x.mp4') })).rejects.toThrow(
      /No such file/,
    );
    await expect(readFile(join(dir, 'x.mp4'))).rejects.toThrow(/ENOENT/);
    const wave = join(dir, 'tone.wav');
    await writeFile(wave, tone());
    await expect(probe(wave)).rejects.toThrow(/tone\.wav has no video stream \(only audio\)/);
    await expect(takeStill(wave, 0, 'jpeg')).rejects.toMatchObject({ code: 'no-video' });
  });
});

/** A second of silence as a WAV file. */
function tone(): Buffer {
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + 16_000, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(8000, 24);
  header.writeUInt32LE(16_000, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(16_000, 40);
  return Buffer.concat([header, Buffer.alloc(16_000)]);
}
