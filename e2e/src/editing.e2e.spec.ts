import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { EditView, ExportView } from '@smartbox/contracts';
import { newId } from '@smartbox/kernel';
import { frameCounters } from '@smartbox/media/native';
import { Messaging } from '@smartbox/messaging';
import { until } from '@smartbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { fetchFromPacs, isUnbroken, natsOf, reached, save, startLine, startProcedure, type Line } from './support.ts';

let line: Line;
let clipId: string;
let folder: string;
let first: number;
let frames: number;

beforeAll(async () => {
  line = await startLine();
  folder = await mkdtemp(join(tmpdir(), 'smartbox-e2e-editing-'));
  await startProcedure(line, 'or-1', 6);
  clipId = await save(line, 'or-1', 8);
  const { sources } = await reached(line, clipId, 'sent');
  frames = sources.find(({ sourceId }) => sourceId === 'endoscope')?.frames ?? 0;
  const counters = await frameCounters(await download(`/clips/${clipId}/sources/endoscope/video`));
  first = counters[0] ?? 0;
});
afterAll(async () => {
  await line?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function ask<T>(method: string, path: string, schema: z.ZodType<T>, body?: unknown): Promise<T> {
  const headers = { 'Content-Type': 'application/json' };
  const init = body === undefined ? { method } : { method, headers, body: JSON.stringify(body) };
  const response = await fetch(`${line.api.url}${path}`, init);
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return schema.parse(JSON.parse(text));
}

async function download(path: string): Promise<string> {
  const response = await fetch(`${line.api.url}${path}`);
  if (!response.ok || !response.body) throw new Error(`${path}: ${response.status}`);
  const file = join(folder, newId());
  await pipeline(Readable.fromWeb(response.body as never), createWriteStream(file));
  return file;
}

const listOf = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item) });
const edits = async (): Promise<EditView[]> => (await ask('GET', `/clips/${clipId}/edits`, listOf(EditView))).items;
const exports = async (): Promise<ExportView[]> =>
  (await ask('GET', `/clips/${clipId}/exports`, listOf(ExportView))).items;
const edit = (body: object) =>
  ask('POST', `/clips/${clipId}/edits`, EditView, { sources: [{ sourceId: 'endoscope' }], ...body });
const settled = <T extends { state: string; renditionId: string }>(list: () => Promise<T[]>, renditionId: string) =>
  until(
    async () => {
      const found = (await list()).find((each) => each.renditionId === renditionId);
      if (found?.state === 'failed') throw new Error(JSON.stringify(found));
      return found?.state === 'ready' ? found : undefined;
    },
    { timeoutMs: 180_000, intervalMs: 200, what: `${renditionId} ready` },
  );

/** How often the line was told that it is ready. */
async function timesReady(renditionId: string): Promise<number> {
  const messaging = await Messaging.connect({ service: 'catalog', ...natsOf(line) });
  try {
    let times = 0;
    for await (const { event } of messaging.readEvents({ names: ['transcoder.rendition.ready'], follow: false }))
      if ((event?.data as { renditionId?: string }).renditionId === renditionId) times++;
    return times;
  } finally {
    await messaging.close();
  }
}

