import type {
  CopyView,
  EditClip,
  EditView,
  ExportClip,
  ExportProfile,
  ExportView,
  QualityView,
  RenditionReady,
} from '@smartbox/contracts';
import { isLater, type Fact, type FactName, type FactOf } from './facts.ts';

/** An edit or an export as it was asked for. */
export interface FilmRequest extends Asked {
  renditionId: string;
  clipId: string;
  sourceId: string;
  kind: 'edit' | 'export';
  exportId: string | null;
  profile: string | null;
  editId: string | null;
  name: string | null;
  /** The durable command. */
  request: unknown;
  /** Of an export; null in those of older versions. */
  purpose: string | null;
  /** Its bytes went by a retention rule. */
  removed: { rule: string; at: Date } | null;
  /** Of an export: onto sticks and shares, the newest first. */
  copies: readonly CopyRequest[];
}

export interface CopyRequest extends Asked {
  copyId: string;
  renditionId: string;
  target: string;
}

interface Asked {
  requestedAt: Date;
  cancelledAt: Date | null;
}

/** As it is asked for: not cancelled, not removed, not copied. */
export type NewFilm = Omit<FilmRequest, 'cancelledAt' | 'removed' | 'copies'>;

const named = <N extends FactName>(facts: readonly Fact[], name: N): FactOf<N>[] =>
  facts.filter((fact) => fact.name === name) as unknown as FactOf<N>[];
const one = <N extends FactName>(facts: readonly Fact[], name: N, renditionId: string): FactOf<N> | undefined =>
  named(facts, name).find(({ data }) => (data as { renditionId?: string }).renditionId === renditionId);

/** What was made of it, once it is ready: where its bytes are. */
export const madeOf = (renditionId: string, facts: readonly Fact[]): Made | undefined =>
  readyOf(renditionId, facts)?.data;

type Made = Omit<RenditionReady, 'origin'>;

/** A film for teaching is not handed out: what is, is the de-identified object that is made of it. */
function readyOf(renditionId: string, facts: readonly Fact[]): { data: Made; firstAt: string } | undefined {
  const ready = one(facts, 'rendition', renditionId);
  if (!ready?.data.deidentify) return ready;
  const copy = one(facts, 'deidentified', renditionId);
  if (!copy) return undefined;
  const { key, contentType, bytes, sha256 } = copy.data;
  return { data: { ...ready.data, key, contentType, bytes, sha256 }, firstAt: copy.firstAt };
}

/** Of a still: which frame of what was kept is its picture. */
export const stillFrameOf = (sourceId: string, facts: readonly Fact[]): number | undefined =>
  named(facts, 'still').find(({ data }) => data.sourceId === sourceId)?.data.frame;

/** Why it could not be made: the film, or of one for teaching the object that is made of it. */
function failureOf(id: string, facts: readonly Fact[]) {
  const isObject = one(facts, 'rendition', id)?.data.deidentify !== undefined;
  return one(facts, isObject ? 'instance-failed' : 'rendition-failed', id)?.data;
}

/** How far something is that was asked for, from every fact heard of the clip. @param doneAt once it is */
function stageOf(id: string, { cancelledAt }: Asked, facts: readonly Fact[], doneAt: string | undefined) {
  const failed = doneAt === undefined ? failureOf(id, facts) : undefined;
  const progress = one(facts, 'progress', id)?.data;
  const open = cancelledAt ? ('stopping' as const) : progress ? ('running' as const) : ('waiting' as const);
  const ended = failed?.code === 'cancelled' ? ('cancelled' as const) : ('failed' as const);
  const state = doneAt !== undefined ? ('ready' as const) : failed ? ended : open;
  const isOpen = state === 'running' || state === 'stopping';
  return {
    state,
    percent: doneAt === undefined ? (progress?.percent ?? 0) : 100,
    ...present({
      remainingMs: isOpen ? progress?.remainingMs : undefined,
      failure: failed && state === 'failed' ? { code: failed.code, reason: failed.reason } : undefined,
    }),
  };
}

/** What is known of the work, from the request and every fact heard of the clip. */
function work(asked: FilmRequest, facts: readonly Fact[]) {
  const { renditionId, clipId, sourceId } = asked;
  const ready = readyOf(renditionId, facts);
  const quality = one(facts, 'quality', renditionId);
  const { video } = ready?.data ?? {};
  return {
    renditionId,
    clipId,
    sourceId,
    ...stageOf(renditionId, asked, facts, ready?.firstAt),
    requestedAt: asked.requestedAt.toISOString(),
    notes: ready?.data.notes ?? [],
    ...present({
      name: asked.name,
      readyAt: ready?.firstAt,
      destinations: ready?.data.destinations ?? (asked.request as EditClip).destinations,
      archiveFailure: asked.profile === 'dicom-teaching' ? undefined : archiveFailure(renditionId, facts),
      contentType: ready?.data.contentType,
      bytes: ready?.data.bytes,
      sha256: ready?.data.sha256,
      width: video?.width,
      height: video?.height,
      frames: video?.frames,
      durationMs: ready?.data.cut?.durationMs ?? video?.durationMs,
      encoder: ready?.data.encoder,
      quality: quality?.data.summary,
      qualityUrl: quality ? qualityUrl(clipId, quality.data.qualityId) : undefined,
      removed: asked.removed && { rule: asked.removed.rule, at: asked.removed.at.toISOString() },
    }),
  };
}

