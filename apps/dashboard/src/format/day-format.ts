import dayjs from 'dayjs';
import customParseFormat from 'dayjs/plugin/customParseFormat';

dayjs.extend(customParseFormat);

/** How a calendar day is written in a locale, in dayjs' letters: `DD.MM.YYYY`. */
export function dayFormat(locale: string): string {
  const letters: Partial<Record<Intl.DateTimeFormatPartTypes, string>> = { day: 'DD', month: 'MM', year: 'YYYY' };
  return new Intl.DateTimeFormat(locale, { day: '2-digit', month: '2-digit', year: 'numeric' })
    .formatToParts(0)
    .map(({ type, value }) => letters[type] ?? value)
    .join('');
}

/** Other ways to write the same: without leading zeros, without points, of two digits of the year never. */
function formats(locale: string): string[] {
  const own = dayFormat(locale);
  return [own, own.replace('DD', 'D').replace('MM', 'M'), own.replace(/[^DMY]/g, ''), 'YYYY-MM-DD'];
}

/** A day as somebody typed it, as `YYYY-MM-DD`; undefined as long as it is none. */
export function parseDay(text: string, locale: string): string | undefined {
  for (const format of formats(locale)) {
    const day = dayjs(text.trim(), format, true);
    if (day.isValid()) return day.format('YYYY-MM-DD');
  }
  return undefined;
}
