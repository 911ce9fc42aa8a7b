import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { DestinationConfig, InstanceCreated } from '@smartbox/contracts';
import {
  bufferSource,
  buildVideo,
  createPart10,
  extractPayload,
  part10Stream,
  readPart10,
  SopClassUid,
  text,
  TransferSyntaxUid,
} from '@smartbox/dicom';
import { deterministicUid, newId } from '@smartbox/kernel';
import { startOrthanc, until, type Orthanc } from '@smartbox/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { buildGateway, eventsOf, startBed, startGateway, type Bed, type Gateway } from './support/gateway.ts';
import { recipe } from './support/procedure.ts';

const film = readFileSync(join(import.meta.dirname, '../../../libs/dicom/test/fixtures/h264-720p-23976-bframes.mp4'));
const study = deterministicUid('study', 'deidentified');
const series = deterministicUid('series', 'deidentified');
/** Whatever says who, where and when. */
const secrets = [
  'Müller',
  'P-4711',
  '19610503',
  'A-2026-17',
  'Öztürk',
  'Weiß',
  'Klinikum',
  'or-1',
  '20260612',
  'Koloskopie',
];

let bed: Bed;
let dir: string;
let clinical: Orthanc;
let teaching: Orthanc;
let gateway: Gateway | undefined;

beforeAll(async () => {
  buildGateway();
  dir = mkdtempSync(join(tmpdir(), 'teaching-'));
  writeFileSync(join(dir, 'key'), randomBytes(24).toString('hex'));
  [bed, clinical, teaching] = await Promise.all([
    startBed(),
    startOrthanc({ aeTitle: 'CLINICAL' }),
    startOrthanc({ aeTitle: 'TEACHING' }),
  ]);
});
afterEach(async () => {
  await gateway?.stop();
  gateway = undefined;
});
afterAll(async () => {
  await Promise.all([bed?.stop(), clinical?.stop(), teaching?.stop()]);
  rmSync(dir, { recursive: true, force: true });
});

const destinations = (policy: object = {}) => {
  const to = (
    name: string,
    { aeTitle, port }: Orthanc,
  ): Pick<DestinationConfig, 'name' | 'title' | 'aeTitle' | 'host' | 'port'> => ({
    name,
    title: name,
    aeTitle,
    host: '127.0.0.1',
    port,
  });
  const deidentify = { key: { file: join(dir, 'key') }, ...policy };
  return { destinations: [to('clinical', clinical), { ...to('teaching', teaching), deidentify }] };
};

