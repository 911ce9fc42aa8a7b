import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gopOfFrame, readMovie } from '@smartbox/recording/mp4';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CuttingRoom, range } from '../../test/cutting.ts';
import { openBytes } from '../bytes/byte-source.ts';
import { frameCounters } from './decode.ts';
import { takeStill } from './still.ts';

let room: CuttingRoom;
beforeAll(async () => void (room = await CuttingRoom.open()));
afterAll(() => room.close());

describe('the pictures that one frame needs', () => {
  it.each([
    ['closed GOPs with B-frames', 'open-gop=0'],
    ['open GOPs', 'open-gop=1'],
  ])('show it at its place: %s', async (name, params) => {
    const options = { g: '8', bf: '3', 'x264-params': `scenecut=0:${params}:bframes=3:keyint=8:b-adapt=0` };
    const path = room.foreign(`${name}.mp4`, { frames: 24, options });
    const bytes = await openBytes(path);
    const [track] = (bytes && (await readMovie(bytes)))?.tracks ?? [];
    await bytes?.close();
    if (!track) throw new Error('no track');
    const file = await readFile(path);
    const [gop, picture] = [join(room.dir, 'gop.mp4'), join(room.dir, 'still.jpg')];
    for (const frame of range(0, 24)) {
      const made = gopOfFrame(track, frame);
      const parts = made.ranges.map(({ offset, length }) => file.subarray(offset, offset + length));
      const whole = Buffer.concat([made.header, ...parts]);
      expect(whole.length).toBe(made.bytes);
      expect(made.atMs).toBeCloseTo(frame * 40, 3);
      await writeFile(gop, whole);
      await writeFile(picture, (await takeStill(gop, made.frame, 'jpeg')).bytes);
      expect(await frameCounters(picture)).toEqual([frame]);
    }
    expect(() => gopOfFrame(track, 24)).toThrow(/frames 0 to 23, not 24/);
  });
});
