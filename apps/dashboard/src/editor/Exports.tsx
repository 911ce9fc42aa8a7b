import type { ExportView } from '@smartbox/contracts';
import { Button } from '@mantine/core';
import { IconDownload, IconPlayerPlayFilled } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../account/session.ts';
import { useLocale } from '../app/locale.ts';
import { dayTime } from '../format/dates.ts';
import { bytes, stopwatch } from '../format/quantities.ts';
import { Failed } from '../ui/Placeholder.tsx';
import { ExportCopies } from './ExportCopies.tsx';
import { HlsFilm } from './HlsFilm.tsx';
import { QualityLine } from './QualityLine.tsx';
import { SendExport } from './SendExport.tsx';
import { useWork } from './useWork.ts';
import { exportsOf } from './work.ts';
import { WorkState } from './WorkState.tsx';
import classes from './Work.module.css';

/** Exported files with their progress, size and quality: saved, played in place, sent on. */
export function Exports({ clipId, stationId }: { clipId: string; stationId: string }) {
  const { t } = useTranslation();
  const { data, error, refetch } = useQuery(exportsOf(clipId));
  const work = useWork(clipId);
  if (error && !data) return <Failed error={error} onRetry={() => void refetch()} />;
  if (data?.length === 0) return <p className={classes.none}>{t('exports.empty')}</p>;
  return (
    <ul className={classes.list} data-testid="exports">
      {data?.map((job) => (
        <Export key={job.renditionId} job={job} stationId={stationId} work={work} />
      ))}
    </ul>
  );
}

interface Props {
  job: ExportView;
  stationId: string;
  work: ReturnType<typeof useWork>;
}

function Export({ job, stationId, work }: Props) {
  const { t } = useTranslation();
  const locale = useLocale();
  const may = useMay()('clip.export');
  const [playing, setPlaying] = useState(false);
  const title = t(`profile.${job.profile}`);
  return (
    <li
      className={classes.item}
      data-testid={`export-${job.renditionId}`}
      data-state={job.state}
      data-profile={job.profile}
    >
      <div className={classes.head}>
        <strong>
          {title}
          {job.name !== undefined && ` · ${job.name}`}
        </strong>
        {job.removed && <span>{t('retention.gonePart', { rule: job.removed.rule })}</span>}
        <div className={classes.links}>
          {job.playUrl !== undefined && (
            <Button
              size="sm"
              variant="default"
              leftSection={<IconPlayerPlayFilled size={18} aria-hidden />}
              onClick={() => setPlaying((was) => !was)}
              aria-expanded={playing}
              aria-label={`${t('exports.play')}: ${title}`}
              data-testid="play-export"
            >
              {t('exports.play')}
            </Button>
          )}
          {may && job.downloadUrl !== undefined && job.state === 'ready' && (
            <>
              <SendExport job={job} stationId={stationId} title={title} />
              <Button
                component="a"
                href={job.downloadUrl}
                download={job.fileName ?? true}
                size="sm"
                leftSection={<IconDownload size={18} aria-hidden />}
                aria-label={`${t('exports.download')}: ${title}`}
                data-testid="download"
              >
                {t('exports.download')}
              </Button>
            </>
          )}
        </div>
      </div>
      {playing && job.playUrl !== undefined && <HlsFilm url={job.playUrl} title={title} />}
      <WorkState
        job={job}
        title={title}
        needs="clip.export"
        busy={work.isBusy(job.renditionId)}
        onCancel={() => work.cancel(job)}
        onRetry={() => work.retry(job)}
      />
      <p className={classes.facts} data-testid="export-facts">
        {[
          dayTime(job.requestedAt, locale, new Date()),
          job.purpose === 'teaching' && t('exports.teaching'),
          job.durationMs !== undefined && stopwatch(job.durationMs),
          job.width !== undefined && job.height !== undefined && `${job.width} × ${job.height}`,
          job.bytes !== undefined && bytes(job.bytes, locale),
          job.lossless === true && t('exports.lossless'),
          job.redactions.length > 0 && t('exports.hidden', { count: job.redactions.length }),
        ]
          .filter((part) => part !== false)
          .join(' · ')}
      </p>
      <ExportCopies job={job} />
      {job.quality && <QualityLine quality={job.quality} />}
      {job.notes.length > 0 && (
        <ul className={classes.notes}>
          {job.notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
    </li>
  );
}
