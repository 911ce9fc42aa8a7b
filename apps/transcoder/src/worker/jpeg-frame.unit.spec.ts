import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jpegFrames, takePicture, writeSyntheticVideo } from '@smartbox/media/native';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isBaselineFrame } from './jpeg-frame.ts';

const size = { width: 320, height: 180 };
let dir: string;
let video: string;
let frame: Buffer;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'jpeg-'));
  video = join(dir, 'video.mp4');
  await writeSyntheticVideo(video, { ...size, frames: 2 });
  for await (const { jpeg } of jpegFrames(video)) frame = jpeg;
});
afterAll(() => rm(dir, { recursive: true }));

/** The segments before the picture, by marker. */
function* segments(jpeg: Buffer): Generator<{ marker: number; at: number; end: number }> {
  for (let at = 2; jpeg[at + 1] !== 0xda;) {
    const end = at + 2 + jpeg.readUInt16BE(at + 2);
    yield { marker: jpeg.readUInt8(at + 1), at, end };
    at = end;
  }
}
function without(marker: number): Buffer {
  const kept = [...segments(frame)].filter((each) => each.marker !== marker);
  const picture = [...segments(frame)].at(-1)?.end ?? 0;
  return Buffer.concat([frame.subarray(0, 2), ...kept.map(({ at, end }) => frame.subarray(at, end)), frame.subarray(picture)]); // prettier-ignore
}

describe('a frame of Motion JPEG', () => {
  it('stands alone with its tables, also after fill bytes', () => {
    expect(isBaselineFrame(frame, size)).toBe(true);
    const filled = Buffer.concat([frame.subarray(0, 2), Buffer.from([0xff, 0xff]), frame.subarray(2)]);
    expect(isBaselineFrame(filled, size)).toBe(true);
  });

  it.each([
    ['Huffman tables', 0xc4],
    ['quantization tables', 0xdb],
    ['header', 0xc0],
  ])('does not without %s', (_name, marker) => {
    expect(without(marker).length).toBeLessThan(frame.length);
    expect(isBaselineFrame(without(marker), size)).toBe(false);
  });

  it('does not in another size, subsampling or coding, nor cut off anywhere before its picture', async () => {
    expect(isBaselineFrame(frame, { ...size, height: 184 })).toBe(false);
    expect(isBaselineFrame((await takePicture(video, { ms: 0 })).jpeg, size)).toBe(false); // 4:2:0
    const progressive = Buffer.from(frame);
    const header = [...segments(frame)].find(({ marker }) => marker === 0xc0);
    progressive[(header?.at ?? 0) + 1] = 0xc2;
    expect(isBaselineFrame(progressive, size)).toBe(false);
    const picture = [...segments(frame)].at(-1)?.end ?? 0;
    for (let length = 0; length < picture; length++)
      expect(isBaselineFrame(frame.subarray(0, length), size)).toBe(false);
  });
});
