import { useLocale } from '../../app/locale.ts';
import { rateOf } from './facts.ts';
import type { Source } from './facts.ts';

/** "1920 × 1080 · 59,94 fps · avc1.640029 · 7,9 Mbit/s"; what is not known is left out. */
export function useFormatText(): (source: Source) => string {
  const locale = useLocale();
  const number = new Intl.NumberFormat(locale, { maximumFractionDigits: 2 });
  return ({ width, height, frameRate, codec, bitrate }) => {
    const rate = rateOf(frameRate);
    const parts = [
      width !== undefined && height !== undefined ? `${width} × ${height}` : undefined,
      rate === undefined ? undefined : `${number.format(rate)} fps`,
      codec,
      bitrate === undefined ? undefined : `${number.format(Math.round(bitrate / 100_000) / 10)} Mbit/s`,
    ];
    return parts.filter((part) => part !== undefined).join(' · ') || '–';
  };
}
