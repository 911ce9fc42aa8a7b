import type { AuditEntryView } from '@smartbox/contracts';
import { useTranslation } from 'react-i18next';
import { useLocale } from '../app/locale.ts';
import { dateTime } from '../format/dates.ts';
import { hasText } from '../i18n/index.ts';
import panel from '../ui/Panel.module.css';
import { useAuditText } from '../ui/useAuditText.ts';
import classes from './Admin.module.css';

/** Entries of the audit, each with everything that was written of it. */
export function AuditTable({ entries }: { entries: readonly AuditEntryView[] }) {
  const { t } = useTranslation();
  return (
    <div className={panel.tableWrap}>
      <table className={`${panel.table} ${classes.stacked}`} data-testid="audit-entries">
        <thead>
          <tr>
            <th>{t('auditLog.when')}</th>
            <th>{t('auditLog.person')}</th>
            <th>{t('auditLog.what')}</th>
            <th>{t('auditLog.object')}</th>
            <th>{t('auditLog.outcome')}</th>
          </tr>
        </thead>
        <tbody>
          {entries.map((entry) => (
            <Entry key={entry.id} entry={entry} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Entry({ entry }: { entry: AuditEntryView }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const text = useAuditText();
  const facts: [string, string | undefined][] = [
    [t('auditLog.patient'), entry.patientId],
    [t('admin.room'), entry.stationId],
    [t('auditLog.address'), entry.address],
    ...Object.entries(entry.detail).map(([name, value]): [string, string] => [
      hasText(`auditFact.${name}`) ? t(`auditFact.${name}` as 'auditFact.reason') : name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
    [t('clip.trace'), entry.traceId],
    [t('auditLog.hash'), entry.hash],
  ];
  return (
    <tr data-testid={`entry-${entry.sequence}`}>
      <td className={classes.nowrap}>{dateTime(entry.at, locale)}</td>
      <td className={panel.strong}>{text.actor(entry.actor)}</td>
      <td>
        {text.action(entry.action)}
        <div className={panel.soft}>{t(`auditLog.kinds.${entry.kind}`)}</div>
      </td>
      <td>
        <span className={panel.mono}>{entry.subject}</span>
        <details>
          <summary aria-label={t('auditLog.detailsOf', { sequence: entry.sequence })}>{t('auditLog.details')}</summary>
          <dl className={classes.details}>
            {facts.map(([name, value]) =>
              value === undefined ? null : (
                <div key={name}>
                  <dt>{name}</dt>
                  <dd className={panel.mono}>{value}</dd>
                </div>
              ),
            )}
          </dl>
        </details>
      </td>
      <td>
        <span className={classes.outcome} data-outcome={entry.outcome}>
          {t(`auditLog.${entry.outcome}`)}
        </span>
      </td>
    </tr>
  );
}
