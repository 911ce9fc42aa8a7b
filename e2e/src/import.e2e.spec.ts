import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { frameCounters, writeSyntheticVideo } from '@smartbox/media/native';
import { repoRoot, until } from '@smartbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countingProxy } from './counting-proxy.ts';
import { fetchFromPacs, reached, startLine, type Line } from './support.ts';

const run = promisify(execFile);
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

let line: Line;
/** Between the command and the system. */
let proxy: Awaited<ReturnType<typeof countingProxy>>;
/** The old store: six records of three patients, one of them broken. */
let old: string;
let originals: Record<string, string>;
const report = () => join(old, '..', 'report.json');

interface Record_ {
  source: string;
  state: string;
  clipId?: string;
  sha256: string;
  videoSha256?: string;
  frames?: number;
  durationMs?: number;
  copiedFrames?: number;
  reencodedFrames?: number;
  psnr?: number;
  error?: { code: string; message: string };
}
interface Report {
  totals: { records: number; imported: number; alreadyThere: number; refused: number; waiting: number; frames: number };
  records: Record_[];
}

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'smartbox-e2e-import-'));
  old = join(folder, 'old');
  await run('mkdir', [old]);
  const made = async (name: string, firstCounter: number) => {
    await writeSyntheticVideo(join(folder, name), { width: 320, height: 180, frames: 60, gop: 15, firstCounter });
    return join(folder, name);
  };
  const ffmpeg = (from: string, to: string, ...args: string[]) =>
    run('ffmpeg', ['-loglevel', 'error', '-i', from, ...args, to]);
  const vp8 = ['-c:v', 'libvpx', '-deadline', 'realtime', '-cpu-used', '8', '-b:v', '3M'];
  const [a, b, c] = [await made('a.mp4', 0), await made('b.mp4', 1000), await made('c.mp4', 2000)];
  await ffmpeg(a, join(old, 'a.mkv'), '-c', 'copy');
  await ffmpeg(b, join(old, 'b.webm'), ...vp8);
  await ffmpeg(c, join(folder, 'c.webm'), ...vp8);
  const inside = (await readFile(join(folder, 'c.webm'))).toString('base64');
  await writeFile(
    join(old, 'c.json'),
    JSON.stringify({ id: 17, patient: 'Ü', video: `data:video/webm;base64,${inside}` }),
  );
  const whole = await readFile(a);
  await writeFile(join(old, 'broken.mp4'), whole.subarray(0, whole.length / 2));
  await ffmpeg(a, join(old, 'e.ts'), '-c', 'copy');
  // large: its upload is broken off in the middle
  await run('ffmpeg', ['-loglevel', 'error', '-f', 'lavfi', '-i', 'testsrc2=size=640x360:rate=30,noise=alls=100:allf=t', ...'-frames:v 60 -c:v libx264 -preset ultrafast -threads 1 -g 15 -bf 0 -qp 4 -pix_fmt yuv420p'.split(' '), join(old, 'long.mkv')]); // prettier-ignore
  const csv = [
    'file,patientName,patientId,birthDate,sex,accessionNumber,recordedAt,stationId,recipe,description',
    'old/long.mkv,Lang^Lena,OLD-3,,F,,2017-01-02T10:00:00Z,,,',
    'old/a.mkv,Alt^Anna,OLD-1,1951-02-28,F,ACC-1,2019-03-04T09:15:00+01:00,or-1,endoscopy,"Polyp, rechts"',
    'old/b.webm,Alt^Anna,OLD-1,1951-02-28,F,ACC-1,2019-03-04T09:25:00+01:00,,,',
    'old/c.json,Früh^Franz,OLD-2,,M,,2018-11-05T14:00:00Z,,,',
    'old/broken.mp4,Früh^Franz,OLD-2,,M,,2018-11-05T14:10:00Z,,,',
    'old/e.ts,Früh^Franz,OLD-2,,M,,gestern,,,',
    'old/e.ts,Früh^Franz,OLD-2,,M,,2018-11-05T14:20:00Z,,,',
  ];
  await writeFile(join(folder, 'manifest.csv'), `${csv.join('\r\n')}\r\n`);
  originals = await hashesOf(old);
  line = await startLine({ services: ['catalog', 'transcoder', 'dicomizer', 'pacs-gateway'], pacs: 'test-pacs' });
  proxy = await countingProxy({ port: Number(new URL(line.box.url).port) });
});
afterAll(async () => {
  proxy?.stop();
  await line?.stop();
  if (old) await rm(join(old, '..'), { recursive: true, force: true });
});

async function hashesOf(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder)).sort();
  const entries = names.map(async (name) => [name, sha256(await readFile(join(folder, name)))] as const);
  return Object.fromEntries(await Promise.all(entries));
}

