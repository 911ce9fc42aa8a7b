import 'reflect-metadata';
import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { ClipSaved, EventName, QualityMeasured, Recipe, RenditionReady, StillCaptured } from '@smartbox/contracts';
import { newId } from '@smartbox/kernel';
import {
  decodePicture,
  frameCounters,
  rgbFrames,
  type SyntheticVideo,
  writeSyntheticVideo,
} from '@smartbox/media/native';
import { connectMessaging, Messaging } from '@smartbox/messaging';
import { ObjectStore, parseS3Url } from '@smartbox/storage';
import { startNats, testBucket, until, type NatsServer } from '@smartbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const recipe: Recipe = {
  name: 'endoscopy',
  version: 1,
  title: { de: 'Endoskopie', en: 'Endoscopy' },
  saveSeconds: 120,
  dicom: { videoSopClass: 'video-endoscopic', stillSopClass: 'vl-endoscopic', modality: 'ES' },
  renditions: ['pacs', 'poster', 'sprite'],
  destinations: ['pacs'],
};

let nats: NatsServer;
let app: NestFastifyApplication;
let messaging: Messaging;
let store: ObjectStore;
let scratch: string;

beforeAll(async () => {
  nats = await startNats();
  scratch = await mkdtemp(join(tmpdir(), 'transcoder-spec-'));
  const bucket = await testBucket();
  Object.assign(process.env, {
    NATS_URL: nats.url,
    NATS_USER: nats.credentials.user,
    NATS_PASSWORD: nats.credentials.password,
    S3_URL: `${bucket.url}/${bucket.bucket}`,
    S3_ACCESS_KEY: bucket.credentials.accessKey,
    S3_SECRET_KEY: bucket.credentials.secretKey,
    SCRATCH_DIR: join(scratch, 'work'),
  });
  const { config } = await import('../src/config.ts');
  const { AppModule } = await import('../src/app.module.ts');
  store = new ObjectStore(parseS3Url(config.s3.url, config.s3.credentials));
  app = await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter(), { logger: false });
  await connectMessaging(app);
  // A clip's events come from the buffer, so this connection speaks as the buffer.
  messaging = await Messaging.connect({ service: 'buffer', ...config.nats });
});

afterAll(async () => {
  await messaging?.close();
  await app?.close();
  await nats?.stop();
  await rm(scratch, { recursive: true, force: true });
});

/** Puts a really encoded video under the key a clip's source would have. */
async function storedVideo(id: string, video: SyntheticVideo) {
  const file = join(scratch, `${newId()}.mp4`);
  await writeSyntheticVideo(file, video);
  return store.put(`clips/${id}/camera-1/source.mp4`, createReadStream(file), {
    size: (await stat(file)).size,
    contentType: 'video/mp4',
  });
}

/** One frame of a stored video, decoded. */
async function rgbOf(key: string, index: number): Promise<Buffer> {
  const file = join(scratch, `${newId()}.mp4`);
  await writeFile(file, await store.get(key));
  for await (const frame of rgbFrames(file)) if (frame.index === index) return frame.rgb;
  throw new Error(`there is no frame ${index}`);
}

async function saveClip(video: SyntheticVideo): Promise<ClipSaved> {
  const clipId = newId();
  const stored = await storedVideo(clipId, video);
  const at = '2026-01-01T10:00:00.000Z';
  const clip: ClipSaved = {
    clipId,
    kind: 'clip',
    stationId: 'or-1',
    procedureId: newId(),
    recipe,
    requestedAt: at,
    savedAt: at,
    requestedMs: 4000,
    savedMs: 4000,
    truncated: false,
    missing: [],
    sources: [
      {
        sourceId: 'camera-1',
        key: stored.key,
        manifestKey: `clips/${clipId}/camera-1/manifest.json`,
        bytes: stored.bytes,
        sha256: stored.sha256,
        frames: video.frames,
        durationMs: (1000 * video.frames) / (video.fps ?? 30),
        startedAt: at,
        startMonotonicNs: '0',
        endMonotonicNs: '1',
        width: video.width,
        height: video.height,
        frameRate: { num: video.fps ?? 30, den: 1 },
        codec: 'avc1.640029',
        encoder: 'libx264',
        gaps: [],
        pacs: true,
        formats: 1,
      },
    ],
  };
  await messaging.publishEvent('buffer.clip.saved', clip, { id: `clip-saved/${clipId}` });
  return clip;
}

