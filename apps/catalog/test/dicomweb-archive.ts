import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { InstanceCreated } from '@smartbox/contracts';
import {
  buildStill,
  buildVideo,
  createPart10,
  part10Stream,
  SopClassUid,
  TransferSyntaxUid as T,
  type Dataset,
  type ObjectContext,
} from '@smartbox/dicom';
import { deterministicUid, newId } from '@smartbox/kernel';
import { expect } from 'vitest';
import { addStation, objectStore, settings, startCatalog, startServers, tell, type Catalog, type Servers } from './catalog.ts'; // prettier-ignore
import { eventsOfClip, recipe } from './clip-story.ts';

const fixtures = join(import.meta.dirname, '../../../libs/dicom/test/fixtures');
const video = readFileSync(join(fixtures, 'h264-720p-23976-bframes.mp4'));
// An odd length: what is padded in the object has to come out as it was.
export const odd = Buffer.concat([video, Buffer.from([0, 0, 0, 9]), Buffer.from('free'), Buffer.from([1])]);
export const jpeg = readFileSync(join(fixtures, 'baseline-64x48.jpg'));
/** Three frames that differ: each with a comment of its own, one of them of odd length. */
export const frames = [1, 2, 3].map((n) =>
  Buffer.concat([jpeg.subarray(0, 2), Buffer.from([0xff, 0xfe, 0, 2 + n]), Buffer.alloc(n, 65), jpeg.subarray(2)]),
);
export const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

interface Patient {
  name: string;
  id: string;
  birthDate: string;
  accession: string;
  startedAt: string;
}
export const mueller: Patient = {
  name: 'Müller^Jürgen^^Dr.',
  id: 'P-1',
  birthDate: '19610503',
  accession: 'A-1',
  startedAt: '2026-11-22T23:30:00.000Z', // the 23rd in Berlin
};
const roe: Patient = {
  name: 'Roe^Richard',
  id: 'P-3',
  birthDate: '19900101',
  accession: 'A-3',
  startedAt: '2025-01-01T09:00:00.000Z',
};
const doe: Patient = {
  name: 'Doe^Jane',
  id: 'P_2',
  birthDate: '19800101',
  accession: 'A-2',
  startedAt: '2026-11-20T09:00:00.000Z',
};

export interface Stored {
  clipId: string;
  instance: InstanceCreated;
  file: Buffer;
  path: string;
}

const context = ({ name, id, birthDate, accession, startedAt }: Patient, series: number): ObjectContext => ({
  patientStudy: {
    utcOffsetMinutes: 60,
    patient: { name, id, birthDate, sex: 'O' },
    study: {
      instanceUid: deterministicUid('study', id),
      startedAt: new Date(startedAt),
      id: `S-${id}`,
      accessionNumber: accession,
      referringPhysicianName: 'Öztürk^Ayşe',
      description: 'Gastroskopie',
    },
  },
  series: {
    instanceUid: deterministicUid('series', id, String(series)),
    number: series,
    description: 'Endoskop',
    modality: 'ES',
  },
  equipment: { manufacturer: 'SmartBox', modelName: 'SmartBox', softwareVersions: '0.1.0', stationName: 'OP 1' },
});

const image = (uid: string, payloadLength: number) => ({
  sopInstanceUid: uid,
  number: 1,
  capturedAt: new Date('2026-11-22T23:45:12.345Z'),
  rows: 720,
  columns: 1280,
  payloadLength,
  anatomicRegion: { value: '71854001', scheme: 'SCT', meaning: 'Colon' },
});

async function procedureOf(catalog: Catalog, patient: Patient, stationId = 'or-1'): Promise<string> {
  const procedureId = newId();
  const { name, id, birthDate, accession, startedAt } = patient;
  await catalog.database.prisma.procedure.create({
    data: {
      procedureId,
      stationId,
      emergency: false,
      recipe,
      recipeName: recipe.name,
      patientName: name,
      patientId: id,
      accessionNumber: accession,
      startedAt: new Date(startedAt),
      endedAt: new Date(startedAt),
      versions: {
        create: {
          version: 1,
          patient: { name, id, birthDate, sex: 'O' },
          study: {
            studyInstanceUid: deterministicUid('study', id),
            accessionNumber: accession,
            studyId: `S-${id}`,
            referringPhysician: 'Öztürk^Ayşe',
            description: 'Gastroskopie',
          },
          createdAt: new Date(startedAt),
        },
      },
    },
  });
  return procedureId;
}

