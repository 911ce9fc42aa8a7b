import type { DeidentifyChoices } from '@smartbox/contracts';
import { Checkbox, NativeSelect } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import classes from './ExportDialog.module.css';

const kept = ['retainDevice', 'retainInstitution', 'retainPatientCharacteristics'] as const;

/** Nothing stays of who, where and when, and nobody has looked yet. */
export const NOTHING_KEPT: DeidentifyChoices = {
  retainDevice: false,
  retainInstitution: false,
  retainPatientCharacteristics: false,
  confirmBurnedIn: false,
};

interface Props {
  value: DeidentifyChoices;
  onChange: (value: DeidentifyChoices) => void;
}

/** What a DICOM object for teaching keeps all the same (PS3.15 annex E.3), and the word of who has looked at it. */
export function TeachingOptions({ value, onChange }: Props) {
  const { t } = useTranslation();
  const { retainDates, ...flags } = value;
  return (
    <fieldset className={classes.teaching} data-testid="teaching-options">
      <legend>{t('exports.deidentify.title')}</legend>
      <p className={classes.hint}>{t('exports.deidentify.hint')}</p>
      <NativeSelect
        label={t('exports.deidentify.dates')}
        size="md"
        value={retainDates ?? ''}
        onChange={({ currentTarget: { value: dates } }) =>
          onChange(dates === 'full' || dates === 'shifted' ? { ...flags, retainDates: dates } : flags)
        }
        data={[
          { value: '', label: t('exports.deidentify.datesNone') },
          { value: 'shifted', label: t('exports.deidentify.datesShifted') },
          { value: 'full', label: t('exports.deidentify.datesFull') },
        ]}
        data-testid="retain-dates"
      />
      <div className={classes.places}>
        {kept.map((name) => (
          <Checkbox
            key={name}
            size="md"
            label={t(`exports.deidentify.${name}`)}
            checked={value[name]}
            onChange={({ currentTarget: { checked } }) => onChange({ ...value, [name]: checked })}
            data-testid={name}
          />
        ))}
      </div>
      <Checkbox
        size="md"
        label={t('exports.deidentify.confirmBurnedIn')}
        description={t('exports.deidentify.confirmBurnedInHint')}
        checked={value.confirmBurnedIn}
        onChange={({ currentTarget: { checked } }) => onChange({ ...value, confirmBurnedIn: checked })}
        data-testid="confirm-burned-in"
      />
    </fieldset>
  );
}
