import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DestinationsFile } from '@smartbox/contracts';
import { makeCertificate, startTestPacs, startTlsFront, startWlmscpfs, type WorklistItem } from '@smartbox/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { ExplicitLittleEndian, findWorklist, Tag, writeDataset } from '@smartbox/dimse';
import { DicomWorklist } from '../src/outbound/dicom-worklist.ts';

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

function item(n: number, more: Partial<WorklistItem> = {}): WorklistItem {
  return {
    patientName: `Öztürk^Jürgen^${n}`,
    patientId: `P-${n}`,
    patientBirthDate: '19700102',
    patientSex: 'M',
    accessionNumber: `A-${n}`,
    studyInstanceUid: `2.25.${1000 + n}`,
    requestedProcedureId: `R-${n}`,
    requestedProcedureDescription: 'Ösophagoskopie',
    referringPhysicianName: 'Groß^Änne',
    stepId: `S-${n}`,
    stepDescription: 'Gastroskopie mit Prüfung',
    stationAe: 'SMARTBOX',
    modality: 'ES',
    date: '20260105',
    time: '093000',
    performingPhysicianName: 'Weiß^Jörg',
    procedureCode: { value: '76009000', scheme: 'SCT', meaning: 'Ösophagogastroduodenoskopie' },
    protocolCode: { value: 'G-2', scheme: '99KLINIK', version: '2026', meaning: 'Gastroskopie mit Prüfung' },
    referencedStudyUid: `2.25.${2000 + n}`,
    ...more,
  };
}

const to = (port: number, calledAeTitle: string) => ({
  host: '127.0.0.1',
  port,
  calledAeTitle,
  callingAeTitle: 'SMARTBOX',
  maxPduBytes: 131_072,
  idleTimeoutMs: 5000,
});

const expected = {
  patient: { name: 'Öztürk^Jürgen^1', id: 'P-1', birthDate: '19700102', sex: 'M' },
  accessionNumber: 'A-1',
  studyInstanceUid: '2.25.1001',
  referringPhysician: 'Groß^Änne',
  requestedProcedureId: 'R-1',
  requestedProcedureDescription: 'Ösophagoskopie',
  scheduledProcedureStepId: 'S-1',
  scheduledProcedureStepDescription: 'Gastroskopie mit Prüfung', // inside the sequence
  scheduledStationAe: 'SMARTBOX',
  modality: 'ES',
  scheduledAt: '2026-01-05T09:30:00',
  performingPhysician: 'Weiß^Jörg',
  requestedProcedureCodes: [{ code: '76009000', scheme: 'SCT', meaning: 'Ösophagogastroduodenoskopie' }],
  scheduledProtocolCodes: [{ code: 'G-2', scheme: '99KLINIK', version: '2026', meaning: 'Gastroskopie mit Prüfung' }],
  referencedStudies: [{ sopClassUid: '1.2.840.10008.3.1.2.3.1', sopInstanceUid: '2.25.2001' }],
};

/** PS3.3 section 8.1: an extension of SNOMED CT has 18 digits. */
const longCodes = {
  procedureCode: { attribute: '00080119', value: '999000011000001104', scheme: 'SCT', meaning: 'Spiegelung, früh' },
  protocolCode: { attribute: '00080120', value: 'urn:oid:2.16.840.1.113883.6.96.73761001', scheme: '', meaning: 'Koloskopie' },
} as const; // prettier-ignore

