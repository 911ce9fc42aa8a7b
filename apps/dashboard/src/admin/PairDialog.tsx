import { Button, Group, Modal, Select, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { deviceName } from '../account/device-name.ts';
import { Refused } from '../account/EntryFrame.tsx';
import { accessApi } from '../api/access.ts';
import { useStations } from '../api/queries.ts';
import { useLocale } from '../app/locale.ts';
import { useErrorText } from '../app/useErrorText.ts';
import { clockTime } from '../format/dates.ts';

interface Props {
  open: boolean;
  onClose: () => void;
  onPaired: () => void;
}

/** Lets a touch panel in: the code that it shows, then its room. */
export function PairDialog({ open, onClose, onPaired }: Props) {
  const { t } = useTranslation();
  return (
    <Modal
      opened={open}
      onClose={onClose}
      title={t('admin.pair')}
      closeButtonProps={{ 'aria-label': t('app.close') }}
      size="lg"
    >
      {open && <Pairing onClose={onClose} onPaired={onPaired} />}
    </Modal>
  );
}

function Pairing({ onClose, onPaired }: Omit<Props, 'open'>) {
  const { t } = useTranslation();
  const locale = useLocale();
  const errorText = useErrorText();
  const { data: stations = [] } = useStations();
  const form = useForm({
    initialValues: { code: '', stationId: '', name: '' },
    validate: {
      code: (value) => (value.trim() === '' ? t('access.needed') : null),
      stationId: (value) => (found && value === '' ? t('access.needed') : null),
      name: (value) => (found && value.trim() === '' ? t('access.needed') : null),
    },
  });
  const find = useMutation({
    mutationFn: (code: string) => accessApi.panelRequest(code.trim()),
    onSuccess: ({ stationId }) => {
      const known = stations.find((one) => one.stationId === stationId);
      form.setFieldValue('stationId', known?.stationId ?? '');
      form.setFieldValue('name', known?.name ?? '');
    },
  });
  const found = find.data;
  const confirm = useMutation({ mutationFn: accessApi.confirmPanel, onSuccess: onPaired });
  if (confirm.isSuccess) {
    return (
      <Stack>
        <Text role="status">{t('admin.done')}</Text>
        <Group justify="flex-end">
          <Button onClick={onClose} data-testid="pair-done">
            {t('app.ok')}
          </Button>
        </Group>
      </Stack>
    );
  }
  const error = confirm.error ?? find.error;
  return (
    <form noValidate onSubmit={form.onSubmit((values) => (found ? confirm.mutate(values) : find.mutate(values.code)))}>
      <Stack>
        <Text>{t('admin.noPanelsHint')}</Text>
        <Refused text={error ? errorText(error) : undefined} />
        <TextInput
          label={t('admin.code')}
          autoComplete="off"
          spellCheck={false}
          readOnly={found !== undefined}
          data-autofocus
          data-testid="pair-code"
          {...form.getInputProps('code')}
        />
        {found && (
          <>
            <Text data-testid="pair-asks">
              {t('admin.asks', {
                device: deviceName(found.device) || t('account.unknownDevice'),
                address: found.address,
                time: clockTime(found.askedAt, locale),
              })}
            </Text>
            <Select
              label={t('admin.room')}
              data={stations.map(({ stationId, name }) => ({ value: stationId, label: name }))}
              data-testid="pair-room"
              {...form.getInputProps('stationId')}
            />
            <TextInput label={t('admin.panelName')} data-testid="pair-name" {...form.getInputProps('name')} />
          </>
        )}
        <Button type="submit" loading={find.isPending || confirm.isPending} data-testid="pair-next">
          {found ? t('admin.pair') : t('admin.find')}
        </Button>
      </Stack>
    </form>
  );
}
