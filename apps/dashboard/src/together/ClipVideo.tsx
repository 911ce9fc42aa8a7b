import type { ClipDetail } from '@smartbox/contracts';
import { SegmentedControl } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ClipPlayer } from '../clip/ClipPlayer.tsx';
import classes from './Together.module.css';
import { TogetherPlayer } from './TogetherPlayer.tsx';

type View = 'single' | 'together';

/** A clip's video: one source at a time, or all of them side by side where there are several. */
export function ClipVideo({
  clip,
  names,
  large = false,
}: {
  clip: ClipDetail;
  names: Record<string, string>;
  large?: boolean;
}) {
  const { t } = useTranslation();
  const [view, setView] = useState<View>('single');
  if (clip.sources.length < 2) return <ClipPlayer clip={clip} names={names} large={large} />;
  return (
    <>
      <SegmentedControl
        className={classes.choice ?? ''}
        data-large={large}
        size={large ? 'lg' : 'sm'}
        aria-label={t('together.view')}
        value={view}
        onChange={(value) => setView(value === 'together' ? 'together' : 'single')}
        data={[
          { value: 'single', label: t('together.single') },
          { value: 'together', label: t('together.together') },
        ]}
        data-testid="player-view"
      />
      {view === 'together' ? (
        <TogetherPlayer clip={clip} names={names} large={large} />
      ) : (
        <ClipPlayer clip={clip} names={names} large={large} />
      )}
    </>
  );
}
