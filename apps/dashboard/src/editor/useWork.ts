import type { EditView, ExportView } from '@smartbox/contracts';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { ulid } from 'ulid';
import { editApi } from '../api/edits.ts';
import { useErrorText } from '../app/useErrorText.ts';
import { workKeys } from './work.ts';

/** Cancelling and doing again, for edits and exports alike. */
export function useWork(clipId: string) {
  const client = useQueryClient();
  const errorText = useErrorText();
  const handlers = {
    onSuccess: async () => {
      await Promise.all([
        client.invalidateQueries({ queryKey: workKeys.edits(clipId) }),
        client.invalidateQueries({ queryKey: workKeys.exports(clipId) }),
      ]);
    },
    onError: (error: unknown) => notifications.show({ color: 'red', message: errorText(error), autoClose: false }),
  };
  const cancel = useMutation({
    mutationFn: async (job: EditView | ExportView) => {
      if ('exportId' in job) await editApi.cancelExport(clipId, job.renditionId);
      else await editApi.cancelEdit(clipId, job.renditionId);
    },
    ...handlers,
  });
  /** The same wish under a new id: what failed stays in the list with its reason. */
  const retry = useMutation({
    mutationFn: async (job: EditView | ExportView) => {
      const { name, destinations } = job;
      const again = { ...(name === undefined ? {} : { name }), ...(destinations?.length ? { destinations } : {}) };
      if ('exportId' in job) {
        const of = job.editId === undefined ? { sourceId: job.sourceId } : { renditionId: job.editId };
        const { profile, redactions, purpose, deidentify } = job;
        const options = deidentify ? { deidentify } : {};
        const body = { ...again, ...options, exportId: ulid(), profiles: [profile], of, redactions, purpose };
        await editApi.createExport(clipId, body);
      } else {
        const { sources, steps, enhance } = job;
        await editApi.createEdit(clipId, {
          ...again,
          renditionId: ulid(),
          sources: sources.map(({ clipId, sourceId }) => ({ clipId, sourceId })),
          steps,
          ...(enhance ? { enhance } : {}),
        });
      }
    },
    ...handlers,
  });
  return {
    cancel: cancel.mutate,
    retry: retry.mutate,
    isBusy: (renditionId: string) =>
      (cancel.isPending && cancel.variables.renditionId === renditionId) ||
      (retry.isPending && retry.variables.renditionId === renditionId),
  };
}
