import type { ProcedureSnapshot, RenditionReady } from '@smartbox/contracts';
import { buildStill, buildVideo, type Dataset, type ImageInput, type ObjectContext } from '@smartbox/dicom';
import { instanceNumber, type Identity } from './identity.ts';
import type { Payload } from './payload.ts';

/** All attributes of the object but Pixel Data. Throws where a value of the snapshot is none that DICOM allows. */
export function buildDataset(
  event: RenditionReady,
  snapshot: ProcedureSnapshot,
  payload: Payload,
  identity: Identity,
  softwareVersion: string,
): Dataset {
  const { origin } = event;
  const context = objectContext(event, snapshot, identity, softwareVersion);
  const region = origin.recipe.dicom.anatomicRegion;
  const capturedAt = new Date(origin.capturedAt);
  const image: ImageInput = {
    sopInstanceUid: identity.sopInstanceUid,
    number: instanceNumber(capturedAt, new Date(snapshot.startedAt)),
    capturedAt,
    rows: payload.facts.height,
    columns: payload.facts.width,
    bitDepth: payload.facts.bitDepth === 10 ? 10 : 8,
    payloadLength: event.bytes,
    anatomicRegion: region && { value: region.code, scheme: region.scheme, meaning: region.meaning },
  };
  const { sopClassUid, transferSyntaxUid } = payload;
  if (payload.kind === 'still') {
    const photometricInterpretation = payload.facts.ycc ? undefined : ('RGB' as const);
    return buildStill(sopClassUid, transferSyntaxUid, context, { ...image, photometricInterpretation });
  }
  const { frames, frameRate, audioTracks } = payload.facts;
  const audioChannels = (audioTracks ?? 0) > 0 ? (2 as const) : undefined;
  return buildVideo(sopClassUid, transferSyntaxUid, context, { ...image, frames, frameRate, audioChannels });
}

function objectContext(
  { origin }: RenditionReady,
  snapshot: ProcedureSnapshot,
  identity: Identity,
  softwareVersion: string,
): ObjectContext {
  const { patient, study, request } = snapshot;
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
        request,
      },
    },
    series: {
      instanceUid: identity.seriesInstanceUid,
      number: identity.seriesNumber,
      description: origin.kind === 'still' ? `${origin.sourceId} stills` : origin.sourceId,
      modality: origin.recipe.dicom.modality,
    },
    equipment: {
      manufacturer: 'SmartBox',
      modelName: 'SmartBox',
      softwareVersions: softwareVersion,
      deviceSerialNumber: origin.stationId,
      stationName: snapshot.stationName,
      institutionName: snapshot.institution,
    },
  };
}
