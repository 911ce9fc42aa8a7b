import { Button, Switch } from '@mantine/core';
import { useLocalStorage } from '@mantine/hooks';
import { IconBuildingHospital } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { Allowed } from '../account/Allowed.tsx';
import { FirstRunNotice } from '../admin/stations/FirstRunNotice.tsx';
import { useStations } from '../api/queries.ts';
import { useFeedHealth } from '../feed/FeedProvider.tsx';
import { PageTitle } from '../ui/PageTitle.tsx';
import { Empty, Failed, Loading } from '../ui/Placeholder.tsx';
import { Alarms } from './Alarms.tsx';
import { RoomCard } from './RoomCard.tsx';
import classes from './Rooms.module.css';

/** With more rooms than this each shows one picture; the console shows all. */
const MANY_ROOMS = 4;

/** Every room at a glance: who, since when, recording, live pictures, alarms. */
export function RoomsPage() {
  const { t } = useTranslation();
  const feedAlive = useFeedHealth().status !== 'lost';
  const { data: stations, error, isPending, refetch } = useStations(feedAlive);
  const [live, setLive] = useLocalStorage({ key: 'smartbox.rooms.live', defaultValue: true });
  const [hideNames, setHideNames] = useLocalStorage({ key: 'smartbox.rooms.initials', defaultValue: false });
  const summary = stations && {
    total: stations.length,
    used: stations.filter((s) => s.procedure).length,
    recording: stations.filter((s) => s.recording).length,
  };
  return (
    <>
      <PageTitle
        title={t('rooms.title')}
        subtitle={
          summary && summary.total > 0
            ? t('rooms.summary', { ...summary, total: t('rooms.total', { count: summary.total }) })
            : ' '
        }
      >
        <Switch
          size="md"
          checked={hideNames}
          onChange={(event) => setHideNames(event.currentTarget.checked)}
          label={t('privacy.hide')}
          data-testid="hide-names"
        />
        <Switch
          size="md"
          checked={live}
          onChange={(event) => setLive(event.currentTarget.checked)}
          label={t('rooms.showLive')}
        />
      </PageTitle>
      <Alarms stations={stations ?? []} />
      <FirstRunNotice stations={stations ?? []} />
      {stations ? (
        stations.length === 0 ? (
          <Empty
            title={t('rooms.empty')}
            hint={t('rooms.emptyHint')}
            icon={<IconBuildingHospital size={52} stroke={1.3} aria-hidden />}
          >
            <Allowed to="admin.system">
              <Button component={Link} to="/admin/set-up" size="md">
                {t('station.setUp')}
              </Button>
            </Allowed>
          </Empty>
        ) : (
          <ul className={classes.rooms} data-testid="rooms">
            {stations.map((station, place) => (
              <RoomCard
                key={station.stationId}
                station={station}
                live={live}
                place={place}
                sources={stations.length > MANY_ROOMS ? 1 : 4}
                hideNames={hideNames}
              />
            ))}
          </ul>
        )
      ) : isPending ? (
        <Loading />
      ) : (
        <Failed error={error} onRetry={() => void refetch()} />
      )}
    </>
  );
}
