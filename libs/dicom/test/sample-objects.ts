import { deterministicUid } from '@smartbox/kernel';
import { buildStill, buildVideo } from '../src/build-object.ts';
import type { Dataset } from '../src/dataset.ts';
import type { ImageInput, ObjectContext, VideoInput } from '../src/object-input.ts';
import { sopClasses } from '../src/sop-classes.ts';

const colonoscopy = { value: '73761001', scheme: 'SCT', meaning: 'Colonoscopy' };
const protocol = { value: '444783004', scheme: 'SCT', version: '20260901', meaning: 'Koloskopie, vor Ort geprüft' };

/** A whole set of inputs with every optional attribute filled, for specs. */
export function sampleContext(name = 'Müller^Jürgen^^Dr.'): ObjectContext {
  const uid = (...parts: string[]) => deterministicUid('sample', ...parts);
  return {
    patientStudy: {
      utcOffsetMinutes: 120,
      patient: { name, id: 'P-4711', issuerOfId: 'KLINIK', birthDate: '19610503', sex: 'M' },
      study: {
        instanceUid: uid('study'),
        startedAt: new Date('2026-06-11T22:30:00Z'),
        id: 'S1',
        accessionNumber: 'A-2026-17',
        referringPhysicianName: 'Öztürk^Ayşe',
        description: 'Koloskopie',
        request: {
          requestedProcedureId: 'RP1',
          requestedProcedureDescription: 'Koloskopie mit Polypektomie',
          scheduledProcedureStepId: 'SPS1',
          scheduledProcedureStepDescription: 'Koloskopie',
          accessionNumber: 'A-2026-17',
          studyInstanceUid: uid('study'),
          requestedProcedureCodes: [colonoscopy],
          scheduledProtocolCodes: [protocol],
          referencedStudies: [{ sopClassUid: '1.2.840.10008.3.1.2.3.1', sopInstanceUid: uid('study') }],
        },
        procedureCodes: [colonoscopy],
        referencedStudies: [{ sopClassUid: '1.2.840.10008.3.1.2.3.1', sopInstanceUid: uid('study') }],
        performedProcedureStep: { sopClassUid: '1.2.840.10008.3.1.2.3.3', sopInstanceUid: uid('mpps') },
      },
    },
    series: {
      instanceUid: uid('series'),
      number: 1,
      description: 'Endoskop',
      operatorsName: 'Weiß^Änne',
      performingPhysicianName: 'Groß^Übe',
      performedProtocolCodes: [protocol],
    },
    equipment: {
      manufacturer: 'SmartBox',
      modelName: 'SmartBox',
      softwareVersions: '0.1.0',
      deviceSerialNumber: 'or-1',
      stationName: 'OP 1',
      institutionName: 'Klinikum',
    },
  };
}

export function sampleImage(): ImageInput {
  return {
    sopInstanceUid: deterministicUid('sample', 'instance'),
    number: 1,
    capturedAt: new Date('2026-06-11T22:45:12.345Z'),
    rows: 720,
    columns: 1280,
    payloadLength: 1_000_001,
    anatomicRegion: { value: '71854001', scheme: 'SCT', meaning: 'Colon' },
    burnedInAnnotation: false,
  };
}

export function sampleVideo(): VideoInput {
  return { ...sampleImage(), frames: 3600, frameRate: { num: 30, den: 1 } };
}

/** The object of any SOP class SmartBox writes. */
export function sampleDataset(sopClassUid: string, syntax: string, context = sampleContext()): Dataset {
  return sopClasses.get(sopClassUid)?.kind === 'still'
    ? buildStill(sopClassUid, syntax, context, sampleImage())
    : buildVideo(sopClassUid, syntax, context, sampleVideo());
}
