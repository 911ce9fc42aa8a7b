import type { ConsentState, ProcedureView } from '@smartbox/contracts';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { consentLooks } from '../consent/looks.ts';
import { useConsent } from '../consent/useConsent.ts';
import { ConsoleDialog } from './Dialogs.tsx';
import dialogs from './Dialogs.module.css';
import classes from './PatientBanner.module.css';

const all: readonly ConsentState[] = ['given', 'refused', 'withdrawn', 'unknown'];

/** Consent at the panel: asked with two buttons, one touch answers; afterwards it says what was said. */
export function ConsentControl({ procedure }: { procedure: ProcedureView }) {
  const { t } = useTranslation();
  const [asking, setAsking] = useState(false);
  const consent = useConsent(procedure.procedureId, 'room');
  const { state } = procedure.consent;
  const set = (next: ConsentState) => {
    setAsking(false);
    if (next !== state) consent.mutate({ state: next });
  };
  const answer = (next: ConsentState, short: string) => {
    const [tone, Icon] = consentLooks[next];
    return (
      <button
        type="button"
        className={classes.said}
        data-tone={tone}
        disabled={consent.isPending}
        onClick={() => set(next)}
        data-testid={`consent-${next}`}
      >
        <Icon size={28} aria-hidden />
        {short}
        <span className="visually-hidden">{t(`consent.${next}`)}</span>
      </button>
    );
  };
  const [tone, Icon] = consentLooks[state];
  return (
    <div
      className={classes.consent}
      role="group"
      aria-label={t('consent.title')}
      data-testid="consent"
      data-state={state}
    >
      {state === 'unknown' ? (
        <>
          <span aria-hidden>{t('consent.ask')}</span>
          {answer('given', t('consent.yes'))}
          {answer('refused', t('consent.no'))}
        </>
      ) : (
        <button
          type="button"
          className={classes.said}
          data-tone={tone}
          data-set
          onClick={() => setAsking(true)}
          data-testid="change-consent"
        >
          <small>{t('consent.title')}</small>
          <Icon size={26} aria-hidden />
          {t(`consent.${state}`)}
          <span className="visually-hidden">: {t('consent.change')}</span>
        </button>
      )}
      <ConsoleDialog open={asking} onClose={() => setAsking(false)} title={t('consent.dialogTitle')} size="760px">
        <p className={dialogs.text}>{t('consent.dialogHint')}</p>
        <div className={dialogs.choices}>
          {all.map((next) => {
            const [choiceTone, ChoiceIcon] = consentLooks[next];
            return (
              <button
                key={next}
                type="button"
                className={dialogs.choice}
                data-tone={choiceTone}
                aria-pressed={next === state}
                onClick={() => set(next)}
                data-testid={`say-${next}`}
              >
                <ChoiceIcon size={36} aria-hidden />
                {t(`consent.set.${next}`)}
              </button>
            );
          })}
        </div>
      </ConsoleDialog>
    </div>
  );
}
