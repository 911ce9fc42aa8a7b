import { describe, expect, it } from 'vitest';
import { ageOf, birthDate, parseDicomDate, siteTime } from './dates.ts';
import { fullName, initials, listName } from './person-name.ts';
import { bytes, elapsed, lengthParts, stopwatch } from './quantities.ts';

describe('person names (PS3.5 section 6.2)', () => {
  it.each([
    ['Müller^Anna^Katharina^Dr.^jr.', 'Müller, Dr. Anna Katharina jr.', 'Dr. Anna Katharina Müller jr.'],
    ['Müller^Anna', 'Müller, Anna', 'Anna Müller'],
    ['Müller', 'Müller', 'Müller'],
    ['^Anna', 'Anna', 'Anna'],
    ['Yamada^Tarou=山田^太郎=やまだ^たろう', 'Yamada, Tarou', 'Tarou Yamada'],
    ['=山田^太郎', '山田, 太郎', '太郎 山田'],
    ['  van der  Berg ^ Jan ^^^', 'van der Berg, Jan', 'Jan van der Berg'],
    ['^^^^', '', ''],
    ['', '', ''],
  ])('%s', (pn, list, full) => {
    expect(listName(pn)).toBe(list);
    expect(fullName(pn)).toBe(full);
  });
});

describe('initials', () => {
  it('name nobody to those who pass by', () => {
    expect(initials('Müller^Anna^Katharina^Dr.')).toBe('M. A.');
    expect(initials('Özdemir')).toBe('Ö.');
    expect(initials('')).toBe('');
  });
});

describe('dates', () => {
  it('reads DICOM dates and refuses what is none', () => {
    expect(parseDicomDate('19610214')).toEqual({ year: 1961, month: 2, day: 14 });
    expect(parseDicomDate('1961-02-14')).toEqual({ year: 1961, month: 2, day: 14 });
    for (const wrong of ['19610230', '1961', 'x', '', undefined]) expect(parseDicomDate(wrong)).toBeUndefined();
  });

  it('shows birth dates in the locale, without shifting the day by a time zone', () => {
    expect(birthDate('19610214', 'de-DE')).toBe('14.02.1961');
    expect(birthDate('19610214', 'en-GB')).toBe('14/02/1961');
    expect(birthDate('unknown', 'de-DE')).toBe('unknown');
  });

  it.each([
    ['19610214', '2026-02-13', { value: 64, unit: 'year' }],
    ['19610214', '2026-02-14', { value: 65, unit: 'year' }],
    ['20250314', '2026-11-23', { value: 20, unit: 'month' }],
    ['20261101', '2026-11-23', { value: 22, unit: 'day' }],
    ['20261123', '2026-11-23', { value: 0, unit: 'day' }],
    ['20270101', '2026-11-23', undefined],
  ])('age of %s on %s', (born, on, age) => {
    expect(ageOf(born, new Date(`${on}T12:00:00`))).toEqual(age);
  });

  it('takes the time of a worklist entry as it stands', () => {
    expect(siteTime('2026-11-23T08:30:00')).toBe('08:30');
    expect(siteTime(undefined)).toBe('');
  });
});

describe('quantities', () => {
  it('never claims more time than there is', () => {
    expect(stopwatch(119_999)).toBe('1:59');
    expect(stopwatch(400_000)).toBe('6:40');
    expect(stopwatch(3_723_000)).toBe('1:02:03');
    expect(stopwatch(-5)).toBe('0:00');
  });

  it('names lengths, sizes and durations', () => {
    expect(lengthParts(30)).toEqual({ value: 30, unit: 'second' });
    expect(lengthParts(120)).toEqual({ value: 2, unit: 'minute' });
    expect(bytes(0, 'de')).toBe('0 B');
    expect(bytes(1_480_000_000, 'de')).toBe('1,5 GB');
    expect(bytes(242_000_000, 'en')).toBe('242 MB');
    expect(elapsed(910.4, 'de')).toBe('910 ms');
    expect(elapsed(4_230, 'de')).toBe('4,2 s');
    expect(elapsed(65_000, 'de')).toBe('1:05 min');
  });
});
