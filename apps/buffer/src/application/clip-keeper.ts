import { ClipSaved, type ProcedureEntry, type StationConfig } from '@smartbox/contracts';
import { inputError, SmartBoxError } from '@smartbox/kernel';
import { ClipManifest, planSource, type ClipPlan, type RingEntry } from '@smartbox/recording';
import { createLogger } from '@smartbox/telemetry';
import { clipSourceOf } from '../domain/clip-source.ts';
import { clipFolder, clipKey, manifestKey, sourceKey } from '../domain/keys.ts';
import type { Events, Fragments, Now, Objects } from './ports.ts';
import type { ClipFacts, SourceWriter } from './source-writer.ts';

const log = createLogger('buffer');

export interface ClipJob {
  clip: ClipFacts & { kind: 'clip' | 'recording' };
  procedure: ProcedureEntry;
  requestedAt: string;
  plan: ClipPlan;
  /** The clip's entries as they are now: for planning again. */
  entries: () => Promise<RingEntry[]>;
  fragments: (sourceId: string) => Fragments;
  station: StationConfig | undefined;
  signal?: AbortSignal | undefined;
}

/** Keeps planned clips: every source written and proven, then the clip's own document, then the event. */
export class ClipKeeper {
  readonly #objects: Objects;
  readonly #writer: SourceWriter;
  readonly #events: Events;
  readonly #now: Now;

  constructor(objects: Objects, writer: SourceWriter, events: Events, now: Now) {
    this.#objects = objects;
    this.#writer = writer;
    this.#events = events;
    this.#now = now;
  }

  /**
   * A clip that is already there: proven again by reading it back, and its event published again (the same id).
   * @throws SmartBoxError `clip-id-taken` when it is of another procedure.
   */
  async existing(clipId: string, procedureId: string | undefined): Promise<ClipSaved | undefined> {
    const found = ClipSaved.safeParse(await this.#json(clipKey(clipId)));
    if (!found.success) return undefined;
    if (procedureId !== undefined && found.data.procedureId !== procedureId) {
      throw inputError('clip-id-taken', `clip ${clipId} belongs to another procedure`);
    }
    for (const source of found.data.sources) {
      if (!(await this.#proven(await this.manifest(clipId, source.sourceId)))) return undefined;
    }
    await this.#announce(found.data);
    return found.data;
  }

  /** The manifest of a source that an interrupted attempt had finished. */
  async manifest(clipId: string, sourceId: string): Promise<ClipManifest | undefined> {
    return ClipManifest.safeParse(await this.#json(manifestKey(clipId, sourceId))).data;
  }

  /** Is anything there under this id, left by an interrupted attempt? */
  async begun(clipId: string): Promise<boolean> {
    for await (const _ of this.#objects.list(clipFolder(clipId))) return true;
    return false;
  }

  /** Saves what was planned. Every step may be repeated: keys are made from the clip's id. */
  async keep(job: ClipJob, resumed: boolean): Promise<ClipSaved> {
    const { clip, plan } = job;
    const settled = await Promise.allSettled(
      plan.sources.map(async ({ sourceId }) => (await this.#source(job, sourceId, resumed)) ?? sourceId),
    );
    const results = settled.map((result) => {
      if (result.status === 'rejected') throw result.reason;
      return result.value;
    });
    const manifests = results.filter((result) => typeof result !== 'string');
    const lost = results.filter((result) => typeof result === 'string');
    if (manifests.length === 0) {
      throw new SmartBoxError({
        code: 'range-not-available',
        message: 'the range left the ring, or nothing of it could be read, while it was saved',
        fault: 'ours',
      });
    }
    const savedMs = Math.max(...manifests.map(({ durationMs }) => durationMs));
    const saved = ClipSaved.parse({
      clipId: clip.clipId,
      kind: clip.kind,
      stationId: clip.stationId,
      procedureId: clip.procedureId,
      recipe: job.procedure.recipe,
      requestedAt: job.requestedAt,
      savedAt: this.#now().toISOString(),
      requestedMs: plan.requestedMs,
      savedMs,
      truncated: plan.truncated || savedMs < Math.min(plan.requestedMs, plan.savedMs) - 100,
      sources: manifests.map((manifest) => clipSourceOf(manifest, goesToPacs(job.station, manifest.sourceId))),
      missing: [...plan.missing, ...lost.map((sourceId) => ({ sourceId, reason: 'nothing readable in this range' }))],
    } satisfies ClipSaved);
    await this.#objects.putJson(clipKey(clip.clipId), saved);
    await this.#announce(saved);
    logSaved(saved);
    return saved;
  }

  /** Nothing of a failed clip stays behind. What was SAVED once, or is a still, is never touched. */
  async discard(clipId: string): Promise<void> {
    if (await this.#objects.exists(clipKey(clipId))) return;
    const files: string[] = [];
    for await (const { key } of this.#objects.list(clipFolder(clipId))) files.push(key);
    if (files.some((key) => key.endsWith('/gop.mp4'))) return;
    for (const key of files) await this.#objects.remove(key);
  }

  async #source(job: ClipJob, sourceId: string, resumed: boolean): Promise<ClipManifest | undefined> {
    const { clip } = job;
    if (resumed) {
      const earlier = await this.manifest(clip.clipId, sourceId);
      if (earlier?.anchorMs === clip.anchorMs && (await this.#proven(earlier))) return earlier;
    }
    const plan = job.plan.sources.find((candidate) => candidate.sourceId === sourceId);
    if (!plan) return undefined;
    return this.#writer.write({
      clip,
      key: sourceKey(clip.clipId, sourceId),
      fragments: job.fragments(sourceId),
      plan,
      replan: async (corrupt, whole) => {
        const entries = (await job.entries()).filter((entry) => entry.headers.source === sourceId);
        return planSource(sourceId, entries, job.plan.range, { corrupt, exact: job.plan.exact && !whole });
      },
      signal: job.signal,
    });
  }

  async #proven(manifest: ClipManifest | undefined): Promise<boolean> {
    if (!manifest) return false;
    try {
      await this.#objects.verify(manifest.key, manifest);
      return true;
    } catch (error) {
      if (error instanceof SmartBoxError && /^object-(corrupt|not-found)$/.test(error.code)) return false;
      throw error;
    }
  }

  async #announce(saved: ClipSaved): Promise<void> {
    await this.#events.publish('buffer.clip.saved', saved, `clip-saved-${saved.clipId}`);
  }

  async #json(key: string): Promise<unknown> {
    try {
      return await this.#objects.getJson(key);
    } catch (error) {
      if (error instanceof SmartBoxError && /^object-(corrupt|not-found)$/.test(error.code)) return undefined;
      throw error;
    }
  }
}

function logSaved({ clipId, kind, stationId, savedMs, truncated, missing, sources }: ClipSaved): void {
  const files = sources.map(({ sourceId, bytes, frames, gaps }) => ({ sourceId, bytes, frames, gaps }));
  log.info({ clipId, kind, stationId, savedMs, truncated, missing, files }, 'clip saved');
}

function goesToPacs(station: StationConfig | undefined, sourceId: string): boolean {
  return station?.sources.find(({ id }) => id === sourceId)?.pacs ?? true;
}
