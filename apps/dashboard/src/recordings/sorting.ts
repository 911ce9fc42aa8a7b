import type { Sort } from '../api/client.ts';

const sortable = ['requestedAt', 'duration', 'size'] as const;
type Column = (typeof sortable)[number];
const DEFAULT = '-requestedAt';

/** Can the server sort by this column? */
export function isSortable(column: string): column is Column {
  return sortable.some((name) => name === column);
}

/** What the URL says, where it is an order that the server knows; '' is the newest first. */
export function parseSort(text: string): Sort | undefined {
  return isSortable(text.replace(/^-/, '')) ? (text as Sort) : undefined;
}

export function direction(sort: string, column: Column): 'ascending' | 'descending' | 'none' {
  const now = parseSort(sort) ?? DEFAULT;
  return now === `-${column}` ? 'descending' : now === column ? 'ascending' : 'none';
}

/** What a press on the column's head asks for: the largest first, then the smallest. */
export function nextSort(sort: string, column: Column): string {
  const next = direction(sort, column) === 'descending' ? column : `-${column}`;
  return next === DEFAULT ? '' : next;
}
