import { inputError } from '@smartbox/kernel';
import type { Code, Dataset } from './dataset.ts';
import { code, equipmentModule, patientModule, reference, studyModule } from './modules.ts';
import type { ObjectContext, SopReference } from './object-input.ts';
import { writeHeader } from './part10-header.ts';
import { TransferSyntaxUid } from './transfer-syntaxes.ts';
import * as v from './values.ts';

/** Key Object Selection Document Storage, PS3.6 table A-1. */
export const KEY_OBJECT_SELECTION = '1.2.840.10008.5.1.4.1.1.88.59';

/** Why instances are not to be used any more: document titles of PS3.16 CID 7010 that IHE IOCM gives a meaning. */
export const rejections = {
  patientSafety: { value: '113037', scheme: 'DCM', meaning: 'Rejected for Patient Safety Reasons' },
  incorrectWorklistEntry: { value: '113038', scheme: 'DCM', meaning: 'Incorrect Modality Worklist Entry' },
} as const satisfies Record<string, Code>;

export interface RejectionNote {
  sopInstanceUid: string;
  seriesInstanceUid: string;
  title: Code;
  /** When it was decided. */
  at: Date;
  /** Of one study, by series. */
  rejected: readonly { seriesInstanceUid: string; instances: readonly SopReference[] }[];
}

/**
 * A rejection note: a Key Object Selection Document (PS3.3 A.35.4, PS3.16 TID 2010) in the study whose instances it
 * rejects, as IHE IOCM [RAD-66] sends it. The whole Part 10 file, Explicit VR Little Endian.
 * @param context who and what the rejected instances say: the old patient and study
 * @throws SmartBoxError `nothing-rejected`
 */
export function writeRejectionNote(context: ObjectContext, note: RejectionNote): Buffer {
  const instances = note.rejected.flatMap((series) => series.instances);
  if (instances.length === 0) throw inputError('nothing-rejected', 'a rejection note names at least one instance');
  const { utcOffsetMinutes, study } = context.patientStudy;
  const at = v.localTime(note.at, utcOffsetMinutes);
  const evidence: Dataset = {
    StudyInstanceUID: v.uid('StudyInstanceUID', study.instanceUid),
    ReferencedSeriesSequence: note.rejected.map((series) => ({
      SeriesInstanceUID: v.uid('SeriesInstanceUID', series.seriesInstanceUid),
      ReferencedSOPSequence: series.instances.map(reference),
    })),
  };
  const content: Dataset[] = instances.map((each) => ({
    RelationshipType: 'CONTAINS',
    ValueType: 'IMAGE',
    ReferencedSOPSequence: [reference(each)],
  }));
  const dataset: Dataset = {
    SpecificCharacterSet: 'ISO_IR 192',
    SOPClassUID: KEY_OBJECT_SELECTION,
    SOPInstanceUID: v.uid('SOPInstanceUID', note.sopInstanceUid),
    TimezoneOffsetFromUTC: at.offset,
    ...patientModule(context),
    ...studyModule(context),
    ...equipmentModule(context),
    // Key Object Document Series and Key Object Document Modules, PS3.3 C.17.6.1 and C.17.6.2
    Modality: 'KO',
    SeriesInstanceUID: v.uid('SeriesInstanceUID', note.seriesInstanceUid),
    SeriesNumber: context.series.number,
    SeriesDescription: 'Rejection note',
    ReferencedPerformedProcedureStepSequence: [],
    InstanceNumber: 1,
    ContentDate: at.date,
    ContentTime: at.time,
    CurrentRequestedProcedureEvidenceSequence: [evidence],
    // SR Document Content Module, C.17.3
    ValueType: 'CONTAINER',
    ConceptNameCodeSequence: [code(note.title)],
    ContinuityOfContent: 'SEPARATE',
    ContentTemplateSequence: [{ MappingResource: 'DCMR', TemplateIdentifier: '2010' }],
    ContentSequence: content,
  };
  return writeHeader(dataset, TransferSyntaxUid.explicitLittleEndian);
}
