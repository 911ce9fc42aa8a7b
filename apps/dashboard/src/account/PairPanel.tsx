import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation } from 'react-router';
import { accessApi } from '../api/access.ts';
import { useNow } from '../app/use-now.ts';
import { stopwatch } from '../format/quantities.ts';
import { Failed, Loading } from '../ui/Placeholder.tsx';
import classes from './Entry.module.css';
import { EntryFrame } from './EntryFrame.tsx';
import { session } from './session.ts';

const LOOK_MS = 2_000;

/** On the panel itself: the code that a desk confirms. It goes on by itself as soon as that was done. */
export function PairPanel({ large, onBack }: { large: boolean; onBack: () => void }) {
  const { t } = useTranslation();
  const { pathname } = useLocation();
  const now = useNow();
  const stationId = /^\/console\/([^/]+)/.exec(pathname)?.[1];
  const request = useQuery({
    queryKey: ['panel-request', stationId],
    queryFn: () => accessApi.requestPanel(stationId),
    staleTime: Infinity,
    gcTime: 0,
    refetchOnWindowFocus: false,
  });
  useEffect(() => {
    const timer = setInterval(() => void session.refresh(), LOOK_MS);
    return () => clearInterval(timer);
  }, []);
  const left = request.data ? Date.parse(request.data.expiresAt) - now.getTime() : 0;
  const size = large ? 'xl' : 'md';
  return (
    <EntryFrame title={t('signIn.panelTitle')} hint={t('signIn.panelHint')} large={large}>
      {request.data && left > 0 ? (
        <>
          <p className={`${classes.code} tnum`}>
            <span className="visually-hidden">{t('signIn.panelCode')} </span>
            <span data-testid="panel-code">{request.data.code}</span>
          </p>
          <p className={`${classes.until} tnum`}>{t('signIn.panelUntil', { time: stopwatch(left) })}</p>
        </>
      ) : request.isFetching ? (
        <Loading large={large} />
      ) : request.error ? (
        <Failed error={request.error} onRetry={() => void request.refetch()} large={large} />
      ) : (
        <div className={classes.form}>
          <Button size={size} onClick={() => void request.refetch()} data-testid="panel-again">
            {t('signIn.panelAgain')}
          </Button>
        </div>
      )}
      <div className={classes.foot}>
        <Button variant="subtle" size={size} onClick={onBack}>
          {t('signIn.panelBack')}
        </Button>
      </div>
    </EntryFrame>
  );
}
