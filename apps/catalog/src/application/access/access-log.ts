import type { Clock } from '@smartbox/kernel';
import type { AuditAction } from '../../domain/audit/actions.ts';
import type { AuditLog } from './ports.ts';

/** Looking at the same thing again within this time is the same look. */
const AGAIN_MS = 10 * 60_000;
const MAX_KEPT = 20_000;

/** Notes who looked at what: once in ten minutes for the same person, thing and way. */
export class AccessLog {
  readonly #log: AuditLog;
  readonly #clock: Clock;
  readonly #noted = new Map<string, number>();

  constructor(log: AuditLog, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  /** Resolves when it stands in the audit: what cannot be noted is not shown. What there is not, is not noted. */
  async note(
    actor: string,
    action: AuditAction,
    about: string | (() => Promise<string | undefined>),
    more: { detail?: Record<string, unknown>; outcome?: 'failure'; stationId?: string; procedureId?: string } = {},
  ): Promise<void> {
    const at = this.#clock.now();
    const subject = typeof about === 'string' ? about : await about();
    if (subject === undefined) return;
    const key = JSON.stringify([actor, action, subject, more.detail]);
    const before = this.#noted.get(key);
    if (before !== undefined && at.getTime() - before < AGAIN_MS) return;
    this.#noted.delete(key);
    this.#noted.set(key, at.getTime());
    const [oldest] = this.#noted.keys();
    if (this.#noted.size > MAX_KEPT && oldest !== undefined) this.#noted.delete(oldest);
    try {
      await this.#log.write(subject, { actor, action, ...more }, at);
    } catch (error) {
      this.#noted.delete(key);
      throw error;
    }
  }
}
