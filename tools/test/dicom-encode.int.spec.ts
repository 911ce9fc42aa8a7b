import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TransferSyntaxUid as T } from '@smartbox/dicom';
import { probe, syntheticFragments, writeInterlacedVideo, writeSyntheticVideo } from '@smartbox/media/native';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dicom } from './dicom-run.ts';

let dir: string;
let video: string;
const at = (name: string) => join(dir, name);

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'dicom-encode-'));
  video = at('video.mp4');
  await writeSyntheticVideo(video, { width: 320, height: 180, frames: 10, fps: 25 });
});
afterAll(() => rm(dir, { recursive: true }));

describe('a video', () => {
  it('has the times of its frames where the input has a hole', async () => {
    const [first, , third] = syntheticFragments({ width: 320, height: 180, frames: 90 });
    if (!first || !third) throw new Error('three fragments');
    await writeFile(at('hole.mp4'), Buffer.concat([first.init, first.data, third.data]));
    const made = await dicom('make', at('hole.mp4'), '--sop', 'Video Endoscopic', '--out', at('hole.dcm'));
    expect(made).toMatchObject({ code: 0, json: { mode: 'remuxed', reencoded: false } });
    const { dataset } = (await dicom('dump', at('hole.dcm'))).json;
    const { frameTimesMs } = await probe(at('hole.mp4'));
    const written = (dataset as { FrameTimeVector: number[] }).FrameTimeVector;
    expect(written).toHaveLength(frameTimesMs?.length ?? 0);
    for (const [i, each] of written.entries()) expect(each).toBeCloseTo(frameTimesMs?.[i] ?? NaN, 2);
    expect(Math.max(...written)).toBeGreaterThan(900);
    expect(await dicom('check', at('hole.dcm'))).toMatchObject({ code: 0, json: { ok: true } });
  });

  it('is coded anew where it has to be, and says what that cost and kept', async () => {
    const lossy = ['make', video, '--sop', 'Multi-frame True Color', '--transfer-syntax', 'HTJ2K', '--ratio', '10:1'];
    const made = await dicom(...lossy, '--out', at('lossy.dcm'));
    expect(made).toMatchObject({
      code: 0,
      json: { mode: 'encoded', frames: 10, fragments: 10, encoder: 'OpenJPH 10:1' },
    });
    expect(made.json['compression']).toMatchObject({ comparedFrames: 10, identical: false });
    const { ratio, psnr, ssim, durationMs } = made.json['compression'];
    expect([ratio >= 10, psnr > 30, ssim > 0.9, durationMs > 0]).toEqual([true, true, true, true]);
    expect(made.words).toMatch(/compression: \d+(\.\d+)?:1, PSNR \d+/);
    const lossless = [
      'make',
      video,
      '--sop',
      'Video Endoscopic',
      '--transfer-syntax',
      '.202',
      '--out',
      at('lossless.dcm'),
    ];
    expect(await dicom(...lossless)).toMatchObject({ code: 0, json: { compression: { identical: true, ssim: 1 } } });
    for (const name of ['lossy.dcm', 'lossless.dcm'])
      expect(await dicom('check', at(name))).toMatchObject({ code: 0, json: { ok: true } });
  });

  it('keeps the fields of an interlaced video where the syntax holds them, and deinterlaces it where not', async () => {
    const fields = at('fields.mp4');
    writeInterlacedVideo(fields, { target: 'h264-bluray', fields: 'tff', pictures: 4 });
    const make = (name: string, syntax?: string) =>
      dicom(
        'make',
        fields,
        '--sop',
        'Video Endoscopic',
        ...(syntax ? ['--transfer-syntax', syntax] : []),
        '--out',
        at(name),
      );
    expect(await make('as-is.dcm')).toMatchObject({
      json: { mode: 'as-is', transferSyntaxUid: T.h264BluRay41, frames: 4 },
    });
    const mpeg2 = await make('mpeg2.dcm', '.101');
    expect(mpeg2).toMatchObject({ json: { mode: 'encoded', frames: 4, notes: [expect.stringContaining('stays so')] } });
    const whole = await make('whole.dcm', '.104');
    expect(whole).toMatchObject({
      json: { frames: 8, notes: [expect.stringContaining('every field became a frame')] },
    });
    for (const name of ['as-is.dcm', 'mpeg2.dcm', 'whole.dcm'])
      expect(await dicom('check', at(name))).toMatchObject({ code: 0, json: { ok: true } });
  });
});