/** Waits for this many events of the clip, in the order they were published. */
async function eventsOf<T>(names: EventName[], id: string, count: number): Promise<T[]> {
  const found: T[] = [];
  const signal = AbortSignal.timeout(110_000);
  for await (const { event } of messaging.readEvents({ names, signal })) {
    const data = event?.data as { origin: { id: string } };
    if (data.origin.id === id && found.push(data as T) === count) break;
  }
  expect(found).toHaveLength(count);
  return found;
}

const ready: EventName[] = ['transcoder.rendition.ready'];

describe('the transcoder', () => {
  it('passes a stream that DICOM holds through, and makes poster and sprite', async () => {
    const clip = await saveClip({ width: 640, height: 360, frames: 120 });
    const made = await eventsOf<RenditionReady>(ready, clip.clipId, 3);
    // The first two are made side by side; the sprite, which nobody waits for, comes last.
    expect(
      made
        .slice(0, 2)
        .map((event) => event.rendition)
        .sort(),
    ).toEqual(['pacs', 'poster']);

    const [poster, pacs] = ['poster', 'pacs'].map((name) => made.find((event) => event.rendition === name));
    const sprite = made[2];
    expect(sprite?.rendition).toBe('sprite');
    expect(pacs).toMatchObject({ mode: 'passthrough', key: clip.sources[0]?.key, sha256: clip.sources[0]?.sha256 });
    expect(pacs?.video).toMatchObject({
      codec: 'h264',
      profile: 'High',
      frames: 120,
      width: 640,
      constantFrameRate: true,
    });
    expect(poster?.picture).toEqual({ width: 640, height: 360 });
    expect(sprite?.sprite).toMatchObject({ count: 2, columns: 2, rows: 1, tileWidth: 240 });
    for (const picture of [poster, sprite]) {
      const head = await (await store.getRange(picture?.key ?? '', 0, 3)).toArray();
      expect(Buffer.concat(head as Buffer[]).toString('hex')).toBe('ffd8ff'); // JPEG, SOI and a marker
      await store.verify(picture?.key ?? '', { bytes: picture?.bytes ?? 0, sha256: picture?.sha256 ?? '' });
    }
  });

  it('warns of a film for the archive that stands still where its source moves', async () => {
    const clip = await saveClip({ width: 320, height: 180, frames: 40, gop: 10 });
    const pacs = (await eventsOf<RenditionReady>(ready, clip.clipId, 3)).find((event) => event.rendition === 'pacs');
    const [moving, still] = [join(scratch, `${newId()}.mp4`), join(scratch, `${newId()}.mp4`)];
    await writeFile(moving, await store.get(pacs?.key ?? ''));
    // the 20th picture stays for as long as the others would have
    const hold = 'trim=end_frame=20,tpad=stop=20:stop_mode=clone';
    await promisify(execFile)('ffmpeg', ['-loglevel', 'error', '-i', moving, '-vf', hold, '-c:v', 'libx264', still]);
    const key = `clips/${clip.clipId}/camera-1/renditions/pacs.mp4`;
    const { size } = await stat(still);
    const { bytes, sha256 } = await store.put(key, createReadStream(still), { size, contentType: 'video/mp4' });
    const { config } = await import('../src/config.ts');
    const itself = await Messaging.connect({ service: 'transcoder', ...config.nats });
    try {
      const made = { ...(pacs as RenditionReady), mode: 'encoded' as const, key, bytes, sha256 };
      await itself.publishEvent('transcoder.rendition.ready', made, { id: `still/${clip.clipId}` });
      const [warned] = await eventsOf<{ code: string; reason: string }>(['transcoder.quality.warned'], clip.clipId, 1);
      expect(warned).toMatchObject({ code: 'frames-differ', rendition: 'pacs', origin: { stationId: 'or-1' } });
      const [measured] = await eventsOf<QualityMeasured>(['transcoder.quality.measured'], clip.clipId, 1);
      expect(measured?.summary).toMatchObject({ passed: false, frames: { reference: 40, distorted: 40 } });
      expect(measured?.summary.repeatedFrames).toBeGreaterThan(10);
    } finally {
      await itself.close();
    }
  });

  it('encodes what no transfer syntax holds, says why, and keeps every frame in order', async () => {
    // More than 1080p: level 5.0, which no DICOM transfer syntax for H.264 carries.
    const clip = await saveClip({ width: 2560, height: 1440, frames: 20 });
    const made = await eventsOf<RenditionReady>(ready, clip.clipId, 3);
    const pacs = made.find((event) => event.rendition === 'pacs');
    expect(pacs?.mode).toBe('encoded');
    expect(pacs?.reason).toMatch(/level|5\.0|50/i);
    expect(pacs?.video).toMatchObject({
      codec: 'hevc',
      profile: 'Main',
      level: 51,
      width: 2560,
      height: 1440,
      frames: 20,
      bitDepth: 8,
      bFrames: false,
      closedGop: true,
    });
    expect(pacs?.key).toBe(`clips/${clip.clipId}/camera-1/renditions/pacs.mp4`);
    const file = join(scratch, 'encoded.mp4');
    await writeFile(file, await store.get(pacs?.key ?? ''));
    expect(await frameCounters(file)).toEqual(Array.from({ length: 20 }, (_, i) => i));
    const [quality] = await eventsOf<QualityMeasured>(['transcoder.quality.measured'], clip.clipId, 1);
    expect(quality).toMatchObject({ rendition: 'pacs', summary: { passed: true, frames: { compared: 20 } } });
    // nothing is left in the scratch folder
    await until(async () => (await readdir(join(scratch, 'work'))).length === 0, { what: 'an empty scratch folder' });
  });

  it('announces a clip worked off twice only once', async () => {
    const clip = await saveClip({ width: 320, height: 192, frames: 30 });
    const first = await eventsOf<RenditionReady>(ready, clip.clipId, 3);
    await messaging.publishEvent('buffer.clip.saved', clip, { id: `again/${clip.clipId}` });
    // The next clip is worked off after the repeated one.
    const next = await saveClip({ width: 320, height: 192, frames: 30 });
    await eventsOf<RenditionReady>(ready, next.clipId, 3);
    const all: RenditionReady[] = [];
    for await (const { event } of messaging.readEvents({ names: ready, follow: false })) {
      const data = event?.data as RenditionReady;
      if (data.origin.id === clip.clipId) all.push(data);
    }
    expect(all).toEqual(first);
  });

  it('takes the exact frame as a still', async () => {
    const stillId = newId();
    const stored = await storedVideo(stillId, { width: 640, height: 360, frames: 30 });
    const still: StillCaptured = {
      stillId,
      stationId: 'or-1',
      procedureId: newId(),
      recipe,
      at: '2026-01-01T10:00:00.500Z',
      sourceId: 'camera-1',
      key: stored.key,
      sha256: stored.sha256,
      bytes: stored.bytes,
      frame: 17,
      width: 640,
      height: 360,
    };
    await messaging.publishEvent('buffer.still.captured', still, { id: `still/${stillId}` });
    const [made] = await eventsOf<RenditionReady>(ready, stillId, 1);
    expect(made).toMatchObject({ rendition: 'still', contentType: 'image/jpeg', picture: { width: 640, height: 360 } });
    const file = join(scratch, 'still.jpg');
    await writeFile(file, await store.get(made?.key ?? ''));
    expect(await frameCounters(file)).toEqual([17]);
    expect(made?.lossyHistory?.map(({ method }) => method)).toEqual(['ISO_14496_10', 'ISO_10918_1']);
    expect(made?.compression).toMatchObject({ comparedFrames: 1, identical: false });
    expect(made?.compression?.psnr).toBeGreaterThan(35);

    // where the recipe wants another syntax, the object is coded from the frame itself; the screen keeps its JPEG
    const dicom = { ...recipe.dicom, stillTransferSyntax: '1.2.840.10008.1.2.4.201' };
    const lossless = { ...still, stillId: newId(), recipe: { ...recipe, dicom } };
    await messaging.publishEvent('buffer.still.captured', lossless, { id: `still/${lossless.stillId}` });
    const [poster, code] = await eventsOf<RenditionReady>(ready, lossless.stillId, 2);
    expect(poster).toMatchObject({ rendition: 'poster', contentType: 'image/jpeg' });
    expect(code).toMatchObject({ rendition: 'still', transferSyntaxUid: '1.2.840.10008.1.2.4.201' });
    expect(code?.lossyHistory?.map(({ method }) => method)).toEqual(['ISO_14496_10']);
    expect(code?.compression).toMatchObject({ ssim: 1, identical: true });
    const chunks = (await (await store.get(code?.key ?? '')).toArray()) as Buffer[];
    const picture = decodePicture('jpeg2000', Buffer.concat(chunks)); // by another decoder: FFmpeg's
    expect(picture.rgb?.equals(await rgbOf(stored.key, 17))).toBe(true);

    // PNG was asked for: the screen shows it, and the object holds the same samples uncompressed
    const png = { ...still, stillId: newId(), format: 'png' as const };
    await messaging.publishEvent('buffer.still.captured', png, { id: `still/${png.stillId}` });
    const [shown, raw] = await eventsOf<RenditionReady>(ready, png.stillId, 2);
    expect(shown).toMatchObject({ rendition: 'poster', contentType: 'image/png' });
    expect(raw).toMatchObject({ rendition: 'still', transferSyntaxUid: '1.2.840.10008.1.2.1' });
    const samples = Buffer.concat((await (await store.get(raw?.key ?? '')).toArray()) as Buffer[]);
    await writeFile(file, await store.get(shown?.key ?? ''));
    for await (const { rgb } of rgbFrames(file)) expect(rgb.equals(samples)).toBe(true);
    expect(samples.equals(await rgbOf(stored.key, 17))).toBe(true);

    const tenToOne = { ...recipe.dicom, stillTransferSyntax: '1.2.840.10008.1.2.4.203', stillRatio: 10 };
    const lossy = { ...still, stillId: newId(), recipe: { ...recipe, dicom: tenToOne } };
    await messaging.publishEvent('buffer.still.captured', lossy, { id: `still/${lossy.stillId}` });
    const [, small] = await eventsOf<RenditionReady>(ready, lossy.stillId, 2);
    expect(small?.lossyHistory?.map(({ method }) => method)).toEqual(['ISO_14496_10', 'ISO_15444_15']);
    expect(small?.compression?.ratio).toBeGreaterThanOrEqual(10);
    expect(small?.compression?.psnr).toBeGreaterThan(30);
    expect(small?.compression?.ssim).toBeGreaterThan(0.9);
  });

  it('announces what can never be made as failed, and goes on', async () => {
    const stillId = newId();
    const text = Buffer.from('this is no video');
    const stored = await store.put(`clips/${stillId}/camera-1/gop.mp4`, text, {
      size: text.length,
      contentType: 'video/mp4',
    });
    const broken = {
      stillId,
      stationId: 'or-1',
      procedureId: newId(),
      recipe,
      at: '2026-01-01T10:00:00.500Z',
      sourceId: 'camera-1',
      key: stored.key,
      sha256: stored.sha256,
      bytes: stored.bytes,
      frame: 0,
      width: 640,
      height: 360,
    };
    await messaging.publishEvent('buffer.still.captured', broken, { id: `still/${stillId}` });
    const [failed] = await eventsOf<{ code: string; reason: string }>(['transcoder.rendition.failed'], stillId, 1);
    expect(failed?.code).toBe('media-error');
    expect(failed?.reason).not.toMatch(/X-Amz/); // no signed address in what people read
  });

  it('cancels a clip, and prepares it after all when a person asks again', async () => {
    const clipId = newId();
    await messaging.publishCommand('transcoder.cancel-job', { clipId }, { id: `cancel/${clipId}` });
    const cancelled = await saveClip({ width: 320, height: 192, frames: 30 });
    await messaging.publishCommand('transcoder.cancel-job', { clipId: cancelled.clipId }, { id: cancelled.clipId });
    // Either the work was quicker or it says that it was cancelled; nothing hangs and nothing is half there.
    const outcome = await eventsOf<{ code?: string }>(
      ['transcoder.rendition.ready', 'transcoder.rendition.failed'],
      cancelled.clipId,
      3,
    );
    for (const event of outcome) expect(event.code ?? 'cancelled').toBe('cancelled');

    const again = newId();
    await messaging.publishCommand('transcoder.prepare-again', { again, clip: cancelled }, { id: again });
    const before = outcome.filter(({ code }) => code === undefined).length;
    const made = (await eventsOf<RenditionReady>(ready, cancelled.clipId, before + 3)).filter(
      (event) => event.again === again,
    );
    expect(made.map(({ rendition }) => rendition).sort()).toEqual(['pacs', 'poster', 'sprite']);
  });
});
