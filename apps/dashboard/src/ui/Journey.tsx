import type { ClipView } from '@smartbox/contracts';
import { IconAlertTriangleFilled, IconCheck } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { journeyPoints } from './clip-state.ts';
import classes from './Journey.module.css';

/** saved, prepared, sent, archived: four points on a line, named for screen readers by the state as a whole. */
export function Journey({ clip, labels = false }: { clip: Pick<ClipView, 'state' | 'savedAt'>; labels?: boolean }) {
  const { t } = useTranslation();
  return (
    <ol className={classes.line} aria-label={t('console.journey', { state: t(`clipState.${clip.state}`) })}>
      {journeyPoints(clip).map(({ point, state }) => (
        <li key={point} className={classes.point} data-state={state} title={t(`clipState.${point}`)}>
          <span className={classes.dot}>
            {state === 'done' && <IconCheck size={12} stroke={4} aria-hidden />}
            {state === 'failed' && <IconAlertTriangleFilled size={12} aria-hidden />}
          </span>
          {labels && <span className={classes.label}>{t(`clipState.${point}`)}</span>}
        </li>
      ))}
    </ol>
  );
}
