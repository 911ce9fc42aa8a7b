import 'reflect-metadata';
import { createReadStream } from 'node:fs';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, extname, join, relative } from 'node:path';
import { ExportView, type ExportProfile, type TargetView } from '@smartbox/contracts';
import { newId } from '@smartbox/kernel';
import { exportVideo, frameCounters, writeSyntheticVideo } from '@smartbox/media/native';
import { Messaging } from '@smartbox/messaging';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { objectStore, ok, type Catalog } from './catalog.ts';
import { factsOf, FilmRig } from './film-rig.ts';

let rig: FilmRig;
let catalog: Catalog;
let clipId: string;

beforeAll(async () => {
  rig = await FilmRig.start();
  ({ catalog, clipId } = rig);
});
afterAll(() => rig?.close());

const exports = () => `/clips/${clipId}/exports`;
const audited = async () => {
  const { items } = ok(await catalog.send('GET', `/clips/${clipId}/audit`)) as { items: { action: string; detail: object }[] }; // prettier-ignore
  return (action: string) => items.filter((each) => each.action === action).map(({ detail }) => detail);
};

/** An export that was asked for and is ready. */
async function ready(profile: ExportProfile, more: object = {}): Promise<string> {
  const body = { exportId: newId(), profiles: [profile], of: { sourceId: 'cam-a' } };
  const { items } = ok(await catalog.send('POST', exports(), body), 202) as { items: ExportView[] };
  const renditionId = items[0]?.renditionId ?? '';
  await rig.made(renditionId, 'export', Buffer.from('0123456789'), { profile, lossless: false, ...more });
  return renditionId;
}
const view = async (renditionId: string) => {
  const { items } = ok(await catalog.send('GET', exports())) as { items: unknown[] };
  return items.map((item) => ExportView.parse(item)).find((item) => item.renditionId === renditionId);
};

describe('a streaming export', () => {
  let dir: string;
  let renditionId: string;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'catalog-hls-'));
    const input = join(dir, 'film.mp4');
    await writeSyntheticVideo(input, { width: 854, height: 480, frames: 150, gop: 30 });
    const [film] = await exportVideo({ input, directory: join(dir, 'made'), profiles: ['streaming'], quality: false });
    const folder = dirname(dirname(film?.path ?? ''));
    renditionId = newId();
    const base = `clips/${clipId}/cam-a/renditions/${renditionId}/hls`;
    const store = objectStore(catalog.config);
    const files = [];
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const file = join(entry.parentPath, entry.name);
      const path = relative(folder, file);
      const contentType = extname(path) === '.m3u8' ? 'application/vnd.apple.mpegurl' : 'video/mp4';
      const { size } = await stat(file);
      const { bytes, sha256 } = await store.put(`${base}/${path}`, createReadStream(file), { size, contentType });
      files.push({ path, bytes, sha256, contentType });
    }
    await store.putJson(`${base}/files.json`, files);
    const segments = { listKey: `${base}/files.json`, playlist: 'master.m3u8', files: files.length, bytes: 1 };
    renditionId = await ready('streaming', { video: factsOf(150), segments });
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));

  it('is played where it lies, segment by segment, and its beginning is audited', async () => {
    const { playUrl = '' } = (await view(renditionId)) ?? {};
    expect(playUrl).toBe(`/api/v1${exports()}/${renditionId}/hls/master.m3u8`);
    const master = await catalog.get(playUrl);
    expect(master.headers.get('content-type')).toBe('application/vnd.apple.mpegurl');
    const [variant = ''] = /^\S+\/index\.m3u8$/m.exec(await master.text()) ?? [];
    const playlist = `${catalog.url}${dirname(playUrl)}/${variant}`;
    expect(await frameCounters(playlist)).toEqual(Array.from({ length: 150 }, (_, i) => i));

    const segment = `${dirname(playUrl)}/${dirname(variant)}/init.mp4`;
    const part = await catalog.get(segment, { headers: { Range: 'bytes=4-7' } });
    expect([part.status, await part.text()]).toEqual([206, 'ftyp']);
    const etag = part.headers.get('etag') ?? '';
    expect((await catalog.get(segment, { headers: { 'If-None-Match': etag } })).status).toBe(304);
    const played = await catalog.database.prisma.auditEntry.findMany({ where: { action: 'clip.export.play' } });
    expect(played.map(({ detail }) => detail)).toEqual([{ renditionId }]);
  });

  it('hands out nothing but its own files', async () => {
    const base = `/api/v1${exports()}/${renditionId}/hls`;
    for (const [path, status] of [
      ['files.json', 400],
      ['480p/none.m4s', 404],
      ['480p/..%2Ffiles.json', 400],
      ['other.m3u8', 404],
    ] as const)
      expect((await catalog.get(`${base}/${path}`)).status, path).toBe(status);
    const mobile = await ready('mobile');
    expect((await catalog.get(`/api/v1${exports()}/${mobile}/hls/master.m3u8`)).status).toBe(404);
  });
});

