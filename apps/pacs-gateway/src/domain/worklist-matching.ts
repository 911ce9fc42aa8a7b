import type { DestinationsFile, RpcRequest } from '@smartbox/contracts';

type Query = Omit<RpcRequest<'pacs-gateway.find-worklist'>, 'limit'>;
type Matching = NonNullable<DestinationsFile['worklist']>['matching'];

const DAY_MS = 24 * 3_600_000;

function shifted(date: string, days: number): string {
  const at = Date.UTC(Number(date.slice(0, 4)), Number(date.slice(4, 6)) - 1, Number(date.slice(6, 8)));
  return new Date(at + days * DAY_MS).toISOString().slice(0, 10).replaceAll('-', '');
}

/** A day becomes the window around it; what is a range already, or no day, stays. */
function windowOf(date: string | undefined, { daysBefore, daysAfter }: Matching): string | undefined {
  if (!date || !/^\d{8}$/.test(date) || daysBefore + daysAfter === 0) return date;
  return `${shifted(date, -daysBefore)}-${shifted(date, daysAfter)}`;
}

/**
 * The queries that answer one question under the site's matching rules. AE titles and modalities have no list matching
 * (PS3.4 section C.2.2.2): each combination is a query of its own.
 */
export function worklistQueries(query: Query, matching: Matching): Query[] {
  const { date: _asked, stationAe: room, modality, ...rest } = query;
  const date = windowOf(query.date, matching);
  const { stationAe } = matching;
  const titles = stationAe === 'any' ? [undefined] : stationAe === 'station' ? [room] : stationAe;
  const modalities = modality !== undefined || matching.modalities.length === 0 ? [modality] : matching.modalities;
  return titles.flatMap((title) =>
    modalities.map((one) => ({
      ...rest,
      ...(date === undefined ? {} : { date }),
      ...(title === undefined ? {} : { stationAe: title }),
      ...(one === undefined ? {} : { modality: one }),
    })),
  );
}
