import { ClipState, type ClipDetail, type ClipView, type ProcedureView, type Recipe } from '@smartbox/contracts';
import type { z } from 'zod';
import type { ClipKind } from '../domain/clip.ts';
import type {
  Clip,
  ClipSource,
  Delivery,
  Instance,
  Marker,
  Procedure,
  ProcedureVersion,
  Rendition,
} from '../generated/prisma/client.ts';

type SourceView = ClipDetail['sources'][number];
type RenditionView = ClipDetail['renditions'][number];
type InstanceView = ClipDetail['instances'][number];
export type DeliveryView = InstanceView['deliveries'][number];
type Present<T> = { [K in keyof T]: Exclude<T[K], null> };

/** Without what is null: a DTO leaves absent things out. */
function present<T extends object>(value: T): Partial<Present<T>> {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== null && v !== undefined)) as Partial<
    Present<T>
  >;
}
const instant = (date: Date | null) => date?.toISOString() ?? null;
const api = '/api/v1';
const renditionUrl = (clipId: string, sourceId: string, name: string) =>
  `${api}/clips/${clipId}/sources/${sourceId}/renditions/${name}`;

export function clipView(row: Clip): ClipView {
  const kind = row.kind as ClipKind;
  return {
    clipId: row.clipId,
    kind,
    state: ClipState.parse(row.state),
    stationId: row.stationId,
    procedureId: row.procedureId,
    patient: { name: row.patientName, id: row.patientId },
    requestedAt: row.requestedAt.toISOString(),
    truncated: row.truncated,
    bytes: Number(row.bytes),
    gaps: row.gaps,
    keep: row.keep,
    ...present({
      description: row.description,
      savedAt: instant(row.savedAt),
      requestedMs: row.requestedMs,
      savedMs: row.savedAt && kind !== 'still' ? row.savedMs : null,
      failure: row.failureCode ? { code: row.failureCode, reason: row.failureReason ?? '' } : null,
      posterUrl: row.posterSource
        ? renditionUrl(row.clipId, row.posterSource, kind === 'still' ? 'still' : 'poster')
        : null,
      traceId: row.traceId,
    }),
  };
}

export const sourceView = (row: ClipSource): SourceView => ({
  sourceId: row.sourceId,
  bytes: Number(row.bytes),
  sha256: row.sha256,
  frames: row.frames,
  durationMs: row.durationMs,
  startedAt: row.startedAt.toISOString(),
  width: row.width,
  height: row.height,
  codec: row.codec,
  encoder: row.encoder,
  frameRate: row.frameRate as SourceView['frameRate'],
  gaps: row.gaps as SourceView['gaps'],
  videoUrl: `${api}/clips/${row.clipId}/sources/${row.sourceId}/video`,
});

export const renditionView = (row: Rendition): RenditionView => ({
  sourceId: row.sourceId,
  rendition: row.rendition,
  contentType: row.contentType,
  mode: row.mode as RenditionView['mode'],
  bytes: Number(row.bytes),
  sha256: row.sha256,
  url: renditionUrl(row.clipId, row.sourceId, row.rendition),
  ...present({ width: row.width, height: row.height, sprite: row.sprite as RenditionView['sprite'] | null }),
});

export const deliveryView = (row: Delivery): DeliveryView => ({
  deliveryId: row.deliveryId,
  instanceId: row.instanceId,
  destination: row.destination,
  state: row.state as DeliveryView['state'],
  attempt: row.attempt,
  updatedAt: row.updatedAt.toISOString(),
  ...present({ code: row.code, reason: row.reason, retryAt: instant(row.retryAt) }),
});

export const instanceView = (row: Instance, deliveries: readonly Delivery[]): InstanceView => ({
  instanceId: row.instanceId,
  sourceId: row.sourceId,
  sopInstanceUid: row.sopInstanceUid,
  sopClassUid: row.sopClassUid,
  transferSyntaxUid: row.transferSyntaxUid,
  seriesInstanceUid: row.seriesInstanceUid,
  studyInstanceUid: row.studyInstanceUid,
  bytes: Number(row.bytes),
  sha256: row.sha256,
  payloadSha256: row.payloadSha256,
  numberOfFrames: row.numberOfFrames,
  createdAt: row.createdAt.toISOString(),
  deliveries: deliveries.filter((d) => d.instanceId === row.instanceId).map(deliveryView),
});

export const procedureView = (
  row: Procedure & { versions: ProcedureVersion[] },
  facts: { stationName: string; clipCount: number },
): ProcedureView => {
  const { name, id, birthDate, sex } = (row.versions[0]?.patient ?? {}) as Partial<ProcedureView['patient']>;
  return {
    procedureId: row.procedureId,
    stationId: row.stationId,
    stationName: facts.stationName,
    patient: { name: name ?? row.patientName, id: id ?? row.patientId, ...present({ birthDate, sex }) },
    emergency: row.emergency,
    recipe: row.recipe as Recipe,
    version: row.version,
    startedAt: row.startedAt.toISOString(),
    clipCount: facts.clipCount,
    ...present({
      accessionNumber: row.accessionNumber,
      description: row.description,
      endedAt: instant(row.endedAt),
    }),
  };
};

export const markerView = (row: Marker): z.infer<typeof import('@smartbox/contracts').MarkerView> => ({
  markerId: row.markerId,
  procedureId: row.procedureId,
  at: row.at.toISOString(),
  ...present({ label: row.label }),
});