/** A film of the patient as the dicomizer makes and announces it. */
async function published(
  number: number,
  burnedInAnnotation = false,
  names = ['clinical', 'teaching'],
): Promise<InstanceCreated & { object: Buffer }> {
  const instanceId = newId();
  const [sopClassUid, syntax] = [SopClassUid.videoEndoscopic, TransferSyntaxUid.h264High41];
  const sopInstanceUid = deterministicUid('film', instanceId);
  const code = { value: '73761001', scheme: 'SCT', meaning: 'Koloskopie' };
  const dataset = buildVideo(
    sopClassUid,
    syntax,
    {
      patientStudy: {
        utcOffsetMinutes: 120,
        patient: { name: 'Müller^Jürgen', id: 'P-4711', birthDate: '19610503', sex: 'M' },
        study: {
          instanceUid: study,
          startedAt: new Date('2026-06-11T22:30:00Z'),
          accessionNumber: 'A-2026-17',
          referringPhysicianName: 'Öztürk^Ayşe',
          description: 'Koloskopie',
          procedureCodes: [code],
          request: { requestedProcedureId: 'RP1', scheduledProcedureStepId: 'SPS1', requestedProcedureCodes: [code] },
        },
      },
      series: { instanceUid: series, number: 1, performingPhysicianName: 'Weiß^Jörg', performedProtocolCodes: [code] },
      equipment: { manufacturer: 'SmartBox', modelName: 'SmartBox', softwareVersions: '1', deviceSerialNumber: 'or-1', institutionName: 'Klinikum' },
    },
    {
      sopInstanceUid, number, capturedAt: new Date('2026-06-11T22:45:12.345Z'), rows: 720, columns: 1280,
      payloadLength: film.length, frames: 48, frameRate: { num: 24_000, den: 1001 }, burnedInAnnotation,
    },
  ); // prettier-ignore
  const part10 = createPart10(dataset, syntax, film.length);
  const object = await buffer(part10Stream(part10, [film]));
  const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
  const key = `instances/${sopInstanceUid}.dcm`;
  await bed.store.put(key, object, { size: object.length, contentType: 'application/dicom' });
  const origin = {
    kind: 'clip' as const, id: newId(), sourceId: 'cam-1', stationId: 'or-1', procedureId: newId(),
    recipe: { ...recipe, destinations: names }, capturedAt: '2026-06-11T22:45:12.345Z', durationMs: 2000,
  }; // prettier-ignore
  const instance: InstanceCreated = {
    instanceId, origin, sopInstanceUid, sopClassUid, transferSyntaxUid: syntax, studyInstanceUid: study,
    seriesInstanceUid: series, procedureVersion: 1, key, bytes: object.length, sha256: sha256(object),
    payloadSha256: sha256(film), payloadBytes: film.length, payloadOffset: part10.payloadOffset, numberOfFrames: 48,
    destinations: names,
  }; // prettier-ignore
  await bed.messaging.publishEvent('dicomizer.instance.created', instance, { id: instanceId });
  return { ...instance, object };
}

const eventOf = async (instance: InstanceCreated, to: string, name: 'instance.stored' | 'delivery.failed') => {
  const found = () => eventsOf(bed, instance, `pacs-gateway.${name}`).find(({ data }) => data['destination'] === to);
  await until(() => found() !== undefined, { timeoutMs: 60_000, what: `${name} at ${to}` });
  return found()?.data;
};
const fileOf = async ({ view }: Orthanc, uid: string) => buffer(await view.open(uid));
const uidsIn = async ({ view }: Orthanc) => (await view.instances()).map(({ sopInstanceUid }) => sopInstanceUid);

/** These objects of the teaching archive are copies of the films: one patient and study, the very payload, no secret. */
async function expectCopies(uids: readonly string[], films: readonly InstanceCreated[]): Promise<void> {
  const copies = await Promise.all(uids.map((uid) => fileOf(teaching, uid)));
  expect(copies).toHaveLength(2);
  const originals = [study, series, ...films.map(({ sopInstanceUid }) => sopInstanceUid)];
  const read = await Promise.all(copies.map((copy) => readPart10(bufferSource(copy))));
  for (const [i, copy] of copies.entries()) {
    for (const secret of [...secrets, ...originals]) expect(copy.includes(secret), secret).toBe(false);
    const payload = await buffer(extractPayload(bufferSource(copy), read[i]!));
    expect(createHash('sha256').update(payload).digest('hex')).toBe(films[0]?.payloadSha256);
    expect(read[i]?.dataset).toMatchObject({ PatientIdentityRemoved: ['YES'], NumberOfFrames: [48], Rows: [720] });
    const file = join(dir, `${i}.dcm`);
    writeFileSync(file, copy);
    const { stdout, stderr } = spawnSync('dciodvfy', [file], { encoding: 'utf8' });
    expect(`${stdout}${stderr}`.split('\n').filter((line) => line.startsWith('Error'))).toEqual([]);
  }
  const [one, two] = read.map(({ dataset }) =>
    ['PatientID', 'StudyInstanceUID', 'SeriesInstanceUID'].map((k) => text(dataset, k)),
  );
  expect(one).toEqual(two);
  expect(new Set(read.map(({ sopInstanceUid }) => sopInstanceUid)).size).toBe(2);
}

