import { Button, Checkbox, Modal, Select, Stack, Text, Textarea } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { accessApi } from '../api/access.ts';
import { useErrorText } from '../app/useErrorText.ts';
import { Failed, Loading } from '../ui/Placeholder.tsx';
import { Refused } from './EntryFrame.tsx';
import { session } from './session.ts';

/** As the interface asks for it. */
const REASON_CHARS = 10;

interface Props {
  open: boolean;
  /** Already known which. */
  stationId?: string;
  onClose: () => void;
}

/** Opens a room without a standing right, for an hour: with a reason, knowing that everybody responsible is told. */
export function BreakGlassDialog({ open, stationId, onClose }: Props) {
  const { t } = useTranslation();
  return (
    <Modal
      opened={open}
      onClose={onClose}
      title={t('glass.title')}
      closeButtonProps={{ 'aria-label': t('app.close') }}
      centered
      size="lg"
    >
      {open && <Form stationId={stationId} onClose={onClose} />}
    </Modal>
  );
}

function Form({ stationId, onClose }: { stationId: string | undefined; onClose: () => void }) {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const rooms = useQuery({ queryKey: ['closed-rooms'], queryFn: accessApi.closedRooms, staleTime: 0 });
  const form = useForm({
    initialValues: { stationId: stationId ?? '', reason: '', confirmed: false },
    validate: {
      stationId: (value) => (value === '' ? t('access.needed') : null),
      reason: (value) => (value.trim().length < REASON_CHARS ? t('glass.reasonHint') : null),
      confirmed: (value) => (value ? null : t('access.needed')),
    },
  });
  const breakGlass = useMutation({
    mutationFn: async (values: { stationId: string; reason: string }) => {
      await accessApi.breakGlass({ ...values, confirmed: true });
      await session.refresh();
    },
    onSuccess: onClose,
  });
  if (rooms.isPending) return <Loading />;
  if (rooms.error) return <Failed error={rooms.error} onRetry={() => void rooms.refetch()} />;
  if (rooms.data.length === 0) return <Text>{t('glass.none')}</Text>;
  return (
    <form
      noValidate
      onSubmit={form.onSubmit(({ stationId: room, reason }) => breakGlass.mutate({ stationId: room, reason }))}
    >
      <Stack>
        <Text>{t('glass.hint')}</Text>
        <Refused text={breakGlass.error ? errorText(breakGlass.error) : undefined} />
        <Select
          label={t('glass.room')}
          data={rooms.data.map((room) => ({ value: room.stationId, label: room.name }))}
          data-testid="glass-room"
          {...form.getInputProps('stationId')}
        />
        <Textarea
          label={t('glass.reason')}
          description={t('glass.reasonHint')}
          autosize
          minRows={2}
          maxLength={1000}
          data-testid="glass-reason"
          {...form.getInputProps('reason')}
        />
        <Checkbox
          label={t('glass.confirm')}
          data-testid="glass-confirm"
          {...form.getInputProps('confirmed', { type: 'checkbox' })}
        />
        <Button type="submit" color="red.9" loading={breakGlass.isPending} data-testid="glass-open">
          {t('glass.submit')}
        </Button>
      </Stack>
    </form>
  );
}
