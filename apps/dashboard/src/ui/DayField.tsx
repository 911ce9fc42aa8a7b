import 'dayjs/locale/de';
import { DateInput, DatesProvider } from '@mantine/dates';
import type { DateInputProps } from '@mantine/dates';
import { useTranslation } from 'react-i18next';
import { useLocale } from '../app/locale.ts';
import classes from './DayField.module.css';
import { dayFormat, parseDay } from '../format/day-format.ts';

interface Props extends Pick<DateInputProps, 'label' | 'description' | 'error' | 'size' | 'required'> {
  /** `YYYY-MM-DD`; empty: none. */
  value: string;
  onChange: (value: string) => void;
  /** First and last day that may be chosen. */
  min?: string | undefined;
  max?: string | undefined;
  testId?: string | undefined;
  /** For fingers in gloves: every target of the calendar is 20 mm. */
  large?: boolean;
}

const largeTargets = {
  day: `${classes.day} ${classes.target}`,
  calendarHeaderControl: classes.target,
  calendarHeaderLevel: classes.target,
  monthsListControl: classes.target,
  yearsListControl: classes.target,
};

/** A calendar day, typed or picked, written as the language shown writes it: a browser's own field follows the browser. */
export function DayField({ value, onChange, min, max, testId, large = false, ...rest }: Props) {
  const { t, i18n } = useTranslation();
  const locale = useLocale();
  const format = dayFormat(locale);
  return (
    <DatesProvider settings={{ locale: i18n.language, firstDayOfWeek: 1, weekendDays: [] }}>
      <DateInput
        {...rest}
        value={value === '' ? null : value}
        onChange={(day) => onChange(day ?? '')}
        valueFormat={format}
        placeholder={format.replaceAll('D', t('day.letterOfDay')).replaceAll('Y', t('day.letterOfYear'))}
        dateParser={(text) => parseDay(text, locale) ?? null}
        {...(min === undefined ? {} : { minDate: min })}
        {...(max === undefined ? {} : { maxDate: max })}
        hideOutsideDates
        classNames={{ weekday: classes.weekday, day: classes.day, ...(large ? largeTargets : {}) }}
        {...(large ? { size: 'xl', allowDeselect: true } : { clearable: true })}
        clearButtonProps={{ 'aria-label': t('day.clear') }}
        ariaLabels={{
          previousMonth: t('day.previousMonth'),
          nextMonth: t('day.nextMonth'),
          previousYear: t('day.previousYear'),
          nextYear: t('day.nextYear'),
          previousDecade: t('day.previousDecade'),
          nextDecade: t('day.nextDecade'),
        }}
        autoComplete="off"
        {...(testId === undefined ? {} : { 'data-testid': testId })}
      />
    </DatesProvider>
  );
}
