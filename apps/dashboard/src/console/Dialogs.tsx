import { Modal } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import classes from './Dialogs.module.css';
import { keyLabels, lengths } from './keymap.ts';
import { useLengthText } from './useLengthText.ts';

/** A dialog of the console: large, in the middle, one question. */
export function ConsoleDialog(props: {
  open: boolean;
  onClose: () => void;
  title: string;
  children: ReactNode;
  size?: string;
}) {
  const { t } = useTranslation();
  return (
    <Modal
      opened={props.open}
      onClose={props.onClose}
      title={props.title}
      centered
      size={props.size ?? 'auto'}
      radius={20}
      padding={32}
      transitionProps={{ duration: 80 }}
      overlayProps={{ backgroundOpacity: 0.75, color: '#05080b' }}
      classNames={{
        title: classes.title ?? '',
        header: classes.header ?? '',
        content: classes.content ?? '',
        close: classes.close ?? '',
      }}
      closeButtonProps={{ 'aria-label': t('app.close'), iconSize: 36 }}
    >
      {props.children}
    </Modal>
  );
}

/** 30 s to 10 min, by tap or by digit. */
export function LengthDialog(props: { open: boolean; onClose: () => void; onPick: (seconds: number) => void }) {
  const { t } = useTranslation();
  const lengthText = useLengthText();
  return (
    <ConsoleDialog open={props.open} onClose={props.onClose} title={t('console.chooseLength')}>
      <div className={classes.lengths}>
        {lengths.map((seconds, index) => (
          <button
            key={seconds}
            type="button"
            className={classes.length}
            onClick={() => props.onPick(seconds)}
            data-testid={`length-${seconds}`}
            {...(index === 2 ? { 'data-autofocus': true } : {})}
          >
            {lengthText(seconds)}
            <kbd aria-hidden>{index + 1}</kbd>
          </button>
        ))}
      </div>
    </ConsoleDialog>
  );
}

interface ChangeProps {
  open: boolean;
  name: string;
  recording: boolean;
  busy: boolean;
  onClose: () => void;
  onConfirm: () => void;
}

/** The one question that is asked: a change of the patient seals the buffer. */
export function ChangePatientDialog({ open, name, recording, busy, onClose, onConfirm }: ChangeProps) {
  const { t } = useTranslation();
  return (
    <ConsoleDialog open={open} onClose={onClose} title={t('console.changeTitle')} size="760px">
      <p className={classes.text}>{t('console.changeText', { name })}</p>
      {recording && <p className={classes.text}>{t('console.changeRecording')}</p>}
      <div className={classes.answers}>
        <button type="button" className={classes.secondary} onClick={onClose} data-autofocus>
          {t('app.cancel')}
        </button>
        <button
          type="button"
          className={classes.primary}
          disabled={busy}
          onClick={onConfirm}
          data-testid="confirm-change"
        >
          {t('console.changeConfirm')}
        </button>
      </div>
    </ConsoleDialog>
  );
}

export function KeysTable() {
  const { t } = useTranslation();
  const rows = [
    [keyLabels.save, t('console.keySave')],
    [keyLabels.lengths, t('console.keyLengths')],
    [keyLabels.choose, t('console.keyChoose')],
    [keyLabels.record, t('console.keyRecord')],
    [keyLabels.still, t('console.keyStill')],
    [keyLabels.marker, t('console.keyMarker')],
    [keyLabels.help, t('console.keyHelp')],
    [keyLabels.close, t('console.keyClose')],
  ];
  return (
    <dl className={classes.keys}>
      {rows.map(([key, text]) => (
        <div key={key}>
          <dt>
            <kbd>{key}</kbd>
          </dt>
          <dd>{text}</dd>
        </div>
      ))}
    </dl>
  );
}
