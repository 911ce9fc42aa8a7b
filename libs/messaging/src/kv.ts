import { Kvm, type KV, type KvEntry } from '@nats-io/kv';
import { inputError, SmartBoxError, toError, transientError } from '@smartbox/kernel';
import type { z } from 'zod';
import type { NatsLink } from './connection.ts';
import { issues } from './envelope.ts';
import { apiCode } from './streams.ts';

export interface KvValue<T> {
  key: string;
  value: T;
  revision: number;
  at: Date;
}

/** A change seen by watch: `value` is absent when the key was deleted. `initial`: the state at the start. */
export interface KvChange<T> {
  key: string;
  value?: T;
  revision: number;
  at: Date;
  initial: boolean;
}

export interface KvOptions {
  history?: number;
  /** Entries vanish by themselves after this, ms. */
  ttlMs?: number;
  replicas?: number;
}

const WRONG_LAST_SEQUENCE = 10071;

/** One bucket whose values (under the keys used with it) have one schema. Keys of other schemas may live beside. */
export class KvStore<T> {
  readonly bucket: string;
  readonly #kv: KV;
  readonly #schema: z.ZodType<T>;

  constructor(bucket: string, kv: KV, schema: z.ZodType<T>) {
    this.bucket = bucket;
    this.#kv = kv;
    this.#schema = schema;
  }

  /** @throws SmartBoxError `invalid-kv-value` where the stored value does not fit the schema. */
  async get(key: string): Promise<KvValue<T> | undefined> {
    const entry = await this.#run(() => this.#kv.get(key));
    if (!entry || entry.operation !== 'PUT') return undefined;
    return { key, value: this.#parse(entry), revision: entry.revision, at: entry.created };
  }

  /** Last writer wins. Returns the revision. */
  put(key: string, value: T): Promise<number> {
    return this.#run(() => this.#kv.put(key, this.#encode(key, value)));
  }

  /** Only where the key does not exist. @throws SmartBoxError `kv-conflict`. */
  create(key: string, value: T): Promise<number> {
    return this.#run(() => this.#kv.create(key, this.#encode(key, value)), key);
  }

  /** Only over exactly this revision. @throws SmartBoxError `kv-conflict`. */
  update(key: string, value: T, revision: number): Promise<number> {
    return this.#run(() => this.#kv.update(key, this.#encode(key, value), revision), key);
  }

  /** With `revision`: only over exactly this one. @throws SmartBoxError `kv-conflict`. */
  delete(key: string, revision?: number): Promise<void> {
    return this.#run(() => this.#kv.delete(key, revision === undefined ? {} : { previousSeq: revision }), key);
  }

  /** Keys that exist; `filter` as in subjects: `station.*`. */
  async keys(filter = '>'): Promise<string[]> {
    const keys: string[] = [];
    for await (const key of await this.#run(() => this.#kv.keys(filter))) keys.push(key);
    return keys;
  }

  /** Every value under the filter; values of another schema are left out. */
  async entries(filter = '>'): Promise<KvValue<T>[]> {
    const entries: KvValue<T>[] = [];
    for (const key of await this.keys(filter)) {
      const entry = await this.#kv.get(key);
      const parsed = entry && entry.operation === 'PUT' ? this.#schema.safeParse(jsonOf(entry)) : undefined;
      if (entry && parsed?.success) {
        entries.push({ key, value: parsed.data, revision: entry.revision, at: entry.created });
      }
    }
    return entries;
  }

  /**
   * The present values and then every change, until `signal` aborts; survives a broker restart. Values of another
   * schema are left out.
   */
  async *watch(filter = '>', options: { signal?: AbortSignal } = {}): AsyncGenerator<KvChange<T>> {
    let resume = 0;
    while (!options.signal?.aborted) {
      try {
        const present = (await this.#kv.status()).streamInfo.state.last_seq;
        const watcher = await this.#kv.watch({
          key: filter,
          ...(resume > 0 ? { resumeFromRevision: resume + 1 } : {}),
        });
        const stop = () => watcher.stop();
        options.signal?.addEventListener('abort', stop, { once: true });
        try {
          for await (const entry of watcher) {
            resume = Math.max(resume, entry.revision);
            const base = {
              key: entry.key,
              revision: entry.revision,
              at: entry.created,
              initial: entry.revision <= present,
            };
            if (entry.operation !== 'PUT') {
              yield base;
              continue;
            }
            const parsed = this.#schema.safeParse(jsonOf(entry));
            if (parsed.success) yield { ...base, value: parsed.data };
          }
        } finally {
          options.signal?.removeEventListener('abort', stop);
          watcher.stop();
        }
        if (options.signal?.aborted) return;
      } catch (error) {
        if (options.signal?.aborted || toError(error).name === 'ClosedConnectionError') return;
      }
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }

  #parse(entry: KvEntry): T {
    const parsed = this.#schema.safeParse(jsonOf(entry));
    if (parsed.success) return parsed.data;
    throw inputError('invalid-kv-value', `${this.bucket}/${entry.key}: ${issues(parsed.error)}`);
  }

  #encode(key: string, value: T): string {
    const parsed = this.#schema.safeParse(value);
    if (!parsed.success) throw inputError('invalid-kv-value', `${this.bucket}/${key}: ${issues(parsed.error)}`);
    return JSON.stringify(parsed.data);
  }

  async #run<R>(action: () => Promise<R>, key?: string): Promise<R> {
    try {
      return await action();
    } catch (error) {
      if (error instanceof SmartBoxError) throw error;
      if (apiCode(error) === WRONG_LAST_SEQUENCE) {
        throw new SmartBoxError({
          code: 'kv-conflict',
          message: `${this.bucket}/${key ?? ''} was changed by somebody else`,
          fault: 'theirs',
          cause: error,
        });
      }
      throw transientError('broker-unavailable', `KV ${this.bucket}: ${toError(error).message}`, error);
    }
  }
}

function jsonOf(entry: KvEntry): unknown {
  try {
    return entry.json();
  } catch {
    return undefined;
  }
}

/** Opens the bucket, creating it where it is missing. */
export async function openKv<T>(
  link: NatsLink,
  bucket: string,
  schema: z.ZodType<T>,
  options: KvOptions = {},
): Promise<KvStore<T>> {
  const kvm = new Kvm(link.js);
  const kv = await kvm.create(bucket, {
    history: options.history ?? 1,
    ...(options.ttlMs === undefined ? {} : { ttl: options.ttlMs }),
    ...(options.replicas === undefined ? {} : { replicas: options.replicas }),
  });
  return new KvStore(bucket, kv, schema);
}
