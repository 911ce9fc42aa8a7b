import { Anchor } from '@mantine/core';
import { IconArrowLeft } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { stringify } from 'yaml';
import { useStations } from '../../api/queries.ts';
import { useFeedHealth } from '../../feed/FeedProvider.tsx';
import { PageTitle } from '../../ui/PageTitle.tsx';
import panel from '../../ui/Panel.module.css';
import { Failed, Loading } from '../../ui/Placeholder.tsx';
import admin from '../Admin.module.css';
import classes from './Devices.module.css';
import { TextForFile } from './TextForFile.tsx';

/** The way from the first start of a station to its tested cameras. */
export function SetUpStationPage() {
  const { t } = useTranslation();
  const sample = stringify({
    id: 'or-3',
    name: t('firstRun.sampleName'),
    aeTitle: 'OR3',
    sources: [{ id: 'test', name: t('firstRun.samplePicture'), kind: 'synthetic' }],
  });
  return (
    <>
      <Link to="/admin/stations" className={admin.back}>
        <IconArrowLeft size={18} aria-hidden />
        {t('station.title')}
      </Link>
      <PageTitle title={t('firstRun.title')} subtitle={t('firstRun.hint')} />
      <ol className={classes.list} data-testid="set-up-steps">
        <li className={panel.panel}>
          <h2>1. {t('firstRun.start')}</h2>
          <p>{t('firstRun.startText')}</p>
          <TextForFile text={sample} label="config/stations/or-3.yaml" />
        </li>
        <li className={panel.panel}>
          <h2>2. {t('firstRun.find')}</h2>
          <p>{t('firstRun.findText')}</p>
          <StationLinks />
        </li>
        <li className={panel.panel}>
          <h2>3. {t('firstRun.finish')}</h2>
          <p>{t('firstRun.finishText')}</p>
        </li>
      </ol>
    </>
  );
}

function StationLinks() {
  const { t } = useTranslation();
  const feedAlive = useFeedHealth().status !== 'lost';
  const { data: stations, error, refetch } = useStations(feedAlive);
  if (!stations) return error ? <Failed error={error} onRetry={() => void refetch()} /> : <Loading />;
  if (stations.length === 0) return <p role="status">{t('firstRun.none')}</p>;
  return (
    <ul className={classes.stations}>
      {stations.map(({ stationId, name, online }) => (
        <li key={stationId}>
          <Anchor component={Link} to={`/admin/stations/${stationId}/devices`} data-testid={`cameras-of-${stationId}`}>
            {t('cameras.title', { station: name })}
          </Anchor>
          {!online && <span className={panel.soft}> ({t('firstRun.away')})</span>}
        </li>
      ))}
    </ul>
  );
}