describe('an export becomes a DICOM object', () => {
  const archive = (renditionId: string, ...destinations: string[]) =>
    catalog.send('POST', `${exports()}/${renditionId}/archive`, { destinations });

  it('where a transfer syntax holds it, for one destination after the other', async () => {
    const renditionId = await ready('pacs', { video: factsOf(60) });
    const first = ExportView.parse(ok(await archive(renditionId, 'pacs'), 202));
    expect(first).toMatchObject({ state: 'ready', destinations: ['pacs'] });
    ok(await archive(renditionId, 'second'), 202);
    expect(await rig.commands('transcoder.archive-export')).toMatchObject([
      { renditionId, origin: { id: clipId, sourceId: 'cam-a' }, destinations: ['pacs'] },
      { renditionId, destinations: ['pacs', 'second'] },
    ]);
    expect((await audited())('clip.export.archive')).toHaveLength(2);
    await rig.heard('dicomizer.instance.failed', renditionId, { what: 'export', code: 'facts-disagree', reason: 'why' }); // prettier-ignore
    expect((await view(renditionId))?.archiveFailure).toEqual({ code: 'facts-disagree', reason: 'why' });
  });

  it.each<[ExportProfile, object, RegExp]>([
    ['mobile', { video: factsOf(60, { profile: 'Main' }) }, /High profile.*PS3\.5 8\.2\.7.*; export it as pacs/],
    ['webm', { video: factsOf(60, { codec: 'vp9', container: 'matroska' }) }, /the stream is vp9/],
    ['av1', { video: factsOf(60, { codec: 'av1' }) }, /the stream is av1/],
    ['archive', { video: factsOf(60, { codec: 'ffv1', container: 'matroska' }) }, /the stream is ffv1/],
    ['archive-x264', { video: factsOf(60, { profile: 'High 4:4:4 Predictive' }) }, /High profile/],
    ['streaming', { video: factsOf(60), segments: { listKey: 'clips/a/files.json', playlist: 'master.m3u8', files: 9, bytes: 1 } }, /9 files, an object holds one bit stream \(PS3\.5 8\.2\)/], // prettier-ignore
  ])('%s does not, and the rule is said', async (profile, more, rule) => {
    const refused = await archive(await ready(profile, more), 'pacs');
    expect(refused).toMatchObject({ status: 422, body: { code: 'no-transfer-syntax' } });
    expect((refused.body as { detail: string }).detail).toMatch(rule);
  });

  it('whatever its profile says of itself: what fits, goes', async () => {
    const video = factsOf(60, { codec: 'mjpeg', container: 'other', profile: 'Baseline', chroma: '4:2:2' });
    ok(await archive(await ready('mjpeg', { video }), 'pacs'), 202);
    ok(await archive(await ready('hevc', { video: factsOf(60, { codec: 'hevc', profile: 'Main', level: 41 }) }), 'pacs'), 202); // prettier-ignore
  });

  it('not before it is ready', async () => {
    const body = { exportId: newId(), profiles: ['pacs'], of: { sourceId: 'cam-a' } };
    const { items } = ok(await catalog.send('POST', exports(), body), 202) as { items: ExportView[] };
    expect(await archive(items[0]?.renditionId ?? '', 'pacs')).toMatchObject({ status: 409, body: { code: 'export-not-ready' } }); // prettier-ignore
  });
});

