import type { ConsentState } from '@smartbox/contracts';
import { Button } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useProcedure } from '../api/queries.ts';
import { useLocale } from '../app/locale.ts';
import { dayTime } from '../format/dates.ts';
import { ReasonDialog } from '../holds/ReasonDialog.tsx';
import { Failed, Loading } from '../ui/Placeholder.tsx';
import { Badge } from '../ui/StateBadge.tsx';
import { useAuditText } from '../ui/useAuditText.ts';
import classes from './Consent.module.css';
import { consentLooks } from './looks.ts';
import { useConsent } from './useConsent.ts';

const choices: readonly ConsentState[] = ['given', 'refused', 'withdrawn', 'unknown'];

/** At the desk: what the patient of a procedure said, and what follows from it. */
export function ConsentPanel({ procedureId }: { procedureId: string }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const { actor: actorName } = useAuditText();
  const { data: procedure, error, refetch } = useProcedure(procedureId);
  const consent = useConsent(procedureId, 'desk');
  const [withdrawing, setWithdrawing] = useState(false);
  if (!procedure) return error ? <Failed error={error} onRetry={() => void refetch()} /> : <Loading />;
  const { state, at, by } = procedure.consent;
  const refused = state === 'refused' || state === 'withdrawn';
  return (
    <div data-testid="consent" data-state={state}>
      <Badge look={consentLooks[state]} text={t(`consent.${state}`)} />
      {at !== undefined && by !== undefined && (
        <p className={classes.soft}>
          {t('consent.setBy', { by: actorName(by), time: dayTime(at, locale, new Date()) })}
        </p>
      )}
      {refused && <p className={classes.soft}>{t('consent.refusedMeans')}</p>}
      <div className={classes.choices}>
        {choices
          .filter((choice) => choice !== state && (choice !== 'withdrawn' || state === 'given'))
          .map((choice) => (
            <Button
              key={choice}
              size="sm"
              variant="default"
              loading={consent.isPending && consent.variables.state === choice}
              disabled={consent.isPending}
              onClick={() => (choice === 'withdrawn' ? setWithdrawing(true) : consent.mutate({ state: choice }))}
              data-testid={`consent-${choice}`}
            >
              {t(`consent.set.${choice}`)}
            </Button>
          ))}
      </div>
      <ReasonDialog
        open={withdrawing}
        title={t('consent.withdrawTitle')}
        label={t('consent.withdrawReason')}
        confirm={t('consent.set.withdrawn')}
        busy={consent.isPending}
        onClose={() => setWithdrawing(false)}
        onConfirm={(reason) => {
          setWithdrawing(false);
          consent.mutate({ state: 'withdrawn', reason });
        }}
      >
        <p>{t('consent.withdrawHint')}</p>
      </ReasonDialog>
    </div>
  );
}
