import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TransferSyntaxUid as T } from '@smartbox/dicom';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dicom, sha256 } from './dicom-run.ts';

const PACKET = 188;
let dir: string;
const at = (name: string) => join(dir, name);
const ffmpeg = (...args: string[]) => execFileSync('/usr/bin/ffmpeg', ['-v', 'error', '-y', ...args]);

/** 30 pictures in a transport stream, in GOPs of 15 with B-frames, as another encoder writes it. */
function film(name: string, ...codec: string[]): string {
  ffmpeg('-f', 'lavfi', '-i', 'testsrc2=size=320x176:rate=30000/1001', '-frames:v', '30', '-pix_fmt', 'yuv420p', ...codec, '-g', '15', '-f', 'mpegts', at(name)); // prettier-ignore
  return at(name);
}

/** As FFmpeg decodes it. */
const decoded = (file: string): number =>
  Number(execFileSync('/usr/bin/ffprobe', ['-v', 'error', '-count_frames', '-select_streams', 'v:0', '-show_entries', 'stream=nb_read_frames', '-of', 'csv=p=0', file]).toString().trim().split('\n')[0]); // prettier-ignore

const reader = `
import json, sys
import pydicom
object = pydicom.dcmread(sys.argv[1])
vector = object.get("FrameTimeVector")
json.dump({
  "syntax": object.file_meta.TransferSyntaxUID, "frames": int(object.NumberOfFrames),
  "size": [object.Columns, object.Rows], "rate": str(object.get("FrameTime", "")),
  "vector": [float(each) for each in vector] if vector else [],
}, sys.stdout)
`;
const read = (file: string) =>
  JSON.parse(execFileSync('/usr/bin/python3', ['-c', reader, file]).toString()) as {
    syntax: string;
    frames: number;
    size: number[];
    rate: string;
    vector: number[];
  };

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'dicom-transport-'));
});
afterAll(() => rm(dir, { recursive: true }));