describe('an edit', () => {
  it('goes from the editor into the PACS, frame for frame, as an object that says how it was made', async () => {
    const renditionId = newId();
    const steps = [{ kind: 'trim', from: 11, to: 101 }];
    await edit({ renditionId, steps, destinations: ['pacs'] });
    const made = await settled(edits, renditionId);
    expect(made).toMatchObject({ frames: 90, percent: 100 });
    const wanted = Array.from({ length: 90 }, (_, i) => first + 11 + i);
    expect(await frameCounters(await download(made.videoUrl?.replace('/api/v1', '') ?? ''))).toEqual(wanted);
    const instance = await until(
      async () => (await line.api.clip(clipId)).instances.find(({ rendition }) => rendition === 'edit'),
      { timeoutMs: 60_000, what: 'its DICOM object' },
    );
    const stored = await fetchFromPacs(line, instance.sopInstanceUid);
    expect(stored.counters).toEqual(wanted);
    expect(JSON.stringify(stored.attributes['DerivationDescription'])).toContain('endoscope 11-101');
  });

  it('is made once although the transcoder is killed on the way', { timeout: 240_000 }, async () => {
    const renditionId = newId();
    await edit({ renditionId, steps: [{ kind: 'trim', from: 3, to: frames }], enhance: { recipe: 'surgery' } });
    for (const percent of [0, 30]) {
      const seen = await until(
        async () => {
          const found = (await edits()).find((each) => each.renditionId === renditionId);
          return found && (found.state === 'ready' || found.percent >= percent) ? found : undefined;
        },
        { timeoutMs: 90_000, intervalMs: 50, what: `${percent} percent` },
      );
      if (seen.state === 'ready') break;
      expect(seen.videoUrl).toBeUndefined(); // nothing partial is to be seen
      line.box.service('transcoder').kill('SIGKILL');
    }
    const made = await settled(edits, renditionId);
    expect(await frameCounters(await download(made.videoUrl?.replace('/api/v1', '') ?? ''))).toHaveLength(frames - 3);
    expect(await timesReady(renditionId)).toBe(1);
  });
});

const CLI = fileURLToPath(new URL('../../tools/src/cli.ts', import.meta.url));
/** `smartbox ...`, in a process of its own. */
async function commandLine(...args: string[]): Promise<Record<string, unknown>> {
  const env = { ...process.env, SMARTBOX_STATE: line.stateDir };
  const { stdout } = await promisify(execFile)(process.execPath, [CLI, ...args, '--json'], { env });
  return JSON.parse(stdout) as Record<string, unknown>;
}
const smartbox = (...args: string[]) => commandLine('export', ...args);
const smartboxDicom = (...args: string[]) => commandLine('dicom', ...args);

