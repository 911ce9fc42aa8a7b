import { useTranslation } from 'react-i18next';
import { useLocale } from '../../app/locale.ts';
import { count } from '../../format/quantities.ts';

interface Size {
  width: number;
  height: number;
}

/** Sizes and rates in plain words: "1920 × 1080", "59,94 B/s", "1920 × 1080 · 60 B/s". */
export function useModeText() {
  const { t } = useTranslation();
  const locale = useLocale();
  const sizeText = ({ width, height }: Size): string => `${width} × ${height}`;
  const rateText = (fps: number): string => t('cameras.rate', { rate: count(Math.round(fps * 100) / 100, locale) });
  const modeText = (mode: Size & { frameRate: number }): string => `${sizeText(mode)} · ${rateText(mode.frameRate)}`;
  return { sizeText, rateText, modeText };
}
