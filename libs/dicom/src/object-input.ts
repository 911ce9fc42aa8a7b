import type { Code } from './dataset.ts';
import type { Modality } from './sop-classes.ts';
import type { TransferSyntax } from './transfer-syntaxes.ts';
import type { FrameRate } from './video-facts.ts';

// Optional fields also take `undefined`, so that what a schema parsed can be passed as it is.

export interface Patient {
  /** DICOM PN: `Family^Given^Middle^Prefix^Suffix` (PS3.5 6.2.1). */
  name: string;
  id: string;
  issuerOfId?: string | undefined;
  /** YYYYMMDD */
  birthDate?: string | undefined;
  sex?: 'M' | 'F' | 'O' | undefined;
}

/** What the worklist item asked for (PS3.3 table 10-9, Request Attributes). */
export interface RequestAttributes {
  requestedProcedureId?: string | undefined;
  requestedProcedureDescription?: string | undefined;
  scheduledProcedureStepId?: string | undefined;
  scheduledProcedureStepDescription?: string | undefined;
  accessionNumber?: string | undefined;
  /** The study that was provided for the request. */
  studyInstanceUid?: string | undefined;
  requestedProcedureCodes?: readonly Code[] | undefined;
  scheduledProtocolCodes?: readonly Code[] | undefined;
  referencedStudies?: readonly SopReference[] | undefined;
}

export interface SopReference {
  sopClassUid: string;
  sopInstanceUid: string;
}

export interface Study {
  instanceUid: string;
  /** Instant at which the study began; its local date and time are written. */
  startedAt?: Date | undefined;
  id?: string | undefined;
  accessionNumber?: string | undefined;
  referringPhysicianName?: string | undefined;
  description?: string | undefined;
  /** Procedure Code Sequence (0008,1032). */
  procedureCodes?: readonly Code[] | undefined;
  request?: RequestAttributes | undefined;
  /** Referenced Study Sequence (0008,1110). */
  referencedStudies?: readonly SopReference[] | undefined;
  /** The MPPS this was made under (0008,1111). */
  performedProcedureStep?: SopReference | undefined;
}

/** One consistent snapshot of who and what: the input every object of a procedure shares. */
export interface PatientStudy {
  patient: Patient;
  study: Study;
  /** Local time of the site, minutes east of UTC, for every date and time in the object. */
  utcOffsetMinutes: number;
}

export interface Series {
  instanceUid: string;
  number: number;
  description?: string | undefined;
  /** Overrides the modality of the SOP class. */
  modality?: Modality | undefined;
  /** Of a paired region only (PS3.3 C.7.3.1). */
  laterality?: 'R' | 'L' | undefined;
  operatorsName?: string | undefined;
  performingPhysicianName?: string | undefined;
  /** Performed Protocol Code Sequence (0040,0260). */
  performedProtocolCodes?: readonly Code[] | undefined;
}

export interface Equipment {
  manufacturer: string;
  modelName: string;
  softwareVersions: string;
  deviceSerialNumber?: string | undefined;
  stationName?: string | undefined;
  institutionName?: string | undefined;
}

/** How the pixels came about; absent means they are as the camera gave them. */
export interface Derivation {
  description: string;
  /** PS3.16 CID 7203: what was done (0008,9215). */
  codes?: readonly Code[] | undefined;
  /** The instances it was made from (0008,2112). */
  sources: readonly SopReference[];
}

/** One lossy compression of the pixels: Lossy Image Compression Ratio and Method (0028,2112), (0028,2114). */
export interface LossyStep {
  ratio: number;
  method: NonNullable<TransferSyntax['lossyMethod']>;
}

/** What every image has, moving or not. */
export interface ImageInput {
  sopInstanceUid: string;
  number: number;
  /** UTC instant of the first frame. */
  capturedAt: Date;
  rows: number;
  columns: number;
  bitDepth?: 8 | 10 | undefined;
  /** Overrides what the transfer syntax usually decodes to. */
  photometricInterpretation?: TransferSyntax['photometricInterpretation'] | undefined;
  /** Bytes of the compressed payload; gives the compression ratio. */
  payloadLength: number;
  /** PS3.16 CID 4; `Entire body` is written where the site does not code it. */
  anatomicRegion?: Code | undefined;
  /** Conditions under which it was taken, each a coded answer to a coded question (PS3.3 C.7.6.14). */
  acquisitionContext?: readonly { concept: Code; value: Code }[] | undefined;
  derivation?: Derivation | undefined;
  /** Lossy compressions before this one, the first one first: once lossy, always lossy (PS3.3 C.7.6.1.1.5). */
  lossyHistory?: readonly LossyStep[] | undefined;
  /** Vertical and horizontal extent of one sample (0028,0034), where they differ. */
  pixelAspectRatio?: readonly [vertical: number, horizontal: number] | undefined;
  /** Overrides whether the transfer syntax loses something: HTJ2K .203 may be reversible too. */
  lossless?: boolean | undefined;
  /** Is there text burnt into the picture that identifies the patient? Absent: nobody said (PS3.3 C.7.6.1). */
  burnedInAnnotation?: boolean | undefined;
}

export interface VideoInput extends ImageInput {
  frames: number;
  frameRate: FrameRate;
  /** For a variable rate only: milliseconds between frames, first value 0 (PS3.3 C.7.6.5.1.2). */
  frameTimesMs?: readonly number[] | undefined;
  /** Channels of each audio track that is multiplexed into the stream, the main one first. */
  audioChannels?: readonly (1 | 2)[] | undefined;
}

/** All that a builder needs besides SOP class and transfer syntax. */
export interface ObjectContext {
  patientStudy: PatientStudy;
  series: Series;
  equipment: Equipment;
}
