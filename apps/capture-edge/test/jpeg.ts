import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeFrames } from '@smartbox/media/native';

/** Size and, in its middle, Y, Cb and Cr (full range, BT.601) of a JPEG. */
export async function decodeJpeg(base64: string): Promise<{ size: number[]; middle: number[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'smartbox-picture-'));
  const file = join(folder, 'picture.jpg');
  const seen = { size: [] as number[], middle: [] as number[] };
  try {
    await writeFile(file, Buffer.from(base64, 'base64'));
    await decodeFrames(file, ({ frame, width, height }) => {
      const sample = (plane: number, x: number, y: number): number => frame.data?.[plane]?.[y * (frame.linesize[plane] ?? 0) + x] ?? NaN; // prettier-ignore
      seen.size = [width, height];
      seen.middle = [
        sample(0, width / 2, height / 2),
        sample(1, width / 4, height / 4),
        sample(2, width / 4, height / 4),
      ];
    });
    return seen;
  } finally {
    await rm(folder, { recursive: true });
  }
}
