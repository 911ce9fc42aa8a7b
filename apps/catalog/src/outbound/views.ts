import {
  ClipState,
  ConsentState,
  type CompressionAnalysis,
  type ClipDetail,
  type ClipView,
  type Imported,
  type ProcedureView,
  type Recipe,
} from '@smartbox/contracts';
import { transferSyntaxName } from '@smartbox/dicom';
import type { z } from 'zod';
import type { ClipKind } from '../domain/clip.ts';
import type {
  Clip,
  ClipSource,
  Delivery,
  Instance,
  LegalHold,
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
    held: row.held,
    consent: ConsentState.parse(row.consent),
    ...present({
      removed: removedView(row),
      accessionNumber: row.accessionNumber,
      recipe: row.recipeName,
      description: row.description,
      savedAt: instant(row.savedAt),
      requestedMs: row.requestedMs,
      savedMs: row.savedAt && kind !== 'still' ? row.savedMs : null,
      failure: row.failureCode ? { code: row.failureCode, reason: row.failureReason ?? '' } : null,
      posterUrl: row.posterSource
        ? renditionUrl(row.clipId, row.posterSource, kind === 'still' ? 'still' : 'poster')
        : null,
      imported: importedView(row),
      traceId: row.traceId,
    }),
  };
}

function importedView({ imported }: Clip) {
  const { originalKey: _, ...shown } = (imported ?? {}) as Partial<Imported>;
  return imported === null ? null : (shown as NonNullable<ClipView['imported']>);
}

const removedView = ({ removedAt, removedBy }: { removedAt: Date | null; removedBy: string | null }) =>
  removedAt === null ? null : { at: removedAt.toISOString(), rule: removedBy ?? '' };

export const holdNote = ({ holdId, reason, by, at }: LegalHold) => ({ holdId, reason, by, at: at.toISOString() });

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
  ...present({ cut: row.cut as SourceView['cut'] | null, inexact: row.inexact }),
  videoUrl: `${api}/clips/${row.clipId}/sources/${row.sourceId}/video`,
  ...present({ removed: removedView(row) }),
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
  transferSyntax: transferSyntaxName(row.transferSyntaxUid),
  seriesInstanceUid: row.seriesInstanceUid,
  studyInstanceUid: row.studyInstanceUid,
  bytes: Number(row.bytes),
  sha256: row.sha256,
  payloadSha256: row.payloadSha256,
  numberOfFrames: row.numberOfFrames,
  createdAt: row.createdAt.toISOString(),
  ...present({
    rendition: row.rendition,
    compression: row.compression as z.infer<typeof CompressionAnalysis> | null,
  }),
  deliveries: deliveries.filter((d) => d.instanceId === row.instanceId).map(deliveryView),
});

export const procedureView = (
  row: Procedure & { versions: ProcedureVersion[] },
  facts: { stationName: string; clipCount: number; hold: LegalHold | null },
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
    consent: {
      state: ConsentState.parse(row.consent),
      ...present({ at: instant(row.consentAt), by: row.consentBy }),
    },
    ...present({
      hold: facts.hold && holdNote(facts.hold),
      accessionNumber: row.accessionNumber,
      description: row.description,
      endedAt: instant(row.endedAt),
      conversationSince: row.endedAt ? null : instant(row.conversationAt),
    }),
  };
};

export const markerView = (row: Marker): z.infer<typeof import('@smartbox/contracts').MarkerView> => ({
  markerId: row.markerId,
  procedureId: row.procedureId,
  at: row.at.toISOString(),
  ...present({ label: row.label }),
});
