import { ClipState } from '@smartbox/contracts';
import { useCallback, useMemo } from 'react';
import { useSearchParams } from 'react-router';
import type { ClipQuery } from '../api/client.ts';
import { parseSort } from './sorting.ts';

const fields = [
  'q',
  'state',
  'station',
  'from',
  'to',
  'kind',
  'recipe',
  'quality',
  'size',
  'procedure',
  'sort',
] as const;
type Field = (typeof fields)[number];

export const kinds = ['clip', 'recording', 'still'] as const;
export const qualities = ['complete', 'incomplete'] as const;
/** Ranges of sizes that a person thinks in, bytes. */
const sizes = {
  any: {},
  small: { maxBytes: 100_000_000 },
  medium: { minBytes: 100_000_000, maxBytes: 1_000_000_000 },
  large: { minBytes: 1_000_000_000 },
} as const;
export const sizeNames = ['small', 'medium', 'large'] as const;

/** The filters of the list live in the URL: a link shows what its sender saw, and "back" goes back. */
export function useClipQuery() {
  const [params, setParams] = useSearchParams();
  const raw = useMemo(
    () => Object.fromEntries(fields.map((field) => [field, params.get(field) ?? ''])) as Record<Field, string>,
    [params],
  );
  const query = useMemo(() => toQuery(raw), [raw]);
  const set = useCallback(
    (field: Field, value: string) => setParams(changed(field, value), { replace: true }),
    [setParams],
  );
  const reset = useCallback(() => setParams({}), [setParams]);
  const open = useCallback((saved: string) => setParams(new URLSearchParams(saved)), [setParams]);
  return {
    raw,
    query,
    set,
    reset,
    open,
    text: params.toString(),
    filtered: fields.some((f) => f !== 'sort' && raw[f] !== ''),
  };
}

/**
 * The address with one field changed. The bar is asked, not the last render: two quick changes would lose the first.
 */
export function changed(field: string, value: string): URLSearchParams {
  const next = new URLSearchParams(window.location.search);
  if (value === '') next.delete(field);
  else next.set(field, value);
  return next;
}

/** The instant at which a day begins, or ends, in the user's own time zone; undefined where it is none. */
export function instantOfDay(text: string, edge: 'begin' | 'end'): string | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return undefined;
  const at = new Date(`${text}T00:00:00`);
  if (Number.isNaN(at.getTime())) return undefined;
  if (edge === 'end') at.setDate(at.getDate() + 1);
  return at.toISOString();
}

/** Days become instants: `to` includes its whole day. */
export function toQuery(raw: Record<Field, string>): ClipQuery {
  const state = ClipState.safeParse(raw.state).data;
  return {
    q: raw.q || undefined,
    state: state && [state],
    station: raw.station || undefined,
    from: instantOfDay(raw.from, 'begin'),
    to: instantOfDay(raw.to, 'end'),
    kind: kinds.find((kind) => kind === raw.kind),
    recipe: raw.recipe || undefined,
    procedure: raw.procedure || undefined,
    quality: qualities.find((quality) => quality === raw.quality),
    ...sizes[sizeNames.find((name) => name === raw.size) ?? 'any'],
    sort: parseSort(raw.sort),
  };
}
