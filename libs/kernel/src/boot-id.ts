import { readFileSync } from 'node:fs';

/**
 * The machine since it was switched on: the same for all of its processes, containers included, and another one after
 * each boot, as CLOCK_MONOTONIC begins anew then.
 */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return `process-${process.pid}`;
  }
}
