import type { ClipDetail } from '@smartbox/contracts';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { frameGaps, framesPerSecond } from '../clip/frames.ts';

/** Where the picture of a source is missing: in frame periods as media times count, and between which frames of it. */
export function useGaps({ gaps: found, frameRate }: ClipDetail['sources'][number]) {
  const { t } = useTranslation();
  const gaps = useMemo(() => frameGaps(found, framesPerSecond(frameRate)), [found, frameRate]);
  const shownGaps = gaps.map((gap, i) => ({
    ...gap,
    at: gap.at - gaps.slice(0, i).reduce((sum, { length }) => sum + length, 0),
    text: t(`gap.${found[i]?.reason ?? 'fragment-lost'}`),
  }));
  return { gaps, shownGaps };
}
