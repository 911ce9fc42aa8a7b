import type { StationView } from '@smartbox/contracts';
import { IconClock, IconFlame, IconSnowflake, IconTemperature } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useLocale } from '../../app/locale.ts';
import { bytes, elapsed } from '../../format/quantities.ts';
import { Badge } from '../../ui/StateBadge.tsx';
import { clockTone, spoolHeat } from './facts.ts';

/** The station's clock against the broker's. */
export function ClockBadge({ station, size }: { station: StationView; size?: 'sm' | 'md' }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const { clockOffsetMs } = station;
  if (clockOffsetMs === undefined || !station.online) return <>–</>;
  const tone = clockTone(clockOffsetMs);
  const time = elapsed(Math.abs(clockOffsetMs), locale);
  const text = tone === 'good' ? t('station.clock.good') : t(`station.clock.${clockOffsetMs > 0 ? 'ahead' : 'behind'}`, { time }); // prettier-ignore
  return <Badge look={[tone, IconClock]} text={text} size={size} />;
}

const heatLooks = { cold: ['good', IconSnowflake], warm: ['warn', IconTemperature], hot: ['bad', IconFlame] } as const;

/** What waits on the station's disk: cold is well, hot will lose footage. */
export function SpoolBadge({ station, size }: { station: StationView; size?: 'sm' | 'md' }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const spool = spoolHeat(station.spool);
  if (!spool || !station.online) return <>–</>;
  const percent = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 0 }).format(spool.share);
  const text = t(`station.spool.${spool.heat}`, { size: bytes(station.spool?.bytes ?? 0, locale), percent });
  return <Badge look={heatLooks[spool.heat]} text={text} size={size} />;
}
