import type { DeadLetterView } from '@smartbox/contracts';
import { Button, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconTrash } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { adminApi, adminKeys } from '../api/admin.ts';
import { useErrorText } from '../app/useErrorText.ts';
import { ReasonDialog } from '../holds/ReasonDialog.tsx';

/** Nobody gets the message any more; the reason stands in the audit. */
export function DiscardLetter({ letter: { sequence, subject, consumer } }: { letter: DeadLetterView }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const errorText = useErrorText();
  const [asking, setAsking] = useState(false);
  const discard = useMutation({
    mutationFn: (why: string) => adminApi.discardLetter(sequence, why),
    onSuccess: () => notifications.show({ message: t('deadLetters.discarded') }),
    onError: (error) =>
      notifications.show({ color: 'red', title: t('error.title'), message: errorText(error), autoClose: false }),
    onSettled: async () => {
      setAsking(false);
      await client.invalidateQueries({ queryKey: adminKeys.deadLetters });
    },
  });
  return (
    <>
      <Button
        size="sm"
        variant="default"
        leftSection={<IconTrash size={16} aria-hidden />}
        onClick={() => setAsking(true)}
        data-testid="discard"
      >
        {t('deadLetters.discard')}
      </Button>
      <ReasonDialog
        open={asking}
        title={t('deadLetters.discardTitle')}
        label={t('deadLetters.discardReason')}
        confirm={t('deadLetters.discard')}
        busy={discard.isPending}
        onClose={() => setAsking(false)}
        onConfirm={(why) => discard.mutate(why)}
      >
        <Text mb="sm">{t('deadLetters.discardHint', { subject, consumer })}</Text>
      </ReasonDialog>
    </>
  );
}