describe('exports', () => {
  it('disturb neither the cameras nor a save, which goes first', { timeout: 240_000 }, async () => {
    const dropped = async () =>
      (await line.api.station('or-1')).sources.map(({ sourceId, droppedFrames }) => [sourceId, droppedFrames]);
    const before = await dropped();
    const exportId = newId();
    const body = { exportId, profiles: ['archive', 'mobile', 'av1'], of: { sourceId: 'endoscope' } };
    const { items } = await ask('POST', `/clips/${clipId}/exports`, listOf(ExportView), body);
    await until(async () => (await exports()).some(({ state, percent }) => state === 'running' && percent > 0), {
      timeoutMs: 60_000,
      intervalMs: 100,
      what: 'the exports at work',
    });
    const second = await reached(line, await save(line, 'or-1', 5), 'sent', 120_000);
    const open = (await exports()).filter(({ state }) => state !== 'ready');
    expect(open.length).toBeGreaterThan(0); // the save overtook them
    for (const { renditionId } of items) await settled(exports, renditionId);
    expect(await dropped()).toEqual(before);
    const video = await download(`/clips/${second.clipId}/sources/room/video`);
    expect(isUnbroken(await frameCounters(video))).toBe(true);
    for (const made of await exports()) {
      expect(made).toMatchObject({ state: 'ready', frames });
      if (made.profile !== 'archive') expect(made.quality?.frames.distorted).toBe(frames);
      else expect(made.lossless).toBe(true);
    }
  });

  it('are made once although the transcoder is killed on the way', { timeout: 240_000 }, async () => {
    const body = { exportId: newId(), profiles: ['av1'], of: { sourceId: 'endoscope' } };
    const { items } = await ask('POST', `/clips/${clipId}/exports`, listOf(ExportView), body);
    const [{ renditionId } = { renditionId: '' }] = items;
    for (const percent of [0, 30]) {
      const seen = await until(
        async () => {
          const found = (await exports()).find((each) => each.renditionId === renditionId);
          return found && (found.state === 'ready' || found.percent >= percent) ? found : undefined;
        },
        { timeoutMs: 90_000, intervalMs: 50, what: `${percent} percent` },
      );
      if (seen.state === 'ready') break;
      expect([seen.downloadUrl, seen.bytes]).toEqual([undefined, undefined]); // nothing partial is to be seen
      line.box.service('transcoder').kill('SIGKILL');
    }
    const made = await settled(exports, renditionId);
    const wanted = Array.from({ length: frames }, (_, i) => first + i);
    expect(await frameCounters(await download(made.downloadUrl?.replace('/api/v1', '') ?? ''))).toEqual(wanted);
    expect(await timesReady(renditionId)).toBe(1);
  });

  it('are played in place, copied onto a share, and go into the PACS later', { timeout: 240_000 }, async () => {
    const share = join(folder, 'share');
    await mkdir(share);
    const targets = [{ name: 'share', title: 'Teaching', path: share, mounted: false }];
    await writeFile(join(line.box.info().paths.config, 'export-targets.yaml'), JSON.stringify({ targets }));
    const wanted = Array.from({ length: frames }, (_, i) => first + i);
    const body = { exportId: newId(), profiles: ['streaming', 'mjpeg'], of: { sourceId: 'endoscope' } };
    const { items } = await ask('POST', `/clips/${clipId}/exports`, listOf(ExportView), body);
    const [streaming, mjpeg] = await Promise.all(items.map(({ renditionId }) => settled(exports, renditionId)));
    const { renditionId = '' } = mjpeg ?? {};

    const master = new URL(streaming?.playUrl ?? '', line.api.url).href;
    const [variant = ''] = /^\S+\/index\.m3u8$/m.exec(await (await fetch(master)).text()) ?? [];
    expect(await frameCounters(new URL(variant, master).href)).toEqual(wanted);

    const one = ['--export', renditionId];
    expect(await smartbox('targets')).toMatchObject({ items: [{ name: 'share', state: 'ready' }] });
    const copy = await smartbox('copy', clipId, ...one, '--target', 'share');
    expect(copy).toMatchObject({ state: 'ready', percent: 100 });
    expect(await frameCounters(join(share, String(copy['path'])))).toEqual(wanted);

    const out = join(folder, 'downloaded.avi');
    await smartbox('download', clipId, ...one, '--out', out);
    const whole = await readFile(out);
    await truncate(out, 1000); // as a broken download leaves it
    expect(await smartbox('download', clipId, ...one, '--out', out)).toMatchObject({ resumedAt: 1000 });
    expect((await readFile(out)).equals(whole)).toBe(true);

    expect(await smartbox('archive', clipId, ...one, '--to', 'pacs')).toMatchObject({ destinations: ['pacs'] });
    const instance = await until(
      async () => (await line.api.clip(clipId)).instances.find(({ rendition }) => rendition === 'export'),
      { timeoutMs: 60_000, what: 'its DICOM object' },
    );
    const stored = await fetchFromPacs(line, instance.sopInstanceUid);
    expect(stored.transferSyntaxUid).toBe('1.2.840.10008.1.2.4.50');
    expect(stored.counters).toEqual(wanted);
  });

  it('for teaching are DICOM objects of nobody: with consent alone, and nothing of the patient in a byte', async () => {
    const { procedureId, patient } = await line.api.clip(clipId);
    const wanted = Array.from({ length: frames }, (_, i) => first + i);
    const deidentify = { confirmBurnedIn: true };
    const order = () => ({ exportId: newId(), profiles: ['dicom-teaching'], of: { sourceId: 'endoscope' }, purpose: 'teaching', deidentify }); // prettier-ignore
    const path = `/clips/${clipId}/exports`;
    await expect(ask('POST', path, listOf(ExportView), order())).rejects.toThrow(/consent/);
    await ask('POST', `/procedures/${procedureId}/consent`, z.unknown(), { state: 'given' });
    const { items } = await ask('POST', path, listOf(ExportView), order());
    const made = await settled(exports, items[0]?.renditionId ?? '');
    const file = await download(made.downloadUrl?.replace('/api/v1', '') ?? '');
    const bytes = await readFile(file);
    const told = [...patient.name.split('^'), patient.id, clipId, procedureId].filter((word) => word.length > 2);
    expect(told.length).toBeGreaterThan(3);
    expect(told.filter((word) => bytes.includes(word))).toEqual([]);
    expect(await smartboxDicom('check', file)).toMatchObject({ ok: true });
    await smartboxDicom('extract', file, '--out', `${file}.mp4`);
    expect(await frameCounters(`${file}.mp4`)).toEqual(wanted);
  });
});
