import type { DeidentifyChoices, RenditionReady } from '@smartbox/contracts';
import { bufferSource, checkEncapsulation, readPart10 } from '@smartbox/dicom';
import { newId } from '@smartbox/kernel';
import { expect, it } from 'vitest';
import { dciodvfy, payloadOf, sha256, valuesOf } from './proof.ts';
import { video, type Line } from './support.ts';

/** Of the snapshot and the clip: whatever says who, where and when. */
const secrets = [
  ...['Müller', 'Kanarienvogel', 'Jürgen', 'P-4711', '19610503', 'A-17', 'Öztürk', 'Ayşe', 'Weiß', 'Jörg', 'Klinikum'],
  ...['or-1', 'OP 1', '20260611', '20260612', 'Spiegelung', 'sophag', '76009000', '386831002', 'RP1', 'SPS1'],
  ...['2.25.4711', '2.25.2001', 'endoscope'],
];
const nothingKept = { retainDevice: false, retainInstitution: false, retainPatientCharacteristics: false, confirmBurnedIn: false }; // prettier-ignore

/** Copies for teaching, PS3.15 annex E, of the dicomizer that `line` answers. */
export function teachingCopies(line: () => Line): void {
  const asked = async (choices: Partial<DeidentifyChoices> = {}, origin: Partial<RenditionReady['origin']> = {}) => {
    const renditionId = newId();
    const wish = { rendition: 'export' as const, profile: 'dicom-teaching' as const, renditionId };
    const event = await line().rendition(video, 'pacs', { ...wish, deidentify: { ...nothingKept, ...choices } });
    const announced = { ...event, origin: { ...event.origin, ...origin } };
    await line().announce(announced);
    return announced;
  };
  const made = async (...of: Parameters<typeof asked>) => {
    const { origin, renditionId, key } = await asked(...of);
    const told = await line().waitFor('dicomizer.export.deidentified', origin.id);
    const object = await line().object(told.key);
    expect(told).toMatchObject({ renditionId, bytes: object.length, sha256: sha256(object), payloadSha256: sha256(video) }); // prettier-ignore
    expect(told.key).toBe(key.replace(/[^/]+$/, 'deidentified.dcm'));
    expect(await line().events('dicomizer.instance.created', origin.id)).toEqual([]);
    return { object, origin, values: valuesOf(object) as Record<string, string> };
  };

  it('holds the very film and no word of the patient, under UIDs and a name that stand for the same in each', async () => {
    const { object, origin, values } = await made();
    expect(await payloadOf(object)).toEqual(video);
    expect(await checkEncapsulation(bufferSource(object))).toEqual([]);
    // Study Date, Time and ID are empty by the profile (Z), which is what it warns of
    expect(dciodvfy(object).filter((each) => !/needed to build DICOMDIR - Study (Date|Time|ID)$/.test(each))).toEqual([]); // prettier-ignore
    for (const word of [...secrets, origin.id, origin.procedureId]) expect(object.includes(word), word).toBe(false);
    expect(values).toMatchObject({
      PatientName: expect.stringMatching(/^ANON\^[0-9A-F]{12}$/) as string,
      PatientIdentityRemoved: 'YES',
      LongitudinalTemporalInformationModified: 'REMOVED',
      PatientBirthDate: '',
      StudyDate: '',
      NumberOfFrames: '48',
    });

    const again = await made({}, { procedureId: origin.procedureId });
    for (const same of ['PatientID', 'PatientName', 'StudyInstanceUID', 'SeriesInstanceUID'])
      expect([same, again.values[same]]).toEqual([same, values[same]]);
    expect(again.values['SOPInstanceUID']).not.toBe(values['SOPInstanceUID']);
    // the catalog's fixture has one study for all: another procedure is another series of it
    expect((await made()).values['SeriesInstanceUID']).not.toBe(values['SeriesInstanceUID']);
  });

  it('keeps what was chosen, and says so', async () => {
    const { object, values } = await made({ retainDates: 'full', retainDevice: true, retainPatientCharacteristics: true }); // prettier-ignore
    expect(values).toMatchObject({ ContentDate: '20260612', DeviceSerialNumber: 'or-1', PatientSex: 'F' });
    for (const word of secrets.slice(0, 11)) expect(object.includes(word), word).toBe(false);
    expect((await readPart10(bufferSource(object))).dataset).toMatchObject({
      DeidentificationMethodCodeSequence: ['113100', '113106', '113108', '113109'].map((code) => ({ CodeValue: [code] })), // prettier-ignore
    });
    const shifted = (await made({ retainDates: 'shifted' })).values['ContentDate'];
    expect(shifted).toMatch(/^20\d{6}$/);
    expect(shifted).not.toBe('20260612');
  });

  it('is not made of pictures with text until somebody has looked', async () => {
    const { recipe } = (await line().rendition(video, 'pacs')).origin;
    const flagged = { ...recipe, dicom: { ...recipe.dicom, burnedInAnnotation: 'yes' as const } };
    const { origin, renditionId } = await asked({}, { recipe: flagged });
    const failed = await line().waitFor('dicomizer.instance.failed', origin.id);
    expect(failed).toMatchObject({ renditionId, what: 'export', code: 'burned-in-annotation' });
    const { values } = await made({ confirmBurnedIn: true }, { recipe: flagged });
    expect(values['BurnedInAnnotation']).toBe('YES');
  });
}
