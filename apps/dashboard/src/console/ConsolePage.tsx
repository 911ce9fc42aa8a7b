import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Link, useParams } from 'react-router';
import { useStations } from '../api/queries.ts';
import { useFeedHealth } from '../feed/FeedProvider.tsx';
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
      {station ? (
        station.procedure ? (
          <ProcedureScreen key={station.procedure.procedureId} station={station} procedure={station.procedure} />
        ) : (
          <WorklistScreen station={station} />
        )
      ) : isPending ? (
        <Loading large />
      ) : error ? (
        <Failed error={error} onRetry={() => void refetch()} large />
      ) : (
        <Empty title={t('console.unknownRoom', { id: stationId })} large>
          <Button component={Link} to="/" size="xl">
            {t('app.toRooms')}
          </Button>
        </Empty>
      )}
    </div>
  );
}
