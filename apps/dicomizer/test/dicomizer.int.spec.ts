import {
  bufferSource,
  checkEncapsulation,
  deidentify,
  readPart10,
  SopClassUid,
  text,
  TransferSyntaxUid,
} from '@smartbox/dicom';
import type { RenditionReady } from '@smartbox/contracts';
import { newId } from '@smartbox/kernel';
import { consumerIdle, until } from '@smartbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dciodvfy, payloadOf, sha256, valuesOf } from './proof.ts';
import { CANARY, fixture, jpeg, Line, snapshot } from './support.ts';
import { teachingCopies } from './teaching.suite.ts';

const video = fixture('h264-720p-23976-bframes.mp4');
let line: Line;

beforeAll(async () => {
  line = await Line.start();
  line.answer();
});
afterAll(() => line.stop());

const derivation = {
  description: 'Cut from 0:02 to 0:04',
  codes: [{ code: '113040', scheme: 'DCM', meaning: 'Lossy Compression' }],
  lossyHistory: [
    { method: 'ISO_14496_10', ratio: 12.5 },
    { method: 'ISO_14496_10', ratio: 20 },
  ],
};

/** Announces a clip as captured; its id. */
async function announced(change: Partial<RenditionReady>): Promise<string> {
  const event = await line.rendition(video, 'pacs', change);
  await line.announce(event);
  return event.origin.id;
}

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