describe('a DICOM object for teaching', () => {
  const body = () => ({ exportId: newId(), profiles: ['dicom-teaching'], of: { sourceId: 'cam-a' } });
  const ask = (more: object) => catalog.send('POST', exports(), { ...body(), purpose: 'teaching', ...more });
  const confirmed = { confirmBurnedIn: true, retainDates: 'shifted' };

  it('is refused where text may name the patient, until somebody says to have looked; that is audited', async () => {
    const noted = (await catalog.send('POST', `/procedures/${rig.procedureId}/consent`, { state: 'given' })) as never;
    ok(noted);
    expect(await catalog.send('POST', exports(), body())).toMatchObject({
      status: 400,
      body: { code: 'bad-arguments' },
    });
    const { prisma } = catalog.database;
    const { recipe } = await prisma.procedure.findUniqueOrThrow({ where: { procedureId: rig.procedureId } });
    const said = recipe as { dicom: object };
    const flagged = { ...said, dicom: { ...said.dicom, burnedInSources: { 'cam-a': 'yes' } } };
    await prisma.procedure.update({ where: { procedureId: rig.procedureId }, data: { recipe: flagged } });
    const refused = await ask({});
    expect(refused).toMatchObject({ status: 422, body: { code: 'burned-in-annotation' } });
    expect((refused.body as { detail: string }).detail).toMatch(/^the pictures of cam-a may carry text.*look at them, hide it, and confirm/); // prettier-ignore
    const before = await rig.commands('transcoder.export-clip');
    ok(await ask({ deidentify: confirmed }), 202);
    const commands = (await rig.commands('transcoder.export-clip')).slice(before.length);
    expect(commands).toMatchObject([{ deidentify: confirmed, outputs: [{ profile: 'dicom-teaching' }] }]);
    expect((await audited())('clip.export').at(0)).toMatchObject({ purpose: 'teaching', deidentify: confirmed });
  });

  it('is there when the object is, not when its film is; handed out under a name that tells nothing', async () => {
    const { items } = ok(await ask({ deidentify: confirmed }), 202) as { items: ExportView[] };
    const renditionId = items[0]?.renditionId ?? '';
    const deidentify = {
      retainDevice: false,
      retainInstitution: false,
      retainPatientCharacteristics: false,
      ...confirmed,
    };
    await rig.heard('transcoder.job.progressed', renditionId, { rendition: 'export', percent: 99 });
    await rig.made(renditionId, 'export', Buffer.from('the film'), { profile: 'dicom-teaching', deidentify, video: factsOf(60) }); // prettier-ignore
    const running = await view(renditionId);
    expect(running).toMatchObject({ state: 'running', deidentify });
    expect(running).not.toHaveProperty('downloadUrl');
    const key = `clips/${clipId}/cam-a/renditions/${renditionId}/deidentified.dcm`;
    const object = Buffer.from('the object');
    const { sha256 } = await objectStore(catalog.config).put(key, object, { size: object.length, contentType: 'application/dicom' }); // prettier-ignore
    const told = { key, contentType: 'application/dicom', bytes: object.length, sha256, payloadSha256: sha256 };
    await rig.heard('dicomizer.export.deidentified', renditionId, told);
    const { downloadUrl = '', fileName, ...rest } = (await view(renditionId)) ?? {};
    expect(rest).toMatchObject({ state: 'ready', bytes: object.length, sha256, contentType: 'application/dicom' });
    expect(fileName).toBe(`smartbox-teaching-${renditionId.slice(-12)}.dcm`);
    const file = await catalog.get(downloadUrl);
    expect(await file.text()).toBe('the object');
    expect(file.headers.get('content-disposition')).toContain(fileName);
    expect((await audited())('clip.export.download')).toContainEqual({ renditionId, profile: 'dicom-teaching' });
    const sent = await catalog.send('POST', `${exports()}/${renditionId}/archive`, { destinations: ['pacs'] });
    expect(sent).toMatchObject({ status: 422, body: { code: 'no-transfer-syntax' } });
  });

  it('fails with the reason of who makes it', async () => {
    const { items } = ok(await ask({ deidentify: confirmed }), 202) as { items: ExportView[] };
    const renditionId = items[0]?.renditionId ?? '';
    await rig.made(renditionId, 'export', Buffer.from('the film'), {
      profile: 'dicom-teaching',
      deidentify: confirmed,
    });
    const why = { code: 'deidentify-key-missing', reason: 'why' };
    await rig.heard('dicomizer.instance.failed', renditionId, { what: 'export', ...why });
    const failed = await view(renditionId);
    expect(failed).toMatchObject({ state: 'failed', failure: why });
    expect(failed).not.toHaveProperty('archiveFailure');
  });
});

