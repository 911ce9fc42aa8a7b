import { Button, Select, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { listName } from '../format/person-name.ts';
import { DayField } from '../ui/DayField.tsx';
import type { Correction } from './correction.ts';
import classes from './Correct.module.css';

const sexes = ['F', 'M', 'O'] as const;
type Sex = (typeof sexes)[number];
/** `^`, `=` and `\\` are delimiters of a DICOM name (PS3.5 section 6.2). */
const part = (text: string) => text.replace(/[\^=\\]/g, ' ').trim();

/** A patient who is on no worklist. */
export function ManualPatient({ onChoose }: { onChoose: (correction: Correction) => void }) {
  const { t } = useTranslation();
  const [fields, setFields] = useState({ family: '', given: '', id: '', birth: '', reason: '' });
  const [sex, setSex] = useState<Sex | null>(null);
  const set = (name: keyof typeof fields) => (event: { currentTarget: { value: string } }) => {
    const { value } = event.currentTarget;
    setFields((all) => ({ ...all, [name]: value }));
  };
  const name = [part(fields.family), part(fields.given)].filter(Boolean).join('^');
  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault();
        const birthDate = fields.birth.replaceAll('-', '');
        const patient = {
          name,
          id: fields.id.trim(),
          ...(birthDate === '' ? {} : { birthDate }),
          ...(sex === null ? {} : { sex }),
        };
        const reason = fields.reason.trim();
        onChoose({ name: listName(name), body: { patient, ...(reason === '' ? {} : { reason }) } });
      }}
    >
      <TextInput label={t('correct.family')} required value={fields.family} onChange={set('family')} maxLength={30} />
      <TextInput label={t('correct.given')} value={fields.given} onChange={set('given')} maxLength={30} />
      <TextInput label={t('correct.id')} required value={fields.id} onChange={set('id')} maxLength={64} />
      <DayField
        label={t('correct.birth')}
        value={fields.birth}
        onChange={(birth) => setFields((all) => ({ ...all, birth }))}
      />
      <Select
        label={t('correct.sex')}
        clearable
        value={sex}
        onChange={(value) => setSex(sexes.find((one) => one === value) ?? null)}
        data={sexes.map((value) => ({ value, label: t(`patient.sex.${value}`) }))}
      />
      <TextInput label={t('correct.reason')} value={fields.reason} onChange={set('reason')} maxLength={200} />
      <Button type="submit" disabled={name === '' || fields.id.trim() === ''} data-testid="manual-next">
        {t('correct.assign')}
      </Button>
    </form>
  );
}
