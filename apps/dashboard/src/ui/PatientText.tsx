import type { ProcedureView } from '@smartbox/contracts';
import { useTranslation } from 'react-i18next';
import { useMay } from '../account/session.ts';
import { useLocale } from '../app/locale.ts';
import { ageOf, birthDate } from '../format/dates.ts';
import { listName } from '../format/person-name.ts';

type Patient = ProcedureView['patient'];

export function usePatientName(): (pn: string) => string {
  const { t } = useTranslation();
  const known = useMay()('patient.read');
  return (pn) => listName(pn) || t(known ? 'patient.unnamed' : 'access.hidden');
}

/** "ID P-4711"; empty where the patient is hidden. */
export function usePatientId(): (patient: Pick<Patient, 'id'>) => string {
  const { t } = useTranslation();
  return ({ id }) => (id === '' ? '' : `${t('patient.id')} ${id}`);
}

/** "geb. 14.02.1961 (65 Jahre)"; empty where the birth date is unknown. */
export function useBirthText(): (patient: Pick<Patient, 'birthDate'>) => string {
  const { t } = useTranslation();
  const locale = useLocale();
  return (patient) => {
    if (patient.birthDate === undefined || patient.birthDate === '') return '';
    const age = ageOf(patient.birthDate, new Date());
    const born = `${t('patient.born')} ${birthDate(patient.birthDate, locale)}`;
    if (!age) return born;
    const keys = { year: 'patient.ageYear', month: 'patient.ageMonth', day: 'patient.ageDay' } as const;
    return `${born} (${t(keys[age.unit], { count: age.value })})`;
  };
}
