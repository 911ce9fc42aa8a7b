import type { Imported } from '@smartbox/contracts';
import { deriveDeliveries, type DeliveryRow } from './delivery.ts';
import type { Fact, FactOf } from './facts.ts';
import { deriveFailure, deriveProgress } from './clip-progress.ts';
import {
  isOfSource,
  named,
  type ClipKind,
  type InstanceRow,
  type RenditionRow,
  type SourceRow,
  type State,
} from './clip-rows.ts';

export type { ClipKind } from './clip-rows.ts';

/** What people asked for and said about a clip. */
export interface ClipNote {
  kind: ClipKind | null;
  stationId: string | null;
  procedureId: string | null;
  requestedAt: Date | null;
  requestedMs: number | null;
  stopRequestedAt: Date | null;
  /** How often it was moved to another procedure. */
  assignment: number;
}

export interface ClipRow {
  kind: ClipKind;
  state: State;
  stationId: string;
  procedureId: string;
  assignment: number;
  requestedAt: Date;
  recordingSince: Date | null;
  stoppedAt: Date | null;
  savedAt: Date | null;
  requestedMs: number | null;
  savedMs: number;
  truncated: boolean;
  bytes: number;
  gaps: number;
  failureCode: string | null;
  failureReason: string | null;
  posterSource: string | null;
  /** The record of another system that it was made of. */
  imported: Imported | null;
}

export interface DerivedClip {
  /** Absent while only facts are known that do not say where the clip is from. */
  clip: ClipRow | undefined;
  sources: SourceRow[];
  renditions: RenditionRow[];
  instances: InstanceRow[];
  deliveries: DeliveryRow[];
}

/**
 * What is known of a clip, from what was asked and every fact heard: a function of the *set* of facts (give it
 * `collectFacts`), so their order never matters. `procedureVersion`: instances of older snapshots do not count,
 * nor do those from before the clip was moved.
 */
export function deriveClip(note: ClipNote | undefined, facts: readonly Fact[], procedureVersion: number): DerivedClip {
  const deliveries = deriveDeliveries(facts);
  // what was asked for one by one is no rendition of the clip: edits, exports, and what one destination takes
  const renditions = named(facts, 'rendition')
    .filter(({ data }) => data.renditionId === undefined)
    .map(toRendition);
  const instances = named(facts, 'instance').map(toInstance);
  const sources = deriveSources(facts).map((source) => ({
    ...source,
    storedBytes: storedBytes(source, renditions, instances) + keptRecord(facts),
  }));
  const rest = { sources, renditions, instances, deliveries };
  const [saved] = named(facts, 'saved');
  const stills = named(facts, 'still');
  const [started] = named(facts, 'recording-started');
  const [stopped] = named(facts, 'recording-stopped');

  const { stationId, procedureId } = placeOf(note, facts);
  if (!stationId || !procedureId) return { clip: undefined, ...rest };

  const kind = note?.kind ?? saved?.data.kind ?? (started ? 'recording' : isStill(facts) ? 'still' : 'clip');
  const requestedAt =
    note?.requestedAt ?? earliest([saved?.data.requestedAt ?? started?.data.startedAt, ...facts.map((f) => f.firstAt)]);
  const savedTimes = saved ? [saved.data.savedAt] : stills.map((still) => still.firstAt);
  const isSaved = savedTimes.length > 0;
  const current = { version: procedureVersion, assignment: note?.assignment ?? 0 };
  const failure = deriveFailure(facts, kind, isSaved, current, deliveries);
  const clip: ClipRow = {
    kind,
    stationId,
    procedureId,
    assignment: current.assignment,
    state: failure
      ? 'failed'
      : isSaved
        ? deriveProgress(sources, kind, facts, { renditions, instances, deliveries }, current)
        : started && !stopped && !note?.stopRequestedAt
          ? 'recording'
          : 'requested',
    requestedAt,
    recordingSince: started ? new Date(started.data.startedAt) : null,
    stoppedAt: stopped ? new Date(stopped.data.stoppedAt) : (note?.stopRequestedAt ?? null),
    savedAt: isSaved ? latest(savedTimes) : null,
    requestedMs: note?.requestedMs ?? saved?.data.requestedMs ?? null,
    savedMs: saved?.data.savedMs ?? 0,
    truncated: saved?.data.truncated ?? false,
    bytes: sources.reduce((sum, source) => sum + source.bytes, 0),
    gaps: sources.reduce((sum, source) => sum + source.gaps.length, 0),
    failureCode: failure?.code ?? null,
    failureReason: failure?.reason ?? null,
    posterSource: posterOf(renditions),
    imported: saved?.data.imported ?? null,
  };
  return { clip, ...rest };
}

/** The source whose picture stands for the clip: a still is its own, unless no browser shows its syntax. */
export const posterOf = (renditions: readonly RenditionRow[]): string | null =>
  ['poster', 'still'].flatMap((name) => renditions.find((r) => r.rendition === name) ?? [])[0]?.sourceId ?? null;

