import type { QualityReport, QualityView } from '@smartbox/contracts';
import { NativeSelect, SegmentedControl } from '@mantine/core';
import { IconAlertTriangleFilled, IconCheck } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { editApi } from '../api/edits.ts';
import { useLocale } from '../app/locale.ts';
import { count } from '../format/quantities.ts';
import { de } from '../i18n/de.ts';
import { Loading } from '../ui/Placeholder.tsx';
import panel from '../ui/Panel.module.css';
import { ReasonText } from '../ui/ReasonText.tsx';
import { Badge } from '../ui/StateBadge.tsx';
import { QualityPlot } from './QualityPlot.tsx';
import { editsOf, exportsOf, qualityOf, workKeys } from './work.ts';
import classes from './Work.module.css';

type Metric = 'psnr' | 'ssim';
const isRendition = (name: string): name is keyof typeof de.rendition => Object.hasOwn(de.rendition, name);

/** Every re-encoding of a clip against its source: numbers, the curve over its scenes, and what was warned of. */
export function QualityPanel({ clipId, names }: { clipId: string; names: Record<string, string> }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const { data: views = [] } = useQuery(qualityOf(clipId));
  const { data: edits = [] } = useQuery(editsOf(clipId));
  const { data: exports = [] } = useQuery(exportsOf(clipId));
  const [chosen, setChosen] = useState<string>();
  const [metric, setMetric] = useState<Metric>('psnr');
  // What was warned of is what a person should see first.
  const view = views.find(({ qualityId }) => qualityId === chosen) ?? views.find(({ warning }) => warning) ?? views[0];
  if (!view) return null;

  const titleOf = ({ sourceId, rendition, renditionId }: QualityView): string => {
    const job = exports.find((e) => e.renditionId === renditionId);
    const edit = edits.find((e) => e.renditionId === renditionId);
    const what = job
      ? t(`profile.${job.profile}`)
      : edit
        ? (edit.name ?? t('versions.edit'))
        : isRendition(rendition)
          ? t(`rendition.${rendition}`)
          : rendition;
    return `${what} · ${names[sourceId] ?? sourceId}`;
  };
  const { summary, warning } = view;
  const notes = summary.notes.filter((note) => note !== warning?.reason);
  const number = (value: number | null, digits: number) =>
    value === null
      ? t('quality.same')
      : new Intl.NumberFormat(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
  const facts = [
    [t('quality.psnr'), `${number(summary.psnr.average, 1)} dB`, `${number(summary.psnr.min, 1)} dB`],
    [t('quality.ssim'), number(summary.ssim.average, 4), number(summary.ssim.min, 4)],
    [t('quality.xpsnr'), `${number(summary.xpsnr.average, 1)} dB`, `${number(summary.xpsnr.min, 1)} dB`],
  ] as const;
  return (
    <section className={`${panel.panel} ${classes.quality}`} data-testid="quality" data-passed={summary.passed}>
      <h2>{t('quality.title')}</h2>
      <div className={classes.qualityHead}>
        <NativeSelect
          label={t('quality.version')}
          size="md"
          value={view.qualityId}
          onChange={(event) => setChosen(event.currentTarget.value)}
          data={views.map((v) => ({ value: v.qualityId, label: titleOf(v) }))}
          data-testid="quality-of"
        />
        <Badge
          look={summary.passed ? ['good', IconCheck] : ['warn', IconAlertTriangleFilled]}
          text={summary.passed ? t('quality.passed') : t('quality.warned')}
        />
        <SegmentedControl
          aria-label={t('quality.metric')}
          value={metric}
          onChange={(value) => setMetric(value)}
          data={[
            { value: 'psnr', label: t('quality.psnr') },
            { value: 'ssim', label: t('quality.ssim') },
          ]}
        />
      </div>
      {warning && (
        <p className={classes.failure} data-tone="warn" role="alert" data-testid="quality-warning">
          <ReasonText code={warning.code} reason={warning.reason} />
        </p>
      )}
      <Curve clipId={clipId} view={view} metric={metric} />
      <table className={classes.numbers}>
        <thead>
          <tr>
            <th scope="col">{t('quality.metric')}</th>
            <th scope="col">{t('quality.average')}</th>
            <th scope="col">{t('quality.lowest')}</th>
          </tr>
        </thead>
        <tbody>
          {facts.map(([name, average, min]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td className="tnum">{average}</td>
              <td className="tnum">{min}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className={classes.facts}>
        {[
          t('quality.frames', {
            distorted: count(summary.frames.distorted, locale),
            reference: count(summary.frames.reference, locale),
          }),
          t('quality.worst', { frame: summary.worstFrame }),
          summary.repeatedFrames > 0 && t('quality.repeated', { count: summary.repeatedFrames }),
          summary.blackFrames > 0 && t('quality.black', { count: summary.blackFrames }),
        ]
          .filter((part) => part !== false)
          .join(' · ')}
      </p>
      {notes.length > 0 && (
        <ul className={classes.notes}>
          {notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Curve({ clipId, view, metric }: { clipId: string; view: QualityView; metric: Metric }) {
  const { t } = useTranslation();
  const { data, error, isPending } = useQuery<QualityReport>({
    queryKey: [...workKeys.quality(clipId), view.qualityId],
    queryFn: () => editApi.qualityReport(clipId, view.qualityId),
    staleTime: Infinity,
  });
  if (isPending) return <Loading />;
  if (error) return <p className={classes.none}>{t('quality.unavailable')}</p>;
  return <QualityPlot report={data} metric={metric} />;
}
