import type { ProcedureView } from '@smartbox/contracts';
import { IconUserCheck, IconUserEdit } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useBirthText, usePatientName } from '../ui/PatientText.tsx';
import { ConsentControl } from './ConsentControl.tsx';
import classes from './PatientBanner.module.css';

interface Props {
  procedure: ProcedureView;
  onChange: () => void;
  /** An emergency patient, matched with the worklist later. */
  onCorrect: () => void;
}

/** Who lies on the table; never scrolls away, never truncated to something that could be another person. */
export function PatientBanner({ procedure, onChange, onCorrect }: Props) {
  const { t } = useTranslation();
  const nameOf = usePatientName();
  const bornOf = useBirthText();
  const { patient } = procedure;
  const name = nameOf(patient.name);
  return (
    <div className={classes.banner} data-testid="patient-banner">
      <div className={classes.who}>
        <h1 className={classes.name} data-length={lengthOf(name)}>
          {name}
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
            <dd title={procedure.description}>{procedure.description}</dd>
          </div>
        )}
        {procedure.accessionNumber !== undefined && (
          <div>
            <dt>{t('patient.accession')}</dt>
            <dd>{procedure.accessionNumber}</dd>
          </div>
        )}
      </dl>
      <ConsentControl procedure={procedure} />
      {procedure.emergency && (
        <button type="button" className={classes.change} onClick={onCorrect} data-testid="correct-patient">
          <IconUserCheck size={32} aria-hidden />
          {t('correct.assign')}
        </button>
      )}
      <button type="button" className={classes.change} onClick={onChange} data-testid="change-patient">
        <IconUserEdit size={32} aria-hidden />
        {t('console.changePatient')}
      </button>
    </div>
  );
}

/** How a name has to be set so that it stands whole on two lines. */
const lengthOf = (name: string) => (name.length <= 30 ? 'short' : name.length <= 60 ? 'long' : 'longest');
