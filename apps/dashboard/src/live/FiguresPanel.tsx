import { IconX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useLocale } from '../app/locale.ts';
import classes from './FiguresPanel.module.css';
import type { LiveMetrics } from './live-player.ts';

interface Props {
  name: string;
  metrics: LiveMetrics;
  onClose: () => void;
}

/** How the picture comes and how old it is, for whoever asks: measured in this browser, each second anew. */
export function FiguresPanel({ name, metrics, onClose }: Props) {
  const { t } = useTranslation();
  const locale = useLocale();
  const { displayMs, roundTripMs, size, packetsLost, packetsReceived } = metrics;
  const number = new Intl.NumberFormat(locale);
  const percent = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 2 });
  const all = Math.max(0, packetsLost ?? 0) + (packetsReceived ?? 0);
  const unknown = '–';
  const lost = Math.max(0, packetsLost ?? 0);
  const rows: [string, string][] = [
    [t('figures.display'), displayMs ? t('figures.displayMs', displayMs) : unknown],
    [t('figures.roundTrip'), roundTripMs === undefined ? unknown : `${number.format(roundTripMs)} ms`],
    [t('figures.way'), t(`figures.transport.${metrics.transport}`)],
    [t('figures.codec'), metrics.codec ?? unknown],
    [t('figures.size'), size ? `${size.width} × ${size.height}` : unknown],
    [
      t('figures.lost'),
      packetsLost === undefined || all === 0
        ? unknown
        : t('figures.lostOf', {
            lost: number.format(lost),
            all: number.format(all),
            share: percent.format(lost / all),
          }),
    ],
    [t('figures.reconnects'), number.format(metrics.reconnects)],
  ];
  return (
    <section className={classes.panel} aria-label={t('figures.title')} data-testid="figures">
      <header>
        <h3>{name}</h3>
        <button type="button" onClick={onClose} aria-label={t('app.close')} data-testid="figures-close">
          <IconX size={28} aria-hidden />
        </button>
      </header>
      <dl>
        {rows.map(([figure, value]) => (
          <div key={figure}>
            <dt>{figure}</dt>
            <dd className="tnum">{value}</dd>
          </div>
        ))}
      </dl>
      <p>{t('figures.note')}</p>
    </section>
  );
}
