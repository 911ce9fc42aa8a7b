import { SmartBoxError } from '@smartbox/kernel';
import {
  assembleMovie,
  FragmentCorrupt,
  layoutMovie,
  verifiedSamples,
  type ClipManifest,
  type FragmentName,
  type MovieLayout,
  type SourcePlan,
} from '@smartbox/recording';
import { counter, createLogger, withSpan } from '@smartbox/telemetry';
import { manifestOf, type StoredFile } from '../domain/clip-source.ts';
import { manifestKey } from '../domain/keys.ts';
import { Gate } from './gate.ts';
import type { Fragments, Objects } from './ports.ts';

export type ClipFacts = Pick<
  ClipManifest,
  'clipId' | 'kind' | 'stationId' | 'procedureId' | 'anchorMs' | 'requestedMs'
>;

export interface SourceJob {
  clip: ClipFacts;
  key: string;
  fragments: Fragments;
  plan: SourcePlan;
  /** Plans again when fragments turned out corrupt or were evicted. Undefined: nothing is left. */
  replan: (corrupt: ReadonlySet<FragmentName>) => Promise<SourcePlan | undefined>;
  signal?: AbortSignal | undefined;
}

const ATTEMPTS = 8;
/** Files written at once by this process, and parts of each on their way: bounds the memory. */
const WRITERS = 2;
const PARTS_IN_FLIGHT = 2;

/** Writes one source's file in one pass, proves it by reading it back, and then writes its manifest. */
export class SourceWriter {
  readonly #objects: Objects;
  readonly #gate = new Gate(WRITERS);
  readonly #log = createLogger('buffer');
  readonly #corrupt = counter('smartbox_fragments_corrupt_total', 'Fragments left out of a clip', ['source']);

  constructor(objects: Objects) {
    this.#objects = objects;
  }

  /** Undefined when planning again leaves nothing. */
  write(job: SourceJob): Promise<ClipManifest | undefined> {
    const attributes = { 'smartbox.clip': job.clip.clipId, 'smartbox.source': job.plan.sourceId };
    return this.#gate.run(() => withSpan('write source', attributes, () => this.#write(job)));
  }

  async #write(job: SourceJob): Promise<ClipManifest | undefined> {
    const corrupt = new Set<FragmentName>();
    let plan: SourcePlan | undefined = job.plan;
    for (let attempt = 1; plan; attempt++) {
      try {
        const { layout, stored } = await this.#file(job, plan);
        const manifest = manifestOf(job.clip, plan, layout, stored);
        await this.#objects.putJson(manifestKey(job.clip.clipId, plan.sourceId), manifest);
        return manifest;
      } catch (error) {
        if (attempt === ATTEMPTS || !healable(error)) throw error;
        this.#log.warn({ clipId: job.clip.clipId, sourceId: plan.sourceId, err: error }, 'the file is planned again');
        if (error instanceof FragmentCorrupt) {
          corrupt.add(error.fragment);
          await this.#findCorrupt(job, plan, corrupt);
          this.#corrupt.inc({ source: plan.sourceId }, corrupt.size);
        }
        plan = await job.replan(corrupt);
      }
    }
    return undefined;
  }

  async #file(job: SourceJob, plan: SourcePlan): Promise<{ layout: MovieLayout; stored: StoredFile }> {
    const { fragments, key, signal } = job;
    const layout = await this.#layout(plan, fragments);
    const movie = assembleMovie(layout, plan.fragments, fragments.read(plan.fragments, signal));
    const stored = await withSpan('put', { 'smartbox.bytes': layout.bytes }, () =>
      this.#objects.put(key, movie, {
        ...{ size: layout.bytes, contentType: 'video/mp4', concurrency: PARTS_IN_FLIGHT, signal },
      }),
    );
    await withSpan('read back', {}, () => this.#objects.verify(key, stored, { signal }));
    return { layout, stored };
  }

  /** The first fragment of each epoch carries its init segment. */
  async #layout(plan: SourcePlan, fragments: Fragments): Promise<MovieLayout> {
    const inits = new Map<string, Uint8Array>();
    for (const { entry } of plan.fragments) {
      const { epoch, initBytes } = entry.headers;
      if (inits.has(epoch)) continue;
      const payload = await fragments.payload(entry);
      if (!payload) throw missing(plan.sourceId, entry.streamSequence);
      verifiedSamples(entry.headers, payload);
      const init = payload.subarray(0, initBytes);
      try {
        layoutMovie({ ...plan, fragments: [{ entry, sizes: [], durations: [], bytes: 0 }] }, new Map([[epoch, init]]));
      } catch (error) {
        throw new FragmentCorrupt(entry.headers, `no usable init segment: ${String(error)}`, error);
      }
      inits.set(epoch, init);
    }
    return layoutMovie(plan, inits);
  }

  /** One corrupt fragment is seldom alone: finds all of them before the next attempt. */
  async #findCorrupt(job: SourceJob, plan: SourcePlan, corrupt: Set<FragmentName>): Promise<void> {
    const headers = new Map(plan.fragments.map(({ entry: { headers: h } }) => [`${h.epoch}/${h.sequence}`, h]));
    for await (const { epoch, sequence, payload } of job.fragments.read(plan.fragments, job.signal)) {
      const expected = headers.get(`${epoch}/${sequence}`);
      try {
        if (expected) verifiedSamples(expected, payload);
      } catch (error) {
        if (!(error instanceof FragmentCorrupt)) throw error;
        corrupt.add(error.fragment);
      }
    }
  }
}

function healable(error: unknown): boolean {
  const code = error instanceof SmartBoxError ? error.code : '';
  return ['fragment-corrupt', 'fragment-missing', 'object-corrupt'].includes(code);
}

function missing(sourceId: string, streamSequence: number): SmartBoxError {
  return new SmartBoxError({
    code: 'fragment-missing',
    message: `message ${streamSequence} of ${sourceId} is no longer in the ring`,
    fault: 'ours',
    retryable: true,
  });
}
