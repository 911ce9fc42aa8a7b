import { useQueryClient } from '@tanstack/react-query';
import { adminKeys } from '../api/admin.ts';

/** What has to be read again after a hold was set or released; clips are told by the feed. */
export function useHoldsChanged(): () => Promise<unknown> {
  const client = useQueryClient();
  return () =>
    Promise.all([
      client.invalidateQueries({ queryKey: adminKeys.holds }),
      client.invalidateQueries({ queryKey: adminKeys.retention }),
      client.invalidateQueries({ queryKey: ['clip'] }),
    ]);
}