describe('the worklist of DCMTK', () => {
  it.each([
    ['which declares its character set', ['-csk']],
    ['which declares none', []],
  ])('%s gives names and descriptions with umlauts', async (_, extraArguments) => {
    const server = await startWlmscpfs([item(1), item(2, { date: '20260106' })], { extraArguments });
    cleanUps.push(() => server.stop());
    const day = await findWorklist(to(server.port, server.aeTitle), { date: '20260105' });
    expect(day).toMatchObject({ truncated: false, unreadable: 0 });
    expect(day.items).toMatchObject([expected]);
    const all = await findWorklist(to(server.port, server.aeTitle), {
      date: '20260101-20260131',
      stationAe: 'SMARTBOX',
    });
    expect(all.items.map((one) => one.accessionNumber).sort()).toEqual(['A-1', 'A-2']);
    expect((await findWorklist(to(server.port, server.aeTitle), { modality: 'US' })).items).toEqual([]);
  });

  it('that codes nothing gives the item all the same, and what is no code or name is left out', async () => {
    const plain = { procedureCode: undefined, protocolCode: undefined, referencedStudyUid: undefined };
    const broken = {
      procedureCode: { value: 'longer than sixteen characters', scheme: 'SCT', meaning: 'x' },
      protocolCode: { value: 'K', scheme: '', meaning: 'x' },
      referencedStudyUid: '2.25.0815.',
      performingPhysicianName: `${'x'.repeat(70)}^Jörg`,
    };
    const server = await startWlmscpfs([item(3, plain as object), item(4, broken)], { extraArguments: ['-csk'] });
    cleanUps.push(() => server.stop());
    const { items, unreadable } = await findWorklist(to(server.port, server.aeTitle), {});
    expect(unreadable).toBe(0);
    const [third, fourth] = items.toSorted((a, b) => (a.patient.id < b.patient.id ? -1 : 1));
    expect(third).toMatchObject({ accessionNumber: 'A-3', performingPhysician: 'Weiß^Jörg' });
    expect(fourth).toMatchObject({ accessionNumber: 'A-4' });
    for (const one of [third, fourth]) {
      for (const key of ['requestedProcedureCodes', 'scheduledProtocolCodes', 'referencedStudies'])
        expect(one).not.toHaveProperty(key);
    }
    expect(fourth).not.toHaveProperty('performingPhysician');
  });

  it('that does not know long codes and URNs, leaves them out and gives the item all the same', async () => {
    const server = await startWlmscpfs([item(5, longCodes)], { extraArguments: ['-csk'] });
    cleanUps.push(() => server.stop());
    const { items, unreadable } = await findWorklist(to(server.port, server.aeTitle), {});
    expect({ items, unreadable }).toMatchObject({ items: [{ accessionNumber: 'A-5' }], unreadable: 0 });
    expect(items[0]).not.toHaveProperty('requestedProcedureCodes');
  });

  it('in Latin-1 gives the same, also inside the sequence', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'worklist-'));
    cleanUps.push(() => rm(dir, { recursive: true, force: true }));
    const folder = join(dir, 'items', 'WORKLIST');
    await mkdir(folder, { recursive: true });
    const elements = writeDataset(
      [
        { tag: Tag.SpecificCharacterSet, vr: 'CS', value: 'ISO_IR 100' },
        { tag: Tag.AccessionNumber, vr: 'SH', value: 'A-9' },
        { tag: Tag.PatientName, vr: 'PN', value: 'M~ller^J~rg' },
        { tag: Tag.PatientID, vr: 'LO', value: 'P-9' },
        { tag: Tag.StudyInstanceUID, vr: 'UI', value: '2.25.9' },
        {
          tag: Tag.ScheduledProcedureStepSequence,
          vr: 'SQ',
          value: [
            [
              { tag: Tag.Modality, vr: 'CS', value: 'ES' },
              { tag: Tag.ScheduledStationAETitle, vr: 'AE', value: 'SMARTBOX' },
              { tag: Tag.ScheduledProcedureStepStartDate, vr: 'DA', value: '20260105' },
              { tag: Tag.ScheduledProcedureStepDescription, vr: 'LO', value: 'Pr~fung' },
            ],
          ],
        },
      ],
      ExplicitLittleEndian,
    );
    for (let i = 0; i < elements.length; i++) if (elements[i] === 0x7e) elements[i] = 0xfc; // ~ stands for ü
    const meta = writeDataset([{ tag: 0x00020010, vr: 'UI', value: ExplicitLittleEndian }], ExplicitLittleEndian);
    const length = Buffer.from([2, 0, 0, 0, 0x55, 0x4c, 4, 0, meta.length, 0, 0, 0]);
    const file = Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), length, meta, elements]);
    await writeFile(join(folder, 'latin1.wl'), file);

    const server = await startWlmscpfs([], { dataDir: dir, extraArguments: ['-csk'] });
    cleanUps.push(() => server.stop());
    const { items } = await findWorklist(to(server.port, server.aeTitle), {});
    expect(items).toMatchObject([{ patient: { name: 'Müller^Jürg' }, scheduledProcedureStepDescription: 'Prüfung' }]);
  });
});

