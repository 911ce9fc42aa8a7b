/** Columns that the server sorts by; `-` before the name is descending. '' is its default, the newest first. */
const sortable = ['requestedAt', 'duration', 'size'];
const DEFAULT = '-requestedAt';

export function isSortable(column: string): boolean {
  return sortable.includes(column);
}

export function direction(sort: string, column: string): 'ascending' | 'descending' | 'none' {
  const now = sort === '' ? DEFAULT : sort;
  return now === `-${column}` ? 'descending' : now === column ? 'ascending' : 'none';
}

/** What a press on the column's head asks for: the largest first, then the smallest. */
export function nextSort(sort: string, column: string): string {
  const next = direction(sort, column) === 'descending' ? column : `-${column}`;
  return next === DEFAULT ? '' : next;
}
