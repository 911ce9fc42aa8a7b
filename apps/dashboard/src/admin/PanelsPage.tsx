import { Button } from '@mantine/core';
import type { PanelView } from '@smartbox/contracts';
import { IconDeviceTablet } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { deviceName } from '../account/device-name.ts';
import { accessApi } from '../api/access.ts';
import { useStations } from '../api/queries.ts';
import { useLocale } from '../app/locale.ts';
import { dayTime } from '../format/dates.ts';
import { PageTitle } from '../ui/PageTitle.tsx';
import panel from '../ui/Panel.module.css';
import { Empty, Failed, Loading } from '../ui/Placeholder.tsx';
import { Badge } from '../ui/StateBadge.tsx';
import classes from './Admin.module.css';
import { Confirm } from './Confirm.tsx';
import { deviceLooks } from './looks.ts';
import { PairDialog } from './PairDialog.tsx';

const key = ['panels'] as const;

/** The touch panels that were paired with a room. */
export function PanelsPage() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const panels = useQuery({ queryKey: key, queryFn: accessApi.panels, refetchInterval: 30_000 });
  const [pairing, setPairing] = useState(false);
  const [revoked, setRevoked] = useState<PanelView>();
  const refresh = () => client.invalidateQueries({ queryKey: key });
  const revoke = useMutation({
    mutationFn: (one: PanelView) => accessApi.revokePanel(one.panelId),
    onSuccess: () => setRevoked(undefined),
    onSettled: refresh,
  });
  return (
    <>
      <PageTitle title={t('app.panels')}>
        <Button
          leftSection={<IconDeviceTablet size={18} aria-hidden />}
          onClick={() => setPairing(true)}
          data-testid="pair"
        >
          {t('admin.pair')}
        </Button>
      </PageTitle>
      {panels.data ? (
        panels.data.length === 0 ? (
          <Empty title={t('admin.noPanels')} hint={t('admin.noPanelsHint')} />
        ) : (
          <div className={panel.tableWrap}>
            <table className={`${panel.table} ${classes.stacked}`} data-testid="panels">
              <thead>
                <tr>
                  <th className={panel.wide}>{t('admin.panelName')}</th>
                  <th>{t('admin.room')}</th>
                  <th>{t('admin.seen')}</th>
                  <th>{t('admin.state')}</th>
                  <th>
                    <span className="visually-hidden">{t('admin.revoke')}</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {panels.data.map((one) => (
                  <PanelRow key={one.panelId} one={one} onRevoke={() => setRevoked(one)} />
                ))}
              </tbody>
            </table>
          </div>
        )
      ) : panels.isPending ? (
        <Loading />
      ) : (
        <Failed error={panels.error} onRetry={() => void panels.refetch()} />
      )}
      <PairDialog open={pairing} onClose={() => setPairing(false)} onPaired={() => void refresh()} />
      <Confirm
        open={revoked !== undefined}
        title={t('admin.revoke')}
        question={t('admin.revokeQuestion', { name: revoked?.name ?? '' })}
        busy={revoke.isPending}
        error={revoke.error}
        onConfirm={() => revoked && revoke.mutate(revoked)}
        onClose={() => setRevoked(undefined)}
      />
    </>
  );
}

function PanelRow({ one, onRevoke }: { one: PanelView; onRevoke: () => void }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const { data: stations = [] } = useStations();
  const { name, stationId, device, address, pairedAt, pairedBy, lastSeenAt, revokedAt } = one;
  const look = revokedAt === undefined ? 'active' : 'revoked';
  return (
    <tr data-testid={`panel-${one.panelId}`}>
      <td>
        <span className={panel.strong}>{name}</span>
        <div className={panel.soft}>
          {deviceName(device)} · {address} ·{' '}
          {t('admin.paired', { time: dayTime(pairedAt, locale, new Date()), name: pairedBy })}
        </div>
      </td>
      <td>{stations.find((station) => station.stationId === stationId)?.name ?? stationId}</td>
      <td data-label={t('admin.seen')}>
        {lastSeenAt === undefined ? t('admin.never') : dayTime(lastSeenAt, locale, new Date())}
      </td>
      <td>
        <Badge look={deviceLooks[look]} text={t(`admin.${look}`)} size="sm" />
      </td>
      <td>
        {revokedAt === undefined && (
          <Button size="xs" variant="default" onClick={onRevoke} aria-label={t('admin.revokeOf', { name })}>
            {t('admin.revoke')}
          </Button>
        )}
      </td>
    </tr>
  );
}
