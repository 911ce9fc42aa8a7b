import type { ClipState, Gap as GapSchema, Rational } from '@smartbox/contracts';
import type { z } from 'zod';
import { deriveDeliveries, type DeliveryRow } from './delivery.ts';
import { isLater, type Fact, type FactName, type FactOf } from './facts.ts';

export type ClipKind = 'clip' | 'recording' | 'still';
type State = z.infer<typeof ClipState>;
type Gap = z.infer<typeof GapSchema>;

/** What people asked for and said about a clip. */
export interface ClipNote {
  kind: ClipKind | null;
  stationId: string | null;
  procedureId: string | null;
  requestedAt: Date | null;
  requestedMs: number | null;
  stopRequestedAt: Date | null;
}

interface SourceRow {
  sourceId: string;
  key: string;
  manifestKey: string | null;
  bytes: number;
  sha256: string;
  frames: number;
  durationMs: number;
  startedAt: Date;
  width: number;
  height: number;
  codec: string;
  encoder: string;
  frameRate: Rational;
  gaps: Gap[];
  formats: number;
  /** Whether it goes to the archive; a room camera usually does not. */
  pacs: boolean;
}

interface RenditionRow {
  sourceId: string;
  rendition: string;
  key: string;
  contentType: string;
  mode: string;
  bytes: number;
  sha256: string;
  width: number | null;
  height: number | null;
  sprite: FactOf<'rendition'>['data']['sprite'] | null;
  reason: string | null;
  encoder: string | null;
  readyAt: Date;
}

interface InstanceRow {
  instanceId: string;
  sourceId: string;
  sopInstanceUid: string;
  sopClassUid: string;
  transferSyntaxUid: string;
  studyInstanceUid: string;
  seriesInstanceUid: string;
  procedureVersion: number;
  key: string;
  bytes: number;
  sha256: string;
  payloadSha256: string;
  numberOfFrames: number;
  destinations: string[];
  createdAt: Date;
}

export interface ClipRow {
  kind: ClipKind;
  state: State;
  stationId: string;
  procedureId: string;
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
}

export interface DerivedClip {
  /** Absent while only facts are known that do not say where the clip is from. */
  clip: ClipRow | undefined;
  sources: SourceRow[];
  renditions: RenditionRow[];
  instances: InstanceRow[];
  deliveries: DeliveryRow[];
}

const named = <N extends FactName>(facts: readonly Fact[], name: N): FactOf<N>[] =>
  facts.filter((fact) => fact.name === name) as unknown as FactOf<N>[];

/**
 * What is known of a clip, from what was asked and every fact heard: a function of the *set* of facts (give it
 * `collectFacts`), so their order never matters. `procedureVersion`: instances of older snapshots do not count.
 */
export function deriveClip(note: ClipNote | undefined, facts: readonly Fact[], procedureVersion: number): DerivedClip {
  const deliveries = deriveDeliveries(facts);
  const sources = deriveSources(facts);
  const renditions = named(facts, 'rendition').map(toRendition);
  const instances = named(facts, 'instance').map(toInstance);
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
  const failure = deriveFailure(facts, kind, isSaved, procedureVersion, deliveries);
  const poster = renditions.find((r) => r.rendition === (kind === 'still' ? 'still' : 'poster'));
  const clip: ClipRow = {
    kind,
    stationId,
    procedureId,
    state: failure
      ? 'failed'
      : isSaved
        ? deriveProgress(sources, recipeOf(facts), kind, renditions, instances, deliveries, procedureVersion)
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
    posterSource: poster?.sourceId ?? null,
  };
  return { clip, ...rest };
}

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

const order: State[] = ['saved', 'prepared', 'sending', 'sent', 'archived'];