describe('a transport stream', () => {
  it('keeps its sound where the syntax carries it, with its own channels, else the video alone', async () => {
    const make = (name: string) =>
      dicom(
        'make',
        join(import.meta.dirname, 'fixtures', `sound-${name}.m2ts`),
        '--sop',
        'Video Endoscopic',
        '--out',
        at(`${name}.dcm`),
      );
    const ac3 = await make('ac3');
    expect(ac3).toMatchObject({ code: 0, json: { mode: 'as-is', frames: 20, notes: [] } });
    expect(ac3.json['payloadSha256']).toBe(await sha256(join(import.meta.dirname, 'fixtures', 'sound-ac3.m2ts')));
    expect((await dicom('dump', at('ac3.dcm'))).json['dataset']).toMatchObject({
      MultiplexedAudioChannelsDescriptionCodeSequence: [{ ChannelIdentificationCode: [1], ChannelMode: ['MONO'] }],
    });
    const aac = await make('aac');
    expect(aac).toMatchObject({ code: 0, json: { mode: 'remuxed', reencoded: false, frames: 20 } });
    expect(aac.json['reason']).toMatch(/the stream has aac of 48000 Hz, 2 channels.*PS3\.5 8\.2\.12/);
    expect(aac.json['notes']).toEqual(['the sound of the input was left out']);
    expect((await dicom('dump', at('aac.dcm'))).json['dataset']).not.toHaveProperty(
      'MultiplexedAudioChannelsDescriptionCodeSequence',
    );
    for (const name of ['ac3.dcm', 'aac.dcm'])
      expect(await dicom('check', at(name))).toMatchObject({ code: 0, json: { ok: true } });
  });

  it.each([
    ['h264', ['-c:v', 'libx264', '-profile:v', 'high', '-bf', '2'], T.h264High41],
    ['hevc', ['-c:v', 'libx265', '-x265-params', 'log-level=none:open-gop=0:bframes=2'], T.hevcMain51],
  ])('of %s becomes an object as it is: counted, described and read back by others', async (codec, args, syntax) => {
    const input = film(`${codec}.ts`, ...args);
    const made = await dicom('make', input, '--sop', 'Video Endoscopic', '--out', at(`${codec}.dcm`));
    expect(made).toMatchObject({ code: 0, json: { mode: 'as-is', reencoded: false, transferSyntaxUid: syntax } });
    expect(made.json['payloadSha256']).toBe(await sha256(input));
    expect(read(at(`${codec}.dcm`))).toEqual({
      syntax,
      frames: 30,
      size: [320, 176],
      rate: '33.3666666666667',
      vector: [],
    });
    await dicom('extract', at(`${codec}.dcm`), '--out', at(`${codec}-back.ts`));
    expect(decoded(at(`${codec}-back.ts`))).toBe(30);
    expect(await dicom('check', at(`${codec}.dcm`))).toMatchObject({ code: 0, json: { ok: true } });
  });

  it('of a variable rate keeps the times of its frames', async () => {
    const fixtures = join(import.meta.dirname, '../../libs/dicom/test/fixtures');
    const input = join(fixtures, 'h264-variable-rate.m2ts');
    const made = await dicom('make', input, '--sop', 'Video Endoscopic', '--out', at('variable.dcm'));
    expect(made).toMatchObject({ code: 0, json: { mode: 'as-is', frames: 40 } });
    const { vector, frames } = read(at('variable.dcm'));
    const ticks = JSON.parse(await readFile(join(fixtures, 'h264-variable-rate.json'), 'utf8')) as number[];
    expect([frames, vector.length, decoded(input)]).toEqual([40, 40, 40]);
    let sum = 0;
    for (const [i, tick] of ticks.entries()) expect(Math.abs((sum += vector[i] ?? 0) - tick / 90)).toBeLessThan(0.001);
    expect(await dicom('check', at('variable.dcm'))).toMatchObject({ code: 0, json: { ok: true } });
  });

  it('with time stamps before its packets, as discs have it, gives its pictures to an MP4', async () => {
    const packets = await readFile(at('h264.ts'));
    const stamped = Array.from({ length: packets.length / PACKET }, (_, i) => [
      Buffer.from([0, 0, i >> 8, i & 255]),
      packets.subarray(i * PACKET, (i + 1) * PACKET),
    ]);
    await writeFile(at('disc.m2ts'), Buffer.concat(stamped.flat()));
    const made = await dicom('make', at('disc.m2ts'), '--sop', 'Video Endoscopic', '--out', at('disc.dcm'));
    expect(made).toMatchObject({ code: 0, json: { mode: 'remuxed', reencoded: false, frames: 30 } });
    await dicom('extract', at('disc.dcm'), '--out', at('disc.mp4'));
    expect(decoded(at('disc.mp4'))).toBe(30);
  });

  it('that begins inside a GOP is coded anew: what cannot be decoded is not counted', async () => {
    const packets = await readFile(at('h264.ts'));
    // the tables, then everything behind the first picture
    const starts = Array.from({ length: packets.length / PACKET }, (_, i) => i * PACKET).filter(
      (i) => packets.readUInt16BE(i + 1) === 0x4100,
    );
    const [, second = 0] = starts;
    await writeFile(at('late.ts'), Buffer.concat([packets.subarray(0, starts[0]), packets.subarray(second)]));
    const made = await dicom('make', at('late.ts'), '--sop', 'Video Endoscopic', '--out', at('late.dcm'));
    expect(made).toMatchObject({ code: 0, json: { mode: 'encoded' } });
    expect(made.json['reason']).toMatch(/cannot be decoded alone: cut it at a keyframe \(PS3\.5 8\.2\.7/);
    await dicom('extract', at('late.dcm'), '--out', at('late.mp4'));
    expect(decoded(at('late.mp4'))).toBe(made.json['frames']);
  });
});
