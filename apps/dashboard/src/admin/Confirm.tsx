import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useErrorText } from '../app/useErrorText.ts';
import { Refused } from '../account/EntryFrame.tsx';

interface Props {
  open: boolean;
  title: string;
  question: string;
  busy: boolean;
  error: Error | null;
  onConfirm: () => void;
  onClose: () => void;
}

/** Asks before what cannot be taken back. */
export function Confirm({ open, title, question, busy, error, onConfirm, onClose }: Props) {
  const { t } = useTranslation();
  const errorText = useErrorText();
  return (
    <Modal opened={open} onClose={onClose} title={title} closeButtonProps={{ 'aria-label': t('app.close') }} centered>
      <Stack>
        <Text>{question}</Text>
        <Refused text={error ? errorText(error) : undefined} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t('app.cancel')}
          </Button>
          <Button color="red.9" loading={busy} onClick={onConfirm} data-testid="confirm-yes">
            {title}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
