import type { ClipDetail } from '@smartbox/contracts';
import { Anchor } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useLocale } from '../app/locale.ts';
import { framesPerSecond } from '../clip/frames.ts';
import { bytes, count } from '../format/quantities.ts';
import { CopyText } from './CopyText.tsx';
import classes from './Recordings.module.css';

export function SourceList({ clip, names }: { clip: ClipDetail; names: Record<string, string> }) {
  const { t } = useTranslation();
  const locale = useLocale();
  return clip.sources.map((source) => (
    <div key={source.sourceId} className={classes.source} data-testid={`source-${source.sourceId}`}>
      <div className={classes.sourceHead}>
        <h3>{names[source.sourceId] ?? source.sourceId}</h3>
        {source.removed ? (
          <span>{t('retention.gonePart', { rule: source.removed.rule })}</span>
        ) : (
          <Anchor href={source.videoUrl} download={`${clip.clipId}-${source.sourceId}.mp4`}>
            {t('clip.download')}
          </Anchor>
        )}
      </div>
      <dl className={classes.facts}>
        <dt>{t('clip.frames')}</dt>
        <dd data-testid="frames">{count(source.frames, locale)}</dd>
        <dt>{t('clip.format')}</dt>
        <dd>
          {source.width} × {source.height} ·{' '}
          {new Intl.NumberFormat(locale, { maximumFractionDigits: 2 }).format(framesPerSecond(source.frameRate))} fps ·{' '}
          {source.codec}
        </dd>
        <dt>{t('clip.bytes')}</dt>
        <dd>{bytes(source.bytes, locale)}</dd>
        <dt>{t('clip.sha256')}</dt>
        <dd>
          <CopyText text={source.sha256} what={t('clip.sha256')} />
        </dd>
      </dl>
    </div>
  ));
}
