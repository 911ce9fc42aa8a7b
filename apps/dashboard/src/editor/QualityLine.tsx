import type { QualitySummary } from '@smartbox/contracts';
import { IconAlertTriangleFilled } from '@tabler/icons-react';
import type { z } from 'zod';
import { useTranslation } from 'react-i18next';
import { useLocale } from '../app/locale.ts';
import { Badge } from '../ui/StateBadge.tsx';
import classes from './Work.module.css';

/** How near a re-encoding is to its source, in one line; a warning with its reasons. */
export function QualityLine({ quality }: { quality: z.infer<typeof QualitySummary> }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const number = (value: number, digits: number) =>
    new Intl.NumberFormat(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
  const text =
    quality.psnr.average === null
      ? t('exports.same')
      : t('exports.quality', { psnr: number(quality.psnr.average, 1), ssim: number(quality.ssim.average, 4) });
  return (
    <div className={classes.state} data-testid="quality-line">
      <span className="tnum">{text}</span>
      {!quality.passed && (
        <>
          <Badge look={['warn', IconAlertTriangleFilled]} text={t('quality.warned')} size="sm" />
          <span className={classes.facts}>{quality.notes.join(' ')}</span>
        </>
      )}
    </div>
  );
}
