import { Button } from '@mantine/core';
import { useClipboard } from '@mantine/hooks';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import classes from './Devices.module.css';

/** Lines for a file, and a button that copies them. */
export function TextForFile({ text, label }: { text: string; label: string }) {
  const { t } = useTranslation();
  const clipboard = useClipboard({ timeout: 2_000 });
  return (
    <div className={classes.text}>
      <pre role="region" aria-label={label} tabIndex={0} data-testid="yaml">
        {text}
      </pre>
      <Button
        variant="default"
        leftSection={clipboard.copied ? <IconCheck size={18} aria-hidden /> : <IconCopy size={18} aria-hidden />}
        onClick={() => clipboard.copy(text)}
        data-testid="copy-yaml"
      >
        {t(clipboard.copied ? 'cameras.copied' : 'cameras.copy')}
      </Button>
      {clipboard.error && <p role="alert">{t('cameras.copyFailed')}</p>}
    </div>
  );
}
