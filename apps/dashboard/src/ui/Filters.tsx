import { Select } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { DayField } from './DayField.tsx';

interface SelectProps {
  label: string;
  /** Empty: all. */
  value: string;
  onChange: (value: string) => void;
  data: { value: string; label: string }[];
  testId?: string;
}

/** One filter of a list: one of these, or all. */
export function FilterSelect({ label, value, onChange, data, testId }: SelectProps) {
  const { t } = useTranslation();
  return (
    <Select
      label={label}
      placeholder={t('recordings.all')}
      clearable
      value={value || null}
      onChange={(chosen) => onChange(chosen ?? '')}
      data={data}
      {...(testId === undefined ? {} : { 'data-testid': testId })}
    />
  );
}

interface DaysProps {
  from: string;
  to: string;
  onChange: (field: 'from' | 'to', value: string) => void;
}

/** The days that a list is of, both included; neither has to be given. */
export function FilterDays({ from, to, onChange }: DaysProps) {
  const { t } = useTranslation();
  return (
    <>
      <DayField
        label={t('recordings.from')}
        value={from}
        max={to || undefined}
        onChange={(day) => onChange('from', day)}
      />
      <DayField label={t('recordings.to')} value={to} min={from || undefined} onChange={(day) => onChange('to', day)} />
    </>
  );
}
