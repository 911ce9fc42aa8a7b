import { readFileSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';

/** Where it can be found: a name alone is not always known to the others. */
export function machineNames(): { host: string; addresses: string[] } {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return { host: hostname(), addresses: all.filter(({ internal }) => !internal).map(({ address }) => address) };
}

/** Changes with each boot of the machine, as CLOCK_MONOTONIC does. */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return `process-${process.pid}`;
  }
}
