import type { ClipDetail } from '@smartbox/contracts';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { frameAt, framesPerSecond } from '../clip/frames.ts';
import type { FrameGap } from '../clip/frames.ts';
import type { TimelineMarker } from './film.ts';

/** What was marked in the room while this source was recorded, at its frames. */
export function useMarkers(
  clip: ClipDetail,
  source: ClipDetail['sources'][number],
  gaps: readonly FrameGap[],
): TimelineMarker[] {
  const { t } = useTranslation();
  return useMemo(() => {
    const fps = framesPerSecond(source.frameRate);
    const began = Date.parse(source.startedAt);
    return (clip.markers ?? []).flatMap(({ markerId, at, label }) => {
      const seconds = (Date.parse(at) - began) / 1000;
      if (seconds < 0) return [];
      const frame = frameAt(seconds, fps, gaps);
      return frame < source.frames ? [{ id: markerId, frame, label: label ?? t('editor.marker') }] : [];
    });
  }, [clip.markers, source, gaps, t]);
}
