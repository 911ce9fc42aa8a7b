import { burnedInOf } from '@smartbox/contracts';
import type { LossyCompression, Part, ProcedureSnapshot, RenditionReady, ScheduledCode } from '@smartbox/contracts';
import {
  buildStill,
  buildVideo,
  transferSyntaxes,
  type Code,
  type Dataset,
  type Derivation,
  type ImageInput,
  type LossyStep,
  type ObjectContext,
} from '@smartbox/dicom';
import { inputError } from '@smartbox/kernel';
import { identify, instanceNumber, type Identity, type MadeFor } from './identity.ts';
import { sopClassOf, type Payload } from './payload.ts';

/** What the object is made by, and under what. */
export interface Maker {
  softwareVersion: string;
  /** Of the performed procedure step that the information system was told of. */
  stepUid?: string | undefined;
}

/** All attributes of the object but Pixel Data. Throws where a value of the snapshot is none that DICOM allows. */
export function buildDataset(
  event: RenditionReady,
  snapshot: ProcedureSnapshot,
  payload: Payload,
  identity: Identity,
  maker: Maker,
): Dataset {
  const { origin } = event;
  const context = objectContext(event, snapshot, identity, maker);
  const { anatomicRegion, acquisitionContext } = origin.recipe.dicom;
  const { part } = event;
  const begun = new Date(origin.capturedAt);
  const capturedAt = new Date(begun.getTime() + startMs(event));
  const image: ImageInput = {
    sopInstanceUid: identity.sopInstanceUid,
    number: instanceNumber(begun, new Date(snapshot.startedAt)) + (part ? part.number - 1 : 0),
    capturedAt,
    rows: payload.height,
    columns: payload.width,
    bitDepth: payload.bitDepth,
    payloadLength: event.bytes,
    photometricInterpretation: payload.photometricInterpretation,
    pixelAspectRatio: payload.pixelAspectRatio,
    lossless: payload.lossless,
    lossyHistory: earlierLosses(event, payload.lossless),
    anatomicRegion: anatomicRegion && code(anatomicRegion),
    acquisitionContext: acquisitionContext?.map((each) => ({ concept: code(each.concept), value: code(each.value) })),
    derivation: derivationOf(event, snapshot),
    burnedInAnnotation: burnedIn(event),
  };
  const { sopClassUid, transferSyntax, video } = payload;
  if (!video) return buildStill(sopClassUid, transferSyntax.uid, context, image);
  const { audioTracks, ...timing } = video;
  const audioChannels = Array.from({ length: audioTracks }, () => 2 as const);
  const built = buildVideo(sopClassUid, transferSyntax.uid, context, { ...image, ...timing, audioChannels });
  return part ? { ...built, ImageComments: placeOf(part, timing.frames) } : built;
}

/**
 * As the recipe says of the source. An edit keeps it, one with black boxes too: that they cover all of the text is for
 * the person to say who confirms it (PS3.15 E.3.1).
 */
function burnedIn({ origin: { sourceId, recipe } }: RenditionReady): boolean | undefined {
  const said = burnedInOf(recipe, sourceId);
  return said === undefined ? undefined : said === 'yes';
}

/** Of the first frame of a piece, from the first frame of the whole. */
function startMs({ part, video }: RenditionReady): number {
  return part && video ? (1000 * part.firstFrame * video.frameRate.den) / video.frameRate.num : 0;
}

/** The standard leaves to us how pieces of one stream are related (PS3.5 8.2.7, note): same series, numbered, and in words. */
function placeOf({ number, of, firstFrame, allFrames }: Part, frames: number): string {
  return `Part ${number} of ${of}, frames ${firstFrame + 1} to ${firstFrame + frames} of ${allFrames}`;
}

/** Every lossy compression of the object, oldest first, as it stands in its attributes (PS3.3 C.7.6.1.1.5). */
export function lossesOf(dataset: Dataset): LossyCompression[] {
  const list = (keyword: string) => [dataset[keyword] ?? []].flat() as (string | number)[];
  const methods = list('LossyImageCompressionMethod');
  return list('LossyImageCompressionRatio').map((ratio, i) => ({ method: String(methods[i]), ratio: Number(ratio) }));
}

const code = ({ code: value, ...rest }: ScheduledCode): Code => ({ value, ...rest });

const methods: ReadonlySet<string> = new Set([...transferSyntaxes.values()].map((each) => each.lossyMethod ?? ''));
const isMethod = (method: string): method is LossyStep['method'] => method !== '' && methods.has(method);

