import type { AuditCheck } from '@smartbox/contracts';
import { toError, type Clock } from '@smartbox/kernel';
import type { Logger } from '@smartbox/telemetry';

export interface HousekeepingParts {
  sweepSessions(): Promise<void>;
  checkAudit(at: Date): Promise<AuditCheck>;
  auditHead(): Promise<{ sequence: number; hash: string }>;
  pruneAudit(before: Date, at: Date): Promise<number>;
  /** How many that nobody finished, or said the patient of. */
  sweepUploads(): Promise<number>;
  /** Alarms the administrators. */
  auditBroken(check: AuditCheck, at: Date): Promise<void>;
}

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const SWEEP_MS = 5 * MINUTE;
const ANCHOR_MS = 60 * MINUTE;
const UPLOADS_MS = 60 * MINUTE;
/** The start of the service has more urgent things to do. */
const FIRST_CHECK_MS = 2 * MINUTE;

/** What has to be looked after without anybody asking: sessions whose time is over, uploads
 * that nobody finished, the audit and its chain. */
export class Housekeeping {
  readonly #parts: HousekeepingParts;
  readonly #retentionDays: number;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #timers: NodeJS.Timeout[] = [];
  #running: Promise<unknown> = Promise.resolve();
  #lastCheck: AuditCheck | undefined;

  constructor(parts: HousekeepingParts, retentionDays: number, clock: Clock, log: Logger) {
    this.#parts = parts;
    this.#retentionDays = retentionDays;
    this.#clock = clock;
    this.#log = log;
  }

  /** What the last check of the audit found; undefined: none since the start. */
  get lastCheck(): AuditCheck | undefined {
    return this.#lastCheck;
  }

  start(): void {
    const every = (ms: number, what: string, work: () => Promise<unknown>) =>
      this.#timers.push(setInterval(() => this.#run(what, work), ms));
    every(SWEEP_MS, 'sessions', () => this.#parts.sweepSessions());
    every(ANCHOR_MS, 'anchor', () => this.anchor());
    every(UPLOADS_MS, 'uploads', () => this.#sweepUploads());
    every(DAY, 'audit', () => this.#daily());
    this.#timers.push(setTimeout(() => this.#run('audit', () => this.#daily()), FIRST_CHECK_MS));
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await this.#running;
  }

  /** Every hash anew; whatever is wrong is alarmed. */
  async check(): Promise<AuditCheck> {
    const at = this.#clock.now();
    const check = await this.#parts.checkAudit(at);
    this.#lastCheck = check;
    if (!check.intact) {
      this.#log.error({ faults: check.faults }, 'the audit is not what was written');
      await this.#parts.auditBroken(check, at);
    }
    return check;
  }

  /** Names the head in the log: kept elsewhere, it convicts whoever writes the whole chain anew. */
  async anchor(): Promise<void> {
    const { sequence, hash } = await this.#parts.auditHead();
    this.#log.info({ auditSequence: sequence, auditHash: hash }, 'head of the audit');
  }

  async #sweepUploads(): Promise<void> {
    const uploads = await this.#parts.sweepUploads();
    if (uploads > 0) this.#log.warn({ uploads }, 'uploads that were never finished or never assigned were removed');
  }

  async #daily(): Promise<void> {
    await this.check();
    const at = this.#clock.now();
    const count = await this.#parts.pruneAudit(new Date(at.getTime() - this.#retentionDays * DAY), at);
    if (count > 0)
      this.#log.info({ entries: count }, 'entries of the audit are over their retention and were given up');
  }

  /** One after the other; what fails is tried again at its next time. */
  #run(what: string, work: () => Promise<unknown>): void {
    this.#running = this.#running
      .then(work)
      .catch((error: unknown) => this.#log.warn({ err: toError(error), what }, 'housekeeping failed'));
  }
}
