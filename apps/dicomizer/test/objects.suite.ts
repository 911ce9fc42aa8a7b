import type { RenditionReady } from '@smartbox/contracts';
import {
  bufferSource,
  checkEncapsulation,
  deidentify,
  readPart10,
  SopClassUid,
  text,
  TransferSyntaxUid,
} from '@smartbox/dicom';
import { newId } from '@smartbox/kernel';
import { until } from '@smartbox/testing';
import { expect, it } from 'vitest';
import { dciodvfy, payloadOf, sha256, valuesOf } from './proof.ts';
import { CANARY, derivation, jpeg, snapshot, video, type Line } from './support.ts';

const codes = {
  ordered: [['76009000', 'SCT', 'Ösophagogastroduodenoskopie']],
  protocol: [['386831002', 'SCT', '20260901', 'Spiegelung, geprüft']],
  study: [['1.2.840.10008.3.1.2.3.1', '2.25.2001']],
};
/** Of the snapshot, as pydicom reads it out of the object: the values of each sequence's items. */
const planned = {
  PerformingPhysicianName: 'Weiß^Jörg',
  ReferencedStudySequence: codes.study,
  ProcedureCodeSequence: codes.ordered,
  PerformedProtocolCodeSequence: codes.protocol,
  RequestAttributesSequence: [
    ['A-17', codes.study, '2.25.4711', 'Spiegelung des Ösophagus', codes.ordered, codes.protocol, 'SPS1', 'RP1'],
  ],
};

const plannedOf = (object: Buffer) => valuesOf(object, ...Object.keys(planned));

