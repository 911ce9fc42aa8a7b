import { IconAlertTriangleFilled } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import classes from './Console.module.css';
import type { Failure } from './saves.ts';
import type { Console } from './useConsole.ts';
import { useLengthText } from './useLengthText.ts';

/** What did not work: across the whole screen, until somebody has seen it. */
export function Failures({ console }: { console: Console }) {
  const { t } = useTranslation();
  const lengthText = useLengthText();
  const actions = {
    record: t('console.record'),
    still: t('console.still'),
    marker: t('console.marker'),
    undo: t('console.undo'),
    end: t('console.changeConfirm'),
    retry: t('console.retryClip'),
    conversation: t('conversation.title'),
  } satisfies Record<NonNullable<Failure['action']>, string>;
  if (console.failures.length === 0) return null;
  const items = console.failures.map((failure) => (
    <div key={failure.id} className={classes.failure} role="alert" data-testid="failure">
      <IconAlertTriangleFilled size={48} aria-hidden />
      <div className={classes.failureText}>
        <strong>
          {failure.action
            ? t('console.failedAction', { action: actions[failure.action] })
            : `${t('console.failedTitle')}${failure.seconds === undefined ? '' : `: ${lengthText(failure.seconds)}`}`}
        </strong>
        <span>{failure.reason}</span>
      </div>
      {failure.seconds !== undefined && (
        <button
          type="button"
          className={classes.failureButton}
          onClick={() => {
            console.acknowledge(failure.id);
            void console.save(failure.seconds ?? 120);
          }}
        >
          {t('console.again')}
        </button>
      )}
      <button
        type="button"
        className={classes.failureButton}
        onClick={() => console.acknowledge(failure.id)}
        data-testid="acknowledge"
      >
        {t('app.ok')}
      </button>
    </div>
  ));
  return <div className={classes.failures}>{items}</div>;
}
