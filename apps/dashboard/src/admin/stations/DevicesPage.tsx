import type { DevicesReply, StationSettings, StationView } from '@smartbox/contracts';
import { Anchor, Button } from '@mantine/core';
import { IconArrowLeft, IconCameraOff, IconRefresh } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useParams } from 'react-router';
import { stationDevicesOptions, stationSettingsOptions } from '../../api/admin.ts';
import { ApiError } from '../../api/errors.ts';
import { useStations } from '../../api/queries.ts';
import { useFeedHealth } from '../../feed/FeedProvider.tsx';
import { PageTitle } from '../../ui/PageTitle.tsx';
import { Empty, Failed, Loading } from '../../ui/Placeholder.tsx';
import admin from '../Admin.module.css';
import type { Choice } from './device-modes.ts';
import { DevicePanel } from './DevicePanel.tsx';
import classes from './Devices.module.css';
import { sourceOfDevice } from './station-yaml.ts';
import { StationFile } from './StationFile.tsx';

/** The cameras of a station: found, looked at, tested, and brought into its file. */
export function DevicesPage() {
  const { t } = useTranslation();
  const { stationId = '' } = useParams();
  const feedAlive = useFeedHealth().status !== 'lost';
  const { data: stations, error, refetch } = useStations(feedAlive);
  const settings = useQuery(stationSettingsOptions);
  const station = stations?.find((each) => each.stationId === stationId);
  const failed = error ?? settings.error;
  const retry = () => void Promise.all([refetch(), settings.refetch()]);
  return (
    <>
      <Link to={`/admin/stations/${stationId}`} className={admin.back}>
        <IconArrowLeft size={18} aria-hidden />
        {t('cameras.toStation')}
      </Link>
      {station && settings.data ? (
        <Cameras station={station} settings={settings.data.find((each) => each.stationId === stationId)} />
      ) : stations && !station ? (
        <Empty title={t('station.unknown', { station: stationId })} />
      ) : failed ? (
        <Failed error={failed} onRetry={retry} />
      ) : (
        <Loading />
      )}
    </>
  );
}

interface Props {
  station: StationView;
  settings: StationSettings | undefined;
}

function Cameras({ station, settings }: Props) {
  const { t } = useTranslation();
  const { data, error, isFetching, refetch } = useQuery(stationDevicesOptions(station.stationId));
  // outlives a search that fails
  const [wishes, setWishes] = useState<Wishes>({});
  const wish = (path: string, change: Partial<Wish>) =>
    setWishes((all) => ({ ...all, [path]: { ...(all[path] ?? { name: '' }), ...change } }));
  const found = error ? undefined : data;
  return (
    <div className={admin.stack} data-testid="cameras">
      <div>
        <PageTitle title={t('cameras.title', { station: station.name })} subtitle={t('cameras.hint')}>
          <Button
            leftSection={<IconRefresh size={18} aria-hidden />}
            loading={isFetching}
            onClick={() => void refetch()}
            data-testid="search-again"
          >
            {t('cameras.again')}
          </Button>
        </PageTitle>
        <p className={classes.count} role="status">
          {isFetching ? t('cameras.searching') : found && t('cameras.found', { count: found.devices.length })}
        </p>
      </div>
      {found ? (
        <Found station={station} settings={settings} found={found} wishes={wishes} onWish={wish} />
      ) : error ? (
        <>
          <Failed error={error} onRetry={() => void refetch()} />
          {error instanceof ApiError && error.code === 'station-silent' && (
            <p>
              {t('cameras.silentHint')} <ToSetUp />
            </p>
          )}
        </>
      ) : (
        <Loading />
      )}
    </div>
  );
}

function ToSetUp() {
  const { t } = useTranslation();
  return (
    <Anchor component={Link} to="/admin/set-up" underline="always">
      {t('station.setUp')}
    </Anchor>
  );
}

/** What was chosen, and what the source is to be called. */
interface Wish {
  choice?: Choice;
  name: string;
}
/** By device, `/dev/video0`. */
type Wishes = Record<string, Wish>;

interface FoundProps extends Props {
  found: DevicesReply;
  wishes: Wishes;
  onWish: (path: string, change: Partial<Wish>) => void;
}

function Found({ station, settings, found: { devices, problems }, wishes, onWish }: FoundProps) {
  const { t } = useTranslation();
  const chosen = devices.flatMap((device) => {
    const { choice, name = '' } = wishes[device.path] ?? {};
    return choice ? [{ device, choice, name }] : [];
  });
  return (
    <>
      {problems.length > 0 && (
        <div className={admin.notice} data-tone="warn" role="status" data-testid="device-problems">
          {t('cameras.problems')}
          <ul>
            {problems.map((problem) => (
              <li key={problem}>{problem}</li>
            ))}
          </ul>
        </div>
      )}
      {devices.length === 0 ? (
        <NoDevices />
      ) : (
        <>
          <ul className={classes.list}>
            {devices.map((device) => (
              <DevicePanel
                key={device.path}
                stationId={station.stationId}
                device={device}
                source={sourceOfDevice(device, settings)}
                choice={wishes[device.path]?.choice}
                name={wishes[device.path]?.name ?? ''}
                onChoose={(choice) => onWish(device.path, { choice })}
                onName={(name) => onWish(device.path, { name })}
              />
            ))}
          </ul>
          <StationFile station={station} settings={settings} chosen={chosen} />
        </>
      )}
    </>
  );
}

function NoDevices() {
  const { t } = useTranslation();
  const icon = <IconCameraOff size={44} stroke={1.3} aria-hidden />;
  return (
    <Empty title={t('cameras.empty')} hint={t('cameras.emptyHint')} icon={icon}>
      <ul className={classes.steps}>
        <li>{t('cameras.emptySteps.plug')}</li>
        <li>{t('cameras.emptySteps.container')}</li>
        <li>{t('cameras.emptySteps.network')}</li>
      </ul>
    </Empty>
  );
}
