import 'reflect-metadata';
import { execFile, execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import {
  QualityReport,
  SegmentFile,
  type CopyExport,
  type EditSource,
  type EventName,
  type ExportClip,
  type ExportProfile,
  type QualityMeasured,
  type RenditionReady,
} from '@smartbox/contracts';
import { newId } from '@smartbox/kernel';
import { codedFrames, frameCounters, frameHashes, writeSyntheticVideo } from '@smartbox/media/native';
import { until } from '@smartbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { z } from 'zod';
import { eventsUntil, originOf, startService, type Service } from './service.ts';

const FRAMES = 60;
let service: Service;
let source: EditSource;
let file: string;
let configDir: string;

beforeAll(async () => {
  configDir = await mkdtemp(join(tmpdir(), 'targets-'));
  service = await startService({ CONFIG_DIR: configDir });
  const share = join(service.scratch, 'share');
  await mkdir(share);
  const targets = [
    { name: 'share', title: 'Teaching', path: share, mounted: false },
    { name: 'stick', title: 'Stick', path: share },
  ];
  await writeFile(join(configDir, 'export-targets.yaml'), stringify({ targets }));
  file = join(service.scratch, 'film.mp4');
  await writeSyntheticVideo(file, { width: 640, height: 360, frames: FRAMES, gop: 30 });
  source = await service.keep(file, FRAMES);
});
afterAll(async () => {
  await service?.close();
  await rm(configDir, { recursive: true, force: true });
});

async function ask(profiles: ExportProfile[], more: Partial<ExportClip> = {}): Promise<ExportClip> {
  const { frames: _, ...stored } = source;
  const command: ExportClip = {
    exportId: newId(),
    origin: originOf(source),
    source: stored,
    outputs: profiles.map((profile) => ({ renditionId: newId(), profile })),
    redactions: [],
    requestedAt: new Date().toISOString(),
    ...more,
  };
  await service.messaging.publishCommand('transcoder.export-clip', command, { id: command.exportId });
  return command;
}

async function outcome({ outputs }: ExportClip) {
  const ids = new Set(outputs.map(({ renditionId }) => renditionId));
  const found = await eventsUntil<{ renditionId?: string }>(
    service,
    ['transcoder.rendition.ready', 'transcoder.rendition.failed', 'transcoder.quality.measured'],
    source.clipId,
    (all) =>
      ids.size ===
      new Set(
        all.filter(({ name, data }) => name !== 'transcoder.quality.measured' && ids.has(data.renditionId ?? '')).map(({ data }) => data.renditionId), // prettier-ignore
      ).size,
  );
  const of = <T>(name: string) => found.filter((each) => each.name === name).map(({ data }) => data as T);
  const ready = of<RenditionReady>('transcoder.rendition.ready');
  const measured = of<QualityMeasured>('transcoder.quality.measured');
  return (profile: ExportProfile) => {
    const id = outputs.find((each) => each.profile === profile)?.renditionId;
    return {
      ready: ready.find(({ renditionId }) => renditionId === id),
      measured: measured.find(({ renditionId }) => renditionId === id),
    };
  };
}

async function fetched(key: string, name: string): Promise<string> {
  const path = join(service.scratch, name);
  await writeFile(path, await service.store.get(key));
  return path;
}

/** A film in segments: each file an object of its own, as the list says. */
async function expectInPlace(streaming: RenditionReady | undefined): Promise<void> {
  const { listKey = '', files, bytes, playlist } = streaming?.segments ?? {};
  const list = z.array(SegmentFile).parse(await service.store.getJson(listKey));
  expect(list).toHaveLength(files ?? 0);
  expect(list.reduce((sum, file) => sum + file.bytes, 0)).toBe(bytes);
  expect(list.map(({ path }) => path)).toContain(playlist);
  const folder = join(service.scratch, 'in-place');
  for (const file of list) {
    const key = `${posix.dirname(listKey)}/${file.path}`;
    await service.store.verify(key, file);
    await mkdir(join(folder, dirname(file.path)), { recursive: true });
    await writeFile(join(folder, file.path), await service.store.get(key));
  }
  expect(await frameCounters(join(folder, playlist ?? ''))).toEqual(all);
}

const all = Array.from({ length: FRAMES }, (_, i) => i);

describe('an export', () => {
  it('makes several files of one request, each measured and each as it says', { timeout: 120_000 }, async () => {
    const command = await ask(['pacs', 'streaming', 'mobile', 'original', 'archive'], { destinations: ['pacs'] });
    const made = await outcome(command);

    expect(made('original').ready).toMatchObject({ key: source.key, sha256: source.sha256, mode: 'passthrough', lossless: true }); // prettier-ignore

    const archive = made('archive').ready;
    expect(archive).toMatchObject({ lossless: true, contentType: 'video/x-matroska', video: { codec: 'ffv1' } });
    const mkv = await fetched(archive?.key ?? '', 'archive.mkv');
    expect(await frameHashes(mkv)).toEqual(await frameHashes(file));

    const { ready: mobile, measured } = made('mobile');
    expect(await frameCounters(await fetched(mobile?.key ?? '', 'mobile.mp4'))).toEqual(all);
    expect(mobile).toMatchObject({ profile: 'mobile', video: { codec: 'h264', profile: 'Main', frames: FRAMES } });
    expect(mobile?.destinations).toBeUndefined();
    expect(measured?.summary).toMatchObject({ passed: true, frames: { reference: FRAMES, compared: FRAMES } });
    const report = QualityReport.parse(await service.store.getJson(measured?.reportKey ?? ''));
    expect(report.curve).toHaveLength(FRAMES);
    expect(report.scenes[0]?.from).toBe(0);

    const pacs = made('pacs').ready;
    expect(pacs).toMatchObject({ destinations: ['pacs'], video: { profile: 'High', bFrames: false, frames: FRAMES } });
    expect(pacs?.derivation?.lossyHistory.map(({ method }) => method)).toEqual(['ISO_14496_10', 'ISO_14496_10']);
    expect(made('pacs').measured?.summary.passed).toBe(true);

    const streaming = made('streaming').ready;
    expect(streaming?.contentType).toBe('application/x-tar');
    const folder = join(service.scratch, 'hls');
    await mkdir(folder);
    const tar = await fetched(streaming?.key ?? '', 'hls.tar');
    execFileSync('tar', ['-xf', tar, '-C', folder]); // as anybody unpacks it
    const [playlist] = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('p/index.m3u8'));
    expect(await frameCounters(join(folder, playlist ?? ''))).toEqual(all);
    await expectInPlace(streaming);
    expect(await readdir(join(service.scratch, 'work'))).toEqual([]);
  });

  it('hides what is to be hidden, in every file of it', { timeout: 120_000 }, async () => {
    const redactions = [{ how: 'black' as const, frames: { from: 10, to: 20 } }];
    const choices = { retainDevice: true, retainInstitution: false, retainPatientCharacteristics: false, confirmBurnedIn: true }; // prettier-ignore
    const command = await ask(['mobile', 'archive-x264', 'dicom-teaching'], { redactions, deidentify: choices });
    const made = await outcome(command);
    for (const profile of ['mobile', 'archive-x264', 'dicom-teaching'] as const) {
      const { ready } = made(profile);
      const counters = await frameCounters(await fetched(ready?.key ?? '', `${profile}.mp4`));
      expect(counters).toHaveLength(FRAMES);
      counters.forEach((counter, i) => expect(counter === i).toBe(i < 10 || i >= 20));
      expect(ready?.notes).toContain('parts of the picture are hidden');
    }
    // what the dicomizer makes an object of, as the archive would get it
    const { ready: teaching } = made('dicom-teaching');
    expect(teaching).toMatchObject({ deidentify: choices, video: { codec: 'h264', profile: 'High', bFrames: false } });
    expect(teaching?.destinations).toBeUndefined();
    expect(made('mobile').ready).not.toHaveProperty('deidentify');
    // measured against the film with the hidden parts: only what the encoder lost
    expect(made('mobile').measured?.summary).toMatchObject({ passed: true, blackFrames: 0 });
  });

  it('goes on where it was killed: what is there is not made again', async () => {
    const command = await ask(['mobile']);
    const { ready } = (await outcome(command))('mobile');
    const before = await service.store.stat(ready?.key ?? '');
    const [first] = command.outputs;
    const more = {
      ...command,
      outputs: [...(first ? [first] : []), { renditionId: newId(), profile: 'original' as const }],
    };
    await service.messaging.publishCommand('transcoder.export-clip', more, { id: newId() });
    expect((await outcome(more))('original').ready?.key).toBe(source.key);
    expect((await service.store.stat(ready?.key ?? '')).lastModified).toEqual(before.lastModified);
  });
});

