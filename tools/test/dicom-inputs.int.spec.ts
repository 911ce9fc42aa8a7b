import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TransferSyntaxUid as T } from '@smartbox/dicom';
import { writeSyntheticVideo } from '@smartbox/media/native';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dicom } from './dicom-run.ts';

let dir: string;
const at = (name: string) => join(dir, name);
const ffmpeg = (...args: string[]) => execFileSync('/usr/bin/ffmpeg', ['-loglevel', 'error', '-y', ...args]);
/** A hash per frame as FFmpeg's command line decodes a file, turned as it is shown. */
const framemd5 = (file: string, ...args: string[]) =>
  ffmpeg('-i', file, ...args, '-f', 'framemd5', '-')
    .toString()
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(',').at(-1)?.trim());
/** Of two films or pictures as `ffmpeg` shows them, in dB. */
function psnr(one: string, other: string): number {
  const args = ['-i', one, '-i', other, '-lavfi', '[0][1]psnr', '-f', 'null', '-'];
  const said = spawnSync('/usr/bin/ffmpeg', args, { encoding: 'utf8' }).stderr;
  return Number(/PSNR.* average:([\d.]+)/.exec(said)?.[1]);
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'dicom-inputs-'));
  await writeSyntheticVideo(at('video.mp4'), { width: 320, height: 180, frames: 20, fps: 25 });
  ffmpeg('-i', at('video.mp4'), '-s', '720x576', '-c:v', 'mpeg2video', '-bf', '2', '-b:v', '4M', at('packs.vob'));
});
afterAll(() => rm(dir, { recursive: true }));

async function made(input: string, sop = 'Video Endoscopic') {
  const [object, payload] = [at('object.dcm'), at('payload')];
  const { code, json } = await dicom('make', input, '--sop', sop, '--out', object);
  expect(code).toBe(0);
  expect(await dicom('check', object)).toMatchObject({ code: 0, json: { ok: true } });
  expect(await dicom('extract', object, '--out', payload)).toMatchObject({ code: 0 });
  return { json, payload };
}

describe('a stream stays as it is, whatever it came in', () => {
  it.each([
    ['the packs of MPEG-1', 'mpg', 'remuxed'],
    ['Matroska', 'mkv', 'remuxed'],
    ['MXF', 'mxf', 'remuxed'],
    ['MP4', 'mp4', 'remuxed'],
    ['the packs of MPEG-2', 'vob', 'as-is'],
  ])('MPEG-2 in %s', async (_name, extension, mode) => {
    const input = at(`mpeg2.${extension}`);
    ffmpeg('-i', at('packs.vob'), '-c', 'copy', input);
    const { json, payload } = await made(input);
    expect(json).toMatchObject({ mode, reencoded: false, transferSyntaxUid: T.mpeg2MainLevel, frames: 20 });
    expect(framemd5(payload)).toEqual(framemd5(input));
  });

  it('Motion JPEG in AVI, each frame byte for byte; its sound is left out and that is said', async () => {
    const input = at('motion.avi');
    const sound = ['-f', 'lavfi', '-i', 'sine=duration=0.8', '-c:a', 'pcm_s16le'];
    ffmpeg('-i', at('video.mp4'), ...sound, '-c:v', 'mjpeg', '-q:v', '3', '-huffman', 'default', input);
    const { json, payload } = await made(input);
    expect(json).toMatchObject({ reencoded: false, transferSyntaxUid: T.jpegBaseline, frames: 20 });
    expect(json.notes).toContain('the sound of the input was left out');
    ffmpeg('-i', input, '-c:v', 'copy', '-an', '-f', 'mjpeg', at('frames.mjpeg'));
    expect((await readFile(payload)).equals(await readFile(at('frames.mjpeg')))).toBe(true);
  });
});

describe('a picture that is shown otherwise than coded', () => {
  it('is turned upright, pixel by pixel, and the answer says so', async () => {
    const input = at('turned.mp4');
    ffmpeg('-i', at('video.mp4'), '-c', 'copy', '-metadata:s:v', 'rotate=90', input);
    const { json, payload } = await made(input);
    expect(json).toMatchObject({ reencoded: true, rows: 320, columns: 180, frames: 20 });
    expect(json.reason).toMatch(/turned or mirrored by its container \(PS3\.3 C\.7\.6\.3\.1\)/);
    expect(json.notes).toContain('the picture was turned upright, as its container shows it');
    // what is left between the two, of which ffmpeg turns one by itself, is the loss of coding
    expect(psnr(payload, input)).toBeGreaterThan(35);
  });

  it('is turned upright where a JPEG says it by EXIF', async () => {
    ffmpeg('-i', at('video.mp4'), '-frames:v', '1', at('lying.jpg'));
    const jpeg = await readFile(at('lying.jpg'));
    const exif = Buffer.from('ffe100224578696600004d4d002a00000008000101120003000000010006000000000000', 'hex');
    await writeFile(at('exif.jpg'), Buffer.concat([jpeg.subarray(0, 2), exif, jpeg.subarray(2)]));
    const { json, payload } = await made(at('exif.jpg'), 'VL Photographic');
    expect(json).toMatchObject({ reencoded: true, rows: 320, columns: 180, transferSyntaxUid: T.jpegBaseline });
    ffmpeg('-i', at('lying.jpg'), '-vf', 'transpose=clock', at('upright.png'));
    expect(psnr(payload, at('upright.png'))).toBeGreaterThan(30); // colour is halved along the other axis
  });

  it('of an odd size or of samples that are not square is scaled, and the answer says to what', async () => {
    ffmpeg(
      '-i',
      at('video.mp4'),
      '-vf',
      'scale=321:179,setsar=16/15',
      '-pix_fmt',
      'yuv444p',
      '-c:v',
      'ffv1',
      at('odd.mkv'),
    );
    const { json } = await made(at('odd.mkv'));
    expect(json).toMatchObject({ rows: 178, columns: 342 });
    expect(json.notes).toContain(
      'the picture of 321x179 with samples of 16:15 was scaled to 342x178 with samples of 1:1',
    );
  });
});