describe('any worklist', () => {
  it('goes on after both pending statuses, and is cancelled at the limit', async () => {
    const peer = await startTestPacs({ worklist: Array.from({ length: 20 }, (_, n) => item(n)) });
    cleanUps.push(() => peer.stop());
    peer.behave({ pendingStatus: 0xff01 });
    const all = await findWorklist(to(peer.port, peer.aeTitle), {});
    expect(all.items).toHaveLength(20);
    expect(all.items).toContainEqual(expect.objectContaining(expected));
    expect(new Set(all.items.map((one) => one.itemId)).size).toBe(20);
    const some = await findWorklist(to(peer.port, peer.aeTitle), {}, 7);
    expect(some).toMatchObject({ truncated: true });
    expect(some.items).toHaveLength(7);
  });

  it('gives codes longer than sixteen characters, and URNs', async () => {
    const peer = await startTestPacs({ worklist: [item(5, longCodes)] });
    cleanUps.push(() => peer.stop());
    const { items } = await findWorklist(to(peer.port, peer.aeTitle), {});
    const { procedureCode: long, protocolCode: urn } = longCodes;
    expect(items).toMatchObject([
      {
        requestedProcedureCodes: [{ code: long.value, scheme: 'SCT', meaning: long.meaning }],
        scheduledProtocolCodes: [{ code: urn.value, scheme: '', meaning: urn.meaning }],
      },
    ]);
  });

  it('finds a name with umlauts', async () => {
    const peer = await startTestPacs({ worklist: [item(1), item(2, { patientName: 'Schmidt^Ute' })] });
    cleanUps.push(() => peer.stop());
    const { items } = await findWorklist(to(peer.port, peer.aeTitle), { patientName: 'Öztürk*' });
    expect(items.map((one) => one.patient.id)).toEqual(['P-1']);
  });

  it('that is away, or asked with nonsense, says so', async () => {
    const peer = await startTestPacs();
    await peer.stop();
    await expect(findWorklist(to(peer.port, peer.aeTitle), {})).rejects.toMatchObject({ code: 'peer-unreachable' });
    await expect(findWorklist(to(peer.port, peer.aeTitle), { date: 'today' })).rejects.toMatchObject({
      code: 'invalid-query',
    });
  });
});

describe('the worklist of a site', () => {
  const configured = (port: number, aeTitle: string, more: object = {}) =>
    DestinationsFile.parse({ destinations: [], worklist: { aeTitle, host: '127.0.0.1', port, ...more } }).worklist;

  it('follows its matching rules, one list without doubles, up to its limit', async () => {
    const items = [
      item(1, { stationAe: 'ROOM_A' }),
      item(2, { stationAe: 'ROOM_B', modality: 'XC' }),
      item(3, { stationAe: 'ROOM_C' }),
      item(4, { stationAe: 'ROOM_A', date: '20260106' }),
    ];
    const server = await startWlmscpfs(items, { extraArguments: ['-csk'] });
    cleanUps.push(() => server.stop());
    const asked = { date: '20260105', stationAe: 'ROOM_A' };
    const numbers = async (rules: object) => {
      const worklist = new DicomWorklist(configured(server.port, server.aeTitle, rules), '/');
      const { items: found, truncated } = await worklist.find(asked);
      return { truncated, found: found.map(({ accessionNumber }) => accessionNumber).sort() };
    };
    expect(await numbers({})).toEqual({ truncated: false, found: ['A-1'] });
    const rules = { stationAe: ['ROOM_A', 'ROOM_B'], modalities: ['ES', 'XC'], daysAfter: 1 };
    expect((await numbers({ matching: rules })).found).toEqual(['A-1', 'A-2', 'A-4']);
    expect((await numbers({ matching: { stationAe: 'any' } })).found).toEqual(['A-1', 'A-2', 'A-3']);
    expect(await numbers({ matching: { stationAe: 'any' }, limit: 2 })).toMatchObject({ truncated: true });
    // whoever asks may want fewer, never more than the site gives
    const some = new DicomWorklist(configured(server.port, server.aeTitle, { limit: 2 }), '/');
    for (const [limit, count] of [
      [1, 1],
      [2, 2],
      [100, 2],
    ] as const) {
      const found = await some.find({ modality: 'ES', limit });
      expect([found.items.length, found.truncated], `${limit}`).toEqual([count, true]);
    }
  });

  it('is asked over TLS, and given up when it says nothing', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'worklist-tls-'));
    cleanUps.push(() => rm(dir, { recursive: true, force: true }));
    await makeCertificate(dir, 'ris');
    const peer = await startTestPacs({ worklist: [item(1)] });
    cleanUps.push(() => peer.stop());
    const tls = { key: readFileSync(join(dir, 'ris.key')), cert: readFileSync(join(dir, 'ris.pem')) };
    const front = await startTlsFront(peer.port, tls);
    cleanUps.push(() => front.stop());
    const secure = { tls: { ca: 'ris.pem' }, idleTimeoutSeconds: 1 };
    const worklist = new DicomWorklist(configured(front.port, peer.aeTitle, secure), dir);
    expect((await worklist.find({})).items).toMatchObject([{ patient: { name: 'Öztürk^Jürgen^1' } }]);
    peer.behave({ stall: 'response' });
    await expect(worklist.find({})).rejects.toMatchObject({ code: 'association-idle' });
  });
});