/** From `saved` on: as far as the slowest source is. `sending` as soon as one goes out and every one is prepared. */
function deriveProgress(
  sources: readonly SourceRow[],
  recipe: { renditions: string[] } | undefined,
  kind: ClipKind,
  renditions: readonly RenditionRow[],
  instances: readonly InstanceRow[],
  deliveries: readonly DeliveryRow[],
  procedureVersion: number,
): State {
  const main = kind === 'still' ? 'still' : 'pacs';
  if (kind !== 'still' && recipe && !recipe.renditions.includes(main)) return 'saved';
  const archived = sources.filter((source) => source.pacs);
  if (archived.length === 0) return 'saved';
  const levels = archived.map(({ sourceId }) => {
    const own = instances.filter((i) => i.sourceId === sourceId && i.procedureVersion >= procedureVersion);
    if (own.length === 0) {
      return renditions.some((r) => r.sourceId === sourceId && r.rendition === main) ? 'prepared' : 'saved';
    }
    const expected = own.flatMap((instance) =>
      instance.destinations.map((destination) =>
        deliveries.find((d) => d.instanceId === instance.instanceId && d.destination === destination),
      ),
    );
    if (expected.every((d) => d === undefined || d.state === 'waiting')) return 'prepared';
    if (expected.every((d) => d?.state === 'committed')) return 'archived';
    if (expected.every((d) => d?.state === 'committed' || d?.state === 'stored')) return 'sent';
    return 'sending';
  });
  const ranks = levels.map((level) => order.indexOf(level));
  const slowest = order[Math.min(...ranks)] ?? 'saved';
  return slowest === 'prepared' && Math.max(...ranks) > order.indexOf('prepared') ? 'sending' : slowest;
}

/** Why a person has to look: the clip was not kept, or something that goes to the archive was given up. */
function deriveFailure(
  facts: readonly Fact[],
  kind: ClipKind,
  isSaved: boolean,
  procedureVersion: number,
  deliveries: readonly DeliveryRow[],
): { code: string; reason: string } | undefined {
  const [failed] = named(facts, 'failed');
  if (failed && !isSaved) return failed.data;
  const ready = new Set(named(facts, 'rendition').map((f) => `${f.data.origin.sourceId}/${f.data.rendition}`));
  const screenOnly = new Set(['poster', 'sprite']);
  const instances = named(facts, 'instance').filter((f) => f.data.procedureVersion >= procedureVersion);
  const current = new Set(instances.map((f) => f.data.instanceId));
  const given = [
    ...named(facts, 'rendition-failed').filter(
      ({ data }) => !screenOnly.has(data.what) && !ready.has(`${data.origin.sourceId}/${data.what}`),
    ),
    ...named(facts, 'instance-failed').filter(
      (f) => !instances.some((i) => i.data.origin.sourceId === f.data.origin.sourceId && isLater(i, f)),
    ),
  ];
  const [first] = given;
  if (first) return first.data;
  const dead = deliveries.find((d) => d.state === 'failed' && (current.size === 0 || current.has(d.instanceId)));
  return dead && { code: dead.code ?? 'delivery-failed', reason: dead.reason ?? `${dead.destination} did not take it` };
}

function deriveSources(facts: readonly Fact[]): SourceRow[] {
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
    key: data.key,
    bytes: data.bytes,
    sha256: data.sha256,
    payloadSha256: data.payloadSha256,
    numberOfFrames: data.numberOfFrames,
    destinations: data.destinations,
    createdAt: new Date(firstAt),
  };
}

const recipeOf = (facts: readonly Fact[]) =>
  named(facts, 'saved')[0]?.data.recipe ?? named(facts, 'still')[0]?.data.recipe;
const find = (facts: readonly Fact[], field: 'stationId' | 'procedureId'): string | undefined =>
  facts.map((fact) => (fact.data as Partial<Record<typeof field, string>>)[field]).find((value) => value !== undefined);
const isStill = (facts: readonly Fact[]) =>
  facts.some((fact) => fact.name === 'still' || ('origin' in fact.data && fact.data.origin.kind === 'still'));
const times = (texts: readonly (string | undefined)[]) =>
  texts.flatMap((t) => (t === undefined ? [] : [Date.parse(t)]));
const earliest = (texts: readonly (string | undefined)[]) => new Date(Math.min(...times(texts)));
const latest = (texts: readonly string[]) => new Date(Math.max(...times(texts)));
