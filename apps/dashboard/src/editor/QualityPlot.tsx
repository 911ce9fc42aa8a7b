import type { QualityReport } from '@smartbox/contracts';
import { useTranslation } from 'react-i18next';
import { useLocale } from '../app/locale.ts';
import { count } from '../format/quantities.ts';
import { plotOf } from './plot.ts';
import type { Metric } from './plot.ts';
import classes from './Work.module.css';

const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT] = [760, 220, 52, 26, 10, 8];

/** PSNR or SSIM over the film: the curve, the mean of each scene, and the threshold. */
export function QualityPlot({ report, metric }: { report: QualityReport; metric: Metric }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const plot = plotOf(report, metric);
  const digits = metric === 'psnr' ? 1 : 4;
  const number = (value: number, most = digits) =>
    new Intl.NumberFormat(locale, { maximumFractionDigits: most }).format(value);
  const frames = Math.max(1, report.scenes.at(-1)?.to ?? report.frames.reference);
  const x = (frame: number) => LEFT + (frame / frames) * (WIDTH - LEFT - RIGHT);
  const y = (value: number) =>
    TOP +
    (1 - (Math.min(Math.max(value, plot.low), plot.high) - plot.low) / (plot.high - plot.low)) *
      (HEIGHT - TOP - BOTTOM);
  const summary = report[metric];
  const words = (value: number | null) => (value === null ? t('quality.same') : number(value));
  return (
    <svg
      className={classes.plot}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={t('quality.plot', {
        metric: metric.toUpperCase(),
        frames: count(report.frames.compared, locale),
        average: words(summary.average),
        min: words(summary.min),
        threshold: number(plot.threshold),
      })}
      data-testid="quality-plot"
    >
      {plot.lines.map((line) => (
        <g key={line}>
          <line className={classes.grid} x1={LEFT} x2={WIDTH - RIGHT} y1={y(line)} y2={y(line)} />
          <text className={classes.axis} x={LEFT - 8} y={y(line) + 4} textAnchor="end">
            {number(line, metric === 'psnr' ? 0 : 2)}
          </text>
        </g>
      ))}
      <rect
        className={classes.below}
        x={LEFT}
        width={WIDTH - LEFT - RIGHT}
        y={y(plot.threshold)}
        height={Math.max(0, HEIGHT - BOTTOM - y(plot.threshold))}
      />
      {plot.scenes.map((scene) => (
        <rect
          key={scene.from}
          className={classes.scene}
          data-low={scene.value < plot.threshold}
          x={x(scene.from)}
          width={Math.max(1, x(scene.to) - x(scene.from) - 1)}
          y={y(scene.value)}
          height={Math.max(1, HEIGHT - BOTTOM - y(scene.value))}
        >
          <title>{t('quality.scene', { from: scene.from, to: scene.to - 1, value: number(scene.value) })}</title>
        </rect>
      ))}
      <polyline className={classes.curve} points={plot.curve.map((p) => `${x(p.frame)},${y(p.value)}`).join(' ')} />
      <line className={classes.threshold} x1={LEFT} x2={WIDTH - RIGHT} y1={y(plot.threshold)} y2={y(plot.threshold)} />
      <text className={classes.thresholdText} x={WIDTH - RIGHT - 4} y={y(plot.threshold) - 6} textAnchor="end">
        {t('quality.threshold', { value: number(plot.threshold) })}
      </text>
      {[0, 0.25, 0.5, 0.75, 1].map((share) => (
        <text
          key={share}
          className={classes.axis}
          x={x(share * frames)}
          y={HEIGHT - 6}
          textAnchor={share === 0 ? 'start' : share === 1 ? 'end' : 'middle'}
        >
          {count(Math.round(share * frames), locale)}
        </text>
      ))}
    </svg>
  );
}