/** The process that makes the film, as the kernel knows it: a child of this one. */
async function filmWorker(): Promise<number> {
  return until(
    async () => {
      const { stdout } = await promisify(execFile)('ps', ['-o', 'pid=,args=', '--ppid', String(process.pid)]);
      const line = stdout.split('\n').find((each) => each.includes('film-job'));
      return line ? Number(line.trim().split(' ')[0]) : undefined;
    },
    { timeoutMs: 60_000, intervalMs: 20, what: 'a process that makes a film' },
  );
}

describe('an export whose process is killed', () => {
  it('is made once, and nothing partial is to be seen', { timeout: 120_000 }, async () => {
    const keys = async (): Promise<string[]> => {
      const found: string[] = [];
      for await (const { key } of service.store.list(`clips/${source.clipId}/`)) found.push(key);
      return found.sort();
    };
    const before = await keys();
    const command = await ask(['av1']);
    const first = await filmWorker();
    process.kill(first, 'SIGKILL');
    const next = await until(async () => ((await filmWorker()) === first ? undefined : filmWorker()), { timeoutMs: 60_000, intervalMs: 50, what: 'another try' }); // prettier-ignore
    expect(next).not.toBe(first);
    expect(await keys()).toEqual(before);
    const { ready } = (await outcome(command))('av1');
    expect(await frameCounters(await fetched(ready?.key ?? '', 'again.mp4'))).toEqual(all);
    await service.store.verify(ready?.key ?? '', { bytes: ready?.bytes ?? 0, sha256: ready?.sha256 ?? '' });
    const [{ renditionId } = { renditionId: '' }] = command.outputs;
    const made = (await keys()).filter((key) => !before.includes(key));
    expect(made.every((key) => key.includes(renditionId))).toBe(true);
    await until(async () => (await readdir(join(service.scratch, 'work'))).length === 0, { timeoutMs: 20_000, what: 'an empty scratch folder' }); // prettier-ignore
    let told = 0;
    for await (const { event } of service.messaging.readEvents({
      names: ['transcoder.rendition.ready', 'transcoder.rendition.failed'],
      follow: false,
    }))
      // prettier-ignore
      if ((event?.data as { renditionId?: string }).renditionId === renditionId) told++;
    expect(told).toBe(1);
  });
});

