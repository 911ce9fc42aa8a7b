import type { ClipDetail } from '@smartbox/contracts';
import { IconAlertTriangleFilled } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useLocale } from '../app/locale.ts';
import { useNow } from '../app/use-now.ts';
import { elapsed } from '../format/quantities.ts';
import { de } from '../i18n/de.ts';
import classes from './Waterfall.module.css';
import { layOut } from './waterfall.ts';

type Stage = keyof typeof de.stage;
const isRendition = (name: string): name is keyof typeof de.rendition => Object.hasOwn(de.rendition, name);
const isStage = (name: string): name is Stage => Object.hasOwn(de.stage, name);

/** The journey as bars on one time axis, each with its time. */
export function Waterfall({ steps, names }: { steps: ClipDetail['journey']; names: Record<string, string> }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const now = useNow();
  /** `pacs (passthrough)` in words. */
  const detailOf = (stage: string, detail: string): string => {
    const [, name = '', passthrough] = /^(\w+)( \(passthrough\))?$/.exec(detail) ?? [];
    if (stage !== 'prepare' || !isRendition(name)) return detail;
    return passthrough === undefined ? t(`rendition.${name}`) : `${t(`rendition.${name}`)}, ${t('clip.passthrough')}`;
  };
  const { bars, totalMs } = layOut(steps, now.getTime());
  if (bars.length === 0) return <p className={classes.empty}>{t('clip.journeyEmpty')}</p>;
  return (
    <>
      <ol className={classes.waterfall} data-testid="journey">
        {bars.map(({ step, left, width, durationMs, running }) => (
          <li
            key={`${step.stage}-${step.sourceId}-${step.startedAt}-${step.detail}`}
            className={classes.row}
            data-tone={step.failed ? 'bad' : running ? 'busy' : 'good'}
            data-stage={step.stage}
          >
            <span className={classes.name}>
              {step.failed && <IconAlertTriangleFilled size={16} aria-hidden />}
              {isStage(step.stage) ? t(`stage.${step.stage}`) : step.stage}
              {step.sourceId !== undefined && <small>{names[step.sourceId] ?? step.sourceId}</small>}
              {step.detail !== undefined && (
                <small className={classes.detail}>{detailOf(step.stage, step.detail)}</small>
              )}
            </span>
            <span className={classes.lane} aria-hidden>
              <span
                className={classes.bar}
                style={{ left: `min(${left}%, calc(100% - 4px))`, width: `max(4px, ${width}%)` }}
              />
            </span>
            <span className={`${classes.time} tnum`}>
              {elapsed(durationMs, locale)}
              {running && ` · ${t('clip.running')}`}
            </span>
          </li>
        ))}
      </ol>
      <p className={classes.total}>{t('clip.total', { time: elapsed(totalMs, locale) })}</p>
    </>
  );
}
