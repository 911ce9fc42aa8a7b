import { codeAttribute, MAX_CODE } from './codes.ts';
import { compressionRatio } from './compression-ratio.ts';
import type { Code, Dataset } from './dataset.ts';
import { frameTimeVector } from './frame-times.ts';
import type { ImageInput, ObjectContext, SopReference, VideoInput } from './object-input.ts';
import type { SopClass } from './sop-classes.ts';
import type { TransferSyntax } from './transfer-syntaxes.ts';
import * as v from './values.ts';
import { framesPerSecond } from './video-facts.ts';

/** A type 2 attribute: present, empty where nothing is known. */
function type2<T>(value: T | undefined | '', write: (value: T) => string): string | [] {
  return value === undefined || value === '' ? [] : write(value);
}

/** A type 3 attribute: absent where nothing is known. */
function type3(keyword: string, value: string | undefined, write: (value: string) => string): Dataset {
  const text = value === undefined || value.trim() === '' ? '' : write(value);
  return text === '' ? {} : { [keyword]: text };
}

/** One item of a code sequence, PS3.3 table 8.8-1. */
export function code(value: Code): Dataset {
  const attribute = codeAttribute(value.value);
  const write = { CodeValue: v.shortString, LongCodeValue: v.unlimited, URNCodeValue: v.resource }[attribute];
  const scheme = (each: string) => v.shortString('CodingSchemeDesignator', each);
  return {
    [attribute]: write(attribute, value.value, MAX_CODE),
    // 1C: a URN needs none
    ...(attribute === 'URNCodeValue'
      ? type3('CodingSchemeDesignator', value.scheme, scheme)
      : { CodingSchemeDesignator: scheme(value.scheme) }),
    ...type3('CodingSchemeVersion', value.version, (each) => v.shortString('CodingSchemeVersion', each)),
    CodeMeaning: v.description(value.meaning),
  };
}

/** A sequence of type 3: absent rather than without items. */
function sequence<T>(keyword: string, items: readonly T[] | undefined, write: (item: T) => Dataset): Dataset {
  return items && items.length > 0 ? { [keyword]: items.map(write) } : {};
}

/** SOP Instance Reference Macro, PS3.3 table 10-11. */
export function reference(each: SopReference): Dataset {
  return {
    ReferencedSOPClassUID: v.uid('ReferencedSOPClassUID', each.sopClassUid),
    ReferencedSOPInstanceUID: v.uid('ReferencedSOPInstanceUID', each.sopInstanceUid),
  };
}

/** Patient Module, PS3.3 C.7.1.1. */
export function patientModule({ patientStudy: { patient } }: ObjectContext): Dataset {
  return {
    PatientName: type2(patient.name, (each) => v.personName('PatientName', each)),
    PatientID: type2(patient.id, (each) => v.longString('PatientID', each)),
    ...type3('IssuerOfPatientID', patient.issuerOfId, (each) => v.longString('IssuerOfPatientID', each)),
    PatientBirthDate: type2(patient.birthDate, (each) => v.date('PatientBirthDate', each)),
    PatientSex: type2(patient.sex, (each) => v.codeString('PatientSex', each)),
  };
}

/** General Study Module, PS3.3 C.7.2.1. */
export function studyModule({ patientStudy: { study, utcOffsetMinutes } }: ObjectContext): Dataset {
  const started = study.startedAt && v.localTime(study.startedAt, utcOffsetMinutes);
  return {
    StudyInstanceUID: v.uid('StudyInstanceUID', study.instanceUid),
    StudyDate: started?.date ?? [],
    StudyTime: started?.time ?? [],
    StudyID: type2(study.id, (each) => v.shortString('StudyID', each)),
    AccessionNumber: type2(study.accessionNumber, (each) => v.shortString('AccessionNumber', each)),
    ReferringPhysicianName: type2(study.referringPhysicianName, (each) => v.personName('ReferringPhysicianName', each)),
    ...type3('StudyDescription', study.description, v.description),
    ...sequence('ReferencedStudySequence', study.referencedStudies, reference),
    ...sequence('ProcedureCodeSequence', study.procedureCodes, code),
  };
}

