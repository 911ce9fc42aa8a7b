import type { ClipView } from '@smartbox/contracts';
import { IconCamera, IconPinFilled, IconPlayerPlayFilled, IconRefreshAlert } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useLocale } from '../app/locale.ts';
import { clockTime } from '../format/dates.ts';
import { stopwatch } from '../format/quantities.ts';
import { isSaved } from '../ui/clip-state.ts';
import { Journey } from '../ui/Journey.tsx';
import { ClipBadge } from '../ui/StateBadge.tsx';
import { Thumb } from '../ui/Thumb.tsx';
import classes from './ClipStrip.module.css';

interface Props {
  clips: ClipView[];
  onOpen: (clipId: string) => void;
  onRetry: (clipId: string) => void;
}

/** What this procedure has so far, newest first, each with how far it has come. */
export function ClipStrip({ clips, onOpen, onRetry }: Props) {
  const { t } = useTranslation();
  const locale = useLocale();
  return (
    <section className={classes.strip} aria-label={t('console.clips')}>
      {clips.length === 0 ? (
        <p className={classes.empty}>{t('console.noClips')}</p>
      ) : (
        <ul className={classes.list} data-testid="clip-strip">
          {clips.map((clip) => (
            <li key={clip.clipId} className={classes.item} data-testid={`clip-${clip.clipId}`} data-state={clip.state}>
              <button
                type="button"
                className={classes.clip}
                disabled={!isSaved(clip)}
                onClick={() => onOpen(clip.clipId)}
              >
                <span className={classes.thumb}>
                  <Thumb url={clip.posterUrl} />
                  {(clip.kind === 'still' || clip.savedMs !== undefined) && (
                    <span className={classes.kind}>
                      {clip.kind === 'still' ? (
                        <IconCamera size={22} aria-hidden />
                      ) : (
                        <IconPlayerPlayFilled size={20} aria-hidden />
                      )}
                      {clip.kind !== 'still' && clip.savedMs !== undefined && stopwatch(clip.savedMs)}
                    </span>
                  )}
                </span>
                <span className={classes.text}>
                  <span className={classes.time}>
                    <span className="visually-hidden">{t(`clipKind.${clip.kind}`)} </span>
                    {clockTime(clip.requestedAt, locale)}
                    {clip.keep && <IconPinFilled size={22} role="img" aria-label={t('tools.kept')} />}
                  </span>
                  {clip.description !== undefined && clip.description !== '' && (
                    <span className={classes.description}>{clip.description}</span>
                  )}
                  <ClipBadge state={clip.state} size="md" />
                  {clip.state !== 'failed' && <Journey clip={clip} />}
                </span>
              </button>
              {clip.state === 'failed' && (
                <button
                  type="button"
                  className={classes.retry}
                  onClick={() => onRetry(clip.clipId)}
                  data-testid={`retry-${clip.clipId}`}
                >
                  <IconRefreshAlert size={28} aria-hidden />
                  {t('console.retryClip')}
                </button>
              )}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