/** An object as the dicomizer makes and announces it. */
async function store(
  catalog: Catalog,
  what: 'video' | 'still' | 'frames',
  patient: Patient,
  procedureId: string,
  series: number,
  stationId = 'or-1',
): Promise<Stored> {
  const clipId = newId();
  const uid = deterministicUid('object', clipId);
  const given = context(patient, series);
  const still = what === 'still';
  const parts = what === 'frames' ? frames : still ? [jpeg] : [odd];
  const payload = Buffer.concat(parts);
  const [syntax, sopClassUid] = still
    ? [T.jpegBaseline, SopClassUid.vlEndoscopic]
    : [what === 'frames' ? T.jpegBaseline : T.h264High41, SopClassUid.videoEndoscopic];
  const dataset: Dataset = still
    ? buildStill(sopClassUid, syntax, given, { ...image(uid, jpeg.length), rows: 48, columns: 64 })
    : buildVideo(sopClassUid, syntax, given, {
        ...image(uid, payload.length),
        frames: what === 'frames' ? 3 : 48,
        frameRate: { num: 24_000, den: 1001 },
      });
  const part10 = createPart10(
    dataset,
    syntax,
    what === 'video' ? payload.length : { frameLengths: parts.map((each) => each.length) },
  );
  const file = await buffer(part10Stream(part10, [payload]));
  const key = `instances/${uid}.dcm`;
  await objectStore(catalog.config).put(key, file, { size: file.length, contentType: 'application/dicom' });
  const facts = {
    sopInstanceUid: uid,
    sopClassUid,
    transferSyntaxUid: syntax,
    studyInstanceUid: given.patientStudy.study.instanceUid,
    seriesInstanceUid: given.series.instanceUid,
    key,
    bytes: file.length,
    sha256: sha256(file),
    payloadSha256: sha256(payload),
    payloadBytes: payload.length,
    payloadOffset: part10.payloadOffset,
    numberOfFrames: still ? 1 : what === 'frames' ? 3 : 48,
  };
  const story = eventsOfClip({ clipId, sources: ['cam-a'], destinations: ['pacs'], procedureId, stationId });
  const told = story.flatMap((event) => {
    if (event.name === 'dicomizer.instance.created') {
      return [{ ...event, data: { ...(event.data as object), ...facts, instanceId: newId() } }];
    }
    return event.name.startsWith('pacs-gateway') || (still && event.name === 'transcoder.rendition.ready')
      ? []
      : [event];
  });
  await catalog.applied(await tell(catalog.config, told));
  if (!still) {
    const poster = `clips/${clipId}/cam-a/renditions/poster`;
    await objectStore(catalog.config).put(poster, Buffer.alloc(500, 1), { size: 500, contentType: 'image/jpeg' });
  }
  const { studyInstanceUid, seriesInstanceUid } = facts;
  const path = `/dicomweb/studies/${studyInstanceUid}/series/${seriesInstanceUid}/instances/${uid}`;
  return { clipId, instance: facts as unknown as InstanceCreated, file, path };
}

/** A catalog with four objects of three patients in it. */
export interface Archive {
  catalog: Catalog;
  made: Record<'film' | 'still' | 'other' | 'frames', Stored>;
  stop(): Promise<void>;
}

/** `doeIn`: the room of one of the patients, where it is another one than the others'. */
export async function startArchive({ doeIn = 'or-1' } = {}): Promise<Archive> {
  const servers: Servers = await startServers();
  if (doeIn !== 'or-1') await addStation(servers, doeIn);
  const catalog = await startCatalog(settings(servers, { ALLOWED_HOSTS: 'viewer.example' }));
  const [first, second, third] = [
    await procedureOf(catalog, mueller),
    await procedureOf(catalog, doe, doeIn),
    await procedureOf(catalog, roe),
  ];
  return {
    catalog,
    made: {
      film: await store(catalog, 'video', mueller, first, 1),
      still: await store(catalog, 'still', mueller, first, 2),
      other: await store(catalog, 'video', doe, second, 1, doeIn),
      frames: await store(catalog, 'frames', roe, third, 1),
    },
    stop: async () => {
      await catalog.close();
      await servers.stop();
    },
  };
}

export type Json = Record<string, { vr: string; Value?: unknown[]; BulkDataURI?: string }>;
export const getFrom =
  (catalog: Catalog) =>
  (path: string, accept?: string, more: Record<string, string> = {}) =>
    catalog.get(path, { headers: { ...(accept === undefined ? {} : { Accept: accept }), ...more } });
type Get = ReturnType<typeof getFrom>;
export async function jsonOf(get: Get, path: string): Promise<Json[]> {
  const response = await get(path, 'application/dicom+json');
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toContain('application/dicom+json');
  return (await response.json()) as Json[];
}
export const uids = (found: Json[], tag: string) => found.map((each) => each[tag]?.Value?.[0]);

/** The parts of a `multipart/related` answer; its Content-Length has to be right. */
export async function parts(response: Response): Promise<{ head: string; body: Buffer }[]> {
  const boundary = /boundary=([\w.]+)/.exec(response.headers.get('content-type') ?? '')?.[1] ?? '';
  const all = Buffer.from(await response.arrayBuffer());
  expect(Number(response.headers.get('content-length'))).toBe(all.length);
  const found: { head: string; body: Buffer }[] = [];
  const mark = `--${boundary}\r\n`;
  for (let at = all.indexOf(mark); at >= 0; at = all.indexOf(mark, at + 1)) {
    const headEnd = all.indexOf('\r\n\r\n', at);
    const head = all.toString('latin1', at + mark.length, headEnd);
    const length = Number(/Content-Length: (\d+)/.exec(head)?.[1]);
    found.push({ head, body: all.subarray(headEnd + 4, headEnd + 4 + length) });
  }
  expect(all.subarray(-boundary.length - 6).toString()).toBe(`--${boundary}--\r\n`);
  return found;
}

/** What pydicom reads of a Part 10 file. */
export function pydicom(file: Buffer): Json {
  const dir = mkdtempSync(join(tmpdir(), 'dicomweb-'));
  const path = join(dir, 'object.dcm');
  writeFileSync(path, file);
  const script = 'import pydicom,sys;print(pydicom.dcmread(sys.argv[1],stop_before_pixels=True).to_json())';
  const read = JSON.parse(execFileSync('/usr/bin/python3', ['-c', script, path], { encoding: 'utf8' })) as Json;
  rmSync(dir, { recursive: true });
  // PS3.18 section F.2.5: what is empty has no Value.
  const empty = ({ Value }: Json[string]) => Value?.length === 0;
  return Object.fromEntries(Object.entries(read).map(([tag, each]) => [tag, empty(each) ? { vr: each.vr } : each]));
}
