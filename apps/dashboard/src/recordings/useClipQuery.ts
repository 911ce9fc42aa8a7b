import { ClipState } from '@smartbox/contracts';
import { useCallback, useMemo } from 'react';
import { useSearchParams } from 'react-router';
import type { ClipQuery } from '../api/client.ts';
import { parseSort } from './sorting.ts';

const fields = ['q', 'state', 'station', 'from', 'to', 'sort'] as const;
type Field = (typeof fields)[number];

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
  return { raw, query, set, reset, filtered: fields.some((f) => f !== 'sort' && raw[f] !== '') };
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

/** Days in the user's own time zone become instants: `to` includes its whole day. */
export function toQuery(raw: Record<Field, string>): ClipQuery {
  const day = (text: string, endOfDay: boolean) => {
    if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return undefined;
    const at = new Date(`${text}T00:00:00`);
    if (Number.isNaN(at.getTime())) return undefined;
    if (endOfDay) at.setDate(at.getDate() + 1);
    return at.toISOString();
  };
  const state = ClipState.safeParse(raw.state).data;
  return {
    q: raw.q || undefined,
    state: state && [state],
    station: raw.station || undefined,
    from: day(raw.from, false),
    to: day(raw.to, true),
    sort: parseSort(raw.sort),
  };
}