/** Request Attributes Macro, PS3.3 table 10-9: both ids are type 1C, so an item without them is left out. */
function requestAttributes({ patientStudy: { study } }: ObjectContext): Dataset {
  const { request } = study;
  if (!request) return {};
  const item: Dataset = {
    ...type3('RequestedProcedureID', request.requestedProcedureId, (each) =>
      v.shortString('RequestedProcedureID', each),
    ),
    ...type3('RequestedProcedureDescription', request.requestedProcedureDescription, v.description),
    ...type3('ScheduledProcedureStepID', request.scheduledProcedureStepId, (each) =>
      v.shortString('ScheduledProcedureStepID', each),
    ),
    ...type3('ScheduledProcedureStepDescription', request.scheduledProcedureStepDescription, v.description),
    ...type3('AccessionNumber', request.accessionNumber, (each) => v.shortString('AccessionNumber', each)),
    ...type3('StudyInstanceUID', request.studyInstanceUid, (each) => v.uid('StudyInstanceUID', each)),
    ...sequence('ReferencedStudySequence', request.referencedStudies, reference),
    ...sequence('RequestedProcedureCodeSequence', request.requestedProcedureCodes, code),
    ...sequence('ScheduledProtocolCodeSequence', request.scheduledProtocolCodes, code),
  };
  const complete = item.RequestedProcedureID !== undefined && item.ScheduledProcedureStepID !== undefined;
  return complete ? { RequestAttributesSequence: [item] } : {};
}

/** General Series Module, PS3.3 C.7.3.1. Laterality is absent where the region is unpaired or not coded. */
export function seriesModule(context: ObjectContext, sopClass: SopClass): Dataset {
  const { series, patientStudy } = context;
  const step = patientStudy.study.performedProcedureStep;
  return {
    Modality: v.codeString('Modality', series.modality ?? sopClass.modality),
    SeriesInstanceUID: v.uid('SeriesInstanceUID', series.instanceUid),
    SeriesNumber: series.number,
    ...(series.laterality ? { Laterality: series.laterality } : {}),
    ...type3('SeriesDescription', series.description, v.description),
    ...type3('OperatorsName', series.operatorsName, (each) => v.personName('OperatorsName', each)),
    ...type3('PerformingPhysicianName', series.performingPhysicianName, (each) =>
      v.personName('PerformingPhysicianName', each),
    ),
    ...(step ? { ReferencedPerformedProcedureStepSequence: [reference(step)] } : {}),
    ...sequence('PerformedProtocolCodeSequence', series.performedProtocolCodes, code),
    ...requestAttributes(context),
  };
}

/** General Equipment Module, PS3.3 C.7.5.1. */
export function equipmentModule({ equipment }: ObjectContext): Dataset {
  return {
    Manufacturer: type2(equipment.manufacturer, (each) => v.longString('Manufacturer', each)),
    ...type3('ManufacturerModelName', equipment.modelName, (each) => v.longString('ManufacturerModelName', each)),
    ...type3('SoftwareVersions', equipment.softwareVersions, (each) => v.longString('SoftwareVersions', each)),
    ...type3('DeviceSerialNumber', equipment.deviceSerialNumber, (each) => v.longString('DeviceSerialNumber', each)),
    ...type3('StationName', equipment.stationName, (each) => v.description(each, 16)),
    ...type3('InstitutionName', equipment.institutionName, v.description),
  };
}

/** General Image Module, PS3.3 C.7.6.1, with Acquisition DateTime. */
export function imageModule(context: ObjectContext, image: ImageInput): Dataset {
  const at = v.localTime(image.capturedAt, context.patientStudy.utcOffsetMinutes);
  const { derivation } = image;
  return {
    InstanceNumber: image.number,
    PatientOrientation: [],
    ContentDate: at.date,
    ContentTime: at.time,
    AcquisitionDateTime: at.dateTime,
    ImageType: [derivation ? 'DERIVED' : 'ORIGINAL', 'PRIMARY'],
    ...(derivation ? { DerivationDescription: v.description(derivation.description, 1024) } : {}),
    ...derivationReferences(derivation),
  };
}

// DCM 121322 (PS3.16 CID 7202)
const PREDECESSOR: Code = { value: '121322', scheme: 'DCM', meaning: 'Source image for image processing operation' };

/** What was done, coded, and to which instances (PS3.3 C.7.6.1.1.3, C.7.6.1.1.4). */
function derivationReferences(derivation: ImageInput['derivation']): Dataset {
  const purpose = { PurposeOfReferenceCodeSequence: [code(PREDECESSOR)] };
  return {
    ...sequence('DerivationCodeSequence', derivation?.codes, code),
    ...sequence('SourceImageSequence', derivation?.sources, (each) => ({ ...reference(each), ...purpose })),
  };
}

/** Cine and Multi-frame Modules, PS3.3 C.7.6.5 and C.7.6.6. */
export function cineModule(video: VideoInput): Dataset {
  const fps = framesPerSecond(video.frameRate);
  const variable = video.frameTimesMs;
  const durationS = variable ? variable.reduce((sum, each) => sum + each, 0) / 1000 : video.frames / fps;
  return {
    NumberOfFrames: video.frames,
    // Frame Time (0018,1063) or Frame Time Vector (0018,1065)
    FrameIncrementPointer: variable ? 0x0018_1065 : 0x0018_1063,
    ...(variable
      ? { FrameTimeVector: frameTimeVector(variable) }
      : { FrameTime: v.decimalString((1000 * video.frameRate.den) / video.frameRate.num) }),
    CineRate: Math.max(1, Math.round(fps)),
    RecommendedDisplayFrameRate: Math.max(1, Math.round(fps)),
    EffectiveDuration: v.decimalString(durationS),
    PreferredPlaybackSequencing: 0,
    ...audio(video.audioChannels),
  };
}

