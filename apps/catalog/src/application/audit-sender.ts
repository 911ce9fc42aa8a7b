import { setTimeout } from 'node:timers/promises';
import { toError, type Clock } from '@smartbox/kernel';
import { gauge, type Logger } from '@smartbox/telemetry';
import { atnaMessage, type AuditSource } from '../domain/audit/atna.ts';
import type { AuditContent } from '../domain/audit/chain.ts';
import { syslogFrame, type SyslogSender } from '../domain/audit/syslog.ts';

/** What the repository does not have yet. */
export interface AuditBacklog {
  entries: number;
  /** When the oldest of them was written. */
  since: Date | undefined;
  /** The administrators were told of a backlog that began then, and not yet of its end. */
  alarmedSince: Date | undefined;
}

export interface AuditQueue {
  /** Gives the next entries to `send`, in order; they are behind us when it resolves. How many; 0: there is nothing. */
  sendNext(limit: number, send: (entries: readonly AuditContent[]) => Promise<void>): Promise<number>;
  backlog(): Promise<AuditBacklog>;
  /** Alarms the administrators, once until `caughtUp`. */
  behind(backlog: { entries: number; since: Date }, reason: string): Promise<void>;
  caughtUp(since: Date): Promise<void>;
}

export interface AuditSenderParts {
  queue: AuditQueue;
  repository: { deliver(frames: readonly Buffer[], signal: AbortSignal): Promise<void> };
  source: AuditSource;
  sender: SyslogSender;
  alarmMs: number;
  clock: Clock;
  log: Logger;
}

const BATCH = 200;
const LOOK_MS = 2000;
const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 60_000;

/** Sends the audit to the hospital's repository, entry by entry, from where it stood. */
export class AuditSender {
  readonly #parts: AuditSenderParts | undefined;
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;
  #waiting = 0;

  /** @param parts undefined: there is no repository, and nothing is sent */
  constructor(parts: AuditSenderParts | undefined) {
    this.#parts = parts;
  }

  start(): void {
    if (!this.#parts) return;
    const name = 'smartbox_audit_unsent';
    gauge(name, 'Entries of the audit that the repository does not have', [], (set) => set(this.#waiting));
    this.#running ??= this.#run(this.#parts);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(parts: AuditSenderParts): Promise<void> {
    const { log } = parts;
    const { signal } = this.#stop;
    let retry = FIRST_RETRY_MS;
    while (!signal.aborted) {
      const trouble = await this.#send(parts).then(
        () => undefined,
        (error: unknown) => toError(error).message,
      );
      if (signal.aborted) return;
      if (trouble !== undefined) log.warn({ reason: trouble }, 'the audit waits for its repository');
      await this.#look(parts, trouble).catch((error: unknown) => {
        log.warn({ err: toError(error).message }, 'the backlog of the audit cannot be told');
      });
      await setTimeout(trouble === undefined ? LOOK_MS : retry, undefined, { signal }).catch(() => undefined); // stopped
      retry = trouble === undefined ? FIRST_RETRY_MS : Math.min(retry * 2, LAST_RETRY_MS);
    }
  }

  /** All there is. */
  async #send({ queue, repository, source, sender }: AuditSenderParts): Promise<void> {
    const { signal } = this.#stop;
    const deliver = (entries: readonly AuditContent[]) => {
      const frames = entries.map((entry) => syslogFrame(atnaMessage(entry, source), entry.at, sender));
      return repository.deliver(frames, signal);
    };
    while (!signal.aborted && (await queue.sendNext(BATCH, deliver)) === BATCH);
  }

  async #look({ queue, alarmMs, clock }: AuditSenderParts, trouble: string | undefined): Promise<void> {
    const { entries, since, alarmedSince } = await queue.backlog();
    this.#waiting = entries;
    const late = since !== undefined && clock.now().getTime() - since.getTime() > alarmMs;
    if (late && alarmedSince === undefined) await queue.behind({ entries, since }, trouble ?? 'they are being sent');
    if (!late && alarmedSince !== undefined) await queue.caughtUp(alarmedSince);
  }
}