describe('a destination that gets de-identified copies', () => {
  it('gets nothing of who, where and when, one study for one study, and the very film; the other one gets the original', async () => {
    gateway = await startGateway(bed, destinations());
    const films = [await published(1), await published(2)];
    for (const one of films) {
      expect(await eventOf(one, 'clinical', 'instance.stored')).not.toHaveProperty('deidentified');
      expect(await eventOf(one, 'teaching', 'instance.stored')).toMatchObject({
        deidentified: true,
        commitment: 'none',
      });
      for (const secret of secrets) expect(one.object.includes(secret), secret).toBe(true);
      const [kept, sent] = [await fileOf(clinical, one.sopInstanceUid), one.object].map(bufferSource);
      // Orthanc writes the lengths of sequences in its own way
      expect((await readPart10(kept!)).dataset).toEqual((await readPart10(sent!)).dataset);
    }
    await expectCopies(await uidsIn(teaching), films);
    expect(gateway.output()).not.toMatch(/Müller|P-4711/);
  });

  it('gets none while text may be burnt in, and says why; the site may answer for it; its key is in no answer', async () => {
    const before = await uidsIn(teaching);
    gateway = await startGateway(bed, destinations());
    const marked = await published(3, true);
    const failed = await eventOf(marked, 'teaching', 'delivery.failed');
    expect(failed).toMatchObject({ code: 'burned-in-annotation', deidentified: true });
    await eventOf(marked, 'clinical', 'instance.stored');
    expect(await uidsIn(teaching)).toEqual(before);
    const shown = await bed.messaging.call('pacs-gateway.list-destinations', {});
    expect(JSON.stringify(shown)).not.toContain(dir);
    await gateway.stop();

    gateway = await startGateway(bed, destinations({ confirmBurnedIn: true }));
    const confirmed = await published(4, true);
    await eventOf(confirmed, 'teaching', 'instance.stored');
    expect(await uidsIn(teaching)).toHaveLength(before.length + 1);
  });

  it('by STOW-RS gets the same, found there by QIDO-RS; and none while text may be burnt in', async () => {
    const before = await uidsIn(teaching);
    writeFileSync(join(dir, 'web-key'), randomBytes(24).toString('hex'));
    const { httpUrl, user = '', password = '' } = teaching.access;
    const web = {
      ...{ name: 'web', title: 'web', protocol: 'dicomweb' as const, url: `${httpUrl}/dicom-web` },
      auth: { type: 'basic' as const, user, password },
      deidentify: { key: { file: join(dir, 'web-key') } },
    };
    gateway = await startGateway(bed, { destinations: [web] });
    const films = [await published(5, false, ['web']), await published(6, false, ['web'])];
    for (const one of films)
      expect(await eventOf(one, 'web', 'instance.stored')).toMatchObject({ deidentified: true, verified: 'qido', attempt: 1 }); // prettier-ignore
    await expectCopies((await uidsIn(teaching)).filter((uid) => !before.includes(uid)), films); // prettier-ignore
    const marked = await published(7, true, ['web']);
    expect(await eventOf(marked, 'web', 'delivery.failed')).toMatchObject({ code: 'burned-in-annotation', attempt: 0 });
    expect(await uidsIn(teaching)).toHaveLength(before.length + 2);
    expect(gateway.output()).not.toMatch(/Müller|P-4711/);
  });

  it('does not start without a key that nobody guesses', async () => {
    writeFileSync(join(dir, 'short'), 'secret');
    const policy = destinations({ key: { file: join(dir, 'short') } });
    await expect(startGateway(bed, policy)).rejects.toThrow(/deidentify\.key: .*short has 6 characters, at least 32/);
    const missing = destinations({ key: { file: 'missing' } });
    await expect(startGateway(bed, missing)).rejects.toThrow(/deidentify\.key: cannot read/);
  });
});
