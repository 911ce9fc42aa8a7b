import type { StationView } from '@smartbox/contracts';
import { Button } from '@mantine/core';
import { useLocalStorage } from '@mantine/hooks';
import { IconCameraUp, IconDeviceTv } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useParams } from 'react-router';
import { useStations } from '../api/queries.ts';
import { useLocale } from '../app/locale.ts';
import { LiveGrid } from '../console/LiveGrid.tsx';
import { DeskConversation } from '../conversation/DeskConversation.tsx';
import { DrawingLayer } from '../conversation/DrawingLayer.tsx';
import { useConversation } from '../conversation/useConversation.ts';
import { useFeedHealth } from '../feed/FeedProvider.tsx';
import { clockTime } from '../format/dates.ts';
import { initials } from '../format/person-name.ts';
import { RoomTimeline } from './RoomTimeline.tsx';
import { useRoomPast } from '../live/useRoomPast.ts';
import { usePatientName } from '../ui/PatientText.tsx';
import { PageTitle } from '../ui/PageTitle.tsx';
import { Empty, Failed, Loading } from '../ui/Placeholder.tsx';
import classes from './RoomPage.module.css';
import { RoomSave } from './RoomSave.tsx';
import { RoomState } from './RoomState.tsx';

/** One room from a desk: its pictures, who is in it, and the conversation with it. */
export function RoomPage() {
  const { t } = useTranslation();
  const { stationId = '' } = useParams();
  const feedAlive = useFeedHealth().status !== 'lost';
  const { data: stations, error, isPending, refetch } = useStations(feedAlive);
  const station = stations?.find((one) => one.stationId === stationId);
  if (station) return <Room key={stationId} station={station} feedAlive={feedAlive} />;
  if (isPending) return <Loading />;
  if (error) return <Failed error={error} onRetry={() => void refetch()} />;
  return (
    <Empty title={t('console.unknownRoom', { id: stationId })}>
      <Button component={Link} to="/">
        {t('app.toRooms')}
      </Button>
    </Empty>
  );
}

function Room({ station, feedAlive }: { station: StationView; feedAlive: boolean }) {
  const { t } = useTranslation();
  const { conversation, state, open } = useConversation(station, 'desk');
  const [pen, setPen] = useState(false);
  const roomPast = useRoomPast(station.procedure?.procedureId);
  const draws = pen && state.phase === 'in' && state.me?.rights.includes('draw') === true;
  return (
    <div className={classes.page} data-testid="room-page" data-station={station.stationId}>
      <PageTitle title={station.name} subtitle={<Who station={station} />}>
        <RoomState station={station} />
        <Button
          component={Link}
          to={`/console/${station.stationId}`}
          variant="default"
          leftSection={<IconDeviceTv size={18} aria-hidden />}
        >
          {t('rooms.open')}
        </Button>
      </PageTitle>
      <div className={classes.main}>
        <div className={classes.pictures}>
          <LiveGrid
            station={station}
            feedAlive={feedAlive}
            roomPast={roomPast}
            fullScreen
            overlay={(source, aspect) =>
              state.phase === 'in' && (
                <DrawingLayer conversation={conversation} source={source} aspect={aspect} pen={draws} />
              )
            }
          />
          {station.procedure && station.sources.length > 1 && <RoomTimeline station={station} roomPast={roomPast} />}
        </div>
        <aside className={classes.side}>
          {station.conversation && (
            <DeskConversation
              station={station}
              conversation={conversation}
              state={state}
              open={open}
              pen={pen}
              onPen={setPen}
            />
          )}
          {station.sources
            .filter(({ kind }) => kind === 'whip')
            .map(({ sourceId, name }) => (
              <Button
                key={sourceId}
                component={Link}
                to={`/ingest?to=${station.stationId}/${sourceId}`}
                variant="default"
                leftSection={<IconCameraUp size={18} aria-hidden />}
              >
                {t('ingest.fromHere')}: {name}
              </Button>
            ))}
          {station.procedure && station.online && <RoomSave station={station} procedure={station.procedure} />}
        </aside>
      </div>
    </div>
  );
}

function Who({ station: { procedure } }: { station: StationView }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const nameOf = usePatientName();
  const [hideNames] = useLocalStorage({ key: 'smartbox.rooms.initials', defaultValue: false });
  if (!procedure) return t('rooms.noProcedure');
  const { patient, description, startedAt } = procedure;
  const name = hideNames ? initials(patient.name) : nameOf(patient.name);
  const since = t('rooms.since', { time: clockTime(startedAt, locale) });
  return [name, description, since].filter((part) => part !== undefined && part !== '').join(' · ');
}
