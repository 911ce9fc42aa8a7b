import type { ClipDetail } from '@smartbox/contracts';
import { useTranslation } from 'react-i18next';
import { useLocale } from '../app/locale.ts';
import { elapsed } from '../format/quantities.ts';

type Compression = NonNullable<ClipDetail['instances'][number]['compression']>;

/** What coding an object anew cost and kept: "10,7 : 1 · PSNR 53,1 dB · SSIM 0,998 · 25 Bilder verglichen · 5,9 s". */
export function CompressionText({ of }: { of: Compression }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const number = (value: number, digits: number) =>
    new Intl.NumberFormat(locale, { maximumFractionDigits: digits }).format(value);
  const { ratio, psnr, ssim, comparedFrames, identical, durationMs } = of;
  const parts = [
    `${number(ratio, 1)} : 1`,
    identical ? t('clip.nothingLost') : undefined,
    psnr === undefined ? undefined : `PSNR ${number(psnr, 1)} dB`,
    ssim === undefined || identical ? undefined : `SSIM ${number(ssim, 4)}`,
    comparedFrames === undefined ? undefined : t('clip.compared', { count: comparedFrames }),
    elapsed(durationMs, locale),
  ];
  return parts.filter((part) => part !== undefined).join(' · ');
}