describe('the dicomizer', () => {
  it('makes a Video Endoscopic object of a clip, proves it and announces it', async () => {
    const event = await line.rendition(video, 'pacs');
    await line.announce(event);
    const created = await line.waitFor('dicomizer.instance.created', event.origin.id);
    const object = await line.object(created.key);

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

  it.each(['mp4', 'm2ts'])(
    'writes the times of the frames themselves where the rate is variable, in an .%s',
    async (container) => {
      // prettier-ignore
      const event = await line.rendition(fixture(`h264-variable-rate.${container}`), 'pacs');
      await line.announce(event);
      const created = await line.waitFor('dicomizer.instance.created', event.origin.id);
      const object = await line.object(created.key);
      const { dataset } = await readPart10(bufferSource(object));
      expect(dataset).not.toHaveProperty('FrameTime');
      expect(dataset).toMatchObject({ NumberOfFrames: [40], FrameIncrementPointer: [0x0018_1065] });
      // what ffprobe reads of the packets, ticks of 90 kHz: the microseconds of the sums are those
      const ticks = JSON.parse(fixture('h264-variable-rate.json').toString()) as number[];
      const vector = dataset['FrameTimeVector'] as number[];
      expect(vector).toHaveLength(40);
      let at = 0;
      for (const [i, tick] of ticks.entries()) {
        at += vector[i] ?? 0;
        expect(Math.abs(at - tick / 90)).toBeLessThan(0.001);
      }
      expect(dciodvfy(object)).toEqual([]);
    },
  );

  it.each([
    ['h264-720p-23976-bframes.m2ts', TransferSyntaxUid.h264High41, 48],
    ['hevc-main-1080p30.m2ts', TransferSyntaxUid.hevcMain51, 10],
  ])(
    'takes a transport stream as it is, by what its pictures say: %s',
    async (name, transferSyntaxUid, numberOfFrames) => {
      // prettier-ignore
      const film = fixture(name);
      const event = await line.rendition(film, 'pacs');
      await line.announce(event);
      const created = await line.waitFor('dicomizer.instance.created', event.origin.id);
      expect(created).toMatchObject({ transferSyntaxUid, numberOfFrames, payloadSha256: sha256(film) });
      const object = await line.object(created.key);
      expect(valuesOf(object, 'NumberOfFrames')).toEqual({ NumberOfFrames: String(numberOfFrames) });
      expect(await checkEncapsulation(bufferSource(object))).toEqual([]);
      // what was announced is held against it, as with an MP4
      const wrong = await line.rendition(film, 'pacs');
      await line.announce({ ...wrong, video: wrong.video && { ...wrong.video, frames: numberOfFrames + 1 } });
      const failed = await line.waitFor('dicomizer.instance.failed', wrong.origin.id);
      expect(failed).toMatchObject({ code: 'facts-disagree' });
    },
  );

  it('names the performed procedure step where the information system is told of one', async () => {
    const uid = '2.25.815';
    const step = { sopInstanceUid: uid, state: 'in-progress' as const };
    const told = line.gateway.serve('pacs-gateway.get-procedure-step', () => ({ configured: true, step }));
    try {
      const event = await line.rendition(video, 'pacs');
      await line.announce(event);
      const object = await line.object((await line.waitFor('dicomizer.instance.created', event.origin.id)).key);
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
    const event = await line.rendition(jpeg, 'still');
    await line.announce(event);
    const created = await line.waitFor('dicomizer.instance.created', event.origin.id);
    expect(created).toMatchObject({
      sopClassUid: SopClassUid.vlEndoscopic,
      transferSyntaxUid: TransferSyntaxUid.jpegBaseline,
      numberOfFrames: 1,
      payloadSha256: sha256(jpeg),
    });
    const object = await line.object(created.key);
    expect(await payloadOf(object)).toEqual(jpeg);
    expect(dciodvfy(object)).toEqual([]);
    expect(plannedOf(object)).toEqual(planned);
  });

  it('makes a derived object of an edit that goes somewhere, and none of one that stays', async () => {
    const stays = await line.rendition(video, 'pacs', { rendition: 'edit', renditionId: newId() });
    await line.announce({ ...stays, derivation });
    const original = await line.waitFor('dicomizer.instance.created', await announced({}));
    const edit = { rendition: 'edit' as const, renditionId: newId(), destinations: ['pacs'], derivation };
    const event = await line.rendition(video, 'pacs', { ...edit });
    await line.announce({ ...event, origin: original.origin });
    const created = await until(async () =>
      (await line.events('dicomizer.instance.created', original.origin.id)).find((each) => each.rendition === 'edit'),
    );
    expect(created).toMatchObject({ destinations: ['pacs'], renditionId: edit.renditionId });
    const object = await line.object(created.key);
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
    expect(await line.events('dicomizer.instance.created', stays.origin.id)).toEqual([]);
  });

  it('takes the frames of a Motion JPEG out of their container, and sends on later what it has made', async () => {
    const facts = { container: 'other', codec: 'mjpeg', profile: 'Baseline', level: 0, width: 64, height: 48, frames: 2, frameRate: { num: 25, den: 1 }, durationMs: 80, bitDepth: 8, constantFrameRate: true, interlaced: false, chroma: '4:2:2', bFrames: false, closedGop: true, audioTracks: 0 } as const; // prettier-ignore
    const change = { rendition: 'export' as const, profile: 'mjpeg' as const, renditionId: newId() };
    const avi = { ...(await line.rendition(video, 'pacs', change)), video: facts };
    const [key, framesKey] = [`${avi.key}.frames.jpg`, `${avi.key}.frames.json`];
    const frames = Buffer.concat([jpeg, jpeg]);
    await line.store.put(key, frames, { size: frames.length, contentType: 'image/jpeg' });
    await line.store.putJson(framesKey, [jpeg.length, jpeg.length]);
    const payload = { key, framesKey, bytes: frames.length, sha256: sha256(frames) };
    for (const destinations of [['pacs'], ['pacs', 'second']])
      await line.announce({ ...avi, payload, derivation, destinations });
    const [first, again] = await until(async () => {
      const made = await line.events('dicomizer.instance.created', avi.origin.id);
      // both are made side by side
      return made.length === 2 ? made.toSorted((a, b) => a.destinations.length - b.destinations.length) : undefined;
    });
    expect(first).toMatchObject({ transferSyntaxUid: TransferSyntaxUid.jpegBaseline, numberOfFrames: 2, payloadKey: key }); // prettier-ignore
    expect(again).toEqual({ ...first, destinations: ['pacs', 'second'] });
    const object = await line.object(first?.key ?? '');
    expect(await payloadOf(object)).toEqual(frames);
    expect(dciodvfy(object)).toEqual([]);
  });

  it('says what the recipe says of text in the pictures of this source, and an edit keeps it', async () => {
    const made = async (dicom: object, change: Partial<RenditionReady> = {}) => {
      const event = await line.rendition(video, 'pacs', change);
      const recipe = { ...event.origin.recipe, dicom: { ...event.origin.recipe.dicom, ...dicom } };
      await line.announce({ ...event, origin: { ...event.origin, recipe } });
      const created = await line.waitFor('dicomizer.instance.created', event.origin.id);
      const object = await line.object(created.key);
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
      const event = await line.rendition(payload, kind);
      const dicom = { ...event.origin.recipe.dicom, videoSopClass: 'secondary-capture', modality: 'OT' } as const;
      await line.announce({ ...event, origin: { ...event.origin, recipe: { ...event.origin.recipe, dicom } } });
      const created = await line.waitFor('dicomizer.instance.created', event.origin.id);
      const object = await line.object(created.key);
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
    const event = await line.rendition(video, 'pacs');
    const { origin } = event;
    const knee = { code: '72696002', scheme: 'SCT', meaning: 'Knee' };
    const context = {
      concept: { code: '113961', scheme: 'DCM', meaning: 'Reconstruction Algorithm' },
      value: { code: '113962', scheme: 'DCM', meaning: 'Filtered Back Projection' },
    };
    const coded = { anatomicRegion: knee, laterality: 'L' as const, acquisitionContext: [context] };
    const dicom = { ...origin.recipe.dicom, ...coded };
    await line.announce({ ...event, origin: { ...origin, recipe: { ...origin.recipe, dicom } } });
    const object = await line.object((await line.waitFor('dicomizer.instance.created', origin.id)).key);
    expect((await readPart10(bufferSource(object))).dataset).toMatchObject({
      Laterality: ['L'],
      AnatomicRegionSequence: [{ CodeValue: ['72696002'] }],
      AcquisitionContextSequence: [{ ValueType: ['CODE'], ConceptCodeSequence: [{ CodeValue: ['113962'] }] }],
    });
    expect(dciodvfy(object)).toEqual([]);
  });

  it('writes long codes and URNs of the order where they belong', async () => {
    await line.silence();
    const long = { code: '999000011000001104', scheme: 'SCT', meaning: 'Spiegelung, früh' };
    const urn = { code: 'urn:oid:2.16.840.1.113883.6.96.73761001', scheme: '', meaning: 'Koloskopie' };
    const told = line.catalog.serve('catalog.get-procedure', ({ procedureId }) => {
      const known = snapshot(procedureId);
      const request = { ...known.request!, requestedProcedureCodes: [long], scheduledProtocolCodes: [urn] };
      return { ...known, request };
    });
    try {
      const event = await line.rendition(video, 'pacs');
      await line.announce(event);
      const object = await line.object((await line.waitFor('dicomizer.instance.created', event.origin.id)).key);
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
      line.answer();
    }
  });

  it('writes the same object and one event when the message comes again', async () => {
    const event = await line.rendition(video, 'pacs');
    await line.announce(event);
    const first = await line.waitFor('dicomizer.instance.created', event.origin.id);
    const before = await line.object(first.key);
    await line.store.remove(first.key);
    await line.announce(event);
    const again = await until(() => line.object(first.key).catch(() => undefined));
    expect(again.equals(before)).toBe(true);

    // something else came between: an object that is damaged is written again
    await line.store.put(first.key, Buffer.alloc(before.length), {
      size: before.length,
      contentType: 'application/dicom',
    });
    await line.announce(event);
    await until(async () => (await line.object(first.key)).equals(before));
    expect(await line.events('dicomizer.instance.created', event.origin.id)).toEqual([first]);
  });

  it('makes another instance for another version of the procedure', async () => {
    const event = await line.rendition(video, 'pacs');
    await line.announce(event);
    const first = await line.waitFor('dicomizer.instance.created', event.origin.id);
    await line.silence();
    line.answer('Korrigiert^Anna', 2);
    await line.announce(event);
    const second = await until(async () => (await line.events('dicomizer.instance.created', event.origin.id))[1]);
    expect(second.sopInstanceUid).not.toBe(first.sopInstanceUid);
    expect(second.seriesInstanceUid).not.toBe(first.seriesInstanceUid);
    expect(second.procedureVersion).toBe(2);
  });

  it('makes the objects of a clip anew that was moved to another procedure; the other clips of it stay', async () => {
    await line.silence();
    line.answer();
    const { destinations, corrected, reassigned } = line.corrections();
    const first = await line.rendition(video, 'pacs');
    const { procedureId } = first.origin;
    const second = await line.rendition(video, 'pacs');
    const other = { ...second, origin: { ...second.origin, procedureId } };
    const created = (id: string) => line.events('dicomizer.instance.created', id);
    for (const event of [first, other]) await line.announce(event);
    const old = await line.waitFor('dicomizer.instance.created', first.origin.id);
    await line.waitFor('dicomizer.instance.created', other.origin.id);
    for (const destination of ['iocm', 'plain']) await line.stored(old, destination);

    const [clipId, to] = [first.origin.id, newId()];
    await line.silence();
    line.answer('Richtig^Rita', 1, { clipId, to });
    const move = { clipId, stationId: 'or-1', from: procedureId, to, assignment: 1 };
    for (let again = 0; again < 2; again++) await reassigned(move);
    const made = await until(async () => {
      const all = await created(clipId);
      return all.length === 3 ? all : undefined;
    });
    const [, anew, note] = made;
    expect(anew).toMatchObject({ assignment: 1, procedureVersion: 1, origin: { procedureId: to, id: clipId } });
    expect(anew?.seriesInstanceUid).not.toBe(old.seriesInstanceUid);
    const { dataset } = await readPart10(bufferSource(await line.object(anew?.key ?? '')));
    expect(text(dataset, 'PatientName')).toBe('Richtig^Rita');
    expect(note).toMatchObject({ rendition: 'rejection-note', destinations: ['iocm'] });
    expect(note?.studyInstanceUid).toBe(old.studyInstanceUid);
    const rejected = await readPart10(bufferSource(await line.object(note?.key ?? '')));
    expect(text(rejected.dataset, 'PatientName')).toBe(CANARY);
    expect(rejected.dataset).toMatchObject({
      ContentSequence: [{ ReferencedSOPSequence: [{ ReferencedSOPInstanceUID: [old.sopInstanceUid] }] }],
    });

    // a correction of the procedure that it left makes the other clip anew, and nothing of this one
    await consumerIdle(line.nats, 'dicomizer-reassignments');
    await line.silence();
    line.answer('Korrigiert^Anna', 2, { clipId, to });
    await corrected({ procedureId, stationId: 'or-1', version: 2 });
    await until(async () => ((await created(other.origin.id)).length === 2 ? true : undefined));
    await consumerIdle(line.nats, 'dicomizer-corrections');
    expect((await created(clipId)).length).toBe(3);
    await destinations.close();
    await line.silence();
    line.answer();
  });

  it('makes a corrected procedure anew, and a rejection note where one is honoured', async () => {
    await line.silence();
    line.answer();
    const event = await line.rendition(video, 'pacs');
    await line.announce(event);
    const old = await line.waitFor('dicomizer.instance.created', event.origin.id);
    for (const destination of ['iocm', 'plain']) await line.stored(old, destination);
    const { procedureId } = event.origin;
    await line.silence();
    line.answer('Korrigiert^Anna', 2);
    const { destinations, corrected } = line.corrections();
    await corrected({ procedureId, stationId: 'or-1', version: 2 });

    const made = await until(async () => {
      const all = await line.events('dicomizer.instance.created', event.origin.id);
      return all.length === 3 ? all : undefined;
    });
    const [, anew, note] = made;
    expect(anew).toMatchObject({ rendition: 'pacs', procedureVersion: 2 });
    expect(note).toMatchObject({ rendition: 'rejection-note', procedureVersion: 1, destinations: ['iocm'] });
    const object = await line.object(note?.key ?? '');
    expect(object.length).toBe(note?.bytes);
    const { dataset, sopClassUid } = await readPart10(bufferSource(object));
    expect(sopClassUid).toBe('1.2.840.10008.5.1.4.1.1.88.59');
    expect(text(dataset, 'PatientName')).toBe(CANARY); // whom the rejected instances name
    expect(dataset).toMatchObject({
      ConceptNameCodeSequence: [{ CodeValue: ['113038'], CodingSchemeDesignator: ['DCM'] }],
      CurrentRequestedProcedureEvidenceSequence: [
        {
          StudyInstanceUID: [old.studyInstanceUid],
          ReferencedSeriesSequence: [
            {
              SeriesInstanceUID: [old.seriesInstanceUid],
              ReferencedSOPSequence: [{ ReferencedSOPInstanceUID: [old.sopInstanceUid] }],
            },
          ],
        },
      ],
    });
    expect(dciodvfy(object)).toEqual([]);
    await destinations.close();
    await line.silence();
    line.answer();
  });

  it('is alive, ready and measured', async () => {
    expect((await fetch(`${line.url}/healthz`)).status).toBe(200);
    expect(await (await fetch(`${line.url}/readyz`)).json()).toMatchObject({
      ready: true,
      checks: { s3: { ok: true }, nats: { ok: true } },
    });
    expect(await (await fetch(`${line.url}/metrics`)).text()).toContain('smartbox_dicomizer_instances_total');
  });
});

describe('a copy for teaching', () => teachingCopies(() => line));

describe('what cannot become an object', () => {
  it.each([
    ['a profile no syntax holds', 'h264-baseline-360p25.mp4', {}, 'no-transfer-syntax', /High profile/],
    ['a stream that understates its level', 'h264-1080p60-understated41.mp4', {}, 'no-transfer-syntax', /level 4.1/],
    [
      'a fragmented MP4',
      'h264-fragmented.mp4',
      { frames: 25, frameRate: { num: 25, den: 1 } },
      'no-transfer-syntax',
      /mp4 or mpegts/,
    ],
    ['facts that are not the payload’s', 'h264-1080p60-level42.mp4', { frames: 13 }, 'facts-disagree', /frames 13.*12/],
  ])('%s is refused with the reason, and the next one passes', async (_what, name, facts, code, reason) => {
    const event = await line.rendition(fixture(name), 'pacs');
    await line.announce({ ...event, video: event.video && { ...event.video, ...facts } });
    const failed = await line.waitFor('dicomizer.instance.failed', event.origin.id);
    expect(failed).toMatchObject({ code, what: 'pacs' });
    expect(failed.reason).toMatch(reason);

    const good = await line.rendition(video, 'pacs');
    await line.announce(good);
    await line.waitFor('dicomizer.instance.created', good.origin.id);
  });

  it('a rendition that is not there, and a picture that is no JPEG', async () => {
    const gone = await line.rendition(video, 'pacs');
    await line.store.remove(gone.key);
    await line.announce(gone);
    expect(await line.waitFor('dicomizer.instance.failed', gone.origin.id)).toMatchObject({ code: 'object-not-found' });

    const png = await line.rendition(Buffer.from('89504e470d0a1a0a0000000d', 'hex'), 'still');
    await line.announce(png);
    expect(await line.waitFor('dicomizer.instance.failed', png.origin.id)).toMatchObject({
      code: 'no-transfer-syntax',
    });
  });

  it('a hostile patient name is refused and quoted nowhere', async () => {
    await line.silence();
    line.answer('Kanarie\\DROP^x'.padEnd(80, 'x'));
    const event = await line.rendition(video, 'pacs');
    await line.announce(event);
    const failed = await line.waitFor('dicomizer.instance.failed', event.origin.id);
    expect(failed.code).toBe('invalid-dicom-value');
    expect(JSON.stringify(failed)).not.toContain('Kanarie');
  });

  it('a catalog that is away costs nothing: the object comes when it is back', async () => {
    await line.silence();
    const event = await line.rendition(video, 'pacs');
    await line.announce(event);
    const retried = /smartbox_messages_total\{[^}]*outcome="retry"[^}]*\} [1-9]/;
    await until(async () => retried.test(await (await fetch(`${line.url}/metrics`)).text()), {
      what: 'a failed attempt',
    });
    line.answer();
    await line.waitFor('dicomizer.instance.created', event.origin.id);
    expect(await line.events('dicomizer.instance.failed', event.origin.id)).toEqual([]);
  });

  it('a killed service goes on where it was', async () => {
    await line.app?.close();
    const event = await line.rendition(video, 'pacs');
    await line.announce(event);
    await line.startService();
    await line.waitFor('dicomizer.instance.created', event.origin.id);
  });
});
