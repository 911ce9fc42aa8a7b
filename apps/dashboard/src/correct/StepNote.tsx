import { useTranslation } from 'react-i18next';
import { useProcedureStep } from '../api/queries.ts';
import classes from './Corrected.module.css';

/**
 * What the information system knows of the procedure (MPPS). A step that was told complete for a wrong patient cannot be
 * changed by us (PS3.4 section F.7.2.2): somebody has to correct it there, and is told so here.
 */
export function StepNote({ procedureId }: { procedureId: string }) {
  const { t } = useTranslation();
  const { data } = useProcedureStep(procedureId);
  const step = data?.step;
  if (!step) return null;
  const done = step.left?.some(({ state }) => state === 'completed') ?? false;
  const given = step.left?.some(({ state }) => state === 'discontinued') ?? false;
  const tone = done ? 'warn' : step.problem === undefined ? 'idle' : 'bad';
  return (
    <div className={classes.note} data-tone={tone} data-testid="procedure-step">
      <span>
        {t('step.title')} <strong>{t(`step.state.${step.state}`)}</strong>
        {step.problem !== undefined && ` (${step.problem})`}
      </span>
      {given && <span>{t('step.discontinued')}</span>}
      {done && <strong role="alert">{t('step.completed')}</strong>}
    </div>
  );
}
