import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { services, type ClipDetail } from '@smartbox/contracts';
import { newId, SmartBoxError, toError } from '@smartbox/kernel';
import { until } from '@smartbox/testing';
import { openPacs } from '@smartbox/tools';
import { fetchFromPacs, isUnbroken, ringHolds, type Line } from '../support.ts';
import { script, type Step } from './script.ts';

export interface SoakOptions {
  minutes: number;
  seed: number;
  /** Without them it is the memory that is looked at: a service that was killed begins anew. */
  faults: boolean;
  say: (line: string) => void;
}

export interface SoakReport {
  seed: number;
  steps: number;
  faults: number;
  /** Clips, recordings and stills that were accepted. */
  asked: number;
  frames: number;
  gaps: number;
  /** Each broken promise in a line; empty is what the gate wants. */
  broken: string[];
  /** Resident memory in MB of each service, medians of the first and of the last tenth of the time. */
  memory: Record<string, { first: number; last: number }>;
}

const STATION = 'or-1';
/** What is refused while a service is away is asked again, as the console does. */
const PATIENCE_MS = 90_000;

/** One room through a day of work and trouble, and at its end the oracle: what was accepted is there, whole and once. */
export class Soak {
  readonly #line: Line;
  readonly #options: SoakOptions;
  readonly #asked: { clipId: string; kind: 'clip' | 'recording' | 'still' }[] = [];
  readonly #memory = new Map<string, number[]>();

  constructor(line: Line, options: SoakOptions) {
    this.#line = line;
    this.#options = options;
  }

  async run(): Promise<SoakReport> {
    const { minutes, seed, faults, say } = this.#options;
    const end = performance.now() + minutes * 60_000;
    const sampling = setInterval(() => this.#sample(), Math.max(200, minutes * 60));
    let [steps, wrong] = [0, 0];
    try {
      await this.#nextPatient();
      for (const step of script(seed, faults)) {
        if (performance.now() > end) break;
        say(JSON.stringify(step));
        steps++;
        if (await this.#do(step)) wrong++;
      }
    } finally {
      clearInterval(sampling);
    }
    const { broken, clips } = await this.#judge();
    const sources = clips.flatMap((clip) => clip.sources);
    return {
      ...{ seed, steps, faults: wrong, asked: this.#asked.length, broken },
      frames: sources.reduce((sum, source) => sum + source.frames, 0),
      gaps: sources.reduce((sum, source) => sum + source.gaps.length, 0),
      memory: Object.fromEntries([...this.#memory].map(([service, values]) => [service, tenths(values)])),
    };
  }

  /** True for a fault. */
  async #do(step: Step): Promise<boolean> {
    const { box, api } = this.#line;
    switch (step.do) {
      case 'wait':
        await delay(step.seconds * 1000);
        return false;
      case 'save':
        await this.#ask('clip', (clipId) => api.saveClip({ clipId, stationId: STATION, lastSeconds: step.seconds }));
        return false;
      case 'still':
        await this.#ask('still', (clipId) => api.captureStill(STATION, { clipId }));
        return false;
      case 'record':
        await this.#ask('recording', (clipId) => api.startRecording(STATION, { clipId }));
        await delay(step.seconds * 1000);
        await patiently(() => api.stopRecording(STATION), ['nothing-records']);
        return false;
      case 'next-patient':
        await this.#nextPatient();
        return false;
      case 'kill':
        box.service(step.service).kill('SIGKILL');
        return true;
      case 'kill-all':
        for (const service of services) box.service(service).kill('SIGKILL');
        return true;
      case 'freeze':
        box.service(step.service).kill('SIGSTOP');
        await delay(step.seconds * 1000);
        box.service(step.service).kill('SIGCONT');
        return true;
      case 'restart':
        await box.servers[step.server].restart('SIGKILL');
        return true;
    }
  }

  async #ask(kind: 'clip' | 'recording' | 'still', request: (clipId: string) => Promise<unknown>): Promise<void> {
    const clipId = newId();
    await patiently(() => request(clipId));
    this.#asked.push({ clipId, kind });
  }

  async #nextPatient(): Promise<void> {
    await patiently(() => this.#line.api.startProcedure({ stationId: STATION, emergency: {} }));
    await ringHolds(this.#line, STATION, 2);
  }

  #sample(): void {
    for (const service of services) {
      const { pid } = this.#line.box.service(service);
      try {
        const resident = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
        if (resident) this.#memory.set(service, [...(this.#memory.get(service) ?? []), Number(resident) / 1024]);
      } catch {
        // It was killed a moment ago.
      }
    }
  }

  async #judge(): Promise<{ broken: string[]; clips: ClipDetail[] }> {
    const broken: string[] = [];
    const clips: ClipDetail[] = [];
    const pacs = await openPacs(this.#line.box.info());
    for (const { clipId, kind } of this.#asked) {
      const clip = await this.#arrived(clipId).catch((error: unknown) => void broken.push(toError(error).message));
      if (!clip) continue;
      clips.push(clip);
      if (clip.instances.length !== clip.sources.length)
        broken.push(`${kind} ${clipId} has ${clip.instances.length} objects of ${clip.sources.length} sources`);
      for (const instance of clip.instances) {
        const source = clip.sources.find(({ sourceId }) => sourceId === instance.sourceId);
        const stored = await fetchFromPacs(this.#line, instance.sopInstanceUid);
        const name = `${kind} ${clipId}, ${instance.sourceId}`;
        if (stored.payloadSha256 !== instance.payloadSha256) broken.push(`${name}: other bytes in the PACS`);
        if (kind === 'still' || !source) continue;
        const { counters } = stored;
        if (counters.length !== source.frames) broken.push(`${name}: ${counters.length} frames, not ${source.frames}`);
        const forward = counters.every((counter, i) => i === 0 || Number(counter) > Number(counters[i - 1]));
        if (source.gaps.length === 0 ? !isUnbroken(counters) : !forward)
          broken.push(`${name}: frames are missing, twice or out of order, with ${source.gaps.length} gaps told`);
      }
    }
    const uids = (await pacs.instances()).map(({ sopInstanceUid }) => sopInstanceUid);
    for (const uid of uids) if (uids.indexOf(uid) !== uids.lastIndexOf(uid)) broken.push(`${uid} is in the PACS twice`);
    return { broken, clips };
  }

  /** @throws Error with the clip's own reason where it failed. */
  async #arrived(clipId: string): Promise<ClipDetail> {
    const clip = await until(
      async () => {
        const seen = await this.#line.api.clip(clipId);
        return ['sent', 'archived', 'failed'].includes(seen.state) ? seen : undefined;
      },
      { timeoutMs: 300_000, intervalMs: 250, what: `clip ${clipId} in the PACS` },
    );
    if (clip.failure) throw new Error(`clip ${clipId} failed: ${clip.failure.code}: ${clip.failure.reason}`);
    return clip;
  }
}

/** Asks until it is accepted, or refused for good. */
async function patiently(act: () => Promise<unknown>, fine: readonly string[] = []): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      await act();
      return;
    } catch (error) {
      const code = error instanceof SmartBoxError ? error.code : '';
      if (fine.includes(code)) return;
      if (!(error instanceof SmartBoxError && error.retryable) || performance.now() > deadline) throw error;
      await delay(500);
    }
  }
}

function tenths(values: readonly number[]): { first: number; last: number } {
  const tenth = Math.max(1, Math.floor(values.length / 10));
  const median = (some: readonly number[]) => Math.round([...some].sort((a, b) => a - b)[some.length >> 1] ?? 0);
  return { first: median(values.slice(0, tenth)), last: median(values.slice(-tenth)) };
}
