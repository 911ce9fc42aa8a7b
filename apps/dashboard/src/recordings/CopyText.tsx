import { useClipboard } from '@mantine/hooks';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import panel from '../ui/Panel.module.css';
import classes from './Recordings.module.css';

/** A long identifier, shown whole, copied by a click. */
export function CopyText({ text, what }: { text: string; what: string }) {
  const { t } = useTranslation();
  const clipboard = useClipboard({ timeout: 1_500 });
  return (
    <button
      type="button"
      className={classes.copy}
      onClick={() => clipboard.copy(text)}
      title={clipboard.copied ? t('clip.copied') : t('clip.copy', { what })}
    >
      <span className={panel.mono}>{text}</span>
      {clipboard.copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
    </button>
  );
}
