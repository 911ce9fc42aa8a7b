import { Button, VisuallyHidden } from '@mantine/core';
import { IconPlugConnected } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { Allowed } from '../account/Allowed.tsx';
import { api } from '../api/client.ts';
import { useDestinations } from '../api/queries.ts';
import type { Destination } from '../api/schemas.ts';
import { useErrorText } from '../app/useErrorText.ts';
import { PageTitle } from '../ui/PageTitle.tsx';
import panel from '../ui/Panel.module.css';
import { Empty, Failed, Loading } from '../ui/Placeholder.tsx';
import { Badge } from '../ui/StateBadge.tsx';
import classes from './Destinations.module.css';
import { ConfigNote } from './ConfigNote.tsx';
import { destinationLooks } from './looks.ts';
import { NegotiatedFacts } from './NegotiatedFacts.tsx';

/** The archives that clips are sent to, each with a connection test (C-ECHO, PS3.4 annex A). */
export function DestinationsPage() {
  const { t } = useTranslation();
  const { data, error, isPending, refetch } = useDestinations();
  return (
    <>
      <PageTitle title={t('destinations.title')} />
      <ConfigNote area="destinations" />
      {data ? (
        data.items.length === 0 ? (
          <Empty title={t('destinations.empty')} hint={t('destinations.emptyHint')} />
        ) : (
          <>
            {!data.reachable && (
              <p className={classes.unreachable} data-tone="warn" role="status">
                {t('destinations.unreachable')} {data.reason}
              </p>
            )}
            <ul className={classes.list}>
              {data.items.map((destination) => (
                <DestinationCard key={destination.name} destination={destination} />
              ))}
            </ul>
          </>
        )
      ) : isPending ? (
        <Loading />
      ) : (
        <Failed error={error} onRetry={() => void refetch()} />
      )}
    </>
  );
}

function DestinationCard({ destination }: { destination: Destination }) {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const echo = useMutation({ mutationFn: () => api.echo(destination.name) });
  return (
    <li className={panel.panel} data-testid={`destination-${destination.name}`}>
      <div className={classes.head}>
        <div>
          <h2 className={classes.title}>{destination.title}</h2>
          <span className={panel.soft}>{destination.name}</span>
        </div>
        {destination.parked ? (
          <Badge look={destinationLooks.parked} text={t('destinations.parked')} />
        ) : (
          <Badge look={destinationLooks.ready} text={t('destinations.ready')} />
        )}
      </div>
      <dl className={classes.facts}>
        <dt>{t('destinations.ae')}</dt>
        <dd className={panel.mono}>{destination.aeTitle}</dd>
        <dt>{t('destinations.address')}</dt>
        <dd className={panel.mono}>
          {destination.host}:{destination.port}
        </dd>
        <dt>{t('destinations.queue')}</dt>
        <dd>
          <Link to={`/deliveries?destination=${destination.name}`}>
            {t('destinations.waiting', { count: destination.waiting })}
            {destination.failed > 0 && ` · ${t('destinations.failing', { count: destination.failed })}`}
          </Link>
        </dd>
      </dl>
      {destination.parkedReason !== undefined && <p className={classes.reason}>{destination.parkedReason}</p>}
      <NegotiatedFacts negotiated={destination.negotiated} />
      <Allowed to="admin.system">
        <div className={classes.foot} aria-live="polite">
          <Button
            variant="default"
            leftSection={<IconPlugConnected size={18} aria-hidden />}
            loading={echo.isPending}
            onClick={() => echo.mutate()}
            data-testid={`echo-${destination.name}`}
          >
            {t('destinations.echo')}
            <VisuallyHidden>{destination.title}</VisuallyHidden>
          </Button>
          {echo.data?.ok && (
            <Badge
              look={destinationLooks.answers}
              text={t('destinations.ok', { ms: Math.round(echo.data.roundTripMs ?? 0) })}
            />
          )}
          {echo.data?.ok === false && (
            <>
              <Badge look={destinationLooks.silent} text={t('destinations.failed')} />
              <span className={classes.reason}>{echo.data.reason}</span>
            </>
          )}
          {echo.error && (
            <>
              <Badge look={destinationLooks.silent} text={t('error.title')} />
              <span className={classes.reason}>{errorText(echo.error)}</span>
            </>
          )}
          {echo.isIdle && <span className={panel.soft}>{t('destinations.notTested')}</span>}
        </div>
      </Allowed>
    </li>
  );
}
