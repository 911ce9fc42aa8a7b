import type { CreateEdit, EditView } from '@smartbox/contracts';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { ulid } from 'ulid';
import type { z } from 'zod';
import { editApi } from '../api/edits.ts';
import { useErrorText } from '../app/useErrorText.ts';
import { workKeys } from './work.ts';

type EditRequest = z.input<typeof CreateEdit>;

/**
 * Saves the cut, under an id of its own. Pressed again after a lost answer, the very same request goes out: it is made
 * once.
 */
export function useSave(clipId: string, wish: Omit<EditRequest, 'renditionId'>) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const errorText = useErrorText();
  const asked = useRef<{ of: string; body: EditRequest } | undefined>(undefined);
  const of = JSON.stringify(wish);
  const mutation = useMutation({
    mutationFn: () => {
      if (asked.current?.of !== of) asked.current = { of, body: { ...wish, renditionId: ulid() } };
      return editApi.createEdit(clipId, asked.current.body);
    },
    onSuccess: async (edit: EditView) => {
      notifications.show({ message: t('editor.saved') });
      client.setQueryData<EditView[]>(workKeys.edits(clipId), (edits = []) =>
        edits.some(({ renditionId }) => renditionId === edit.renditionId) ? edits : [edit, ...edits],
      );
      await client.invalidateQueries({ queryKey: workKeys.edits(clipId) });
    },
    onError: (error) => notifications.show({ color: 'red', message: errorText(error), autoClose: false }),
  });
  return { ...mutation, isSaved: mutation.isSuccess && asked.current?.of === of };
}