/** The command as it is called. */
function start() {
  const args = ['--conditions=@smartbox/source', 'tools/src/cli.ts', 'media', 'import', '--json'];
  const into = ['--into', proxy.url, '--manifest', join(old, '../manifest.csv'), '--station', 'or-1', '--report', report()]; // prettier-ignore
  const env = { ...process.env, SMARTBOX_TOKEN: line.box.credentials.toolsToken };
  return spawn(process.execPath, [...args, ...into], { cwd: repoRoot(), env });
}
async function finished(): Promise<Report & { exitCode: number | null; stderr: string }> {
  const child = start();
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const [stdout, stderr, exitCode] = await Promise.all([text(child.stdout), text(child.stderr), exited]);
  if (!stdout.startsWith('{')) throw new Error(stderr);
  return { ...(JSON.parse(stdout) as Report), exitCode, stderr };
}
const reported = async (): Promise<Report> => JSON.parse(await readFile(report(), 'utf8')) as Report;
const ask = async <T>(path: string): Promise<T> => {
  const response = await fetch(`${line.api.url}${path}`, { headers: line.api.authorization });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
};
const clips = async () => (await line.api.clips({ limit: '50' })).items;

let result: Awaited<ReturnType<typeof finished>>;
const of = (source: string, at = 0): Record_ => {
  const found = result.records.filter((one) => one.source === source)[at];
  if (!found) throw new Error(`${source} is not in the report`);
  return found;
};