/** What was lost before this coding: the history without its last entry, which is the payload's own where it is lossy. */
function earlierLosses({ derivation, lossyHistory = [] }: RenditionReady, lossless: boolean): LossyStep[] {
  const history = derivation?.lossyHistory ?? lossyHistory;
  return (lossless ? history : history.slice(0, -1)).map(({ method, ratio }) => {
    if (isMethod(method)) return { method, ratio };
    throw inputError('unknown-lossy-method', `"${method}" is no Lossy Image Compression Method (PS3.3 C.7.6.1.1.5.1)`);
  });
}

/** Modality Performed Procedure Step, PS3.4 annex F. */
const PERFORMED_PROCEDURE_STEP = '1.2.840.10008.3.1.2.3.3';

/** How it differs from what was captured, and which instance of this version holds that. */
function derivationOf(event: RenditionReady, madeFor: MadeFor): Derivation | undefined {
  const { origin, derivation } = event;
  if (!derivation) return undefined;
  const captured = origin.kind === 'still' ? ('still' as const) : ('pacs' as const);
  // what was derived while it was captured has no other object that holds the whole
  const isItself = event.rendition === captured;
  const made = !isItself && (captured === 'still' || origin.recipe.renditions.includes(captured));
  const source = {
    sopClassUid: sopClassOf(origin),
    sopInstanceUid: identify({ origin, rendition: captured }, madeFor).sopInstanceUid,
  };
  return { description: derivation.description, codes: derivation.codes.map(code), sources: made ? [source] : [] };
}

function objectContext(
  { origin, rendition }: RenditionReady,
  snapshot: ProcedureSnapshot,
  identity: Identity,
  maker: Maker,
): ObjectContext {
  const kind = rendition === 'edit' || rendition === 'export' ? ' edited' : origin.kind === 'still' ? ' stills' : '';
  return procedureContext(snapshot, maker, {
    instanceUid: identity.seriesInstanceUid,
    number: identity.seriesNumber,
    description: `${origin.sourceId}${kind}`,
    modality: modalityOf(origin),
    laterality: origin.recipe.dicom.laterality,
  });
}

/** As the recipe says; but OT is of a Secondary Capture: a visible light object is ES, GM or XC (PS3.3 A.32). */
function modalityOf({ kind, recipe: { dicom } }: RenditionReady['origin']): ObjectContext['series']['modality'] {
  const other = kind === 'still' || dicom.videoSopClass !== 'secondary-capture';
  return dicom.modality === 'OT' && other ? undefined : dicom.modality;
}

/** Who and what, as one version of the procedure says it, and what made the object. */
export function procedureContext(
  snapshot: ProcedureSnapshot,
  { softwareVersion, stepUid }: Maker,
  series: ObjectContext['series'],
): ObjectContext {
  const { patient, study, request } = snapshot;
  const planned = request && {
    ...request,
    requestedProcedureCodes: request.requestedProcedureCodes?.map(code),
    scheduledProtocolCodes: request.scheduledProtocolCodes?.map(code),
  };
  return {
    patientStudy: {
      utcOffsetMinutes: snapshot.utcOffsetMinutes,
      patient: {
        name: patient.name,
        id: patient.id,
        issuerOfId: patient.issuer,
        birthDate: patient.birthDate,
        sex: patient.sex,
      },
      study: {
        instanceUid: study.studyInstanceUid,
        startedAt: new Date(snapshot.startedAt),
        // type 2, but archives sort by it: a ULID's last half where the order names none
        id: study.studyId ?? snapshot.procedureId.slice(-16),
        accessionNumber: study.accessionNumber,
        referringPhysicianName: study.referringPhysician,
        description: study.description ?? request?.requestedProcedureDescription,
        procedureCodes: planned?.requestedProcedureCodes,
        referencedStudies: request?.referencedStudies,
        request: planned,
        performedProcedureStep:
          stepUid === undefined ? undefined : { sopClassUid: PERFORMED_PROCEDURE_STEP, sopInstanceUid: stepUid },
      },
    },
    // done as it was planned: nothing here chooses another protocol (IHE RAD TF-2 4.6.4.1.2.3)
    series: {
      ...series,
      performingPhysicianName: request?.performingPhysician,
      performedProtocolCodes: planned?.scheduledProtocolCodes,
    },
    equipment: {
      manufacturer: 'SmartBox',
      modelName: 'SmartBox',
      softwareVersions: softwareVersion,
      deviceSerialNumber: snapshot.stationId,
      stationName: snapshot.stationName,
      institutionName: snapshot.institution,
    },
  };
}
