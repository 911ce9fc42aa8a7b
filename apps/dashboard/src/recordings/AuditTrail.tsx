import { ConsentState } from '@smartbox/contracts';
import type { AuditView } from '@smartbox/contracts';
import { useTranslation } from 'react-i18next';
import { useClipAudit } from '../api/queries.ts';
import { useLocale } from '../app/locale.ts';
import { dateTime } from '../format/dates.ts';
import { stopwatch } from '../format/quantities.ts';
import { Failed, Loading } from '../ui/Placeholder.tsx';
import { useAuditText } from '../ui/useAuditText.ts';
import classes from './Audit.module.css';

/** Who did what to the clip and to its procedure. */
export function AuditTrail({ clipId }: { clipId: string }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const { data, error, refetch } = useClipAudit(clipId);
  const text = useAuditText();
  const detailOf = ({ detail }: AuditView) =>
    [
      detail['pressedAt'] === 'desk'
        ? t('audit.detail.desk')
        : detail['pressedAt'] === 'room' && t('audit.detail.room'),
      detail['emergency'] === true && t('audit.detail.emergency'),
      detail['setAt'] === 'desk' && t('audit.detail.desk'),
      isConsent(detail['to']) && t(`consent.${detail['to']}`),
      typeof detail['rule'] === 'string' && t('audit.detail.rule', { rule: detail['rule'] }),
      typeof detail['reason'] === 'string' && detail['reason'],
      typeof detail['agent'] === 'string' && detail['agent'],
      // How the others saw a person in the conversation, and how long it took.
      typeof detail['name'] === 'string' && detail['name'],
      typeof detail['durationMs'] === 'number' && stopwatch(detail['durationMs']),
    ]
      .filter((part) => typeof part === 'string' && part !== '')
      .join(' · ');
  if (!data) return error ? <Failed error={error} onRetry={() => void refetch()} /> : <Loading />;
  if (data.length === 0) return <p className={classes.soft}>{t('audit.empty')}</p>;
  return (
    <ol className={classes.list} data-testid="audit">
      {data.map((entry) => (
        <li key={`${entry.at}/${entry.action}`}>
          <span className={classes.what}>
            <strong>{text.action(entry.action)}</strong> {detailOf(entry)}
          </span>
          <span className={classes.soft}>
            {text.actor(entry.actor)} · {dateTime(entry.at, locale)}
          </span>
        </li>
      ))}
    </ol>
  );
}

const isConsent = (value: unknown): value is ConsentState => ConsentState.safeParse(value).success;
