import type { ProcedureView } from '@smartbox/contracts';
import { IconUserEdit } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useBirthText, usePatientName } from '../ui/PatientText.tsx';
import classes from './PatientBanner.module.css';

/** Who lies on the table; never scrolls away, never truncated to something that could be another person. */
export function PatientBanner({ procedure, onChange }: { procedure: ProcedureView; onChange: () => void }) {
  const { t } = useTranslation();
  const nameOf = usePatientName();
  const bornOf = useBirthText();
  const { patient } = procedure;
  return (
    <div className={classes.banner} data-testid="patient-banner">
      <div className={classes.who}>
        <h1 className={classes.name}>
          {nameOf(patient.name)}
          {procedure.emergency && (
            <span className={classes.emergency} data-tone="warn">
              {t('patient.emergency')}
            </span>
          )}
        </h1>
        <p className={classes.facts}>
          {bornOf(patient) !== '' && <span>{bornOf(patient)}</span>}
          {patient.sex && <span>{t(`patient.sex.${patient.sex}`)}</span>}
          <span>
            <small>{t('patient.id')}</small> {patient.id}
          </span>
        </p>
      </div>
      <dl className={classes.details}>
        {procedure.description !== undefined && (
          <div>
            <dt>{t('patient.procedure')}</dt>
            <dd>{procedure.description}</dd>
          </div>
        )}
        {procedure.accessionNumber !== undefined && (
          <div>
            <dt>{t('patient.accession')}</dt>
            <dd>{procedure.accessionNumber}</dd>
          </div>
        )}
      </dl>
      <button type="button" className={classes.change} onClick={onChange} data-testid="change-patient">
        <IconUserEdit size={32} aria-hidden />
        {t('console.changePatient')}
      </button>
    </div>
  );
}
