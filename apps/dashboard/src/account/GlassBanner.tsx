import { Button } from '@mantine/core';
import type { OpenedRoom } from '@smartbox/contracts';
import { IconFirstAidKit } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { accessApi } from '../api/access.ts';
import { useStations } from '../api/queries.ts';
import { useLocale } from '../app/locale.ts';
import { useNow } from '../app/use-now.ts';
import { clockTime } from '../format/dates.ts';
import classes from './Account.module.css';
import { session, useCaller } from './session.ts';

/** For as long as a room is open by emergency access, nobody in front of the screen can overlook it. */
export function GlassBanner({ large = false }: { large?: boolean }) {
  const now = useNow(5_000).toISOString();
  const opened = useCaller()?.opened.filter(({ until }) => until > now) ?? [];
  return opened.length === 0 ? null : <Banners opened={opened} large={large} />;
}

function Banners({ opened, large }: { opened: OpenedRoom[]; large: boolean }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const { data: stations } = useStations();
  const end = useMutation({
    mutationFn: accessApi.endBreakGlass,
    onSettled: () => session.refresh(),
  });
  return opened.map(({ grantId, stationId, until }) => (
    <div
      key={grantId}
      className={classes.glass}
      role="alert"
      data-tone="bad"
      data-large={large}
      data-testid="glass-banner"
    >
      <IconFirstAidKit size={large ? 36 : 24} aria-hidden />
      <span>
        {t('glass.banner', {
          room: stations?.find((one) => one.stationId === stationId)?.name ?? stationId,
          time: clockTime(until, locale),
        })}
      </span>
      <Button
        size={large ? 'lg' : 'xs'}
        variant="default"
        loading={end.isPending}
        onClick={() => end.mutate(grantId)}
        data-testid="glass-end"
      >
        {t('glass.end')}
      </Button>
    </div>
  ));
}
