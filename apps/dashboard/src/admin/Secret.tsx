import { Button, Modal, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { CopyText } from '../recordings/CopyText.tsx';
import classes from './Admin.module.css';

export interface Shown {
  title: string;
  hint: string;
  secret: string;
}

/** What is shown once and never again: closed by the button only, so that no slip of the mouse loses it. */
export function Secret({ shown, onClose }: { shown: Shown | undefined; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Modal
      opened={shown !== undefined}
      onClose={onClose}
      title={shown?.title}
      withCloseButton={false}
      closeOnClickOutside={false}
      closeOnEscape={false}
      centered
      size="lg"
    >
      {shown && (
        <Stack>
          <p className={classes.secret} data-testid="secret-text">
            <CopyText text={shown.secret} what={shown.title} />
          </p>
          <Text>{shown.hint}</Text>
          <Button onClick={onClose} data-testid="secret-done">
            {t('app.ok')}
          </Button>
        </Stack>
      )}
    </Modal>
  );
}
