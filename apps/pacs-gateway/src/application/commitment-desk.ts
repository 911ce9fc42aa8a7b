import type { EventData } from '@smartbox/contracts';
import { newId, SmartBoxError, toError } from '@smartbox/kernel';
import { EventStatus, transactionUidOf, type CommitmentReport } from '@smartbox/dimse';
import { backoffMs, PARK } from '../domain/backoff.ts';
import {
  ASK_AGAIN,
  judgeActionStatus,
  judgeRefusal,
  MAX_INSTANCES,
  MAX_LOST,
  type OpenCommitment,
  type Transaction,
} from '../domain/commitment.ts';
import { deliveryFacts, type DeliveryRecord } from '../domain/delivery.ts';
import { isDimse } from '../domain/destinations.ts';
import { judgeFailure } from '../domain/failure.ts';
import type { Destination, Destinations } from './destination.ts';
import type { Announcements, CommitmentStore, OpenEntry, Records } from './ports.ts';

/** How often what is due is looked for. Instances stored within it share a request. */
const TICK_MS = 500;

interface Problem {
  code: string;
  reason: string;
  failureReason?: number;
}

/**
 * Asks archives to commit to what they stored, takes their reports, and asks again where none comes (PS3.4 annex J).
 * What is open is in the store, so that any replica may ask and any may hear the report; whatever arrives twice, late or
 * after a crash is harmless: first it is announced, then remembered, then closed, and only then answered.
 */
export class CommitmentDesk {
  readonly #destinations: Destinations;
  readonly #store: CommitmentStore;
  readonly #records: Records;
  readonly #announce: Announcements;
  readonly #onError: (error: Error) => void;
  /** Requests on their way, by destination: a hung archive delays no other. */
  readonly #asking = new Map<string, Promise<void>>();
  /** Tries in a row that did not reach a destination. */
  readonly #away = new Map<string, number>();
  readonly #stop = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #resend: (deliveryId: string, destination: string) => Promise<void> = () => Promise.resolve();

  constructor(
    destinations: Destinations,
    store: CommitmentStore,
    records: Records,
    announce: Announcements,
    onError: (error: Error) => void,
  ) {
    this.#destinations = destinations;
    this.#store = store;
    this.#records = records;
    this.#announce = announce;
    this.#onError = onError;
  }