/** Station and procedure of a clip, from whoever named them. */
export function placeOf(
  note: ClipNote | undefined,
  facts: readonly Fact[],
): { stationId: string | undefined; procedureId: string | undefined } {
  return {
    stationId: note?.stationId ?? find(facts, 'stationId'),
    procedureId: note?.procedureId ?? find(facts, 'procedureId'),
  };
}

/** A passed-through rendition is the source itself: its bytes count once. */
function storedBytes(
  { sourceId, key, bytes }: Pick<SourceRow, 'sourceId' | 'key' | 'bytes'>,
  renditions: readonly RenditionRow[],
  instances: readonly InstanceRow[],
): number {
  const made = renditions.filter((r) => r.sourceId === sourceId && r.key !== key);
  const objects = instances.filter((i) => i.sourceId === sourceId && isOfSource(i));
  return [...made, ...objects].reduce((sum, each) => sum + each.bytes, bytes);
}

/** The record that an imported clip was made of stays beside it where frames were encoded anew. */
function keptRecord(facts: readonly Fact[]): number {
  const imported = named(facts, 'saved')[0]?.data.imported;
  return imported?.originalKey === undefined ? 0 : imported.bytes;
}

function deriveSources(facts: readonly Fact[]): Omit<SourceRow, 'storedBytes'>[] {
  const [saved] = named(facts, 'saved');
  if (saved) {
    return [...saved.data.sources]
      .sort((a, b) => (a.sourceId < b.sourceId ? -1 : 1))
      .map((source) => ({
        sourceId: source.sourceId,
        key: source.key,
        manifestKey: source.manifestKey,
        bytes: source.bytes,
        sha256: source.sha256,
        frames: source.frames,
        durationMs: source.durationMs,
        startedAt: new Date(source.startedAt),
        width: source.width,
        height: source.height,
        codec: source.codec,
        encoder: source.encoder,
        frameRate: source.frameRate,
        gaps: source.gaps,
        formats: source.formats,
        cut: source.cut ?? null,
        inexact: source.inexact ?? null,
        pacs: source.pacs,
      }));
  }
  return named(facts, 'still').map(({ data }) => ({
    sourceId: data.sourceId,
    key: data.key,
    manifestKey: null,
    bytes: data.bytes,
    sha256: data.sha256,
    frames: 1,
    durationMs: 0,
    startedAt: new Date(data.at),
    width: data.width,
    height: data.height,
    codec: '',
    encoder: '',
    frameRate: { num: 1, den: 1 },
    gaps: [],
    formats: 1,
    cut: null,
    inexact: null,
    pacs: true,
  }));
}

function toRendition({ data, firstAt }: FactOf<'rendition'>): RenditionRow {
  const size = data.picture ?? data.video;
  return {
    sourceId: data.origin.sourceId,
    rendition: data.rendition,
    key: data.key,
    contentType: data.contentType,
    mode: data.mode,
    bytes: data.bytes,
    sha256: data.sha256,
    width: size?.width ?? null,
    height: size?.height ?? null,
    sprite: data.sprite ?? null,
    reason: data.reason ?? null,
    encoder: data.encoder ?? null,
    readyAt: new Date(firstAt),
  };
}

function toInstance({ data, firstAt }: FactOf<'instance'>): InstanceRow {
  return {
    instanceId: data.instanceId,
    sourceId: data.origin.sourceId,
    sopInstanceUid: data.sopInstanceUid,
    sopClassUid: data.sopClassUid,
    transferSyntaxUid: data.transferSyntaxUid,
    studyInstanceUid: data.studyInstanceUid,
    seriesInstanceUid: data.seriesInstanceUid,
    procedureVersion: data.procedureVersion,
    assignment: data.assignment ?? 0,
    key: data.key,
    bytes: data.bytes,
    sha256: data.sha256,
    payloadSha256: data.payloadSha256,
    numberOfFrames: data.numberOfFrames,
    rendition: data.rendition ?? null,
    renditionId: data.renditionId ?? null,
    compression: data.compression ?? null,
    destinations: data.destinations,
    createdAt: new Date(firstAt),
  };
}

const find = (facts: readonly Fact[], field: 'stationId' | 'procedureId'): string | undefined =>
  facts.map((fact) => (fact.data as Partial<Record<typeof field, string>>)[field]).find((value) => value !== undefined);
const isStill = (facts: readonly Fact[]) =>
  facts.some((fact) => fact.name === 'still' || ('origin' in fact.data && fact.data.origin.kind === 'still'));
const times = (texts: readonly (string | undefined)[]) =>
  texts.flatMap((t) => (t === undefined ? [] : [Date.parse(t)]));
const earliest = (texts: readonly (string | undefined)[]) => new Date(Math.min(...times(texts)));
const latest = (texts: readonly string[]) => new Date(Math.max(...times(texts)));
