import { within, type Reach } from './caller.ts';

/**
 * What says who a patient is, wherever it stands in an answer. Left out by the server: a browser that is not told
 * cannot show it.
 */
const identifying: ReadonlySet<string> = new Set([
  'patient',
  'patientName',
  'patientId',
  'birthDate',
  'sex',
  'accessionNumber',
  'referringPhysician',
  'requestedProcedureId',
  'scheduledProcedureStepId',
]);
export const isIdentifying = (key: string): boolean => identifying.has(key);

/** Stands for a patient whose name is not told: contracts have a patient in every clip. */
const nobody = { name: '', id: '' };

/**
 * The same value without what identifies patients of rooms outside `reach`. What belongs to a room says so by
 * `stationId`, itself or something around it; what belongs to none is nobody's who does not reach every room.
 */
export function withoutPatients<T>(value: T, reach: Reach): T {
  return reach === 'everywhere' ? value : (strip(value, reach, undefined) as T);
}

function strip(value: unknown, reach: Reach, around: string | undefined): unknown {
  if (Array.isArray(value)) return value.map((item) => strip(item, reach, around));
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  const own = (value as { stationId?: unknown }).stationId;
  const stationId = typeof own === 'string' ? own : around;
  const known = stationId !== undefined && within(reach, stationId);
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]): [string, unknown][] => {
      if (!known && key === 'patient') return [[key, nobody]];
      if (!known && identifying.has(key)) return [];
      return [[key, strip(inner, reach, stationId)]];
    }),
  );
}
