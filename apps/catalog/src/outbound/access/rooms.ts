import type { Reach } from '../../domain/access/caller.ts';

/** How a limit to rooms stands in a row. */
export const toReach = (row: { limited: boolean; stations: string[] }): Reach =>
  row.limited ? new Set(row.stations) : 'everywhere';
export const fromReach = (reach: Reach): { limited: boolean; stations: string[] } =>
  reach === 'everywhere' ? { limited: false, stations: [] } : { limited: true, stations: [...reach].sort() };
