import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeForeignVideo } from '../../test/foreign-video.ts';
import { jpegFrames, rgbFrames, type RgbFrame } from './frames.ts';
import { takePicture } from './pictures.ts';
import { probe, videoFacts } from './probe.ts';
import { takeStill } from './still.ts';
import { transcode } from './transcode.ts';

let dir: string;
let upright: RgbFrame;
const path = (name: string) => join(dir, name);

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'upright-'));
  writeForeignVideo(path('upright.mp4'), { frames: 3 });
  upright = await firstOf(path('upright.mp4'));
});
afterAll(() => rm(dir, { recursive: true }));

async function firstOf(file: string): Promise<RgbFrame> {
  for await (const frame of rgbFrames(file)) return frame;
  throw new Error('no frame');
}

type Matrix = readonly [a: number, b: number, c: number, d: number];
/** All that keep a rectangle: EXIF's orientations 1 to 8. */
const matrices: readonly Matrix[] = [
  [1, 0, 0, 1],
  [-1, 0, 0, 1],
  [-1, 0, 0, -1],
  [1, 0, 0, -1],
  [0, 1, 1, 0],
  [0, 1, -1, 0],
  [0, -1, -1, 0],
  [0, -1, 1, 0],
];

/** By the text of ISO/IEC 14496-12 6.2.2: x' = a x + c y, y' = b x + d y, moved back into the first quadrant. */
function shownBy([a, b, c, d]: Matrix, { width, height, rgb }: RgbFrame): RgbFrame {
  const swaps = a === 0;
  const [w, h] = swaps ? [height, width] : [width, height];
  const out = Buffer.alloc(rgb.length);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const toX = a * x + c * y + (a + c < 0 ? w - 1 : 0);
      const toY = b * x + d * y + (b + d < 0 ? h - 1 : 0);
      rgb.copy(out, (toY * w + toX) * 3, (y * width + x) * 3, (y * width + x) * 3 + 3);
    }
  return { index: 0, width: w, height: h, rgb: out };
}

/** Mean distance of the samples; colour is interpolated along other lines in a turned picture. */
function distance(one: RgbFrame, other: RgbFrame): number {
  if (one.width !== other.width || one.height !== other.height) return Infinity;
  let sum = 0;
  for (let i = 0; i < one.rgb.length; i++) sum += Math.abs((one.rgb[i] ?? 0) - (other.rgb[i] ?? 0));
  return sum / one.rgb.length;
}

/** Which of the eight this picture is. */
function matrixOf(picture: RgbFrame): Matrix | undefined {
  return matrices.find((each) => distance(shownBy(each, upright), picture) < 4);
}

describe('a picture that its container turns', () => {
  it.each(matrices.slice(1).map((matrix) => ({ matrix })))(
    '$matrix is upright wherever it is read',
    async ({ matrix }) => {
      const file = path(`${matrix.join('_')}.mp4`);
      writeForeignVideo(file, { frames: 3, rotated: matrix });
      const picture = await firstOf(file);
      expect(matrixOf(picture)).toEqual(matrix);
      const { width, height } = picture;
      expect(videoFacts(await probe(file))).toMatchObject({ width, height, turned: true });
      expect(await takeStill(file, 2, 'png')).toMatchObject({ width, height });
      expect(await takePicture(file, { ms: 0 })).toMatchObject({ width, height });
      const output = path(`${matrix.join('_')}-h264.mp4`);
      const made = await transcode({ input: file, output, within: { width: 1920, height: 1080 }, compare: 3 });
      expect(made).toMatchObject({ width, height, frames: 3 });
      expect(made.notes).toContain('the picture was turned upright, as its container shows it');
      expect(made.closeness?.psnr).toBeGreaterThan(35);
      expect(matrixOf(await firstOf(output))).toEqual(matrix);
      const after = videoFacts(await probe(output));
      expect(after.turned).toBeUndefined();
    },
  );
});

describe('a JPEG that EXIF turns', () => {
  it('is upright where it is decoded, and says so', async () => {
    const [jpeg] = await collect(jpegFrames(path('upright.mp4')));
    const file = path('exif.jpg');
    await writeFile(file, withOrientation(jpeg?.jpeg ?? Buffer.alloc(0), 6));
    expect(matrixOf(await firstOf(file))).toEqual([0, 1, -1, 0]);
    expect(videoFacts(await probe(file))).toMatchObject({ width: 180, height: 320, turned: true });
  });
});

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** An APP1 segment with an image file directory of one entry: tag 274 (EXIF 2.3 4.6.4). */
function withOrientation(jpeg: Buffer, orientation: number): Buffer {
  const directory = Buffer.from('4d4d002a000000080001011200030000000100000000000000000000', 'hex');
  directory.writeUInt16BE(orientation, 18);
  const content = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), directory]);
  const head = Buffer.from([0xff, 0xe1, 0, content.length + 2]);
  return Buffer.concat([jpeg.subarray(0, 2), head, content, jpeg.subarray(2)]);
}