/** Undefined where it became an object since. */
function archiveFailure(renditionId: string, facts: readonly Fact[]): { code: string; reason: string } | undefined {
  const failed = one(facts, 'instance-failed', renditionId);
  const made = one(facts, 'instance', renditionId);
  if (!failed || (made && isLater(made, failed))) return undefined;
  const { code, reason } = failed.data;
  return { code, reason };
}

function copyView(asked: CopyRequest, facts: readonly Fact[]): CopyView {
  const { copyId, target, requestedAt } = asked;
  const written = named(facts, 'copied').find(({ data }) => data.copyId === copyId);
  return {
    copyId,
    target,
    ...stageOf(copyId, asked, facts, written?.firstAt),
    requestedAt: requestedAt.toISOString(),
    ...present({ writtenAt: written?.firstAt, path: written?.data.path }),
  };
}

export function editView(asked: FilmRequest, facts: readonly Fact[]): EditView {
  const command = asked.request as EditClip;
  const made = madeOf(asked.renditionId, facts);
  const url = `/api/v1/clips/${asked.clipId}/edits/${asked.renditionId}`;
  return {
    ...work(asked, facts),
    sources: command.sources.map(({ clipId, sourceId, frames }) => ({ clipId, sourceId, frames })),
    steps: command.steps,
    ...present({
      enhance: command.enhance,
      copiedFrames: made?.cut?.copiedFrames,
      reencodedFrames: made?.cut?.reencodedFrames,
      audio: made?.cut?.audio,
      derivation: made?.derivation?.description,
      videoUrl: made && !asked.removed ? `${url}/video` : undefined,
      manifestUrl: made?.cut && !asked.removed ? `${url}/manifest` : undefined,
    }),
  };
}

export function exportView(asked: FilmRequest, facts: readonly Fact[]): ExportView {
  const command = asked.request as ExportClip;
  const made = madeOf(asked.renditionId, facts);
  const url = `/api/v1/clips/${asked.clipId}/exports/${asked.renditionId}`;
  return {
    ...work(asked, facts),
    exportId: asked.exportId ?? '',
    profile: asked.profile as ExportProfile,
    redactions: command.redactions,
    purpose: asked.purpose === 'teaching' ? 'teaching' : 'care',
    ...present({
      editId: asked.editId,
      deidentify: asked.profile === 'dicom-teaching' ? command.deidentify : undefined,
      lossless: made?.lossless,
      ...(made && !asked.removed
        ? {
            downloadUrl: `${url}/file`,
            fileName: fileNameOf(asked, made.key),
            playUrl: made.segments ? `${url}/hls/${made.segments.playlist}` : undefined,
          }
        : {}),
      copies: asked.copies.length > 0 ? asked.copies.map((copy) => copyView(copy, facts)) : undefined,
    }),
  };
}

/** What a browser saves it as: nothing of the patient, as files travel. */
export const fileNameOf = ({ clipId, profile, renditionId }: FilmRequest, key: string): string =>
  profile === 'dicom-teaching'
    ? teachingName(renditionId, key)
    : `smartbox-${clipId}-${profile ?? 'edit'}${extensionOf(key)}`;

/** On a stick or a share: another export of the same film has another name. */
export const copyNameOf = ({ clipId, profile, renditionId }: FilmRequest, key: string): string =>
  profile === 'dicom-teaching'
    ? teachingName(renditionId, key)
    : `smartbox-${clipId}-${profile}-${renditionId.slice(-6)}${extensionOf(key)}`;

/** The id of a clip tells when it was filmed. */
const teachingName = (renditionId: string, key: string): string =>
  `smartbox-teaching-${renditionId.slice(-12)}${extensionOf(key)}`;

const extensionOf = (key: string): string => `.${/\.([a-z0-9]+)$/.exec(key)?.[1] ?? 'bin'}`;

const qualityUrl = (clipId: string, qualityId: string) => `/api/v1/clips/${clipId}/quality/${qualityId}`;

export function qualityViews(clipId: string, facts: readonly Fact[]): QualityView[] {
  const warned = named(facts, 'quality-warned');
  return named(facts, 'quality').map(({ data, at }) => {
    const warning = warned.find((each) => each.data.qualityId === data.qualityId);
    return {
      qualityId: data.qualityId,
      sourceId: data.origin.sourceId,
      rendition: data.rendition,
      measuredAt: at,
      summary: data.summary,
      reportUrl: qualityUrl(clipId, data.qualityId),
      ...present({
        renditionId: data.renditionId,
        warning: warning && { code: warning.data.code, reason: warning.data.reason, at: warning.at },
      }),
    };
  });
}

export const reportOf = (qualityId: string, facts: readonly Fact[]): FactOf<'quality'>['data'] | undefined =>
  named(facts, 'quality').find(({ data }) => data.qualityId === qualityId)?.data;

type Present<T> = { [K in keyof T]?: Exclude<T[K], null | undefined> };
const present = <T extends object>(value: T): Present<T> =>
  Object.fromEntries(Object.entries(value).filter(([, v]) => v !== null && v !== undefined)) as Present<T>;
