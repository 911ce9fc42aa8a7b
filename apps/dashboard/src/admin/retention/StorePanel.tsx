import type { StoreForecast } from '@smartbox/contracts';
import { useTranslation } from 'react-i18next';
import { useLocale } from '../../app/locale.ts';
import { siteDay } from '../../format/dates.ts';
import { bytes } from '../../format/quantities.ts';
import panel from '../../ui/Panel.module.css';
import { Progress } from './Progress.tsx';
import classes from './Retention.module.css';

const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT] = [760, 220, 74, 26, 14, 8];

/** How full the object store is and will be: with the rules, and without any. */
export function StorePanel({ store, acts }: { store: StoreForecast; acts: boolean }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const { used, capacityBytes, addedPerDayBytes, fullOn, days } = store;
  const last = days.at(-1);
  return (
    <section className={panel.panel} data-testid="store">
      <h2>{t('store.title')}</h2>
      {capacityBytes === undefined ? (
        <p className={classes.hint}>{t('store.noCapacity')}</p>
      ) : (
        <Progress
          value={used.bytes}
          max={capacityBytes}
          label={t('store.usedOf', { used: bytes(used.bytes, locale), all: bytes(capacityBytes, locale) })}
        />
      )}
      <p className={classes.outlook} data-tone={fullOn === undefined ? 'good' : 'warn'} data-testid="outlook">
        {t('store.perDay', { size: bytes(addedPerDayBytes, locale) })}{' '}
        <strong>
          {fullOn !== undefined
            ? t('store.fullOn', { date: siteDay(fullOn, locale) })
            : capacityBytes !== undefined && t('store.never')}
        </strong>
      </p>
      {last && (
        <figure className={classes.chart}>
          <Chart store={store} />
          <figcaption>
            <span data-line="with">{t(acts ? 'store.withRules' : 'store.withRulesDry')}</span>
            <span data-line="without">{t('store.withoutRules')}</span>
            <span className="visually-hidden">
              {t('store.chart', {
                date: siteDay(last.date, locale),
                with: bytes(last.withRules, locale),
                without: bytes(last.withoutRules, locale),
              })}
            </span>
          </figcaption>
        </figure>
      )}
    </section>
  );
}

function Chart({ store: { days, capacityBytes, used } }: { store: StoreForecast }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const values = days.flatMap(({ withRules, withoutRules }) => [withRules, withoutRules]);
  const top = Math.max(1, used.bytes, ...values) * 1.1;
  const showCapacity = capacityBytes !== undefined && capacityBytes <= top * 1.6;
  const high = showCapacity ? Math.max(top, capacityBytes * 1.05) : top;
  const x = (i: number) => LEFT + (i / Math.max(1, days.length - 1)) * (WIDTH - LEFT - RIGHT);
  const y = (value: number) => TOP + (1 - value / high) * (HEIGHT - TOP - BOTTOM);
  const line = (pick: (day: StoreForecast['days'][number]) => number) =>
    days.map((day, i) => `${x(i)},${y(pick(day))}`).join(' ');
  return (
    <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden>
      {[0, 0.25, 0.5, 0.75, 1].map((share) => (
        <g key={share}>
          <line className={classes.grid} x1={LEFT} x2={WIDTH - RIGHT} y1={y(share * high)} y2={y(share * high)} />
          <text className={classes.axis} x={LEFT - 8} y={y(share * high) + 4} textAnchor="end">
            {bytes(share * high, locale)}
          </text>
        </g>
      ))}
      {showCapacity && (
        <>
          <line className={classes.capacity} x1={LEFT} x2={WIDTH - RIGHT} y1={y(capacityBytes)} y2={y(capacityBytes)} />
          <text className={classes.capacityText} x={LEFT + 6} y={y(capacityBytes) - 5}>
            {t('store.capacity')}
          </text>
        </>
      )}
      <polyline className={classes.without} points={line(({ withoutRules }) => withoutRules)} />
      <polyline className={classes.with} points={line(({ withRules }) => withRules)} />
      {[0, Math.floor(days.length / 2), days.length - 1].map((i) => (
        <text
          key={i}
          className={classes.axis}
          data-middle={i > 0 && i < days.length - 1 ? true : undefined}
          x={x(i)}
          y={HEIGHT - 6}
          textAnchor={i === 0 ? 'start' : i === days.length - 1 ? 'end' : 'middle'}
        >
          {days[i] && siteDay(days[i].date, locale)}
        </text>
      ))}
    </svg>
  );
}
