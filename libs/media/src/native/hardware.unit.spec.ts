import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { frameCounters } from './decode.ts';
import { HARDWARE, type Hardware } from '../coding.ts';
import { thisMachine, type Machine } from './device-encoder.ts';
import { encodingsFor } from './hardware.ts';
import { probe } from './probe.ts';
import { writeSyntheticVideo } from './testing.ts';
import { transcode } from './transcode.ts';
import { openSoftwareEncoder } from './video-encoder.ts';
import { planVideo, type VideoTarget } from './video-target.ts';

let dir: string;
let source: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hardware-'));
  source = join(dir, 'source.mp4');
  await writeSyntheticVideo(source, { width: 640, height: 360, frames: 20, fps: 25 });
});
afterAll(() => rm(dir, { recursive: true }));

const plan = (target: VideoTarget = 'hevc-main') =>
  planVideo(target, { width: 640, height: 360, frameRate: { num: 25, den: 1 } });
const fast = { preset: 'ultrafast' };

/** A machine with some hardware: x265 stands in for it, and breaks after so many pictures. */
function machineWith(there: Partial<Record<Hardware, { breaksAfter?: number; makes?: VideoTarget }>>): Machine {
  return {
    open(hardware, wanted) {
      const device = there[hardware];
      if (!device) throw new Error('no device');
      const encoder = openSoftwareEncoder({ ...wanted, target: device.makes ?? wanted.target }, fast);
      let sent = 0;
      return {
        ...encoder,
        description: `${hardware} stand-in`,
        send(picture) {
          if (sent++ >= (device.breaksAfter ?? Infinity)) throw new Error('the device was lost');
          encoder.send(picture);
        },
      };
    },
  };
}

describe('what HEVC is encoded with', () => {
  it('is hardware that passed its trial, the preferred one, with software behind it', async () => {
    const { ways, notes } = await encodingsFor(plan(), fast, 'auto', machineWith({ qsv: {}, vaapi: {} }));
    expect(ways.map(({ name }) => name)).toEqual(['qsv', 'software']);
    expect(notes).toEqual([]);
  });

  it('is software where the trial gives something else than the transfer syntax holds', async () => {
    const machine = machineWith({ nvenc: { makes: 'h264' }, vaapi: { breaksAfter: 3 } });
    const { ways, notes } = await encodingsFor(plan(), fast, 'auto', machine);
    expect(ways.map(({ name }) => name)).toEqual(['software']);
    expect(notes.join()).toMatch(/nvenc: it makes h264 High.*qsv: no device.*vaapi: the device was lost/);
  });

  it('is what was asked for, or an error that says why not', async () => {
    const machine = machineWith({ nvenc: {} });
    const asked = await encodingsFor(plan(), fast, 'nvenc', machine);
    expect(asked.ways.map(({ name }) => name)).toEqual(['nvenc']);
    const refused = { code: 'no-hardware-encoder', message: expect.stringMatching(/vaapi: no device/) };
    await expect(encodingsFor(plan(), fast, 'vaapi', machine)).rejects.toMatchObject(refused);
    await expect(encodingsFor(plan('h264'), fast, 'nvenc', machine)).rejects.toMatchObject({ code: refused.code });
    expect((await encodingsFor(plan(), fast, 'software', machine)).ways.map(({ name }) => name)).toEqual(['software']);
    expect((await encodingsFor(plan('h264'), fast, 'auto', machine)).notes).toEqual([]);
  });

  it('is probed on this very machine: each kind works or says what is missing', async () => {
    const { ways, notes } = await encodingsFor(plan(), fast, 'auto', thisMachine);
    expect(ways.at(-1)?.name).toBe('software');
    if (ways.length > 1) expect(HARDWARE).toContain(ways[0]?.name);
    else for (const kind of HARDWARE) expect(notes.join()).toMatch(new RegExp(`${kind}: \\S+`));
  });
});

describe('a film encoded by hardware', () => {
  it('is whole, and says what made it', async () => {
    const output = join(dir, 'hardware.mp4');
    const machine = machineWith({ nvenc: {} });
    const made = await transcode({ input: source, output, target: 'hevc-main', machine });
    expect(made).toMatchObject({ encoder: 'nvenc stand-in', notes: [], frames: 20 });
    expect(await probe(output)).toMatchObject({ codec: 'hevc', profile: 'Main', frames: 20 });
  });

  it('is encoded by software from the beginning when the device is lost, every frame once', async () => {
    const output = join(dir, 'lost.mp4');
    const progress: number[] = [];
    const made = await transcode({
      input: source,
      output,
      target: 'hevc-main',
      preset: 'ultrafast',
      machine: machineWith({ nvenc: { breaksAfter: 12 } }),
      onProgress: ({ frames }) => progress.push(frames),
    });
    expect(made.encoder).toMatch(/^libx265/);
    expect(made.notes.join()).toMatch(/nvenc failed \(the device was lost\), encoded by software from the beginning/);
    expect(await frameCounters(output)).toEqual(Array.from({ length: 20 }, (_, i) => i));
    expect(progress.at(-1)).toBe(20);
  });
});