describe('old records', { timeout: 240_000 }, () => {
  it('go on in the middle of a record, whoever was killed there', async () => {
    const size = (await stat(join(old, 'long.mkv'))).size;
    const { 'long.mkv': sha256 = '' } = originals;
    let child = start();
    const first = proxy.holdAt(12_000_000);
    await first.held;
    child.kill('SIGKILL');
    first.release();
    // what had come is kept, although it fills no part of an upload
    const kept = async () => (await line.api.openImports()).find((one) => one.sha256 === sha256)?.offset ?? 0;
    await until(async () => (await kept()) > 11_500_000, { timeoutMs: 30_000, what: 'what was sent is kept' });
    const before = await kept();

    child = start();
    const second = proxy.holdAt(before + 8_000_000);
    await second.held;
    line.box.service('catalog').kill('SIGKILL');
    second.release();
    await until(async () => (await line.api.findImport(sha256).catch(() => undefined))?.uploaded, {
      ...{ timeoutMs: 180_000, what: 'the rest of the record' },
    });
    child.kill('SIGKILL');

    const [, again, afterwards] = proxy.uploads;
    expect(proxy.uploads[0]?.offset).toBe(0);
    expect(again?.offset).toBe(before);
    // a killed service loses two parts of 6 MiB at most
    expect(afterwards?.offset).toBeGreaterThan(before + 8_000_000 - 2 * 6 * 1024 ** 2);
    const sent = proxy.uploads.reduce((sum, { bytes }) => sum + bytes, 0);
    expect(sent).toBeLessThan(size + 2 * 6 * 1024 ** 2 + 1_000_000);
    expect(proxy.uploads).toHaveLength(3);
  });

  it('go into the system once, although the import and the service are killed on the way', async () => {
    const child = start();
    const exited = new Promise((resolve) => child.once('exit', resolve));
    await until(async () => (await reported().catch(() => undefined))?.records[1]?.clipId !== undefined, {
      ...{ timeoutMs: 120_000, intervalMs: 5, what: 'two records brought' },
    });
    child.kill('SIGKILL');
    line.box.service('transcoder').kill('SIGKILL');
    await exited;
    const { totals } = await reported();
    expect([totals.records, totals.imported]).toEqual([7, 0]); // nothing was finished

    result = await finished();
    expect(result.exitCode).toBe(1); // two were refused
    expect(result.totals).toMatchObject({ records: 7, refused: 2, waiting: 0, frames: 300 });
    expect(result.totals.imported + result.totals.alreadyThere).toBe(5);
    expect(result.totals.alreadyThere).toBeGreaterThan(0);
    expect(await reported()).toMatchObject({ totals: result.totals, records: result.records });
    expect(await clips()).toHaveLength(6); // five, and the one that says why it failed
    expect(await hashesOf(old)).toEqual(originals);
  });

  it('are refused with their reason where they are broken, or nobody knows whose they are', () => {
    expect(of('old/broken.mp4')).toMatchObject({ state: 'refused', sha256: originals['broken.mp4'] });
    expect(of('old/broken.mp4').error?.message).toMatch(/the record/);
    expect(of('old/e.ts').error).toEqual({
      code: 'invalid-record',
      message: expect.stringContaining('recordedAt: ') as string,
    });
    expect(of('old/e.ts').error?.message).toContain('not "gestern"');
  });

  it('are clips like every other: found by patient and day, played by ranges, frame for frame', async () => {
    const wanted = [
      { ...of('old/a.mkv'), first: 0, copied: 60, patient: 'Alt^Anna', day: '2019-03-04' },
      { ...of('old/b.webm'), first: 1000, copied: 0, patient: 'Alt^Anna', day: '2019-03-04' },
      { ...of('old/c.json'), first: 2000, copied: 0, patient: 'Früh^Franz', day: '2018-11-05' },
      { ...of('old/e.ts', 1), first: 0, copied: 60, patient: 'Früh^Franz', day: '2018-11-05' },
    ];
    for (const one of wanted) {
      const { source, clipId = '', first, copied, patient, day } = one;
      expect([source, one.frames, one.copiedFrames, one.reencodedFrames]).toEqual([source, 60, copied, 60 - copied]);
      if (copied === 0) expect(one.psnr).toBeGreaterThan(35);
      const clip = await line.api.clip(clipId);
      expect(clip).toMatchObject({
        kind: 'clip',
        stationId: 'or-1',
        patient: { name: patient },
        imported: { sha256: one.videoSha256 ?? one.sha256, copiedFrames: copied },
        sources: [{ sourceId: 'imported', frames: 60, durationMs: 2000 }],
      });
      const { items } = await line.api.clips({ patient: patient.split('^')[0] ?? '', date: day });
      expect(items.map((each) => each.clipId)).toContain(clipId);

      const url = `${line.box.url}${clip.sources[0]?.videoUrl}`;
      const whole = Buffer.from(await (await fetch(url, { headers: line.api.authorization })).arrayBuffer());
      expect(sha256(whole)).toBe(clip.sources[0]?.sha256);
      const part = await fetch(url, { headers: { ...line.api.authorization, range: 'bytes=100-299' } });
      expect(part.status).toBe(206);
      expect(Buffer.from(await part.arrayBuffer()).equals(whole.subarray(100, 300))).toBe(true);
      const file = join(old, '..', `${clipId}.mp4`);
      await writeFile(file, whole);
      expect(await frameCounters(file)).toEqual(range(first, first + 60));
    }
    const first = await line.api.clip(of('old/a.mkv').clipId ?? '');
    expect(first).toMatchObject({ accessionNumber: 'ACC-1', description: 'Polyp, rechts' });
    expect(first.sources[0]?.startedAt).toBe('2019-03-04T08:15:00.000Z');
    // one patient, order and day: one procedure
    const second = await line.api.clip(of('old/b.webm').clipId ?? '');
    expect(second.procedureId).toBe(first.procedureId);
    const audit = await ask<{ items: { action: string; detail: object }[] }>(`/clips/${first.clipId}/audit`);
    const entries = audit.items.filter(({ action }) => action === 'clip.import');
    expect(entries).toMatchObject([{ detail: { sha256: originals['a.mkv'] } }]);
  });

  it('are sent to the PACS as objects of their patient, of the day they were recorded', async () => {
    const copied = await reached(line, of('old/a.mkv').clipId ?? '', 'sent', 120_000);
    const stored = await fetchFromPacs(line, copied.instances[0]?.sopInstanceUid ?? '');
    expect(stored.counters).toEqual(range(0, 60));
    expect(stored.attributes).toMatchObject({ PatientID: ['OLD-1'], PatientBirthDate: ['19510228'], AccessionNumber: ['ACC-1'], ContentDate: ['20190304'], StudyDate: ['20190304'] }); // prettier-ignore
    expect(stored.attributes['DerivationDescription']).toBeUndefined();

    const encoded = await reached(line, of('old/c.json').clipId ?? '', 'sent', 120_000);
    const derived = await fetchFromPacs(line, encoded.instances[0]?.sopInstanceUid ?? '');
    expect(derived.counters).toEqual(range(2000, 2060));
    expect(derived.attributes['DerivationDescription']).toEqual([
      'Imported from a record of another system (vp8): 0 frames unchanged, 60 encoded anew.',
    ]);
  });

  it('are not brought twice, not for somebody else, and not with other bytes', async () => {
    const before = await clips();
    const again = await finished();
    expect(again.totals).toMatchObject({ imported: 0, alreadyThere: 5, refused: 2, waiting: 0 });
    expect(again.records.map(({ clipId }) => clipId)).toEqual(result.records.map(({ clipId }) => clipId));
    expect(await clips()).toHaveLength(before.length);

    const { sha256: known } = of('old/a.mkv');
    const asked = { sha256: known, stationId: 'or-1', recordedAt: '2019-03-04T08:15:00Z' };
    const other = line.api.createImport({ ...asked, patient: { name: 'Ander^Er', id: 'OLD-9' } });
    await expect(other).rejects.toMatchObject({ code: 'id-in-use' });
    const nobodys = '0'.repeat(64);
    const bytes = await readFile(join(old, 'a.mkv'));
    await line.api.beginUpload(nobodys, bytes.length);
    const sent = line.api.appendUpload(nobodys, 0, new Blob([bytes]));
    await expect(sent).rejects.toMatchObject({ code: 'hash-differs' });
    expect(await line.api.findImport(nobodys)).toMatchObject({ uploaded: false });
    expect(await line.api.openImports()).toEqual([]);
    const unseen = line.api.createImport({ ...asked, sha256: nobodys, patient: { name: 'Ander^Er', id: 'OLD-9' } });
    await expect(unseen).rejects.toMatchObject({ code: 'not-uploaded' });
  });
});
