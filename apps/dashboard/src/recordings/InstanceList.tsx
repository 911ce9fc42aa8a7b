import type { ClipDetail } from '@smartbox/contracts';
import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useLocale } from '../app/locale.ts';
import { dayTime } from '../format/dates.ts';
import { bytes, count } from '../format/quantities.ts';
import { ReasonText } from '../ui/ReasonText.tsx';
import { DeliveryBadge } from '../ui/StateBadge.tsx';
import { CompressionText } from './CompressionText.tsx';
import { CopyText } from './CopyText.tsx';
import classes from './Recordings.module.css';

interface Props {
  clip: ClipDetail;
  names: Record<string, string>;
  busy: boolean;
  /** Absent: not allowed. */
  onRetry: (() => void) | undefined;
}

/** What became of the clip in DICOM: each object, and each destination's answer. */
export function InstanceList({ clip, names, busy, onRetry }: Props) {
  const { t } = useTranslation();
  const locale = useLocale();
  if (clip.instances.length === 0)
    return <p style={{ margin: 0, color: 'var(--text-soft)' }}>{t('clip.dicomEmpty')}</p>;
  return clip.instances.map((instance) => (
    <div key={instance.instanceId} className={classes.source} data-testid={`instance-${instance.instanceId}`}>
      <div className={classes.sourceHead}>
        <h3>{names[instance.sourceId] ?? instance.sourceId}</h3>
        <span>
          {t('versions.frames', { frames: count(instance.numberOfFrames, locale) })} · {bytes(instance.bytes, locale)}
        </span>
      </div>
      <dl className={classes.facts}>
        <dt>SOP Instance UID</dt>
        <dd>
          <CopyText text={instance.sopInstanceUid} what="SOP Instance UID" />
        </dd>
        <dt>{t('clip.sha256')}</dt>
        <dd>
          <CopyText text={instance.payloadSha256} what={t('clip.sha256')} />
        </dd>
        <dt>{t('clip.transferSyntax')}</dt>
        <dd>{instance.transferSyntax ?? instance.transferSyntaxUid}</dd>
        {instance.compression && (
          <>
            <dt>{t('clip.compression')}</dt>
            <dd data-testid={`compression-${instance.instanceId}`}>
              <CompressionText of={instance.compression} />
            </dd>
          </>
        )}
      </dl>
      {instance.deliveries.map((delivery) => (
        <div key={delivery.deliveryId} className={classes.delivery} data-testid={`delivery-${delivery.deliveryId}`}>
          <strong>{delivery.destination}</strong>
          <DeliveryBadge state={delivery.state} size="sm" />
          <span className={classes.deliveryText}>
            {[
              delivery.attempt > 1 ? t('delivery.attempt', { count: delivery.attempt }) : undefined,
              delivery.retryAt && t('delivery.retryAt', { time: dayTime(delivery.retryAt, locale, new Date()) }),
              delivery.retryAt === undefined ? dayTime(delivery.updatedAt, locale, new Date()) : undefined,
            ]
              .filter((part) => part !== undefined && part !== '')
              .join(' · ')}
            {delivery.reason !== undefined && <ReasonText code={delivery.code} reason={delivery.reason} />}
          </span>
          {onRetry && (delivery.state === 'failed' || delivery.state === 'deferred') && (
            <Button size="xs" variant="default" loading={busy} onClick={onRetry}>
              {t('deliveries.retry')}
            </Button>
          )}
        </div>
      ))}
    </div>
  ));
}
