import type { Reach } from '../domain/access/caller.ts';
import { piecesFor } from '../domain/search-text.ts';
import type { Prisma } from '../generated/prisma/client.ts';

export interface ClipFilter {
  /** The rooms of whoever asks; the others are not there. */
  reach: Reach;
  patient?: string | undefined;
  accession?: string | undefined;
  from?: Date | undefined;
  to?: Date | undefined;
  station?: string | undefined;
  state?: readonly string[] | undefined;
  kind?: string | undefined;
  procedure?: string | undefined;
  recipe?: string | undefined;
  q?: string | undefined;
  minBytes?: number | undefined;
  maxBytes?: number | undefined;
  /** `incomplete`: with gaps, or shorter than was asked for. */
  quality?: 'complete' | 'incomplete' | undefined;
}

/** Trigrams find nothing shorter than this within a word. */
const SHORTEST = 3;

/** Can the filter match so little that a walk through the whole list would find no page? */
export const isNarrow = ({ from: _from, to: _to, reach, ...filter }: ClipFilter): boolean =>
  reach !== 'everywhere' || Object.values(filter).some((value) => value !== undefined);

export function clipWhere(filter: ClipFilter): Prisma.ClipWhereInput {
  const words = (filter.q ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  const and: Prisma.ClipWhereInput[] = words.map((word) => holding(pattern(word), [word]));
  const { patient, accession, from, to, station, state, kind, procedure, recipe, minBytes, maxBytes, quality } = filter;
  and.push(inReach(filter.reach));
  if (patient !== undefined) {
    const name = literal(patient);
    // Says nothing new, but has an index.
    const text = patient.replaceAll('^', ' ').toLowerCase();
    and.push(holding(literal(text), text.split(' ')));
    and.push({ OR: [{ patientId: patient }, { patientName: { contains: name, mode: 'insensitive' } }] });
  }
  if (quality === 'complete') and.push({ gaps: 0, truncated: false });
  if (quality === 'incomplete') and.push({ OR: [{ gaps: { gt: 0 } }, { truncated: true }] });
  if (minBytes !== undefined) and.push({ bytes: { gte: BigInt(minBytes) } });
  if (maxBytes !== undefined) and.push({ bytes: { lte: BigInt(maxBytes) } });
  return {
    AND: and,
    hidden: false,
    ...(accession === undefined ? {} : { accessionNumber: accession }),
    ...(station === undefined ? {} : { stationId: station }),
    ...(state === undefined ? {} : { state: { in: [...state] } }),
    ...(kind === undefined ? {} : { kind }),
    ...(procedure === undefined ? {} : { procedureId: procedure }),
    ...(recipe === undefined ? {} : { recipeName: recipe }),
    ...(from || to ? { requestedAt: { ...(from ? { gte: from } : {}), ...(to ? { lt: to } : {}) } } : {}),
  };
}

/** Rows of rooms within reach; those that do not know their room are nobody's but who reaches all. */
export const inReach = (reach: Reach): { stationId?: { in: string[] } } =>
  reach === 'everywhere' ? {} : { stationId: { in: [...reach] } };

/**
 * A text, anywhere. Long words of it are found by their pieces: of these the index keeps short lists, also of a number
 * or a word that is common. That they stand one behind the other, the text itself says; `hidden`, which is excluded
 * anyway, keeps PostgreSQL from asking the much longer lists of trigrams for it besides.
 */
function holding(like: string, words: readonly string[]): Prisma.ClipWhereInput {
  const text = { search: { contains: like } };
  const pieces = words.flatMap(piecesFor);
  return pieces.length === 0 ? text : { pieces: { hasEvery: pieces }, OR: [text, { hidden: true }] };
}

/** `%` and `_` in what a person typed are themselves, not wildcards of LIKE. */
const literal = (text: string) => text.replace(/[\\%_]/g, '\\$&');

/** A part of a word; of what is very short, the beginning of a word. */
const pattern = (word: string) => (word.length < SHORTEST ? ` ${literal(word)}` : literal(word));