describe('an export is copied onto a stick or a share', () => {
  const targets: TargetView[] = [
    { name: 'share', title: 'Teaching', state: 'ready', freeBytes: 1e9 },
    { name: 'stick', title: 'Stick', state: 'absent', reason: 'Stick: nothing is plugged in', stations: ['or-1'] },
    { name: 'small', title: 'Small', state: 'ready', freeBytes: 9 },
  ];
  let transcoder: Messaging;
  let renditionId: string;
  const copy = (target: string, copyId = newId()) =>
    catalog.send('POST', `${exports()}/${renditionId}/copies`, { copyId, target });

  beforeAll(async () => {
    transcoder = await Messaging.connect({ service: 'transcoder', ...catalog.config.nats });
    transcoder.serve('transcoder.list-targets', () => ({ targets }));
    renditionId = await ready('mobile');
  });
  afterAll(() => transcoder.close());

  it('that is there, seen and has room: the others are refused at once', async () => {
    expect(ok(await catalog.send('GET', '/export-targets'))).toEqual({ items: targets });
    expect(ok(await catalog.send('GET', '/export-targets?stationId=or-2'))).toEqual({ items: [targets[0], targets[2]] }); // prettier-ignore
    expect(await copy('stick')).toMatchObject({ status: 409, body: { code: 'target-absent', detail: 'Stick: nothing is plugged in' } }); // prettier-ignore
    expect(await copy('small')).toMatchObject({ status: 409, body: { code: 'target-full' } });
    expect(await copy('other')).toMatchObject({ status: 404, body: { code: 'target-not-found' } });
    expect(await rig.commands('transcoder.copy-export')).toEqual([]);
  });

  it('once, with its progress, until it is there', async () => {
    const copyId = newId();
    for (let i = 0; i < 2; i++) ok(await copy('share', copyId), 202);
    expect(await copy('small', copyId)).toMatchObject({ status: 409 });
    const [command, ...more] = await rig.commands('transcoder.copy-export');
    const fileName = `smartbox-${clipId}-mobile-${renditionId.slice(-6)}.mp4`;
    expect([command, more]).toMatchObject([{ copyId, renditionId, target: 'share', file: { bytes: 10 }, fileName }, []]); // prettier-ignore
    expect((await view(renditionId))?.copies).toMatchObject([{ copyId, target: 'share', state: 'waiting' }]);
    await rig.heard('transcoder.job.progressed', copyId, { rendition: 'copy', percent: 40, remainingMs: 900 });
    expect((await view(renditionId))?.copies).toMatchObject([{ state: 'running', percent: 40, remainingMs: 900 }]);
    const written = { copyId, target: 'share', path: `films/${fileName}`, bytes: 10, sha256: '0'.repeat(64) };
    await rig.heard('transcoder.copy.written', renditionId, written);
    expect((await view(renditionId))?.copies).toMatchObject([{ state: 'ready', percent: 100, path: written.path }]);
    expect((await view(renditionId))?.state).toBe('ready');
    expect((await audited())('clip.export.copy')).toEqual([{ renditionId, copyId, target: 'share' }]);
    // what is written is not cancelled
    ok(await catalog.send('POST', `${exports()}/${renditionId}/copies/${copyId}/cancel`), 202);
    expect(await rig.commands('transcoder.cancel-job')).toEqual([]);
  });

  it('or not: cancelled, or failed with what can be done, and the clip itself is none the worse', async () => {
    const [cancelled, failed] = [newId(), newId()];
    for (const copyId of [cancelled, failed]) ok(await copy('share', copyId), 202);
    ok(await catalog.send('POST', `${exports()}/${renditionId}/copies/${cancelled}/cancel`), 202);
    expect(await rig.commands('transcoder.cancel-job')).toEqual([{ clipId, renditionId: cancelled }]);
    const reason = 'Teaching was full before the film was on it';
    await rig.heard('transcoder.rendition.failed', cancelled, { what: 'copy', code: 'cancelled', reason: '' });
    await rig.heard('transcoder.rendition.failed', failed, { what: 'copy', code: 'target-full', reason });
    const { copies = [] } = (await view(renditionId)) ?? {};
    expect(copies.find(({ copyId }) => copyId === cancelled)?.state).toBe('cancelled');
    expect(copies.find(({ copyId }) => copyId === failed)).toMatchObject({ state: 'failed', failure: { code: 'target-full', reason } }); // prettier-ignore
    expect(ok(await catalog.send('GET', `/clips/${clipId}`))).not.toHaveProperty('failure');
    const none = await catalog.send('POST', `${exports()}/${renditionId}/copies/${newId()}/cancel`);
    expect(none).toMatchObject({ status: 404, body: { code: 'copy-not-found' } });
  });
});