  wanted(destination: string): boolean {
    return policyOf(this.#destinations.get(destination)) !== undefined;
  }

  /** From now on it waits for a commitment. Nothing happens when it does so already. */
  async open({ deliveryId, destination, instance }: DeliveryRecord): Promise<void> {
    const { sopClassUid, sopInstanceUid } = instance;
    const dueAt = new Date().toISOString();
    await this.#store.open({ deliveryId, destination, sopClassUid, sopInstanceUid, attempt: 0, dueAt });
  }

  openOf(destination: string): number {
    return this.#store.list().filter(({ entry }) => entry.destination === destination).length;
  }

  /** `resend`: sends an object again that the archive says it does not have. */
  start(resend: (deliveryId: string, destination: string) => Promise<void>): void {
    this.#resend = resend;
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#stop.abort();
    await Promise.allSettled(this.#asking.values());
  }

  /**
   * A report by one of the destinations `from`. Resolves with the status of the N-EVENT-REPORT response, once everything
   * in it is durable; rejects where it could not be kept, so that the archive reports again.
   */
  async report(report: CommitmentReport, from: readonly string[]): Promise<number> {
    const transaction = await this.#store.transaction(report.transactionUid);
    if (!transaction) return EventStatus.invalidArgument;
    if (!from.includes(transaction.destination)) return EventStatus.notAuthorised;
    const find = (said: { sopClassUid: string; sopInstanceUid: string }) =>
      transaction.instances.find(
        (one) => one.sopInstanceUid === said.sopInstanceUid && one.sopClassUid === said.sopClassUid,
      );
    for (const said of report.committed) {
      const ours = find(said);
      if (ours) await this.#committed(ours.deliveryId, transaction.transactionUid);
    }
    for (const said of report.failed) {
      const ours = find(said);
      if (ours) await this.#refused(ours.deliveryId, transaction, said.reason);
    }
    return EventStatus.success;
  }

  #tick(): void {
    const now = Date.now();
    // what is not asked for any more does not wait for its time
    const isDue = ({ entry }: OpenEntry) => Date.parse(entry.dueAt) <= now || !this.wanted(entry.destination);
    const due = this.#store.list().filter(isDue);
    for (const [name, entries] of Map.groupBy(due, ({ entry }) => entry.destination)) {
      const destination = this.#destinations.get(name);
      if (this.#asking.has(name) || !destination) continue;
      const asking = this.#ask(destination, entries.slice(0, MAX_INSTANCES))
        .catch((error: unknown) => this.#onError(toError(error)))
        .finally(() => this.#asking.delete(name));
      this.#asking.set(name, asking);
    }
  }

  async #ask(destination: Destination, due: readonly OpenEntry[]): Promise<void> {
    const policy = policyOf(destination);
    if (!policy) {
      for (const { entry } of due) await this.#waive(entry);
      return;
    }
    const transactionUid = transactionUidOf(newId());
    const asked: OpenCommitment[] = [];
    for (const { entry, revision } of due) {
      const { problem: before, ...rest } = entry;
      const overdue = { code: 'commitment-overdue', reason: `no report within ${policy.waitSeconds} s` };
      const problem = before ?? (entry.attempt > 0 ? overdue : undefined);
      if (problem && entry.attempt >= policy.attempts) {
        await this.#giveUp(entry, { ...problem, reason: `${problem.reason} (asked ${entry.attempt} times)` });
        continue;
      }
      if (problem === overdue) await this.#announceTrouble(entry, overdue, new Date());
      const dueAt = new Date(Date.now() + policy.waitSeconds * 1000).toISOString();
      const next: OpenCommitment = { ...rest, attempt: entry.attempt + 1, transactionUid, dueAt };
      if (await this.#store.replace(next, revision)) asked.push(next);
    }
    if (asked.length === 0) return;
    const instances = asked.map(({ deliveryId, sopClassUid, sopInstanceUid }) => ({
      deliveryId,
      sopClassUid,
      sopInstanceUid,
    }));
    await this.#store.addTransaction({ transactionUid, destination: destination.name, instances });
    await this.#request(destination, transactionUid, asked);
  }

  async #request(destination: Destination, transactionUid: string, asked: readonly OpenCommitment[]): Promise<void> {
    const { committer, name } = destination;
    if (!committer) return;
    try {
      const onReport = (report: CommitmentReport) => this.report(report, [name]);
      const { status } = await committer.ask(transactionUid, asked, onReport, this.#stop.signal);
      this.#away.delete(name);
      if (status === 0) return;
      const { verdict, ...problem } = judgeActionStatus(status);
      for (const entry of asked)
        await (verdict === 'final' ? this.#giveUp(entry, problem) : this.#later(entry, problem));
    } catch (thrown) {
      if (this.#stop.signal.aborted) return; // asked again when it is overdue
      const error = toError(thrown);
      const problem = { code: error instanceof SmartBoxError ? error.code : 'internal', reason: error.message };
      if (problem.code === 'presentation-context-refused') {
        const reason = `${problem.reason}. If it offers no Storage Commitment, set commitment.request: no`;
        for (const entry of asked) await this.#giveUp(entry, { ...problem, reason });
      } else if (isAway(thrown)) {
        const tries = (this.#away.get(name) ?? 0) + 1;
        this.#away.set(name, tries);
        const delayMs = backoffMs(PARK, tries, Math.random());
        for (const entry of asked) await this.#later({ ...entry, attempt: entry.attempt - 1 }, problem, delayMs);
      } else for (const entry of asked) await this.#later(entry, problem);
    }
  }

  async #committed(deliveryId: string, transactionUid: string): Promise<void> {
    const record = await this.#records.get(deliveryId);
    if (record && record.commitment !== 'committed') {
      await this.#announce.committed({ ...deliveryFacts(record), transactionUid });
      await this.#records.put({ ...record, commitment: 'committed' });
    }
    await this.#store.close(deliveryId);
  }

  async #refused(deliveryId: string, transaction: Transaction, failureReason: number): Promise<void> {
    const entry = await this.#store.get(deliveryId);
    // Settled already, or asked anew meanwhile: then the newer answer counts.
    if (!entry || entry.transactionUid !== transaction.transactionUid) return;
    const { verdict, code, reason } = judgeRefusal(failureReason);
    const problem = { code, reason, failureReason };
    const policy = policyOf(this.#destinations.get(entry.destination));
    const record = await this.#records.get(deliveryId);
    if (verdict === 'lost' && record && (record.lost ?? 0) < MAX_LOST) {
      await this.#announceTrouble(entry, { ...problem, reason: `${reason}; it is sent again` }, new Date());
      await this.#records.put({ ...record, commitment: 'failed', lost: (record.lost ?? 0) + 1 });
      await this.#resend(deliveryId, entry.destination);
      await this.#store.close(deliveryId);
    } else if (verdict === 'again' && policy && entry.attempt < policy.attempts) await this.#later(entry, problem);
    else await this.#giveUp(entry, problem);
  }

  async #later(entry: OpenCommitment, problem: Problem, delayMs?: number): Promise<void> {
    const delay = delayMs ?? backoffMs(ASK_AGAIN, entry.attempt, Math.random());
    const retryAt = new Date(Date.now() + delay);
    const before = this.#store.list().find((one) => one.entry.deliveryId === entry.deliveryId)?.entry.problem;
    if (before?.code !== problem.code) await this.#announceTrouble(entry, problem, retryAt);
    const { code, reason } = problem;
    await this.#store.replace({ ...entry, dueAt: retryAt.toISOString(), problem: { code, reason } });
  }

  async #giveUp(entry: OpenCommitment, problem: Problem): Promise<void> {
    const record = await this.#records.get(entry.deliveryId);
    if (record?.commitment !== 'committed') await this.#announceTrouble(entry, problem);
    if (record && record.commitment !== 'committed') await this.#records.put({ ...record, commitment: 'failed' });
    await this.#store.close(entry.deliveryId);
  }

  /** The site does not ask this destination any more: what it holds is "sent, not committed", and says so. */
  async #waive(entry: OpenCommitment): Promise<void> {
    const record = await this.#records.get(entry.deliveryId);
    if (record && record.commitment !== 'committed') {
      const reason = `${entry.destination} is not asked for commitments any more: sent, not committed`;
      await this.#announce.commitmentWaived({ ...deliveryFacts(record), reason });
      await this.#records.put({ ...record, commitment: 'waived' });
    }
    await this.#store.close(entry.deliveryId);
  }

  /** Without `retryAt` it is final. */
  async #announceTrouble(entry: OpenCommitment, problem: Problem, retryAt?: Date): Promise<void> {
    const record = await this.#records.get(entry.deliveryId);
    if (!record) return;
    const event: EventData<'pacs-gateway.instance.commitment-failed'> = {
      ...deliveryFacts(record),
      ...(entry.transactionUid === undefined ? {} : { transactionUid: entry.transactionUid }),
      attempt: entry.attempt,
      ...problem,
      final: retryAt === undefined,
      ...(retryAt ? { retryAt: retryAt.toISOString() } : {}),
    };
    await this.#announce.commitmentFailed(event);
  }
}

function policyOf(destination: Destination | undefined) {
  const config = destination?.config;
  if (!config || !isDimse(config) || !config.commitment?.request) return undefined;
  return config.commitment;
}

/** Did the request not even get there? Then it does not count. */
function isAway(thrown: unknown): boolean {
  if (!(thrown instanceof SmartBoxError)) return false;
  const { code, retryable, fault, details } = thrown;
  return judgeFailure({ code, retryable, fault, phase: details['phase'] as string | undefined }) === 'park';
}