describe('an export that is ready', () => {
  const events = <T>(names: EventName[], enough: (data: T) => boolean) =>
    eventsUntil<T>(service, names, source.clipId, (found) => found.some(({ data }) => enough(data)));

  it('goes into DICOM when it is asked for: Motion JPEG frame by frame, unchanged', { timeout: 120_000 }, async () => {
    const command = await ask(['mjpeg']);
    const { ready } = (await outcome(command))('mjpeg');
    expect(ready).toMatchObject({ contentType: 'video/x-msvideo', video: { codec: 'mjpeg' } });
    expect(ready?.destinations).toBeUndefined();
    const renditionId = ready?.renditionId ?? '';
    for (const destinations of [['pacs'], ['second']]) {
      const archive = { renditionId, origin: command.origin, destinations, requestedAt: new Date().toISOString() };
      await service.messaging.publishCommand('transcoder.archive-export', archive, { id: newId() });
    }
    const found = await events<RenditionReady>(['transcoder.rendition.ready'], (data) => data.renditionId === renditionId && data.destinations?.length === 2); // prettier-ignore
    const archived = found.at(-1)?.data;
    expect(archived).toMatchObject({ key: ready?.key, sha256: ready?.sha256, destinations: ['pacs', 'second'] });

    const { key = '', framesKey = '', bytes } = archived?.payload ?? {};
    const lengths = z.array(z.int()).parse(await service.store.getJson(framesKey));
    expect(lengths).toHaveLength(FRAMES);
    expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(bytes);
    const payload = await buffer(await service.store.get(key));
    const avi = await fetched(ready?.key ?? '', 'film.avi');
    expect((await buffer(codedFrames(avi))).equals(payload)).toBe(true);
  });

  it('is copied onto a target, and the copy cancelled', async () => {
    const film = { key: source.key, bytes: source.bytes, sha256: source.sha256 };
    const copyTo = (target: string): CopyExport => ({
      copyId: newId(),
      renditionId: newId(),
      origin: originOf(source),
      target,
      file: film,
      fileName: 'film.mp4',
      requestedAt: new Date().toISOString(),
    });
    const [copy, absent, cancelled] = [copyTo('share'), copyTo('stick'), copyTo('share')];
    await service.messaging.publishCommand(
      'transcoder.cancel-job',
      { clipId: source.clipId, renditionId: cancelled.copyId },
      { id: newId() },
    );
    for (const each of [copy, absent, cancelled])
      await service.messaging.publishCommand('transcoder.copy-export', each, { id: each.copyId });
    const ends = await eventsUntil<{ copyId?: string; renditionId: string; code?: string; path?: string }>(
      service,
      ['transcoder.copy.written', 'transcoder.rendition.failed'],
      source.clipId,
      (found) => found.filter(({ data }) => [copy, absent, cancelled].some(({ copyId }) => copyId === (data.copyId ?? data.renditionId))).length === 3, // prettier-ignore
    );
    const of = ({ copyId }: CopyExport) => ends.find(({ data }) => (data.copyId ?? data.renditionId) === copyId)?.data;
    expect(of(copy)).toMatchObject({ target: 'share', path: 'film.mp4', bytes: film.bytes, sha256: film.sha256 });
    expect(of(absent)).toMatchObject({ what: 'copy', code: 'target-absent' });
    expect(of(cancelled)).toMatchObject({ what: 'copy', code: 'cancelled' });
    expect(await frameCounters(join(service.scratch, 'share', 'film.mp4'))).toEqual(all);
    const { targets } = await service.messaging.call('transcoder.list-targets', {}, { timeoutMs: 10_000 });
    expect(targets).toMatchObject([
      { name: 'share', state: 'ready' },
      { name: 'stick', state: 'absent' },
    ]);
  });
});

