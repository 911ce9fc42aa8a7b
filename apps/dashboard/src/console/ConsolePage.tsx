import { Button } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useParams } from 'react-router';
import { BreakGlassDialog } from '../account/BreakGlassDialog.tsx';
import { GlassBanner } from '../account/GlassBanner.tsx';
import { useMay } from '../account/session.ts';
import { useStations } from '../api/queries.ts';
import { useFeedHealth } from '../feed/FeedProvider.tsx';
import { FeedBanner } from '../ui/FeedBanner.tsx';
import { Empty, Failed, Loading } from '../ui/Placeholder.tsx';
import classes from './Console.module.css';
import { ProcedureScreen } from './ProcedureScreen.tsx';
import { WorklistScreen } from './WorklistScreen.tsx';

/** The touch panel of one room: the worklist while it is free, the procedure while one runs. */
export function ConsolePage() {
  const { t } = useTranslation();
  const { stationId = '' } = useParams();
  const feedAlive = useFeedHealth().status !== 'lost';
  const { data: stations, error, isPending, refetch } = useStations(feedAlive);
  const station = stations?.find((s) => s.stationId === stationId);

  return (
    <div className={classes.page} data-testid="console" data-station={stationId}>
      <GlassBanner large />
      {station ? (
        station.procedure ? (
          <ProcedureScreen key={station.procedure.procedureId} station={station} procedure={station.procedure} />
        ) : (
          <WorklistScreen station={station} />
        )
      ) : isPending ? (
        <Loading large />
      ) : error ? (
        <>
          <FeedBanner text={t('feed.lostConsole')} large />
          <Failed error={error} onRetry={() => void refetch()} large />
        </>
      ) : (
        <UnknownRoom stationId={stationId} />
      )}
    </div>
  );
}

/** There is no such room; or it is closed to whoever asks, and looks the same. */
function UnknownRoom({ stationId }: { stationId: string }) {
  const { t } = useTranslation();
  const mayOpen = useMay()('access.break-glass');
  const [emergency, setEmergency] = useState(false);
  return (
    <Empty title={t('console.unknownRoom', { id: stationId })} large>
      <Button component={Link} to="/" size="xl">
        {t('app.toRooms')}
      </Button>
      {mayOpen && (
        <>
          <Button size="xl" variant="default" onClick={() => setEmergency(true)} data-testid="break-glass">
            {t('account.emergency')}
          </Button>
          <BreakGlassDialog open={emergency} stationId={stationId} onClose={() => setEmergency(false)} />
        </>
      )}
    </Empty>
  );
}
