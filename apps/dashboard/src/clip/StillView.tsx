import type { ClipDetail } from '@smartbox/contracts';
import { useTranslation } from 'react-i18next';
import { Empty } from '../ui/Placeholder.tsx';
import classes from './ClipPlayer.module.css';

/** A still: the full picture of every source that has one. */
export function StillView({ clip }: { clip: ClipDetail }) {
  const { t } = useTranslation();
  const pictures = clip.renditions.filter((r) => r.rendition === 'still');
  const shown = pictures.length > 0 ? pictures : clip.renditions.filter((r) => r.rendition === 'poster');
  if (shown.length === 0) return <Empty title={t('clip.stillPending')} />;
  return (
    <div className={classes.stills}>
      {shown.map((picture) => (
        <img
          key={`${picture.sourceId}-${picture.rendition}`}
          src={picture.url}
          alt={`${t('clipKind.still')} ${picture.sourceId}`}
          data-testid="still-picture"
        />
      ))}
    </div>
  );
}