describe('a preview', () => {
  it('shows the frame asked for, before and after', async () => {
    const ask = { key: source.key, frame: 41, redactions: [] };
    const plain = await service.messaging.call('transcoder.preview-frame', ask, { timeoutMs: 20_000 });
    const path = join(service.scratch, 'preview.jpg');
    await writeFile(path, Buffer.from(plain.jpeg, 'base64'));
    expect(await frameCounters(path)).toEqual([41]);
    expect(plain).toMatchObject({ width: 640, height: 360, filters: '' });
    const enhance = { recipe: 'endoscopy' as const, parameters: { saturation: 0 } };
    const result = await service.messaging.call('transcoder.preview-frame', { ...ask, enhance, width: 320 }, { timeoutMs: 20_000 }); // prettier-ignore
    expect(result).toMatchObject({ width: 320, height: 180 });
    expect(result.filters).toBe('eq=brightness=0.1:contrast=1.2:saturation=0,unsharp=5:5:1');
    await expect(
      service.messaging.call('transcoder.preview-frame', { ...ask, frame: 60 }, { timeoutMs: 20_000 }),
    ).rejects.toMatchObject({ code: 'no-frames' });
  });
});

describe('a frame', () => {
  it('is taken once for each format, and told again', async () => {
    const ask = { key: source.key, frame: 41 };
    for (const [format, contentType] of [
      ['jpeg', 'image/jpeg'],
      ['png', 'image/png'],
      ['htj2k', 'image/j2c'],
    ] as const) {
      // prettier-ignore
      const made = await service.messaging.call('transcoder.take-frame', { ...ask, format }, { timeoutMs: 20_000 });
      expect(made).toMatchObject({ contentType, width: 640, height: 360 });
      await service.store.verify(made.key, made);
      expect(await service.messaging.call('transcoder.take-frame', { ...ask, format }, { timeoutMs: 20_000 })).toEqual(made); // prettier-ignore
      const path = join(service.scratch, `frame.${format}`);
      await writeFile(path, await service.store.get(made.key));
      if (format === 'jpeg') expect(await frameCounters(path)).toEqual([41]);
    }
    await expect(
      service.messaging.call('transcoder.take-frame', { ...ask, frame: 60, format: 'png' }, { timeoutMs: 20_000 }),
    ).rejects.toMatchObject({ code: 'no-frames' });
  });
});
