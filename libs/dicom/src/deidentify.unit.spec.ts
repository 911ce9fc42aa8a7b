import { describe, expect, it } from 'vitest';
import { attributesFromJson } from './attributes.ts';
import { deidentify } from './deidentify.ts';
import type { Dataset } from './dataset.ts';
import { conformanceMatrix } from './matrix.ts';
import { findSopClass, findTransferSyntax } from './names.ts';
import { SopClassUid, sopClasses } from './sop-classes.ts';
import { TransferSyntaxUid as T, transferSyntaxes } from './transfer-syntaxes.ts';
import { sampleDataset } from '../test/sample-objects.ts';

const dataset = (): Dataset => ({
  ...sampleDataset(SopClassUid.videoEndoscopic, T.h264High41),
  '00091001': 'cHJpdmF0ZQ==',
});
const secrets = [
  'Müller',
  'P-4711',
  '19610503',
  'A-2026-17',
  'Öztürk',
  'Weiß',
  'Groß',
  'or-1',
  'OP 1',
  'Klinikum',
  'KLINIK',
  'Koloskopie',
  '20260612',
  'cHJpdmF0ZQ',
];

describe('a de-identified object', () => {
  it('says nothing of who, where and when', () => {
    const original = dataset();
    const { dataset: copy, replaced } = deidentify(original, { key: 'k' });
    const whole = JSON.stringify(copy);
    for (const secret of secrets) expect(whole).not.toContain(secret);
    for (const uid of ['StudyInstanceUID', 'SeriesInstanceUID', 'SOPInstanceUID']) {
      expect(replaced).toContain(uid);
      expect(whole).not.toContain(JSON.stringify(original[uid]));
    }
    expect(copy).toMatchObject({
      SOPClassUID: [SopClassUid.videoEndoscopic],
      PatientIdentityRemoved: 'YES',
      NumberOfFrames: 3600,
      Rows: 720,
    });
  });

  it('has the same names for the same key, and others for another', () => {
    const of = (key: string) => deidentify(dataset(), { key }).dataset;
    expect(of('a')).toEqual(of('a'));
    expect(of('a')['StudyInstanceUID']).not.toEqual(of('b')['StudyInstanceUID']);
    expect(of('a')['PatientID']).not.toEqual(of('b')['PatientID']);
  });

  it('has names that nobody can find again where no key was given, and says so', () => {
    const [one, two] = [deidentify(dataset()), deidentify(dataset())];
    for (const keyword of ['PatientID', 'StudyInstanceUID', 'SeriesInstanceUID', 'SOPInstanceUID'])
      expect(one.dataset[keyword]).not.toEqual(two.dataset[keyword]);
    expect(one.warnings).toEqual([expect.stringContaining('a random one was used')]);
    expect(deidentify(dataset(), { key: 'k' }).warnings).toEqual([]);
  });

  it('keeps what the options name, with their codes', () => {
    const { dataset: copy } = deidentify(dataset(), {
      retainUids: true,
      retainDevice: true,
      retainPatientCharacteristics: true,
      retainDates: 'shifted',
    });
    expect(copy).toMatchObject({
      DeviceSerialNumber: 'or-1',
      PatientSex: 'M',
      LongitudinalTemporalInformationModified: 'MODIFIED',
    });
    expect(copy['StudyInstanceUID']).toEqual([dataset()['StudyInstanceUID']]);
    expect([copy['StudyDate']].flat()[0]).toMatch(/^\d{8}$/);
    expect([copy['StudyDate']].flat()[0]).not.toBe('20260612');
    const codes = (copy['DeidentificationMethodCodeSequence'] as { CodeValue: string }[]).map((each) => each.CodeValue);
    expect(codes).toEqual(['113100', '113107', '113108', '113109', '113110']);
  });

  it('is not made while text or voices may name somebody', () => {
    const burned = { ...dataset(), BurnedInAnnotation: 'YES' };
    expect(() => deidentify(burned)).toThrow(expect.objectContaining({ code: 'burned-in-annotation' }));
    expect(deidentify(burned, { confirmBurnedIn: true }).dataset['BurnedInAnnotation']).toBe('YES');
    const voices = { ...dataset(), MultiplexedAudioChannelsDescriptionCodeSequence: [{ ChannelMode: 'MONO' }] };
    expect(() => deidentify(voices)).toThrow(expect.objectContaining({ code: 'audio-present' }));
  });
});

describe('names', () => {
  it('find every SOP class and transfer syntax by UID and by name', () => {
    for (const { uid, name } of sopClasses.values())
      for (const given of [uid, name, name.replace(/ Storage/, ''), name.replaceAll(/[ -]/g, '')])
        expect(findSopClass(given).uid).toBe(uid);
    for (const { uid, name } of transferSyntaxes.values())
      for (const given of [uid, name, name.toLowerCase()]) expect(findTransferSyntax(given).uid).toBe(uid);
    expect(findTransferSyntax('.102.1').uid).toBe(T.h264High41Fragmentable);
    expect(findTransferSyntax('HEVCM10P51').uid).toBe(T.hevcMain10Level51);
    expect(() => findSopClass('CT')).toThrow(/Video Endoscopic/);
  });
});

it('the matrix has every pair once, each with a rule and a citation', () => {
  const matrix = conformanceMatrix();
  expect(matrix).toHaveLength(sopClasses.size * transferSyntaxes.size);
  for (const { rule } of matrix) expect(rule).toMatch(/\(PS3\.\d/);
  for (const { sopClassUid, transferSyntaxUid, allowed } of matrix) {
    expect(allowed).toBe(sopClasses.get(sopClassUid)?.transferSyntaxes.includes(transferSyntaxUid));
  }
});

describe('attributes from JSON', () => {
  it('come as keywords or in the DICOM JSON model', () => {
    expect(attributesFromJson({ PatientName: 'Ødegård^Åse', PatientSex: null })).toEqual({
      PatientName: ['Ødegård^Åse'],
      PatientSex: [],
    });
    const model = {
      '00100010': { vr: 'PN', Value: [{ Alphabetic: 'Yamada^Tarou', Ideographic: '山田^太郎' }] },
      '00081032': { vr: 'SQ', Value: [{ '00080100': { vr: 'SH', Value: ['1'] } }] },
    };
    expect(attributesFromJson(model)).toEqual({
      PatientName: ['Yamada^Tarou=山田^太郎'],
      ProcedureCodeSequence: [{ CodeValue: ['1'] }],
    });
  });

  it.each([
    [{ NoSuchThing: 1 }, 'unknown-attribute'],
    [{ NumberOfFrames: 5 }, 'attribute-decided'],
    [{ PatientBirthDate: '31.12.1999' }, 'invalid-dicom-value'],
    [{ PatientID: 'x\ny' }, 'invalid-dicom-value'],
    [[], 'invalid-attributes'],
  ])('refuse %j', (json, code) => {
    expect(() => attributesFromJson(json)).toThrow(expect.objectContaining({ code }));
  });
});
