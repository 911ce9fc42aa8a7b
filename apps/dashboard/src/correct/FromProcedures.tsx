import type { ProcedureView } from '@smartbox/contracts';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useProcedures } from '../api/queries.ts';
import { useLocale } from '../app/locale.ts';
import { dateTime } from '../format/dates.ts';
import { DayField } from '../ui/DayField.tsx';
import { usePatientName } from '../ui/PatientText.tsx';
import { Empty, Failed, Loading } from '../ui/Placeholder.tsx';
import type { Correction } from './correction.ts';
import classes from './Correct.module.css';

interface Props {
  /** Where the clip is now. */
  from: ProcedureView;
  onChoose: (correction: Correction) => void;
}

/** The other procedures of the room: most often the clip was saved just before the next patient was chosen. */
export function FromProcedures({ from, onChoose }: Props) {
  const { t } = useTranslation();
  const locale = useLocale();
  const nameOf = usePatientName();
  const [day, setDay] = useState('');
  const { data, error, refetch } = useProcedures(from.stationId, day);
  const others = data?.filter(({ procedureId }) => procedureId !== from.procedureId);
  return (
    <>
      <div className={classes.tools}>
        <DayField size="sm" label={t('correct.procedureDay')} value={day} onChange={setDay} />
      </div>
      {others ? (
        others.length > 0 ? (
          <ul className={classes.list}>
            {others.map(({ procedureId, patient, startedAt, description }) => (
              <li key={procedureId}>
                <button
                  type="button"
                  className={classes.item}
                  onClick={() => onChoose({ name: nameOf(patient.name), body: { procedureId } })}
                  data-testid={`procedure-${procedureId}`}
                >
                  <span className={classes.time}>{dateTime(startedAt, locale)}</span>
                  <span className={classes.who}>
                    <strong>{nameOf(patient.name)}</strong>
                    <span>
                      {t('patient.id')} {patient.id}
                    </span>
                  </span>
                  <span className={classes.what}>{description}</span>
                </button>
              </li>
            ))}
          </ul>
        ) : (
          <Empty title={t('correct.noProcedure')} />
        )
      ) : error ? (
        <Failed error={error} onRetry={() => void refetch()} />
      ) : (
        <Loading />
      )}
    </>
  );
}
