import { Loader } from '@mantine/core';
import { IconChevronRight } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { WorklistItem } from '../api/schemas.ts';
import { useLocale } from '../app/locale.ts';
import { birthDate, siteTime } from '../format/dates.ts';
import { useBirthText, usePatientName } from '../ui/PatientText.tsx';
import list from './Worklist.module.css';

interface Props {
  item: WorklistItem;
  busy: boolean;
  disabled: boolean;
  /** Of any day and room: says of which. */
  anyDay?: boolean;
  onSelect: () => void;
}

export function WorklistRow({ item, busy, disabled, anyDay = false, onSelect }: Props) {
  const { t } = useTranslation();
  const locale = useLocale();
  const nameOf = usePatientName();
  const bornOf = useBirthText();
  const name = nameOf(item.patient.name);
  const procedure = item.scheduledProcedureStepDescription ?? item.requestedProcedureDescription;
  return (
    <li>
      <button
        type="button"
        className={list.row}
        disabled={disabled}
        data-busy={busy}
        onClick={onSelect}
        data-testid={`worklist-item-${item.itemId}`}
      >
        <span className="visually-hidden">{t('worklist.start', { name })}:</span>
        <span className={`${list.time} tnum`}>{siteTime(item.scheduledAt) || t('worklist.noTime')}</span>
        <span className={list.who}>
          <span className={list.name}>{name}</span>
          <span className={list.facts}>
            <span>{bornOf(item.patient)}</span>
            {item.patient.sex && <span>{t(`patient.sex.${item.patient.sex}`)}</span>}
            <span>
              {t('patient.id')} {item.patient.id}
            </span>
          </span>
        </span>
        <span className={list.what}>
          <span className={list.procedure}>{procedure}</span>
          {anyDay && (
            <span className={list.facts}>
              {[birthDate(item.scheduledAt?.slice(0, 10), locale), item.modality, item.scheduledStationAe]
                .filter((fact) => fact !== undefined && fact !== '')
                .map((fact) => (
                  <span key={fact}>{fact}</span>
                ))}
            </span>
          )}
          {item.accessionNumber !== undefined && (
            <span className={list.facts}>
              {t('patient.accession')} {item.accessionNumber}
            </span>
          )}
        </span>
        {busy ? <Loader size={36} aria-label={t('worklist.starting')} /> : <IconChevronRight size={40} aria-hidden />}
      </button>
    </li>
  );
}
