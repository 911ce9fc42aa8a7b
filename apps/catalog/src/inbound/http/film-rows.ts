import { madeOf, type FilmRequest } from '../../domain/film.ts';
import { removed } from '../../domain/retention/removals.ts';
import type { FilmStore } from '../../outbound/film-store.ts';
import { found } from './not-found.ts';

interface Address {
  clipId: string;
  renditionId: string;
}

/** The edit or export of an address. @throws SmartBoxError `edit-not-found`, `export-not-found`; also where its clip was taken back */
export async function rowOf(store: FilmStore, kind: FilmRequest['kind'], address: Address): Promise<FilmRequest> {
  const { clipId, renditionId } = address;
  const row = await store.find(renditionId);
  const known = row?.kind === kind && row.clipId === clipId && (await store.origin(clipId, row.sourceId));
  return found(known ? row : undefined, kind, renditionId);
}

/** The same with what was made of it. @throws SmartBoxError as `rowOf`; also while it is not ready; `removed` */
export async function madeRowOf(store: FilmStore, kind: FilmRequest['kind'], address: Address) {
  const row = await rowOf(store, kind, address);
  if (row.removed) throw removed(`${kind} ${row.renditionId}`, row.removed);
  return { row, made: found(madeOf(row.renditionId, await store.facts(row.clipId)), kind, row.renditionId) };
}
