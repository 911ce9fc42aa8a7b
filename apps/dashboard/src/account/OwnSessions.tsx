import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { accessApi } from '../api/access.ts';
import { useLocale } from '../app/locale.ts';
import { useErrorText } from '../app/useErrorText.ts';
import { dayTime } from '../format/dates.ts';
import panel from '../ui/Panel.module.css';
import { Failed, Loading } from '../ui/Placeholder.tsx';
import classes from './Account.module.css';
import { deviceName } from './device-name.ts';
import { Refused } from './EntryFrame.tsx';

const key = ['own-sessions'] as const;

/** Where the account is signed in, and the way to end that from here. */
export function OwnSessions() {
  const { t } = useTranslation();
  const locale = useLocale();
  const errorText = useErrorText();
  const client = useQueryClient();
  const sessions = useQuery({ queryKey: key, queryFn: accessApi.sessions });
  const end = useMutation({
    mutationFn: accessApi.endSession,
    onSettled: () => client.invalidateQueries({ queryKey: key }),
  });
  const endAll = useMutation({ mutationFn: accessApi.endSessions, onSuccess: () => location.assign('/') });
  if (sessions.isPending) return <Loading />;
  if (sessions.error) return <Failed error={sessions.error} onRetry={() => void sessions.refetch()} />;
  const error = end.error ?? endAll.error;
  const time = (at: string) => dayTime(at, locale, new Date());
  return (
    <>
      <Refused text={error ? errorText(error) : undefined} />
      <ul className={classes.sessions} data-testid="own-sessions">
        {sessions.data.map((one) => {
          const device = deviceName(one.device) || t('account.unknownDevice');
          return (
            <li key={one.sessionId} data-current={one.current}>
              <span className={classes.device}>
                <strong>{device}</strong> {one.current && `(${t('account.here')})`}
                <br />
                <span className={panel.soft}>
                  {one.address} · {t('account.since', { time: time(one.since) })} ·{' '}
                  {t('account.seen', { time: time(one.lastSeenAt) })}
                </span>
              </span>
              {!one.current && (
                <Button
                  size="xs"
                  variant="default"
                  loading={end.isPending && end.variables === one.sessionId}
                  onClick={() => end.mutate(one.sessionId)}
                  aria-label={t('account.endOf', { device })}
                >
                  {t('account.end')}
                </Button>
              )}
            </li>
          );
        })}
      </ul>
      <Button variant="default" loading={endAll.isPending} onClick={() => endAll.mutate()} data-testid="end-all">
        {t('account.endAll')}
      </Button>
    </>
  );
}