/** What objects say, of the dicomizer that `line` answers. */
export function objects(line: () => Line): void {
  /** Announces a clip as captured; its id. */
  async function announced(change: Partial<RenditionReady>): Promise<string> {
    const event = await line().rendition(video, 'pacs', change);
    await line().announce(event);
    return event.origin.id;
  }

  it('makes a Video Endoscopic object of a clip, proves it and announces it', async () => {
    const event = await line().rendition(video, 'pacs');
    await line().announce(event);
    const created = await line().waitFor('dicomizer.instance.created', event.origin.id);
    const object = await line().object(created.key);

    expect(created).toMatchObject({
      sopClassUid: SopClassUid.videoEndoscopic,
      transferSyntaxUid: TransferSyntaxUid.h264High41,
      studyInstanceUid: '2.25.4711',
      procedureVersion: 1,
      numberOfFrames: 48,
      frameRate: { num: 24_000, den: 1001 },
      bytes: object.length,
      sha256: sha256(object),
      payloadSha256: sha256(video),
      payloadBytes: video.length,
      destinations: ['pacs'],
    });
    expect(object.subarray(created.payloadOffset, created.payloadOffset + video.length)).toEqual(video);
    expect(await payloadOf(object)).toEqual(video);
    expect(await checkEncapsulation(bufferSource(object))).toEqual([]);
    expect(dciodvfy(object)).toEqual([]);

    const { dataset, sopInstanceUid } = await readPart10(bufferSource(object));
    expect(sopInstanceUid).toBe(created.sopInstanceUid);
    expect(text(dataset, 'PatientName')).toBe(CANARY);
    expect(dataset).toMatchObject({
      Modality: ['ES'],
      ContentDate: ['20260612'],
      ContentTime: ['004512.345000'],
      TimezoneOffsetFromUTC: ['+0200'],
      InstanceNumber: [913],
      NumberOfFrames: [48],
    });
    expect(plannedOf(object)).toEqual(planned);
  });

  it('names the performed procedure step where the information system is told of one', async () => {
    const uid = '2.25.815';
    const step = { sopInstanceUid: uid, state: 'in-progress' as const };
    const told = line().gateway.serve('pacs-gateway.get-procedure-step', () => ({ configured: true, step }));
    try {
      const event = await line().rendition(video, 'pacs');
      await line().announce(event);
      const object = await line().object((await line().waitFor('dicomizer.instance.created', event.origin.id)).key);
      expect((await readPart10(bufferSource(object))).dataset).toMatchObject({
        ReferencedPerformedProcedureStepSequence: [
          { ReferencedSOPClassUID: ['1.2.840.10008.3.1.2.3.3'], ReferencedSOPInstanceUID: [uid] },
        ],
      });
      expect(dciodvfy(object)).toEqual([]);
    } finally {
      await told.close();
    }
  });

  it('makes a VL Endoscopic object of a still', async () => {
    const event = await line().rendition(jpeg, 'still');
    await line().announce(event);
    const created = await line().waitFor('dicomizer.instance.created', event.origin.id);
    expect(created).toMatchObject({
      sopClassUid: SopClassUid.vlEndoscopic,
      transferSyntaxUid: TransferSyntaxUid.jpegBaseline,
      numberOfFrames: 1,
      payloadSha256: sha256(jpeg),
    });
    const object = await line().object(created.key);
    expect(await payloadOf(object)).toEqual(jpeg);
    expect(dciodvfy(object)).toEqual([]);
    expect(plannedOf(object)).toEqual(planned);
  });

  it('makes a derived object of an edit that goes somewhere, and none of one that stays', async () => {
    const stays = await line().rendition(video, 'pacs', { rendition: 'edit', renditionId: newId() });
    await line().announce({ ...stays, derivation });
    const original = await line().waitFor('dicomizer.instance.created', await announced({}));
    const edit = { rendition: 'edit' as const, renditionId: newId(), destinations: ['pacs'], derivation };
    const event = await line().rendition(video, 'pacs', { ...edit });
    await line().announce({ ...event, origin: original.origin });
    const created = await until(async () =>
      (await line().events('dicomizer.instance.created', original.origin.id)).find((each) => each.rendition === 'edit'),
    );
    expect(created).toMatchObject({ destinations: ['pacs'], renditionId: edit.renditionId });
    const object = await line().object(created.key);
    const { dataset } = await readPart10(bufferSource(object));
    expect(dataset).toMatchObject({
      ImageType: ['DERIVED', 'PRIMARY'],
      DerivationDescription: [derivation.description],
      DerivationCodeSequence: [{ CodeValue: ['113040'] }],
      SourceImageSequence: [{ ReferencedSOPInstanceUID: [original.sopInstanceUid] }],
      LossyImageCompressionMethod: ['ISO_14496_10', 'ISO_14496_10'],
    });
    expect(created.lossyHistory).toEqual([{ method: 'ISO_14496_10', ratio: 12.5 }, original.lossyHistory?.[0]]);
    expect(dciodvfy(object)).toEqual([]);
    expect(await line().events('dicomizer.instance.created', stays.origin.id)).toEqual([]);
  });

  it('says what the recipe says of text in the pictures of this source, and an edit keeps it', async () => {
    const made = async (dicom: object, change: Partial<RenditionReady> = {}) => {
      const event = await line().rendition(video, 'pacs', change);
      const recipe = { ...event.origin.recipe, dicom: { ...event.origin.recipe.dicom, ...dicom } };
      await line().announce({ ...event, origin: { ...event.origin, recipe } });
      const created = await line().waitFor('dicomizer.instance.created', event.origin.id);
      const object = await line().object(created.key);
      expect(dciodvfy(object)).toEqual([]);
      return (await readPart10(bufferSource(object))).dataset;
    };
    expect(await made({})).not.toHaveProperty('BurnedInAnnotation');
    const clean = { burnedInAnnotation: 'no', burnedInSources: { 'room-camera': 'yes' } };
    expect(await made(clean)).toMatchObject({ BurnedInAnnotation: ['NO'] });
    const covered = { rendition: 'edit' as const, renditionId: newId(), destinations: ['pacs'], derivation };
    for (const change of [{}, covered]) {
      const written = await made({ burnedInAnnotation: 'no', burnedInSources: { endoscope: 'yes' } }, change);
      expect(written).toMatchObject({ BurnedInAnnotation: ['YES'] });
      expect(() => deidentify(written)).toThrow(expect.objectContaining({ code: 'burned-in-annotation' }));
    }
  });

  it('makes a Multi-frame True Color Secondary Capture where the recipe says so, and its stills of their own modality', async () => {
    const made = async (payload: Buffer, kind: 'pacs' | 'still') => {
      const event = await line().rendition(payload, kind);
      const dicom = { ...event.origin.recipe.dicom, videoSopClass: 'secondary-capture', modality: 'OT' } as const;
      await line().announce({ ...event, origin: { ...event.origin, recipe: { ...event.origin.recipe, dicom } } });
      const created = await line().waitFor('dicomizer.instance.created', event.origin.id);
      const object = await line().object(created.key);
      expect(await payloadOf(object)).toEqual(payload);
      expect(dciodvfy(object)).toEqual([]);
      return { created, dataset: (await readPart10(bufferSource(object))).dataset };
    };
    const { created, dataset } = await made(video, 'pacs');
    expect(created).toMatchObject({ sopClassUid: SopClassUid.multiFrameTrueColorSecondaryCapture, numberOfFrames: 48 });
    // nobody said, and a Secondary Capture has to: a person looks before it is given away
    expect(dataset).toMatchObject({ Modality: ['OT'], ConversionType: ['DI'], BurnedInAnnotation: ['YES'] });
    expect(dataset).not.toHaveProperty('AcquisitionContextSequence');
    expect((await made(jpeg, 'still')).dataset).toMatchObject({ Modality: ['ES'] });
  });

  it('writes laterality and acquisition context as the recipe codes them', async () => {
    const event = await line().rendition(video, 'pacs');
    const { origin } = event;
    const knee = { code: '72696002', scheme: 'SCT', meaning: 'Knee' };
    const context = {
      concept: { code: '113961', scheme: 'DCM', meaning: 'Reconstruction Algorithm' },
      value: { code: '113962', scheme: 'DCM', meaning: 'Filtered Back Projection' },
    };
    const coded = { anatomicRegion: knee, laterality: 'L' as const, acquisitionContext: [context] };
    const dicom = { ...origin.recipe.dicom, ...coded };
    await line().announce({ ...event, origin: { ...origin, recipe: { ...origin.recipe, dicom } } });
    const object = await line().object((await line().waitFor('dicomizer.instance.created', origin.id)).key);
    expect((await readPart10(bufferSource(object))).dataset).toMatchObject({
      Laterality: ['L'],
      AnatomicRegionSequence: [{ CodeValue: ['72696002'] }],
      AcquisitionContextSequence: [{ ValueType: ['CODE'], ConceptCodeSequence: [{ CodeValue: ['113962'] }] }],
    });
    expect(dciodvfy(object)).toEqual([]);
  });

  it('writes long codes and URNs of the order where they belong', async () => {
    await line().silence();
    const long = { code: '999000011000001104', scheme: 'SCT', meaning: 'Spiegelung, früh' };
    const urn = { code: 'urn:oid:2.16.840.1.113883.6.96.73761001', scheme: '', meaning: 'Koloskopie' };
    const told = line().catalog.serve('catalog.get-procedure', ({ procedureId }) => {
      const known = snapshot(procedureId);
      const request = { ...known.request!, requestedProcedureCodes: [long], scheduledProtocolCodes: [urn] };
      return { ...known, request };
    });
    try {
      const event = await line().rendition(video, 'pacs');
      await line().announce(event);
      const object = await line().object((await line().waitFor('dicomizer.instance.created', event.origin.id)).key);
      expect((await readPart10(bufferSource(object))).dataset).toMatchObject({
        ProcedureCodeSequence: [{ LongCodeValue: [long.code], CodingSchemeDesignator: ['SCT'] }],
        PerformedProtocolCodeSequence: [{ URNCodeValue: [urn.code] }],
      });
      expect(valuesOf(object, 'ProcedureCodeSequence', 'PerformedProtocolCodeSequence')).toEqual({
        ProcedureCodeSequence: [['SCT', long.meaning, long.code]],
        PerformedProtocolCodeSequence: [[urn.meaning, urn.code]],
      });
      expect(dciodvfy(object)).toEqual([]);
    } finally {
      await told.close();
      line().answer();
    }
  });
}
