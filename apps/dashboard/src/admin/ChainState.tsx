import { Button } from '@mantine/core';
import type { AuditFault } from '@smartbox/contracts';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { accessApi } from '../api/access.ts';
import { useLocale } from '../app/locale.ts';
import { useErrorText } from '../app/useErrorText.ts';
import { dateTime } from '../format/dates.ts';
import { count } from '../format/quantities.ts';
import panel from '../ui/Panel.module.css';
import { Badge } from '../ui/StateBadge.tsx';
import classes from './Admin.module.css';
import { chainLooks } from './looks.ts';

const key = ['audit-chain'] as const;

/** Whether every entry is what was written and none is missing, since when that is known, and a check on demand. */
export function ChainState() {
  const { t } = useTranslation();
  const locale = useLocale();
  const errorText = useErrorText();
  const client = useQueryClient();
  const chain = useQuery({ queryKey: key, queryFn: accessApi.auditChain, refetchInterval: 60_000 });
  const check = useMutation({
    mutationFn: accessApi.checkAudit,
    onSettled: () => client.invalidateQueries({ queryKey: key }),
  });
  if (!chain.data) return null;
  const { entries, check: last, retentionDays } = chain.data;
  const state = last === undefined ? 'unchecked' : last.intact ? 'intact' : 'broken';
  const facts = [
    last === undefined
      ? t('auditLog.entries', { entries: count(entries, locale) })
      : t('auditLog.checkedAt', { entries: count(last.entries, locale), time: dateTime(last.at, locale) }),
    t('auditLog.kept', { days: retentionDays }),
  ];
  return (
    <section
      className={`${panel.panel} ${classes.chain}`}
      aria-label={t('auditLog.chain')}
      data-state={state}
      data-testid="chain"
    >
      <span role="status">
        <Badge look={chainLooks[state]} text={t(`auditLog.${state}`)} />
      </span>
      <span className={panel.soft}>{facts.join(' · ')}</span>
      <Button variant="default" loading={check.isPending} onClick={() => check.mutate()} data-testid="check-chain">
        {t('auditLog.check')}
      </Button>
      {check.error && <span role="alert">{errorText(check.error)}</span>}
      {last && last.faults.length > 0 && (
        <div className={classes.faults} role="alert">
          <ul>
            {last.faults.map((fault) => (
              <Fault key={`${fault.what}/${fault.sequence}/${fault.entryId}`} fault={fault} />
            ))}
          </ul>
        </div>
      )}
    </section>
  );
}

function Fault({ fault }: { fault: AuditFault }) {
  const { t } = useTranslation();
  const where = fault.sequence === undefined ? fault.entryId : t('auditLog.faultAt', { sequence: fault.sequence });
  return (
    <li>
      <strong>{t(`auditLog.fault.${fault.what}`)}:</strong> {where} – {fault.reason}
    </li>
  );
}
