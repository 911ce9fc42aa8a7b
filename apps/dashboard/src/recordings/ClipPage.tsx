import type { ClipDetail } from '@smartbox/contracts';
import { Button, Switch } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconArrowLeft, IconArrowsJoin, IconRefreshAlert, IconScissors } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link, useParams } from 'react-router';
import { Allowed } from '../account/Allowed.tsx';
import { useMay } from '../account/session.ts';
import { api } from '../api/client.ts';
import { keys, useStations } from '../api/queries.ts';
import { useLocale } from '../app/locale.ts';
import { useErrorText } from '../app/useErrorText.ts';
import { ClipVideo } from '../together/ClipVideo.tsx';
import { OfClip } from '../clip/OfClip.tsx';
import { StillView } from '../clip/StillView.tsx';
import { Exports } from '../editor/Exports.tsx';
import { QualityPanel } from '../editor/QualityPanel.tsx';
import { Versions } from '../editor/Versions.tsx';
import { dateTime } from '../format/dates.ts';
import { stopwatch } from '../format/quantities.ts';
import { ClipHolds } from '../holds/ClipHolds.tsx';
import { PageTitle } from '../ui/PageTitle.tsx';
import panel from '../ui/Panel.module.css';
import { useBirthText, usePatientId, usePatientName } from '../ui/PatientText.tsx';
import { ClipBadge } from '../ui/StateBadge.tsx';
import { ReasonText } from '../ui/ReasonText.tsx';
import { CorrectedNote } from '../correct/CorrectedNote.tsx';
import { AuditTrail } from './AuditTrail.tsx';
import { ConsentPanel } from '../consent/ConsentPanel.tsx';
import { ClipFacts } from './ClipFacts.tsx';
import { DescriptionForm } from './DescriptionForm.tsx';
import { InstanceList } from './InstanceList.tsx';
import classes from './Recordings.module.css';
import { SourceList } from './SourceList.tsx';
import { Tombstone } from './Tombstone.tsx';
import { Waterfall } from './Waterfall.tsx';

export function ClipPage() {
  const { t } = useTranslation();
  const { clipId = '' } = useParams();
  return (
    <>
      <Link to="/recordings" className={classes.back}>
        <IconArrowLeft size={18} aria-hidden />
        {t('clip.back')}
      </Link>
      <OfClip clipId={clipId}>{(clip) => <Clip clip={clip} />}</OfClip>
    </>
  );
}

function Clip({ clip }: { clip: ClipDetail }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const nameOf = usePatientName();
  const bornOf = useBirthText();
  const idOf = usePatientId();
  const may = useMay();
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
  // what a retention rule took cannot be played, cut or sent again; the rest can
  const here = { ...clip, sources: clip.sources.filter(({ removed }) => removed === undefined) };
  const failing =
    clip.removed === undefined &&
    (clip.state === 'failed' ||
      clip.instances.some((i) => i.deliveries.some((d) => d.state === 'failed' || d.state === 'deferred')));

  return (
    <div data-testid="clip-page" data-state={clip.state}>
      <PageTitle
        title={nameOf(clip.patient.name)}
        subtitle={[bornOf(clip.patient), idOf(clip.patient), dateTime(clip.requestedAt, locale)]
          .filter(Boolean)
          .join(' · ')}
      >
        <ClipBadge state={clip.state} size="lg" />
        {may('clip.edit') && clip.kind !== 'still' && here.sources.length > 0 && (
          <Button
            component={Link}
            to={`/clips/${clip.clipId}/edit`}
            size="md"
            variant="default"
            leftSection={<IconScissors size={20} aria-hidden />}
            data-testid="open-editor"
          >
            {t('editor.open')}
          </Button>
        )}
        {may('clip.edit') && clip.kind !== 'still' && here.sources.length > 0 && (
          <Button
            component={Link}
            to={`/clips/${clip.clipId}/join`}
            size="md"
            variant="default"
            leftSection={<IconArrowsJoin size={20} aria-hidden />}
            data-testid="open-join"
          >
            {t('join.open')}
          </Button>
        )}
        {failing && may('delivery.retry') && (
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
          <strong>{t('clip.failed')}</strong> <ReasonText {...clip.failure} />
        </p>
      )}
      {clip.truncated && clip.requestedMs !== undefined && clip.savedMs !== undefined && (
        <p className={classes.notice} data-tone="warn">
          {t('clip.truncated', { asked: stopwatch(clip.requestedMs), saved: stopwatch(clip.savedMs) })}
        </p>
      )}
      <CorrectedNote clip={clip} />
      <div className={classes.columns}>
        <div className={classes.column}>
          <section className={panel.panel}>
            {clip.removed ? (
              <Tombstone removed={clip.removed} />
            ) : clip.kind === 'still' ? (
              <StillView clip={clip} />
            ) : (
              <ClipVideo clip={here} names={names} />
            )}
          </section>
          {clip.kind !== 'still' && (
            <>
              <section className={panel.panel}>
                <h2>{t('versions.title')}</h2>
                <Versions clip={clip} names={names} />
              </section>
              <section className={panel.panel}>
                <h2>{t('exports.title')}</h2>
                <Exports clipId={clip.clipId} stationId={clip.stationId} />
              </section>
              <QualityPanel clipId={clip.clipId} names={names} />
            </>
          )}
          <section className={panel.panel}>
            <h2>{t('clip.journey')}</h2>
            <Waterfall steps={clip.journey} names={names} />
          </section>
          <section className={panel.panel}>
            <h2>{t('clip.dicom')}</h2>
            <InstanceList
              clip={clip}
              names={names}
              onRetry={may('delivery.retry') ? () => retry.mutate() : undefined}
              busy={retry.isPending}
            />
          </section>
        </div>
        <div className={classes.column}>
          <section className={panel.panel}>
            <h2>{t('clip.details')}</h2>
            <ClipFacts clip={clip} room={station?.name ?? clip.stationId} />
            <Switch
              mt="lg"
              size="md"
              checked={clip.keep}
              disabled={change.isPending || !may('clip.edit')}
              onChange={(event) => change.mutate({ keep: event.currentTarget.checked })}
              label={t('clip.keep')}
              description={t('clip.keepHint')}
              data-testid="keep"
            />
          </section>
          <section className={panel.panel}>
            <h2>{t('consent.title')}</h2>
            <ConsentPanel procedureId={clip.procedureId} />
          </section>
          <section className={panel.panel}>
            <h2>{t('hold.title')}</h2>
            <ClipHolds clip={clip} />
          </section>
          <Allowed to="clip.edit">
            <section className={panel.panel}>
              <DescriptionForm
                key={clip.description ?? ''}
                value={clip.description ?? ''}
                busy={change.isPending}
                onSave={(description) => change.mutate({ description })}
              />
            </section>
          </Allowed>
          <section className={panel.panel}>
            <h2>{t('clip.sources')}</h2>
            <SourceList clip={clip} names={names} />
          </section>
          <Allowed to="patient.read">
            <section className={panel.panel}>
              <h2>{t('audit.title')}</h2>
              <AuditTrail clipId={clip.clipId} />
            </section>
          </Allowed>
        </div>
      </div>
    </div>
  );
}
