import { createReadStream } from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClipSaved, Recipe, RenditionReady } from '@smartbox/contracts';
import { TransferSyntaxUid as T } from '@smartbox/dicom';
import { newId } from '@smartbox/kernel';
import { decodePicture, probe, rgbFrames, writeInterlacedVideo, writeSyntheticVideo } from '@smartbox/media/native';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventsUntil, recipe, startService, type Service } from './service.ts';

let service: Service;
let sequence: string;
let fields: string;

beforeAll(async () => {
  service = await startService();
  sequence = join(service.scratch, 'sequence.mp4');
  fields = join(service.scratch, 'fields.mp4');
  await writeSyntheticVideo(sequence, { width: 640, height: 360, frames: 10, fps: 25 });
  writeInterlacedVideo(fields, { target: 'h264-bluray', fields: 'tff', pictures: 6 });
});
afterAll(() => service.close());

/** What the recipe makes of a clip for the PACS. */
async function pacsOf(file: string, dicom: Partial<Recipe['dicom']>): Promise<RenditionReady> {
  const clipId = newId();
  const { key, bytes, sha256 } = await service.store.put(
    `clips/${clipId}/camera-1/source.mp4`,
    createReadStream(file),
    {
      size: (await stat(file)).size,
      contentType: 'video/mp4',
    },
  );
  const at = '2026-01-01T10:00:00.000Z';
  const clip: ClipSaved = {
    clipId,
    kind: 'clip',
    stationId: 'or-1',
    procedureId: newId(),
    recipe: { ...recipe, renditions: ['pacs'], dicom: { ...recipe.dicom, ...dicom } },
    requestedAt: at,
    savedAt: at,
    requestedMs: 400,
    savedMs: 400,
    truncated: false,
    missing: [],
    sources: [
      {
        sourceId: 'camera-1',
        key,
        manifestKey: `clips/${clipId}/camera-1/manifest.json`,
        bytes,
        sha256,
        frames: 10,
        durationMs: 400,
        startedAt: at,
        startMonotonicNs: '0',
        endMonotonicNs: '1',
        width: 640,
        height: 360,
        frameRate: { num: 25, den: 1 },
        codec: 'avc1.640029',
        encoder: 'libx264',
        gaps: [],
        pacs: true,
        formats: 1,
      },
    ],
  };
  const again = newId();
  await service.messaging.publishCommand('transcoder.prepare-again', { again, clip }, { id: again });
  const names = ['transcoder.rendition.ready', 'transcoder.rendition.failed'] as const;
  const [made] = await eventsUntil<RenditionReady>(service, [...names], clipId, (found) => found.length === 1);
  expect(made).toMatchObject({ name: 'transcoder.rendition.ready' });
  return made?.data as RenditionReady;
}

async function local({ key, sha256 }: RenditionReady): Promise<string> {
  const path = join(service.scratch, sha256);
  await writeFile(path, await service.store.get(key));
  return path;
}

async function bytesOf(key: string): Promise<Buffer> {
  return Buffer.concat((await (await service.store.get(key)).toArray()) as Buffer[]);
}

describe('a short sequence in HTJ2K, as the recipe has it', () => {
  it('gives back every sample of every frame, which was looked at, and says what it cost', async () => {
    const made = await pacsOf(sequence, { videoTransferSyntaxes: [T.htj2kLossless, T.h264High41] });
    expect(made).toMatchObject({
      transferSyntaxUid: T.htj2kLossless,
      video: { codec: 'htj2k', frames: 10, chroma: '4:4:4' },
      compression: { ssim: 1, identical: true, comparedFrames: 10 },
    });
    expect(made.compression).not.toHaveProperty('psnr');
    expect(made.compression?.ratio).toBeGreaterThan(1);
    expect(made.compression?.durationMs).toBeGreaterThan(0);
    const lengths = JSON.parse((await bytesOf(made.framesKey ?? '')).toString('utf8')) as number[];
    const all = await bytesOf(made.key);
    let offset = 0;
    for await (const { rgb, index } of rgbFrames(sequence)) {
      const code = all.subarray(offset, (offset += lengths[index] ?? 0));
      expect(decodePicture('jpeg2000', code).rgb?.equals(rgb)).toBe(true);
    }
    expect([lengths.length, offset]).toEqual([10, all.length]);
  });

  it('is as lossy as the recipe has it, measured', async () => {
    const made = await pacsOf(sequence, { videoTransferSyntaxes: [T.htj2k], videoRatio: 20 });
    expect(made.lossyHistory?.map(({ method }) => method)).toEqual(['ISO_14496_10', 'ISO_15444_15']);
    expect(made.compression).toMatchObject({ identical: false, comparedFrames: 10 });
    expect(made.compression?.ratio).toBeGreaterThanOrEqual(20);
    expect(made.compression?.psnr).toBeGreaterThan(25);
    expect(made.compression?.ssim).toBeGreaterThan(0.8);
  });
});

describe('MPEG-2 and the Blu-ray syntax, as the recipe has them', () => {
  it.each([
    [T.mpeg2MainLevel, { codec: 'mpeg2video', width: 720, height: 576, level: 8, frames: 10 }],
    [T.h264BluRay41, { codec: 'h264', width: 1280, height: 720, level: 41, frames: 20 }],
  ])('%s of a progressive clip', async (uid, expected) => {
    const made = await pacsOf(sequence, { videoTransferSyntaxes: [uid] });
    expect(made).toMatchObject({ mode: 'encoded', transferSyntaxUid: uid, video: expected });
    expect(made.compression?.psnr).toBeGreaterThan(25);
    expect(await probe(await local(made))).toMatchObject({ ...expected, interlaced: false, constantFrameRate: true });
  });

  it('keep fields as they are, or deinterlace where the syntax has whole pictures, and say so', async () => {
    const kept = await pacsOf(fields, { videoTransferSyntaxes: [T.h264BluRay41] });
    expect(kept).toMatchObject({ mode: 'passthrough', transferSyntaxUid: T.h264BluRay41 });
    const mpeg2 = await pacsOf(fields, { videoTransferSyntaxes: [T.mpeg2HighLevel] });
    expect(await probe(await local(mpeg2))).toMatchObject({ codec: 'mpeg2video', fields: 'tff', frames: 6 });
    expect(mpeg2.notes?.join()).toContain('stays so');
    const whole = await pacsOf(fields, { videoTransferSyntaxes: [T.h264High42] });
    expect(await probe(await local(whole))).toMatchObject({ fields: null, frames: 12, frameRate: { num: 50 } });
    expect(whole.notes?.join()).toContain('every field became a frame');
    expect(whole.compression).toMatchObject({ comparedFrames: 12 });
  });
});
