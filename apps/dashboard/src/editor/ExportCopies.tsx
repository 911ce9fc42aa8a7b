import type { CopyView, ExportView } from '@smartbox/contracts';
import { Button, Progress } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useMay } from '../account/session.ts';
import { editApi } from '../api/edits.ts';
import { useLocale } from '../app/locale.ts';
import { useErrorText } from '../app/useErrorText.ts';
import { count } from '../format/quantities.ts';
import { ReasonText } from '../ui/ReasonText.tsx';
import { Badge } from '../ui/StateBadge.tsx';
import { looks } from './WorkState.tsx';
import { applyExport } from './work.ts';
import classes from './Work.module.css';

/** Where a file was sent on to: into the archive, onto sticks and shares; each with how far it is. */
export function ExportCopies({ job }: { job: ExportView }) {
  const { t } = useTranslation();
  const { destinations = [], archiveFailure, copies = [] } = job;
  return (
    <>
      {destinations.length > 0 && (
        <p className={classes.facts} data-testid="export-destinations">
          {t('exports.archivedTo', { places: destinations.join(', ') })}
        </p>
      )}
      {archiveFailure && (
        <p className={classes.failure} data-tone="bad" role="alert">
          <ReasonText {...archiveFailure} />
        </p>
      )}
      {copies.map((copy) => (
        <Copy key={copy.copyId} job={job} copy={copy} />
      ))}
    </>
  );
}

function Copy({ job, copy }: { job: ExportView; copy: CopyView }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const client = useQueryClient();
  const errorText = useErrorText();
  const may = useMay()('clip.export');
  const cancel = useMutation({
    mutationFn: () => editApi.cancelCopy(job.clipId, job.renditionId, copy.copyId),
    onSuccess: (view) => applyExport(client, view),
    onError: (error) => notifications.show({ color: 'red', message: errorText(error), autoClose: false }),
  });
  const { state, target, path, failure } = copy;
  return (
    <div data-testid={`copy-of-${target}`} data-state={state}>
      <div className={classes.state}>
        <Badge look={looks[state]} text={t(`work.${state === 'ready' ? 'copied' : state}`)} size="sm" />
        <span>{path ?? target}</span>
        {state === 'running' && (
          <span className="tnum">{t('work.percent', { percent: count(Math.round(copy.percent), locale) })}</span>
        )}
        <span className={classes.space} />
        {may && (state === 'waiting' || state === 'running') && (
          <Button
            size="sm"
            variant="default"
            loading={cancel.isPending}
            onClick={() => cancel.mutate()}
            aria-label={`${t('work.cancel')}: ${target}`}
            data-testid="cancel-copy"
          >
            {t('work.cancel')}
          </Button>
        )}
      </div>
      {state === 'running' && (
        <Progress value={copy.percent} aria-label={`${t('work.progress')}: ${target}`} size="sm" mt={6} />
      )}
      {failure && state === 'failed' && (
        <p className={classes.failure} data-tone="bad" role="alert">
          <ReasonText {...failure} />
        </p>
      )}
    </div>
  );
}
