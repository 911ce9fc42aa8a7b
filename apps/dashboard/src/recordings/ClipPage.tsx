import type { ClipDetail } from '@smartbox/contracts';
import { Button, Switch } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconArrowLeft, IconRefreshAlert } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link, useParams } from 'react-router';
import { api } from '../api/client.ts';
import { ApiError } from '../api/errors.ts';
import { keys, useClip, useStations } from '../api/queries.ts';
import { useLocale } from '../app/locale.ts';
import { useErrorText } from '../app/useErrorText.ts';
import { ClipPlayer } from '../clip/ClipPlayer.tsx';
import { StillView } from '../clip/StillView.tsx';
import { dateTime } from '../format/dates.ts';
import { bytes, elapsed, stopwatch } from '../format/quantities.ts';
import { Journey } from '../ui/Journey.tsx';
import { PageTitle } from '../ui/PageTitle.tsx';
import panel from '../ui/Panel.module.css';
import { useBirthText, usePatientName } from '../ui/PatientText.tsx';
import { Empty, Failed, Loading } from '../ui/Placeholder.tsx';
import { ClipBadge } from '../ui/StateBadge.tsx';
import { CopyText } from './CopyText.tsx';
import { DescriptionForm } from './DescriptionForm.tsx';
import { InstanceList } from './InstanceList.tsx';
import classes from './Recordings.module.css';
import { SourceList } from './SourceList.tsx';
import { Waterfall } from './Waterfall.tsx';

export function ClipPage() {
  const { t } = useTranslation();
  const { clipId = '' } = useParams();
  const { data: clip, error, refetch } = useClip(clipId);
  return (
    <>
      <Link to="/recordings" className={classes.back}>
        <IconArrowLeft size={18} aria-hidden />
        {t('clip.back')}
      </Link>
      {clip ? (
        <Clip clip={clip} />
      ) : error instanceof ApiError && error.status === 404 ? (
        <Empty title={t('clip.deleted')} />
      ) : error ? (
        <Failed error={error} onRetry={() => void refetch()} />
      ) : (
        <Loading />
      )}
    </>
  );
}

function Clip({ clip }: { clip: ClipDetail }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const nameOf = usePatientName();
  const bornOf = useBirthText();
  const errorText = useErrorText();
  const client = useQueryClient();
  const { data: stations } = useStations();
  const station = stations?.find((s) => s.stationId === clip.stationId);
  const names = Object.fromEntries(station?.sources.map((s) => [s.sourceId, s.name]) ?? []);
  const refresh = () => client.invalidateQueries({ queryKey: keys.clip(clip.clipId) });
  const onError = (error: unknown) =>
    notifications.show({ color: 'red', title: t('error.title'), message: errorText(error), autoClose: false });
  const change = useMutation({
    mutationFn: (body: { description?: string; keep?: boolean }) => api.changeClip(clip.clipId, body),
    onSuccess: async () => {
      notifications.show({ message: t('clip.saved') });
      await refresh();
    },
    onError,
  });
  const retry = useMutation({
    mutationFn: () => api.retryClip(clip.clipId),
    onSuccess: async () => {
      notifications.show({ message: t('clip.retried') });
      await refresh();
    },
    onError,
  });
  const failing =
    clip.state === 'failed' ||
    clip.instances.some((i) => i.deliveries.some((d) => d.state === 'failed' || d.state === 'deferred'));

  return (
    <div data-testid="clip-page" data-state={clip.state}>
      <PageTitle
        title={nameOf(clip.patient.name)}
        subtitle={[bornOf(clip.patient), `${t('patient.id')} ${clip.patient.id}`, dateTime(clip.requestedAt, locale)]
          .filter(Boolean)
          .join(' · ')}
      >
        <ClipBadge state={clip.state} size="lg" />
        {failing && (
          <Button
            leftSection={<IconRefreshAlert size={18} aria-hidden />}
            loading={retry.isPending}
            onClick={() => retry.mutate()}
            data-testid="retry"
          >
            {t('clip.retry')}
          </Button>
        )}
      </PageTitle>
      {clip.failure && (
        <p className={classes.notice} data-tone="bad" role="alert">
          <strong>{t('clip.failed')}</strong> {clip.failure.reason} ({clip.failure.code})
        </p>
      )}
      {clip.truncated && clip.requestedMs !== undefined && clip.savedMs !== undefined && (
        <p className={classes.notice} data-tone="warn">
          {t('clip.truncated', { asked: stopwatch(clip.requestedMs), saved: stopwatch(clip.savedMs) })}
        </p>
      )}
      <div className={classes.columns}>
        <div className={classes.column}>
          <section className={panel.panel}>
            {clip.kind === 'still' ? <StillView clip={clip} /> : <ClipPlayer clip={clip} names={names} />}
          </section>
          <section className={panel.panel}>
            <h2>{t('clip.journey')}</h2>
            <Waterfall steps={clip.journey} names={names} />
          </section>
          <section className={panel.panel}>
            <h2>{t('clip.dicom')}</h2>
            <InstanceList clip={clip} names={names} onRetry={() => retry.mutate()} busy={retry.isPending} />
          </section>
        </div>
        <div className={classes.column}>
          <section className={panel.panel}>
            <h2>{t('clip.details')}</h2>
            <Journey clip={clip} labels />
            <dl className={classes.facts} style={{ marginTop: 18 }}>
              <dt>{t('recordings.room')}</dt>
              <dd>{station?.name ?? clip.stationId}</dd>
              <dt>{t('recordings.kind')}</dt>
              <dd>{t(`clipKind.${clip.kind}`)}</dd>
              {clip.savedMs !== undefined && clip.kind !== 'still' && (
                <>
                  <dt>{t('recordings.length')}</dt>
                  <dd>{stopwatch(clip.savedMs)}</dd>
                </>
              )}
              <dt>{t('recordings.size')}</dt>
              <dd>{bytes(clip.bytes, locale)}</dd>
              {clip.savedAt !== undefined && clip.kind === 'clip' && (
                <>
                  <dt>{t('clip.untilSaved')}</dt>
                  <dd>{elapsed(Date.parse(clip.savedAt) - Date.parse(clip.requestedAt), locale)}</dd>
                </>
              )}
              {clip.traceId !== undefined && (
                <>
                  <dt>{t('clip.trace')}</dt>
                  <dd>
                    <CopyText text={clip.traceId} what={t('clip.trace')} />
                  </dd>
                </>
              )}
            </dl>
            <Switch
              mt="lg"
              size="md"
              checked={clip.keep}
              disabled={change.isPending}
              onChange={(event) => change.mutate({ keep: event.currentTarget.checked })}
              label={t('clip.keep')}
              description={t('clip.keepHint')}
              data-testid="keep"
            />
          </section>
          <section className={panel.panel}>
            <DescriptionForm
              key={clip.description ?? ''}
              value={clip.description ?? ''}
              busy={change.isPending}
              onSave={(description) => change.mutate({ description })}
            />
          </section>
          <section className={panel.panel}>
            <h2>{t('clip.sources')}</h2>
            <SourceList clip={clip} names={names} />
          </section>
        </div>
      </div>
    </div>
  );
}
