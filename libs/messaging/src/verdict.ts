/** What a handler decides about its message; only this library acknowledges. */
export type Verdict =
  | { kind: 'done' }
  | { kind: 'retry'; delayMs: number; reason: string }
  | { kind: 'reject'; code: string; reason: string };

/** The durable effect exists: never deliver it again. */
export const done = (): Verdict => ({ kind: 'done' });

/** Not now: deliver again after `ms`. Counts as a delivery; the last one allowed becomes a dead letter. */
export const retryAfter = (ms: number, reason: string): Verdict => ({ kind: 'retry', delayMs: ms, reason });

/** Never will: a dead letter at once, with a stable code and a reason without patient data. */
export const reject = (code: string, reason: string): Verdict => ({ kind: 'reject', code, reason });
