import { hostname, networkInterfaces } from 'node:os';

/** Where it can be found: a name alone is not always known to the others. */
export function machineNames(): { host: string; addresses: string[] } {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return { host: hostname(), addresses: all.filter(({ internal }) => !internal).map(({ address }) => address) };
}
