import { AuditKind } from '@smartbox/contracts';
import { useMemo } from 'react';
import { useSearchParams } from 'react-router';
import type { AuditQuery } from '../api/access.ts';
import { changed, instantOfDay } from '../recordings/useClipQuery.ts';

const fields = ['person', 'object', 'kind', 'outcome', 'from', 'to'] as const;
type Field = (typeof fields)[number];
export const outcomes = ['success', 'failure'] as const;

/** The filters of the audit live in the URL, as those of every list. */
export function useAuditQuery() {
  const [params, setParams] = useSearchParams();
  const raw = useMemo(
    () => Object.fromEntries(fields.map((field) => [field, params.get(field) ?? ''])) as Record<Field, string>,
    [params],
  );
  const query: AuditQuery = useMemo(
    () => ({
      person: raw.person || undefined,
      object: raw.object || undefined,
      kind: AuditKind.safeParse(raw.kind).data,
      outcome: outcomes.find((outcome) => outcome === raw.outcome),
      from: instantOfDay(raw.from, 'begin'),
      to: instantOfDay(raw.to, 'end'),
    }),
    [raw],
  );
  return {
    raw,
    query,
    set: (field: Field, value: string) => setParams(changed(field, value), { replace: true }),
    reset: () => setParams({}),
    filtered: fields.some((field) => raw[field] !== ''),
  };
}
