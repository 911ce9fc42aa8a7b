import { setTimeout } from 'node:timers/promises';
import type { RetentionFile } from '@smartbox/contracts';
import { SmartBoxError, toError, type Clock } from '@smartbox/kernel';
import type { Logger } from '@smartbox/telemetry';
import { folderOf, goesWith, isObjectKey, type Unit } from '../../domain/retention/place.ts';
import { actsFrom, rulesHash } from '../../domain/retention/rules.ts';
import type { Candidate, Objects, RetentionStore } from './ports.ts';

const BATCH = 100;
const IDLE_MS = 5 * 60_000;
const RETRY_MS = 30_000;
const HOUR_MS = 3_600_000;
const ROUNDS = 3;

/**
 * Removes what is due. Each removal is decided in the database first (with its audit entry) and carried out then; killed
 * anywhere, the next run goes on with what was decided. It reaches the object store and nothing else: a ring has no
 * object there.
 */
export class Sweeper {
  /** Absent: nothing is ever removed. */
  readonly file: RetentionFile | undefined;
  readonly #store: RetentionStore;
  readonly #objects: Objects;
  readonly #changed: { clip(clipId: string): void; film(renditionId: string): void };
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;
  #trouble: string | undefined;

  constructor(parts: {
    file: RetentionFile | undefined;
    store: RetentionStore;
    objects: Objects;
    changed: { clip(clipId: string): void; film(renditionId: string): void };
    clock: Clock;
    log: Logger;
  }) {
    this.file = parts.file;
    this.#store = parts.store;
    this.#objects = parts.objects;
    this.#changed = parts.changed;
    this.#clock = parts.clock;
    this.#log = parts.log;
  }

  /** Why removals do not go on; undefined while they do. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** `afterEach`: what else is to be looked at as often. */
  start(afterEach: () => Promise<void>): void {
    this.#running ??= this.#run(afterEach);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** What was decided before, then what is due, up to one batch. How many were removed. */
  async sweep(): Promise<number> {
    let removed = 0;
    for (const open of await this.#store.open(BATCH)) {
      await this.#carryOut(open.removalId, open);
      removed += 1;
    }
    const { file } = this;
    if (file?.mode !== 'on' || this.#stop.signal.aborted) return removed;
    const since = await this.#store.rulesSince(rulesHash(file), this.#clock.now());
    if (this.#clock.now() < actsFrom(file, since)) return removed;
    for (const candidate of await this.#store.due(file.rules, this.#clock.now(), BATCH)) {
      if (this.#stop.signal.aborted) return removed;
      if (await this.#remove(file, candidate)) removed += 1;
      await this.#pause(HOUR_MS / file.perHour);
    }
    return removed;
  }

  async #remove({ rules }: RetentionFile, candidate: Candidate): Promise<boolean> {
    const keys = await this.#keysOf(candidate);
    const found = { objects: keys.length, bytes: keys.reduce((sum, { bytes }) => sum + bytes, 0) };
    const open = await this.#store.begin(rules, candidate, found, this.#clock.now());
    if (!open) return false;
    this.#tell(candidate);
    await this.#carryOut(open.removalId, candidate);
    return true;
  }

  /** Done when a look finds nothing any more, not when the store has said so. */
  async #carryOut(removalId: string, unit: Unit): Promise<void> {
    let keys = await this.#keysOf(unit);
    for (let round = 1; keys.length > 0; round += 1) {
      if (round > ROUNDS) {
        const message = `${keys.length} objects of ${folderOf(unit)} are still there after they were removed`;
        throw new SmartBoxError({ code: 'removal-incomplete', message, fault: 'theirs', retryable: true });
      }
      for (const { key } of keys) {
        this.#stop.signal.throwIfAborted();
        await this.#objects.remove(key);
      }
      keys = await this.#keysOf(unit);
    }
    await this.#store.finish(removalId, this.#clock.now());
    this.#tell(unit);
  }

  async #keysOf(unit: Unit): Promise<{ key: string; bytes: number }[]> {
    const { films, objectKeys } = await this.#store.belongings(unit);
    const keys: { key: string; bytes: number }[] = [];
    for await (const { key, bytes } of this.#objects.list(folderOf(unit))) {
      if (goesWith(unit, key, films)) keys.push({ key, bytes });
    }
    for (const key of objectKeys.filter(isObjectKey)) {
      const found = await this.#objects.stat(key).catch((error: unknown) => {
        if (error instanceof SmartBoxError && error.code === 'object-not-found') return undefined;
        throw error;
      });
      if (found) keys.push({ key, bytes: found.bytes });
    }
    return keys;
  }

  #tell({ clipId, renditionId }: Unit): void {
    if (renditionId === null) this.#changed.clip(clipId);
    else this.#changed.film(renditionId);
  }

  async #run(afterEach: () => Promise<void>): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        const removed = await this.sweep();
        this.#trouble = undefined;
        await afterEach();
        if (removed > 0) this.#log.info({ removed }, 'the retention rules removed');
        await this.#pause(removed >= BATCH ? 0 : IDLE_MS);
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        this.#trouble = toError(error).message;
        const code = error instanceof SmartBoxError ? error.code : toError(error).name;
        this.#log.error({ code, reason: this.#trouble }, 'removals wait; trying again');
        await this.#pause(RETRY_MS);
      }
    }
  }

  /** Ends early when the service stops. */
  async #pause(ms: number): Promise<void> {
    await setTimeout(ms, undefined, { signal: this.#stop.signal }).catch(() => undefined);
  }
}