/** Multiplexed Audio Channels Description, PS3.3 C.7.6.5: required where there is audio in the stream. */
function audio(tracks: VideoInput['audioChannels'] = []): Dataset {
  if (tracks.length === 0) return {};
  // DCM 109112: ambient room environment (PS3.16 CID 3000)
  const source = code({ value: '109112', scheme: 'DCM', meaning: 'Ambient room environment' });
  return {
    MultiplexedAudioChannelsDescriptionCodeSequence: tracks.map((channels, i) => ({
      ChannelIdentificationCode: i + 1,
      ChannelMode: channels === 2 ? 'STEREO' : 'MONO',
      ChannelSourceSequence: [source],
    })),
  };
}

/** Image Pixel Module, PS3.3 C.7.6.3, and Lossy Image Compression, C.7.6.1.1.5. */
export function pixelModule(image: ImageInput, syntax: TransferSyntax, frames: number): Dataset {
  const depth = image.bitDepth ?? 8;
  return {
    SamplesPerPixel: 3,
    PhotometricInterpretation: image.photometricInterpretation ?? syntax.photometricInterpretation,
    PlanarConfiguration: 0,
    Rows: image.rows,
    Columns: image.columns,
    BitsAllocated: depth === 8 ? 8 : 16,
    BitsStored: depth,
    HighBit: depth - 1,
    PixelRepresentation: 0,
    ...(image.pixelAspectRatio ? { PixelAspectRatio: image.pixelAspectRatio } : {}),
    ...lossyModule(image, syntax, frames),
  };
}

/** The ratio of this compression, and those of the ones before it. */
function lossyModule(image: ImageInput, syntax: TransferSyntax, frames: number): Dataset {
  const { columns: width, rows: height, bitDepth = 8, payloadLength } = image;
  const ratio = compressionRatio({ width, height, frames, bitDepth }, payloadLength);
  const method = (image.lossless ?? syntax.lossless) ? undefined : syntax.lossyMethod;
  const steps = [...(image.lossyHistory ?? []), ...(method ? [{ ratio, method }] : [])];
  if (steps.length === 0) return { LossyImageCompression: '00' };
  return {
    LossyImageCompression: '01',
    LossyImageCompressionRatio: steps.map((each) => v.decimalString(each.ratio)),
    LossyImageCompressionMethod: steps.map((each) => each.method),
  };
}

// Required for video and type 1 inside (PS3.3 C.8.12.1); the widest region of PS3.16 CID 4031 claims nothing narrower,
// and being unpaired it leaves Laterality out (C.7.3.1).
const UNSPECIFIED_REGION: Code = { value: '38266002', scheme: 'SCT', meaning: 'Entire body' };

/** VL Image and Acquisition Context Modules, PS3.3 C.8.12.1 and C.7.6.14. */
export function vlModule(image: ImageInput): Dataset {
  return {
    AnatomicRegionSequence: [code(image.anatomicRegion ?? UNSPECIFIED_REGION)],
    ...(image.burnedInAnnotation === undefined ? {} : { BurnedInAnnotation: image.burnedInAnnotation ? 'YES' : 'NO' }),
    AcquisitionContextSequence: (image.acquisitionContext ?? []).map(({ concept, value }) => ({
      ValueType: 'CODE',
      ConceptNameCodeSequence: [code(concept)],
      ConceptCodeSequence: [code(value)],
    })),
  };
}

/**
 * SC Equipment and SC Multi-frame Image Modules, PS3.3 C.8.6.1 and C.8.6.3. Burned In Annotation is type 1 here: where
 * nobody said, YES is the answer that harms nobody, for it only asks a person to look before the object is given away.
 */
export function secondaryCaptureModule(image: ImageInput): Dataset {
  return {
    ConversionType: 'DI',
    BurnedInAnnotation: (image.burnedInAnnotation ?? true) ? 'YES' : 'NO',
    AnatomicRegionSequence: [code(image.anatomicRegion ?? UNSPECIFIED_REGION)],
  };
}

/** SOP Common Module, PS3.3 C.12.1. */
export function sopCommonModule(context: ObjectContext, image: ImageInput, sopClass: SopClass): Dataset {
  return {
    SpecificCharacterSet: 'ISO_IR 192',
    SOPClassUID: sopClass.uid,
    SOPInstanceUID: v.uid('SOPInstanceUID', image.sopInstanceUid),
    TimezoneOffsetFromUTC: v.localTime(image.capturedAt, context.patientStudy.utcOffsetMinutes).offset,
  };
}
