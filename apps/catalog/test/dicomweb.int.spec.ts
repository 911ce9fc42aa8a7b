import { buffer } from 'node:stream/consumers';
import { TransferSyntaxUid as T } from '@smartbox/dicom';
import { deterministicUid } from '@smartbox/kernel';
import { startOrthanc, until } from '@smartbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Catalog } from './catalog.ts';
import {
  frames,
  getFrom,
  jpeg,
  jsonOf,
  mueller,
  odd,
  parts,
  pydicom,
  sha256,
  startArchive,
  type Archive,
} from './dicomweb-archive.ts';
import { readAsOthersDo } from './dicomweb-client.ts';

let archive: Archive;
let catalog: Catalog;
let made: Archive['made'];
let get: ReturnType<typeof getFrom>;
const json = (path: string) => jsonOf(get, path);

beforeAll(async () => {
  archive = await startArchive();
  ({ catalog, made } = archive);
  get = getFrom(catalog);
});
afterAll(() => archive?.stop());

describe('WADO-RS', () => {
  it('hands out an object as it is stored, alone, in a series and in a study', async () => {
    const { film, still } = made;
    const study = film.path.split('/series')[0] ?? '';
    for (const accept of [
      'multipart/related; type="application/dicom"; transfer-syntax=*',
      'multipart/related; type="application/dicom"',
      '*/*',
      undefined,
    ]) {
      const [part] = await parts(await get(film.path, accept));
      expect(part?.head).toContain(`application/dicom; transfer-syntax=${T.h264High41}`);
      expect(part?.body.equals(film.file)).toBe(true);
    }
    const alone = await get(film.path, 'application/dicom');
    expect(sha256(Buffer.from(await alone.arrayBuffer()))).toBe(film.instance.sha256);
    const whole = await parts(await get(study));
    expect(whole.map(({ body }) => sha256(body)).toSorted()).toEqual(
      [film.instance.sha256, still.instance.sha256].toSorted(),
    );
    const some = await get(study, `multipart/related; type="application/dicom"; transfer-syntax=${T.jpegBaseline}`);
    expect(some.status).toBe(206);
    expect((await parts(some)).map(({ body }) => sha256(body))).toEqual([still.instance.sha256]);
  });

  it('transcodes nothing, and says so', async () => {
    const raw = 'multipart/related; type="application/dicom"; transfer-syntax=1.2.840.10008.1.2.1';
    const response = await get(made.film.path, raw);
    expect(response.status).toBe(406);
    expect(((await response.json()) as { detail: string }).detail).toContain(T.h264High41);
    expect((await get(made.film.path, 'image/png')).status).toBe(406);
    expect((await get(`${made.film.path}/rendered`, 'image/gif')).status).toBe(406);
    expect((await get(`${made.film.path}/metadata`, 'application/dicom+xml')).status).toBe(406);
  });

  it('gives the metadata that pydicom reads, with the address of the pixels', async () => {
    for (const { path, file } of [made.film, made.still]) {
      const [metadata] = await json(`${path}/metadata`);
      const { '7FE00010': pixels, ...rest } = metadata ?? {};
      const syntax = file === made.film.file ? T.h264High41 : T.jpegBaseline;
      expect(rest).toEqual({ ...pydicom(file), '00083002': { vr: 'UI', Value: [syntax] } });
      expect(pixels).toEqual({ vr: 'OB', BulkDataURI: `${catalog.url}${path}/bulkdata/7FE00010` });
    }
    expect(await json(`${made.film.path.split('/series')[0]}/metadata`)).toHaveLength(2);
  });

  it('gives pixels: the stream of a video, the frame of a picture, whole and in part', async () => {
    const { film, still } = made;
    const [stream] = await parts(await get(`${film.path}/frames/1`));
    expect(stream?.head).toContain('Content-Type: video/mp4');
    expect(stream?.body.equals(odd)).toBe(true);
    const [frame] = await parts(await get(`${still.path}/frames/1`, 'multipart/related; type="image/jpeg"'));
    expect(frame?.body.equals(jpeg)).toBe(true);
    expect((await get(`${still.path}/frames/2`)).status).toBe(404);
    const some = await parts(await get(`${made.frames.path}/frames/3,1`));
    expect(some.map(({ body }) => sha256(body))).toEqual([frames[2], frames[0]].map((each) => sha256(each ?? jpeg)));
    expect(some[0]?.head).toContain(`${made.frames.path}/frames/3`);
    const alone = await get(`${made.frames.path}/frames/2`, 'image/jpeg');
    expect(Buffer.from(await alone.arrayBuffer()).equals(frames[1] ?? jpeg)).toBe(true);
    const bulk = await get(`${film.path}/bulkdata/7fe00010`, 'application/octet-stream', { Range: 'bytes=100-199' });
    expect(bulk.status).toBe(206);
    expect(Buffer.from(await bulk.arrayBuffer()).equals(odd.subarray(100, 200))).toBe(true);
  });

  it('renders: a video that a browser seeks in, a picture, a thumbnail', async () => {
    const { film, still } = made;
    const shown = await get(`${film.path}/rendered`, '*/*');
    expect(shown.headers.get('content-type')).toBe('video/mp4');
    expect(shown.headers.get('accept-ranges')).toBe('bytes');
    expect(sha256(Buffer.from(await shown.arrayBuffer()))).toBe(film.instance.payloadSha256);
    const etag = shown.headers.get('etag') ?? '';
    const tail = await get(`${film.path}/rendered?accept=video/mp4`, 'text/html', {
      Range: 'bytes=-10',
      'If-Range': etag,
    });
    expect(tail.status).toBe(206);
    expect(tail.headers.get('content-range')).toBe(`bytes ${odd.length - 10}-${odd.length - 1}/${odd.length}`);
    expect(Buffer.from(await tail.arrayBuffer()).equals(odd.subarray(-10))).toBe(true);
    const picture = await get(`${still.path}/rendered`, 'image/*');
    expect(Buffer.from(await picture.arrayBuffer()).equals(jpeg)).toBe(true);
    const poster = await get(`${film.path}/rendered`, 'image/jpeg');
    expect((await poster.arrayBuffer()).byteLength).toBe(500);
    expect((await (await get(`${film.path}/thumbnail`)).arrayBuffer()).byteLength).toBe(500);
    expect(Buffer.from(await (await get(`${still.path}/thumbnail`)).arrayBuffer()).equals(jpeg)).toBe(true);
  });

  it('renders the very frame that is asked for, several apart, and the first of a sequence as its picture', async () => {
    const { path } = made.frames;
    const bytes = async (response: Response) => {
      expect(response.headers.get('content-type')).toBe('image/jpeg');
      return sha256(Buffer.from(await response.arrayBuffer()));
    };
    const [first, second, third] = frames.map((each) => sha256(each));
    for (const accept of ['image/jpeg', '*/*']) {
      expect(await bytes(await get(`${path}/frames/2/rendered`, accept))).toBe(second);
      expect(await bytes(await get(`${path}/rendered`, accept))).toBe(first);
    }
    const some = await parts(await get(`${path}/frames/3,1/rendered`, 'multipart/related; type="image/jpeg"'));
    expect(some.map(({ body }) => sha256(body))).toEqual([third, first]);
    expect(some[0]?.head).toMatch(/Content-Type: image\/jpeg\r\n[^]*frames\/3\/rendered/);
    expect((await get(`${path}/frames/4/rendered`)).status).toBe(404);
    expect(await bytes(await get(`${made.still.path}/frames/1/rendered`))).toBe(sha256(jpeg));
    // a stream is not decoded here: another frame than the one asked for would be a lie
    const refused = await get(`${made.film.path}/frames/7/rendered`, 'image/jpeg');
    expect(refused.status).toBe(406);
    expect(((await refused.json()) as { detail: string }).detail).toContain('no single frame of video/mp4');
  });

  it('is read by the client of others: searched, its metadata, objects, frames, renderings, and pixels in ranges', async () => {
    const { film, still } = made;
    const uids = [film.instance.sopInstanceUid, still.instance.sopInstanceUid] as const;
    const read = await readAsOthersDo(`${catalog.url}/dicomweb`, mueller.id, ...uids);
    expect(read).toMatchObject({ studies: 1, instances: 2 });
    const of = (bytes: Buffer) => ({
      frame: sha256(bytes),
      rendered: sha256(bytes),
      bulk: sha256(bytes),
      range: sha256(bytes.subarray(100, 200)),
      patient: mueller.name,
    });
    expect(read.film).toMatchObject({ ...of(odd), syntax: T.h264High41, metadata: uids[0], thumbnail: 500 });
    expect(read.film.frames).toBe(film.instance.numberOfFrames);
    expect(read.still).toMatchObject({ ...of(jpeg), syntax: T.jpegBaseline, metadata: uids[1], frames: 1 });
  });

  it('writes down who asked for what, once for all the ranges of one view, and no value that was searched for', async () => {
    const { film } = made;
    const [, study = ''] = /studies\/([0-9.]+)/.exec(film.path) ?? [];
    const agent = { 'User-Agent': `viewer/${study.length}` };
    const mine = async () => {
      const rows = await catalog.database.prisma.auditEntry.findMany({ orderBy: { sequence: 'asc' } });
      return rows.filter(({ detail }) => (detail as { agent?: string }).agent === agent['User-Agent']);
    };
    await get('/dicomweb/studies?PatientName=Geheim*&limit=1', '*/*', agent);
    for (const range of ['bytes=0-9', 'bytes=10-19', 'bytes=20-']) {
      await get(`${film.path}/rendered`, '*/*', { ...agent, Range: range });
    }
    await get(`${film.path}/metadata`, '*/*', agent);
    await get('/dicomweb/studies/2.25.404', '*/*', agent);
    const entries = await mine();
    expect(entries.map(({ action, subject }) => [action, subject])).toEqual([
      ['dicomweb.search', 'studies'],
      ['dicomweb.rendered', `study/${study}`],
      ['dicomweb.metadata', `study/${study}`],
      ['dicomweb.retrieve', 'study/2.25.404'],
    ]);
    expect(entries[0]?.detail).toMatchObject({ level: 'studies', asked: ['PatientName', 'limit'] });
    expect(entries[0]?.address).toBe('127.0.0.1');
    expect(entries[1]).toMatchObject({ actor: 'local', detail: { instance: film.instance.sopInstanceUid } });
    expect(JSON.stringify(entries.map(({ detail }) => detail))).not.toContain('Geheim');
    const audit = await catalog.get(`/api/v1/clips/${film.clipId}/audit`);
    const clip = (await audit.json()) as { items: { action: string }[] };
    expect(clip.items.map(({ action }) => action)).toContain('dicomweb.rendered');
  });

  it('knows what there is not, and lets nobody else in', async () => {
    expect((await get('/dicomweb/studies/2.25.404')).status).toBe(404);
    expect((await get('/dicomweb/studies/..%2F..%2Fetc')).status).toBe(400);
    expect((await get('/dicomweb/nothing')).status).toBe(404);
    expect(
      (
        await catalog.get('/dicomweb/studies', {
          method: 'POST',
          body: '{}',
          headers: { 'Content-Type': 'application/json' },
        })
      ).status,
    ).toBe(405);
    expect((await get('/dicomweb/studies', '*/*', { Origin: 'http://evil.example' })).status).toBe(403);
  });

  it('lets a viewer of another origin read, where it was named, and nothing but DICOMweb', async () => {
    const viewer = { Origin: 'https://viewer.example:3000', 'Sec-Fetch-Site': 'cross-site' };
    const shown = await get(`${made.film.path}/rendered`, '*/*', viewer);
    expect(shown.status).toBe(200);
    expect(shown.headers.get('access-control-allow-origin')).toBe(viewer.Origin);
    expect(shown.headers.get('cross-origin-resource-policy')).toBe('cross-origin');
    const asked = { ...viewer, 'Access-Control-Request-Method': 'GET', 'Access-Control-Request-Headers': 'range' };
    const preflight = await catalog.get(`${made.film.path}/rendered`, { method: 'OPTIONS', headers: asked });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-headers')).toContain('Range');
    expect((await get('/api/v1/clips', '*/*', viewer)).status).toBe(403);
    const other = await get('/dicomweb/studies', '*/*', { Origin: 'https://viewer.example.evil' });
    expect(other.status).toBe(403);
    expect(other.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('shows nothing of a clip that was taken back', async () => {
    const { clipId } = await catalog.database.prisma.instance.findUniqueOrThrow({
      where: { sopInstanceUid: made.other.instance.sopInstanceUid },
    });
    const hide = (hidden: boolean) => catalog.database.prisma.clip.update({ where: { clipId }, data: { hidden } });
    await hide(true);
    expect((await get(made.other.path)).status).toBe(404);
    expect(await json('/dicomweb/studies?PatientID=P_2')).toEqual([]);
    await hide(false);
  });
});

describe('a foreign DICOMweb client', () => {
  it('Orthanc retrieves a study from here, byte for byte', async () => {
    const orthanc = await startOrthanc({ peers: { CATALOG: Number(new URL(catalog.url).port) } });
    try {
      const { httpUrl, user = '', password = '' } = orthanc.access;
      const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
      const ask = (method: string, path: string, body: unknown) =>
        fetch(`${httpUrl}${path}`, { method, headers: { authorization }, body: JSON.stringify(body) });
      await ask('PUT', '/dicom-web/servers/catalog', { Url: `${catalog.url}/dicomweb/` });
      const found = await ask('POST', '/dicom-web/servers/catalog/qido', {
        Uri: '/studies',
        Arguments: { PatientID: 'P-1' },
      });
      expect(found.status).toBe(200);
      const study = deterministicUid('study', mueller.id);
      const retrieved = await ask('POST', '/dicom-web/servers/catalog/retrieve', {
        Resources: [{ Study: study }],
        Synchronous: true,
      });
      expect(retrieved.status).toBe(200);
      const kept = await until(async () => {
        const all = await orthanc.view.instances();
        return all.length === 2 && all;
      });
      for (const { sopInstanceUid } of kept) {
        const [mine] = [made.film, made.still].filter(({ instance }) => instance.sopInstanceUid === sopInstanceUid);
        expect(sha256(await buffer(await orthanc.view.open(sopInstanceUid)))).toBe(mine?.instance.sha256);
      }
    } finally {
      await orthanc.stop();
    }
  });
});
