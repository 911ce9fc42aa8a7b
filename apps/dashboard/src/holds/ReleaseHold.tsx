import { Button, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconLockOpen } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { adminApi } from '../api/admin.ts';
import { useErrorText } from '../app/useErrorText.ts';
import { ReasonDialog } from './ReasonDialog.tsx';
import { useHoldsChanged } from './useHoldsChanged.ts';

/** The retention rules hold again for what was held. */
export function ReleaseHold({ holdId, reason }: { holdId: string; reason: string }) {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const changed = useHoldsChanged();
  const [asking, setAsking] = useState(false);
  const release = useMutation({
    mutationFn: (why: string) => adminApi.releaseHold(holdId, why),
    onSuccess: async () => {
      setAsking(false);
      notifications.show({ message: t('hold.releasedNow') });
      await changed();
    },
    onError: (error) =>
      notifications.show({ color: 'red', title: t('error.title'), message: errorText(error), autoClose: false }),
  });
  return (
    <>
      <Button
        size="sm"
        variant="default"
        leftSection={<IconLockOpen size={16} aria-hidden />}
        onClick={() => setAsking(true)}
        data-testid={`release-${holdId}`}
      >
        {t('hold.release')}
      </Button>
      <ReasonDialog
        open={asking}
        title={t('hold.releaseTitle')}
        label={t('hold.releaseReason')}
        confirm={t('hold.release')}
        busy={release.isPending}
        onClose={() => setAsking(false)}
        onConfirm={(why) => release.mutate(why)}
      >
        <Text mb="sm">{t('hold.releaseHint', { reason })}</Text>
      </ReasonDialog>
    </>
  );
}
