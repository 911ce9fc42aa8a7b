import { setTimeout as delay } from 'node:timers/promises';
import { SmartBoxError, toError } from '@smartbox/kernel';

export interface UntilOptions {
  /** Milliseconds before it gives up; 30 s unless told. */
  timeoutMs?: number;
  /** Milliseconds between two looks; 25 unless told. */
  intervalMs?: number;
  /** What is waited for, for the error's text. */
  what?: string;
}

/**
 * Polls until `probe` returns something other than undefined, null or false, and returns it.
 * A probe that throws counts as "not yet"; its last error is the cause when the time is over.
 * @throws SmartBoxError `timeout` when the deadline passes.
 */
export async function until<T>(
  probe: () => T | Promise<T>,
  options: UntilOptions = {},
): Promise<Exclude<T, undefined | null | false>> {
  const timeoutMs = options.timeoutMs ?? 30_000;
  const deadline = performance.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const seen = await probe();
      if (seen !== undefined && seen !== null && seen !== false) return seen as Exclude<T, undefined | null | false>;
    } catch (error) {
      last = error;
    }
    if (performance.now() >= deadline) {
      const why = last === undefined ? '' : ` (last: ${toError(last).message})`;
      throw new SmartBoxError({
        code: 'timeout',
        message: `${options.what ?? 'the condition'} did not come true within ${timeoutMs} ms${why}`,
        fault: 'theirs',
        retryable: true,
        cause: last,
      });
    }
    await delay(options.intervalMs ?? 25);
  }
}
