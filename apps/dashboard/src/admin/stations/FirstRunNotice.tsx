import type { StationView } from '@smartbox/contracts';
import { Anchor } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { Allowed } from '../../account/Allowed.tsx';
import classes from './Devices.module.css';

/** While there is nothing but test pictures: where cameras are set up, for those who may. */
export function FirstRunNotice({ stations }: { stations: readonly StationView[] }) {
  const { t } = useTranslation();
  const sources = stations.flatMap((station) => station.sources);
  const [only, ...others] = stations;
  if (!only || sources.some(({ kind }) => kind !== 'synthetic')) return null;
  const to = others.length === 0 ? `/admin/stations/${only.stationId}/devices` : '/admin/set-up';
  return (
    <Allowed to="admin.system">
      <p className={classes.first} data-testid="first-run">
        {t('firstRun.notice')}{' '}
        <Anchor component={Link} to={to} inherit underline="always">
          {t('firstRun.link')}
        </Anchor>
      </p>
    </Allowed>
  );
}
