import type { QualityReport } from '@smartbox/contracts';

export type Metric = 'psnr' | 'ssim';

/** Above this a difference cannot be seen by anybody; pictures that are the same (no finite value) are drawn there. */
const PSNR_TOP = 60;

interface Plot {
  readonly low: number;
  readonly high: number;
  readonly threshold: number;
  readonly lines: readonly number[];
  /** Lowest value of each column of the curve: an outlier of one frame stays visible in an hour of film. */
  readonly curve: readonly { readonly frame: number; readonly value: number }[];
  readonly scenes: readonly { readonly from: number; readonly to: number; readonly value: number }[];
}

const finite = (value: number | null, metric: Metric): number =>
  value === null ? (metric === 'psnr' ? PSNR_TOP : 1) : metric === 'psnr' ? Math.min(value, PSNR_TOP) : value;

/** What is drawn of a report; at most `columns` points, however long the film. */
export function plotOf(report: QualityReport, metric: Metric, columns = 600): Plot {
  const size = Math.max(1, Math.ceil(report.curve.length / columns));
  const curve: { frame: number; value: number }[] = [];
  for (let i = 0; i < report.curve.length; i += size) {
    const column = report.curve.slice(i, i + size).map((p) => ({ frame: p.frame, value: finite(p[metric], metric) }));
    curve.push(column.reduce((lowest, point) => (point.value < lowest.value ? point : lowest)));
  }
  const scenes = report.scenes.map((s) => ({ from: s.from, to: s.to, value: finite(s[metric], metric) }));
  const threshold = report.thresholds[metric];
  const values = [...curve, ...scenes].map(({ value }) => value).concat(threshold);
  const step = metric === 'psnr' ? 5 : 0.02;
  const low = Math.max(0, Math.floor((Math.min(...values) - step / 4) / step) * step);
  const high = Math.min(metric === 'psnr' ? PSNR_TOP : 1, Math.ceil((Math.max(...values) + step / 4) / step) * step);
  const every = step * Math.max(1, Math.ceil((high - low) / step / 5));
  const lines: number[] = [];
  for (let at = low; at <= high + step / 100; at += every) lines.push(Number(at.toFixed(4)));
  return { low, high: Math.max(high, low + step), threshold, lines, curve, scenes };
}
