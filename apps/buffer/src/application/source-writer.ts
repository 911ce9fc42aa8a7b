import { parseFrameRate } from '@smartbox/contracts';
import { SmartBoxError } from '@smartbox/kernel';
import {
  assembleMovie,
  FragmentCorrupt,
  layoutMovie,
  readInitSegment,
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
import type { HeadAnswer, HeadAsk } from '../domain/head.ts';
import type { Fragments, Heads, Objects } from './ports.ts';

export type ClipFacts = Pick<
  ClipManifest,
  'clipId' | 'kind' | 'stationId' | 'procedureId' | 'anchorMs' | 'requestedMs'
>;

export interface SourceJob {
  clip: ClipFacts;
  key: string;
  fragments: Fragments;
  plan: SourcePlan;
  /**
   * Plans again when fragments turned out corrupt or were evicted, or (`whole`) when a GOP cannot be cut. Undefined:
   * nothing is left.
   */
  replan: (corrupt: ReadonlySet<FragmentName>, whole: boolean) => Promise<SourcePlan | undefined>;
  signal?: AbortSignal | undefined;
}

const ATTEMPTS = 8;
/** Of a child process that died: what killed it may have passed. */
const HEAD_ATTEMPTS = 3;
/** Files written at once by this process, and parts of each on their way: bounds the memory. */
const WRITERS = 2;
const PARTS_IN_FLIGHT = 2;

/** Writes one source's file in one pass, proves it by reading it back, and then writes its manifest. */
export class SourceWriter {
  readonly #objects: Objects;
  readonly #heads: Heads;
  readonly #gate = new Gate(WRITERS);
  readonly #log = createLogger('buffer');
  readonly #corrupt = counter('smartbox_fragments_corrupt_total', 'Fragments left out of a clip', ['source']);

  constructor(objects: Objects, heads: Heads) {
    this.#objects = objects;
    this.#heads = heads;
  }

  /** Undefined when planning again leaves nothing. */
  write(job: SourceJob): Promise<ClipManifest | undefined> {
    const attributes = { 'smartbox.clip': job.clip.clipId, 'smartbox.source': job.plan.sourceId };
    return this.#gate.run(() => withSpan('write source', attributes, () => this.#write(job)));
  }

  async #write(job: SourceJob): Promise<ClipManifest | undefined> {
    const corrupt = new Set<FragmentName>();
    let plan: SourcePlan | undefined = job.plan;
    let inexact: string | undefined;
    for (let attempt = 1; plan; attempt++) {
      try {
        const { layout, stored, head } = await this.#file(job, plan);
        const manifest = manifestOf(job.clip, plan, layout, stored, { head, inexact });
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
        // no frame is lost for the sake of an exact beginning
        if (error instanceof HeadFailed) inexact = error.message;
        plan = await job.replan(corrupt, inexact !== undefined);
      }
    }
    return undefined;
  }

  async #file(
    job: SourceJob,
    plan: SourcePlan,
  ): Promise<{ layout: MovieLayout; stored: StoredFile; head: HeadAnswer | undefined }> {
    const { fragments, key, signal } = job;
    const inits = await this.#inits(plan, fragments);
    const head = plan.head && (await withSpan('encode head', {}, () => this.#head(job, plan, inits)));
    const layout = layoutMovie(plan, inits, head);
    const payloads = plan.fragments.length > 0 ? fragments.read(plan.fragments, signal) : nothing();
    const movie = assembleMovie(layout, plan.fragments, payloads, head?.samples);
    const stored = await withSpan('put', { 'smartbox.bytes': layout.bytes }, () =>
      this.#objects.put(key, movie, {
        ...{ size: layout.bytes, contentType: 'video/mp4', concurrency: PARTS_IN_FLIGHT, signal },
      }),
    );
    await withSpan('read back', {}, () => this.#objects.verify(key, stored, { signal }));
    return { layout, stored, head };
  }

  /** The first frames of a clip that begins within a GOP. @throws HeadFailed, FragmentCorrupt */
  async #head(job: SourceJob, plan: SourcePlan, inits: ReadonlyMap<string, Uint8Array>): Promise<HeadAnswer> {
    const { fragments: gop = [], lead = 0 } = plan.head ?? {};
    const [first] = gop;
    const init = first && inits.get(first.entry.headers.epoch);
    if (!init) throw new RangeError('a head without fragments');
    const samples: Uint8Array[] = [];
    // the layout is of no use here: this reads the GOP's samples, each fragment proven
    for await (const part of assembleMovie({ header: Buffer.alloc(0), bytes: 0, formats: 1 }, gop, job.fragments.read(gop, job.signal))) samples.push(part); // prettier-ignore
    const ask: HeadAsk = {
      sampleEntry: readInitSegment(init).sampleEntry,
      samples: Buffer.concat(samples),
      sizes: gop.flatMap(({ sizes }) => sizes),
      frameRate: parseFrameRate(first.entry.headers.frameRate),
      lead,
    };
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#heads.encode(ask, job.signal);
      } catch (error) {
        job.signal?.throwIfAborted();
        const again = error instanceof SmartBoxError && error.retryable && attempt < HEAD_ATTEMPTS;
        if (!again) throw new HeadFailed(error);
      }
    }
  }

  /** The first fragment of each epoch carries its init segment. */
  async #inits(plan: SourcePlan, fragments: Fragments): Promise<ReadonlyMap<string, Uint8Array>> {
    const inits = new Map<string, Uint8Array>();
    for (const { entry } of [...(plan.head?.fragments ?? []), ...plan.fragments]) {
      const { epoch, initBytes } = entry.headers;
      if (inits.has(epoch)) continue;
      const payload = await fragments.payload(entry);
      if (!payload) throw missing(plan.sourceId, entry.streamSequence);
      await verifiedSamples(entry.headers, payload);
      const init = payload.subarray(0, initBytes);
      try {
        readInitSegment(init);
      } catch (error) {
        throw new FragmentCorrupt(entry.headers, `no usable init segment: ${String(error)}`, error);
      }
      inits.set(epoch, init);
    }
    return inits;
  }

  /** One corrupt fragment is seldom alone: finds all of them before the next attempt. */
  async #findCorrupt(job: SourceJob, plan: SourcePlan, corrupt: Set<FragmentName>): Promise<void> {
    const all = [...(plan.head?.fragments ?? []), ...plan.fragments];
    const headers = new Map(all.map(({ entry: { headers: h } }) => [`${h.epoch}/${h.sequence}`, h]));
    for await (const { epoch, sequence, payload } of job.fragments.read(all, job.signal)) {
      const expected = headers.get(`${epoch}/${sequence}`);
      try {
        if (expected) await verifiedSamples(expected, payload);
      } catch (error) {
        if (!(error instanceof FragmentCorrupt)) throw error;
        corrupt.add(error.fragment);
      }
    }
  }
}

/** The frames at the beginning could not be encoded: the clip is kept from the keyframe before it on. */
class HeadFailed extends SmartBoxError {
  constructor(cause: unknown) {
    const why = cause instanceof SmartBoxError ? cause.message : String(cause);
    super({ code: 'head-failed', message: `it begins with a keyframe: ${why}`, fault: 'ours', retryable: true, cause });
  }
}

async function* nothing(): AsyncGenerator<never> {
  // a clip that ends in the GOP it begins in takes no fragment as it is
}

function healable(error: unknown): boolean {
  const code = error instanceof SmartBoxError ? error.code : '';
  return ['fragment-corrupt', 'fragment-missing', 'object-corrupt', 'head-failed'].includes(code);
}

function missing(sourceId: string, streamSequence: number): SmartBoxError {
  return new SmartBoxError({
    code: 'fragment-missing',
    message: `message ${streamSequence} of ${sourceId} is no longer in the ring`,
    fault: 'ours',
    retryable: true,
  });
}
