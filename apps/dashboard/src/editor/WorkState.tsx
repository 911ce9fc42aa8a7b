import type { EditView, ExportView, Permission, WorkState as State } from '@smartbox/contracts';
import { Button, Progress } from '@mantine/core';
import {
  IconAlertTriangleFilled,
  IconCheck,
  IconCircleDashed,
  IconCircleX,
  IconClock,
  IconPlayerStopFilled,
} from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../account/session.ts';
import { useLocale } from '../app/locale.ts';
import { count, elapsed } from '../format/quantities.ts';
import { ReasonText } from '../ui/ReasonText.tsx';
import { Badge } from '../ui/StateBadge.tsx';
import { underWay } from './work.ts';
import classes from './Work.module.css';

/** Tone and shape of each state. */
export const looks = {
  waiting: ['idle', IconClock],
  running: ['busy', IconCircleDashed],
  ready: ['good', IconCheck],
  failed: ['bad', IconAlertTriangleFilled],
  stopping: ['idle', IconPlayerStopFilled],
  cancelled: ['idle', IconCircleX],
} as const satisfies Record<State, unknown>;

interface Props {
  job: EditView | ExportView;
  /** What it is, for screen readers. */
  title: string;
  /** For cancelling it, and for another try. */
  needs: Permission;
  onCancel: () => void;
  onRetry: () => void;
  busy: boolean;
}

/** Where a job stands: word, progress with an honest estimate, cancel; a failure with its reason and a way on. */
export function WorkState({ job, title, needs, onCancel, onRetry, busy }: Props) {
  const { t } = useTranslation();
  const locale = useLocale();
  const may = useMay()(needs);
  const cancellable = job.state === 'waiting' || job.state === 'running';
  return (
    <>
      <div className={classes.state}>
        <Badge look={looks[job.state]} text={t(`work.${job.state}`)} size="sm" />
        {job.state === 'running' && (
          <span className="tnum">
            {t('work.percent', { percent: count(Math.round(job.percent), locale) })}
            {job.remainingMs !== undefined && ` · ${t('work.remaining', { time: elapsed(job.remainingMs, locale) })}`}
          </span>
        )}
        <span className={classes.space} />
        {may && cancellable && (
          <Button
            size="sm"
            variant="default"
            loading={busy}
            onClick={onCancel}
            aria-label={`${t('work.cancel')}: ${title}`}
            data-testid="cancel-work"
          >
            {t('work.cancel')}
          </Button>
        )}
        {may && (job.state === 'failed' || job.state === 'cancelled') && (
          <Button
            size="sm"
            variant="default"
            loading={busy}
            onClick={onRetry}
            aria-label={`${t('work.again')}: ${title}`}
            data-testid="retry-work"
          >
            {t('work.again')}
          </Button>
        )}
      </div>
      {underWay(job.state) && (
        <Progress
          value={job.state === 'running' ? job.percent : 0}
          aria-label={`${t('work.progress')}: ${title}`}
          size="lg"
        />
      )}
      {job.failure && job.state === 'failed' && (
        <p className={classes.failure} data-tone="bad" role="alert">
          <ReasonText {...job.failure} />
        </p>
      )}
    </>
  );
}
