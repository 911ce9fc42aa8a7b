import type { ClipDetail, EditView } from '@smartbox/contracts';
import { Anchor, Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Allowed } from '../account/Allowed.tsx';
import { useLocale } from '../app/locale.ts';
import { dayTime } from '../format/dates.ts';
import { bytes, count, stopwatch } from '../format/quantities.ts';
import { Failed } from '../ui/Placeholder.tsx';
import { DeliveryBadge } from '../ui/StateBadge.tsx';
import { QualityLine } from './QualityLine.tsx';
import { useWork } from './useWork.ts';
import { editsOf } from './work.ts';
import { WorkState } from './WorkState.tsx';
import classes from './Work.module.css';

interface Props {
  clip: ClipDetail;
  names: Record<string, string>;
  /** Only of this source. */
  only?: string;
}

/** The original first, always; then what was made of it. */
export function Versions({ clip, names, only }: Props) {
  const { t } = useTranslation();
  const locale = useLocale();
  const { data, error, refetch } = useQuery(editsOf(clip.clipId));
  const work = useWork(clip.clipId);
  const edits = data?.filter(({ sourceId }) => only === undefined || sourceId === only);
  return (
    <>
      <ul className={classes.list} data-testid="versions">
        {clip.sources
          .filter(({ sourceId }) => only === undefined || sourceId === only)
          .map((source) => (
            <li key={source.sourceId} className={classes.item} data-testid={`original-${source.sourceId}`}>
              <div className={classes.head}>
                <strong>
                  {t('versions.original')} · {names[source.sourceId] ?? source.sourceId}
                </strong>
                {source.removed ? (
                  <span>{t('retention.gonePart', { rule: source.removed.rule })}</span>
                ) : (
                  <Allowed to="clip.export">
                    <Anchor
                      href={source.videoUrl}
                      download={`${clip.clipId}-${source.sourceId}.mp4`}
                      className={classes.link ?? ''}
                    >
                      {t('versions.download')}
                    </Anchor>
                  </Allowed>
                )}
              </div>
              <p className={classes.facts}>
                {[
                  t('versions.originalHint'),
                  t('versions.frames', { frames: count(source.frames, locale) }),
                  stopwatch(source.durationMs),
                  bytes(source.bytes, locale),
                ].join(' · ')}
              </p>
            </li>
          ))}
        {edits?.map((edit) => (
          <Version key={edit.renditionId} clip={clip} edit={edit} work={work} />
        ))}
      </ul>
      {edits?.length === 0 && <p className={classes.none}>{t('versions.empty')}</p>}
      {error && !data && <Failed error={error} onRetry={() => void refetch()} />}
    </>
  );
}

function Version({ clip, edit, work }: { clip: ClipDetail; edit: EditView; work: ReturnType<typeof useWork> }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const [open, setOpen] = useState(false);
  const title = edit.name ?? t('versions.video', { time: dayTime(edit.requestedAt, locale, new Date()) });
  return (
    <li className={classes.item} data-testid={`edit-${edit.renditionId}`} data-state={edit.state}>
      <div className={classes.head}>
        <strong>{title}</strong>
        {edit.removed && <span>{t('retention.gonePart', { rule: edit.removed.rule })}</span>}
        {edit.videoUrl !== undefined && (
          <span className={classes.links}>
            <Button size="sm" variant="default" aria-expanded={open} onClick={() => setOpen(!open)} data-testid="watch">
              {open ? t('versions.hide') : t('versions.watch')}
            </Button>
            <Allowed to="clip.export">
              <Anchor
                href={edit.videoUrl}
                download={`${clip.clipId}-${edit.renditionId}.mp4`}
                className={classes.link ?? ''}
                data-testid="edit-download"
              >
                {t('versions.download')}
              </Anchor>
            </Allowed>
          </span>
        )}
      </div>
      <WorkState
        job={edit}
        title={title}
        needs="clip.edit"
        busy={work.isBusy(edit.renditionId)}
        onCancel={() => work.cancel(edit)}
        onRetry={() => work.retry(edit)}
      />
      <p className={classes.facts} data-testid="edit-facts">
        {[
          edit.enhance && t('versions.enhanced', { recipe: t(`enhance.${edit.enhance.recipe}`) }),
          edit.frames !== undefined && t('versions.frames', { frames: count(edit.frames, locale) }),
          edit.durationMs !== undefined && stopwatch(edit.durationMs),
          edit.bytes !== undefined && bytes(edit.bytes, locale),
        ]
          .filter((part) => part !== undefined && part !== false)
          .join(' · ')}
      </p>
      {edit.copiedFrames !== undefined && (
        <p className={classes.facts} data-testid="edit-proof">
          {t('versions.copied', { frames: count(edit.copiedFrames, locale) })} ·{' '}
          {t('versions.reencoded', { frames: count(edit.reencodedFrames ?? 0, locale) })}
          {edit.manifestUrl !== undefined && (
            <>
              {' · '}
              <Anchor href={edit.manifestUrl} target="_blank" rel="noreferrer">
                {t('versions.proof')}
              </Anchor>
            </>
          )}
        </p>
      )}
      {edit.quality && <QualityLine quality={edit.quality} />}
      {edit.notes.length > 0 && (
        <ul className={classes.notes}>
          {edit.notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
      {edit.state === 'ready' && <DicomState clip={clip} edit={edit} />}
      {open && edit.videoUrl !== undefined && (
        <video
          className={classes.video}
          src={edit.videoUrl}
          controls
          playsInline
          aria-label={title}
          data-testid="edit-video"
        />
      )}
    </li>
  );
}

/** What became of the edit in DICOM: the object that holds its very bytes, and each destination's answer. */
function DicomState({ clip, edit }: { clip: ClipDetail; edit: EditView }) {
  const { t } = useTranslation();
  const deliveries = clip.instances
    .filter(({ payloadSha256 }) => payloadSha256 === edit.sha256)
    .flatMap((instance) => instance.deliveries);
  return (
    <div className={classes.state} data-testid="edit-dicom">
      <span>{t('versions.dicom')}:</span>
      {deliveries.length > 0
        ? deliveries.map((delivery) => (
            <span key={delivery.deliveryId} className={classes.state}>
              {delivery.destination} <DeliveryBadge state={delivery.state} size="sm" />
            </span>
          ))
        : edit.destinations?.length
          ? t('versions.dicomWaiting')
          : t('versions.dicomNone')}
    </div>
  );
}
