import type { QueryClient, QueryKey } from '@tanstack/react-query';

/**
 * Applies what the feed tells to what is known. An answer on its way may have been given before that: it is asked
 * for once more, so that it never takes anything back.
 */
export function told<T>(client: QueryClient, queryKey: QueryKey, change: (known: T) => T): void {
  client.setQueryData<T>(queryKey, (known) => (known === undefined ? undefined : change(known)));
  if (client.isFetching({ queryKey, exact: true }) > 0) void client.invalidateQueries({ queryKey, exact: true });
}
