import type { StationSettings, StationView } from '@smartbox/contracts';

export type Source = StationView['sources'][number];
export type SourceSettings = StationSettings['sources'][number];

/** A clock that is off by more is said: times of recordings are labels, and people compare them. */
const CLOCK_WARN_MS = 500;
const CLOCK_BAD_MS = 2_000;

export function clockTone(offsetMs: number): 'good' | 'warn' | 'bad' {
  const off = Math.abs(offsetMs);
  return off < CLOCK_WARN_MS ? 'good' : off < CLOCK_BAD_MS ? 'warn' : 'bad';
}

/** How hot the spool is: cold when nothing waits; from half of what it may hold on, footage will be given up. */
export function spoolHeat(spool: StationView['spool']): { heat: 'cold' | 'warm' | 'hot'; share: number } | undefined {
  if (!spool) return undefined;
  const share = Math.min(1, spool.bytes / spool.maxBytes);
  return { heat: spool.bytes === 0 ? 'cold' : share < 0.5 ? 'warm' : 'hot', share };
}

/** `30/1` and `30000/1001` as a number; undefined for what is none. */
export function rateOf(text: string | undefined): number | undefined {
  const [num = NaN, den = 1] = (text ?? '').split('/').map(Number);
  return Number.isFinite(num / den) && num > 0 ? num / den : undefined;
}

export interface Row {
  sourceId: string;
  name: string;
  source: Source | undefined;
  settings: SourceSettings | undefined;
  /** The files were read, and it is in none. */
  isUnset: boolean;
}

/**
 * Sources as they are and as they are set, together: what only one side knows is a mistake that has to be seen.
 * @param files what is set of every station; undefined while that is not known
 */
export function rowsOf(station: StationView, files: readonly StationSettings[] | undefined): Row[] {
  const settings = files?.find(({ stationId }) => stationId === station.stationId);
  const ids = [
    ...(settings?.sources.map(({ sourceId }) => sourceId) ?? []),
    ...station.sources.map(({ sourceId }) => sourceId),
  ];
  return [...new Set(ids)].map((sourceId) => {
    const source = station.sources.find((each) => each.sourceId === sourceId);
    const set = settings?.sources.find((each) => each.sourceId === sourceId);
    return {
      sourceId,
      name: set?.name ?? source?.name ?? sourceId,
      source,
      settings: set,
      isUnset: files !== undefined && !set,
    };
  });
}
