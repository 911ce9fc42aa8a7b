import { useTranslation } from 'react-i18next';
import type { WorklistItem } from '../api/schemas.ts';
import { useLocale } from '../app/locale.ts';
import { birthDate, siteTime } from '../format/dates.ts';
import { useBirthText, usePatientName } from '../ui/PatientText.tsx';
import type { Correction } from './correction.ts';
import classes from './Correct.module.css';

interface Props {
  items: readonly WorklistItem[];
  large: boolean;
  /** Of any day and room: says of which. */
  anyDay?: boolean;
  onChoose: (correction: Correction) => void;
}

/** Patients of a worklist, each to be chosen. */
export function WorklistChoices({ items, large, anyDay = false, onChoose }: Props) {
  const { t } = useTranslation();
  const locale = useLocale();
  const nameOf = usePatientName();
  const bornOf = useBirthText();
  return (
    <ul className={classes.list} data-large={large}>
      {items.map((item) => (
        <li key={item.itemId}>
          <button
            type="button"
            className={classes.item}
            onClick={() => onChoose({ name: nameOf(item.patient.name), body: { worklistItemId: item.itemId } })}
            data-testid={`correct-${item.itemId}`}
          >
            <span className={classes.time}>
              {anyDay && <span>{birthDate(item.scheduledAt?.slice(0, 10), locale)}</span>}
              <span>{siteTime(item.scheduledAt)}</span>
            </span>
            <span className={classes.who}>
              <strong>{nameOf(item.patient.name)}</strong>
              <span>{facts(bornOf(item.patient), `${t('patient.id')} ${item.patient.id}`)}</span>
            </span>
            <span className={classes.what}>
              {item.scheduledProcedureStepDescription ?? item.requestedProcedureDescription}
              {anyDay && <span>{facts(item.modality, item.scheduledStationAe, item.accessionNumber)}</span>}
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}

const facts = (...all: (string | undefined)[]): string => all.filter(Boolean).join(' · ');
