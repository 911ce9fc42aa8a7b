import { deterministicId, SmartBoxError } from '@smartbox/kernel';
import type { KvStore, Messaging } from '@smartbox/messaging';
import type { CommitmentStore, OpenEntry } from '../application/ports.ts';
import { OpenCommitment, Transaction } from '../domain/commitment.ts';

const BUCKET = 'COMMITMENTS';
/** As long as a dead letter is kept. */
const KEEP_MS = 90 * 24 * 3_600_000;

/** KV bucket COMMITMENTS: `open.<deliveryId>` and `transaction.<id made from its UID>`. */
export class KvCommitments implements CommitmentStore {
  readonly #open: KvStore<OpenCommitment>;
  readonly #transactions: KvStore<Transaction>;
  readonly #entries = new Map<string, OpenEntry>();
  readonly #stop = new AbortController();
  #watching: Promise<void> | undefined;

  private constructor(open: KvStore<OpenCommitment>, transactions: KvStore<Transaction>) {
    this.#open = open;
    this.#transactions = transactions;
  }

  static async open(messaging: Messaging): Promise<KvCommitments> {
    const open = await messaging.kv<OpenCommitment>(BUCKET, OpenCommitment, { ttlMs: KEEP_MS });
    const transactions = await messaging.kv<Transaction>(BUCKET, Transaction, { ttlMs: KEEP_MS });
    const store = new KvCommitments(open, transactions);
    store.#watching = store.#watch();
    return store;
  }

  async close(deliveryId: string): Promise<void> {
    await this.#open.delete(`open.${deliveryId}`);
    this.#entries.delete(deliveryId);
  }

  list(): readonly OpenEntry[] {
    return [...this.#entries.values()];
  }

  async get(deliveryId: string): Promise<OpenCommitment | undefined> {
    return (await this.#open.get(`open.${deliveryId}`))?.value;
  }

  async open(entry: OpenCommitment): Promise<void> {
    await exceptConflict(this.#open.create(`open.${entry.deliveryId}`, entry));
  }

  async replace(entry: OpenCommitment, revision?: number): Promise<boolean> {
    const key = `open.${entry.deliveryId}`;
    const known = revision ?? (await this.#open.get(key))?.revision;
    if (known === undefined) return false; // closed meanwhile
    const next = await exceptConflict(this.#open.update(key, entry, known));
    if (next === undefined) return false;
    this.#entries.set(entry.deliveryId, { entry, revision: next });
    return true;
  }

  async addTransaction(transaction: Transaction): Promise<void> {
    await this.#transactions.put(keyOf(transaction.transactionUid), transaction);
  }

  async transaction(transactionUid: string): Promise<Transaction | undefined> {
    return (await this.#transactions.get(keyOf(transactionUid)))?.value;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#watching;
  }

  async #watch(): Promise<void> {
    for await (const { key, value, revision } of this.#open.watch('open.*', { signal: this.#stop.signal })) {
      const deliveryId = key.slice('open.'.length);
      const known = this.#entries.get(deliveryId);
      if (known && known.revision >= revision) continue;
      if (value) this.#entries.set(deliveryId, { entry: value, revision });
      else this.#entries.delete(deliveryId);
    }
  }
}

/** A DICOM UID is no key: its dots are tokens. */
const keyOf = (transactionUid: string) => `transaction.${deterministicId('transaction', transactionUid)}`;

async function exceptConflict(write: Promise<number>): Promise<number | undefined> {
  try {
    return await write;
  } catch (error) {
    if (error instanceof SmartBoxError && error.code === 'kv-conflict') return undefined;
    throw error;
  }
}
