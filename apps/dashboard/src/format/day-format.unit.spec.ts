import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dayFormat, parseDay } from './day-format.ts';

describe('a calendar day', () => {
  it('is written in the order and with the marks of its locale', () => {
    expect(dayFormat('de-DE')).toBe('DD.MM.YYYY');
    expect(dayFormat('en-GB')).toBe('DD/MM/YYYY');
    expect(dayFormat('en-US')).toBe('MM/DD/YYYY');
  });

  it('is read as the locale writes it, without leading zeros, as digits alone, and as ISO 8601', () => {
    for (const text of ['14.03.1952', '14.3.1952', '14031952', ' 1952-03-14 ']) expect(parseDay(text, 'de-DE')).toBe('1952-03-14'); // prettier-ignore
    expect(parseDay('03/04/2026', 'en-GB')).toBe('2026-04-03');
    expect(parseDay('03/04/2026', 'en-US')).toBe('2026-03-04');
  });

  it('is none while it is typed, and where there is no such day', () => {
    for (const text of ['', '1', '14.', '14.03.', '14.03.52', '31.02.2026', '29.02.2025', 'heute', '14/03/1952'])
      expect(parseDay(text, 'de-DE'), text).toBeUndefined();
  });

  it('comes back from every way it may be written', () => {
    const day = fc.date({ min: new Date('1900-01-01'), max: new Date('2100-12-31'), noInvalidDate: true });
    fc.assert(
      fc.property(day, fc.constantFrom('de-DE', 'en-GB', 'en-US', 'de-CH'), (date, locale) => {
        const shown = new Intl.DateTimeFormat(locale, { day: '2-digit', month: '2-digit', year: 'numeric', timeZone: 'UTC' }); // prettier-ignore
        const iso = date.toISOString().slice(0, 10);
        expect(parseDay(shown.format(date), locale)).toBe(iso);
        expect(parseDay(iso, locale)).toBe(iso);
      }),
    );
  });
});
