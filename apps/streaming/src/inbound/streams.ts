import { Token } from '@smartbox/contracts';
import { inputError } from '@smartbox/kernel';
import type { Sources } from '../application/live-sessions.ts';

/** Of an address: `/whep/<station>/<source>`, several sources of the room with `+` between them. */
export interface Stream {
  station: string;
  source: string;
}

/** More than a room has. */
const MOST = 8;

/** @throws SmartBoxError `unknown-station`. */
export function stationOf(station: string): string {
  if (Token.safeParse(station).success) return station;
  throw inputError('unknown-station', 'a station is lower-case kebab, as or-1');
}

/** @throws SmartBoxError `unknown-station`, `unknown-source`. */
export function sourcesOf({ station, source }: Stream): Sources {
  const stationId = stationOf(station);
  const sourceIds = source.split('+');
  if (sourceIds.some((id) => !Token.safeParse(id).success)) {
    throw inputError('unknown-source', 'a source is lower-case kebab, as scope');
  }
  if (sourceIds.length > MOST || new Set(sourceIds).size < sourceIds.length) {
    throw inputError('unknown-source', `at most ${MOST} different sources in one session`);
  }
  return { stationId, sourceIds };
}

/** @throws SmartBoxError `unknown-station`, `unknown-source`. */
export function oneSourceOf(stream: Stream): { stationId: string; sourceId: string } {
  const { stationId, sourceIds } = sourcesOf(stream);
  const [sourceId, ...more] = sourceIds;
  if (sourceId === undefined || more.length > 0) throw inputError('unknown-source', 'this is for one source at a time');
  return { stationId, sourceId };
}
