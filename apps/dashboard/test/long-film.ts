import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Fragmenter, SyntheticPattern, TIMESCALE } from '@smartbox/media';
import type { AccessUnit, MediaFragment } from '@smartbox/media';
import { H264Encoder, remux } from '@smartbox/media/native';

const FPS = 30;
const SECONDS = 3600;
const MOVING = 2;
/** Frames of an hour. */
export const HOUR = SECONDS * FPS;

/** What the counter of a frame says: in between, a picture stands for a second. */
export function hourCounter(frame: number): number {
  const second = Math.floor(frame / FPS);
  return second < MOVING || second >= SECONDS - MOVING ? frame : second * FPS;
}

/**
 * Writes a real film of an hour, 108 000 frames with an IDR picture each second, in the time that it takes to encode a
 * fiftieth of them: between its first and last two seconds, every second is one picture and the 29 predicted ones of a
 * picture that stands, which are the same bytes each time.
 */
export async function writeHour(path: string): Promise<void> {
  const [width, height] = [320, 180];
  const encoder = new H264Encoder({ width, height, frameRate: { num: FPS, den: 1 }, bitrate: 600_000 });
  const pattern = new SyntheticPattern({ width, height, name: 'HOUR' });
  const fragmenter = new Fragmenter({ frameDuration: TIMESCALE / FPS });
  let encoded = 0;
  const encode = (pictures: number, paint: (n: number) => void): AccessUnit[] =>
    Array.from({ length: pictures }, (_, n) => {
      paint(n);
      const unit = encoder.encode(encoded++, n === 0);
      if (!unit) throw new Error('the encoder kept a picture back');
      return unit;
    });
  const count = (first: number) => (n: number) =>
    pattern.paint(encoder.planes, first + n, new Date(1_700_000_000_000 + ((first + n) * 1000) / FPS));
  // of a plain picture nothing is left to refine: these say "as before", whatever was before
  const standing = encode(FPS, () => {
    encoder.planes.y.fill(126);
    encoder.planes.u.fill(128);
    encoder.planes.v.fill(128);
  }).slice(1);
  const pieces: Buffer[] = [];
  const write = (fragment: MediaFragment | null) => {
    if (!fragment) return;
    if (pieces.length === 0) pieces.push(fragment.init);
    pieces.push(fragment.data);
  };
  for (let second = 0; second < SECONDS; second += 1) {
    const first = second * FPS;
    const moving = hourCounter(first + 1) !== first;
    const units = moving ? encode(FPS, count(first)) : [...encode(1, count(first)), ...standing];
    for (const [i, unit] of units.entries()) {
      const at = ((first + i) * TIMESCALE) / FPS;
      write(fragmenter.push({ ...unit, pts: at, dts: at }));
    }
  }
  write(fragmenter.cut());
  encoder.close();
  const folder = mkdtempSync(join(tmpdir(), 'smartbox-hour-'));
  await writeFile(join(folder, 'raw.mp4'), pieces);
  await remux(join(folder, 'raw.mp4'), path);
  rmSync(folder, { recursive: true, force: true });
}
