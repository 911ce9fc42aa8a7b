import { Button, Loader } from '@mantine/core';
import { IconAlertTriangle, IconInbox } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useErrorText } from '../app/useErrorText.ts';
import classes from './Placeholder.module.css';

/** What stands where nothing is: loading, empty, or failed with a way on. */
export function Loading({ large = false }: { large?: boolean }) {
  const { t } = useTranslation();
  return (
    <div className={classes.box} role="status" data-large={large} data-testid="loading">
      <Loader size={large ? 'xl' : 'md'} aria-hidden />
      <p className={classes.title}>{t('app.loading')}</p>
    </div>
  );
}

export function Empty(props: {
  title: string;
  hint?: string;
  icon?: ReactNode;
  large?: boolean;
  children?: ReactNode;
}) {
  return (
    <div className={classes.box} data-large={props.large ?? false} data-testid="empty">
      <span className={classes.icon}>
        {props.icon ?? <IconInbox size={props.large ? 64 : 44} stroke={1.3} aria-hidden />}
      </span>
      <p className={classes.title}>{props.title}</p>
      {props.hint !== undefined && <p className={classes.hint}>{props.hint}</p>}
      {props.children}
    </div>
  );
}

export function Failed({ error, onRetry, large = false }: { error: unknown; onRetry?: () => void; large?: boolean }) {
  const { t } = useTranslation();
  const text = useErrorText();
  return (
    <div className={classes.box} role="alert" data-tone="bad" data-large={large} data-testid="failed">
      <span className={classes.icon}>
        <IconAlertTriangle size={large ? 64 : 44} stroke={1.5} aria-hidden />
      </span>
      <p className={classes.title}>{t('error.title')}</p>
      <p className={classes.hint}>{text(error)}</p>
      {onRetry && (
        <Button size={large ? 'xl' : 'md'} variant="default" onClick={onRetry}>
          {t('app.retry')}
        </Button>
      )}
    </div>
  );
}
