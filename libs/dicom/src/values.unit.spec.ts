import { SmartBoxError } from '@smartbox/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as v from './values.ts';

const name = (value: string) => v.personName('PatientName', value);

describe('a person name', () => {
  it.each([
    ['Müller^Jürgen^^Dr.', 'Müller^Jürgen^^Dr.'],
    ['  Weiß^Änne ', 'Weiß^Änne'],
    ['Mu\u0308ller^', 'Müller'],
    ['Yamada^Tarou=山田^太郎=やまだ^たろう', 'Yamada^Tarou=山田^太郎=やまだ^たろう'],
    ['^^^^', ''],
    ['😀'.repeat(64), '😀'.repeat(64)],
  ])('%j becomes %j', (value, expected) => {
    expect(name(value)).toBe(expected);
  });

  it.each([
    ['a backslash', 'Miller\\DROP^A', /backslash/],
    ['a line break', 'Miller\nEvil^A', /control character/],
    ['an escape sequence', 'Miller\u001b$B^A', /control character/],
    ['a NUL', 'Miller\0^A', /control character/],
    ['65 characters', 'x'.repeat(65), /65 characters/],
    ['six components', 'a^b^c^d^e^f', /6 components/],
    ['four groups', 'a=b=c=d', /4 component groups/],
    ['half a surrogate pair', 'a\ud800', /Unicode/],
  ])('with %s is refused without being quoted', (_what, value, rule) => {
    expect(() => name(value)).toThrow(rule);
    try {
      name(value);
    } catch (error) {
      expect((error as SmartBoxError).code).toBe('invalid-dicom-value');
      expect((error as Error).message).not.toContain(value.slice(0, 5));
    }
  });

  it('is either refused or safe, whatever comes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (value) => {
        try {
          const safe = name(value);
          return safe.split('=').every((group) => [...group].length <= 64) && !/[\u0000-\u001f\\]/.test(safe);
        } catch (error) {
          return error instanceof SmartBoxError && error.fault === 'input';
        }
      }),
    );
  });
});

describe('a description', () => {
  it('is cut and cleaned, never refused', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (value) => {
        const safe = v.description(value);
        return (
          [...safe].length <= 64 && safe.isWellFormed() && !safe.includes('\\') && v.longString('X', safe) === safe
        );
      }),
    );
  });
});

describe('numbers and dates', () => {
  it('a decimal string has at most 16 characters and keeps its value', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 1e13, noNaN: true }), (value) => {
        const text = v.decimalString(value);
        return (
          /^\d+(\.\d+)?$/.test(text) &&
          text.length <= 16 &&
          Math.abs(Number(text) - value) <= Math.max(value * 1e-6, 1e-13)
        );
      }),
    );
  });

  it.each(['19610229', '20261301', '1961-05-03', '', '196105'])('refuses the date %j', (value) => {
    expect(() => v.date('PatientBirthDate', value)).toThrow('PatientBirthDate');
  });

  it('takes a leap day', () => {
    expect(v.date('PatientBirthDate', '20000229')).toBe('20000229');
  });

  it.each([
    [120, '20260612', '004512.345000', '+0200'],
    [-570, '20260611', '131512.345000', '-0930'],
    [0, '20260611', '224512.345000', '+0000'],
  ])('writes local time %i minutes east of UTC', (minutes, date, time, offset) => {
    expect(v.localTime(new Date('2026-06-11T22:45:12.345Z'), minutes)).toEqual({
      date,
      time,
      dateTime: date + time,
      offset,
    });
  });

  it.each(['1.2.3', '2.25.329800735698586629295641978511506172918'])('takes the UID %s', (value) => {
    expect(v.uid('StudyInstanceUID', value)).toBe(value);
  });

  it.each(['', '1', '1..2', '1.02', '../../etc', '1.2.3 ', `1.${'2'.repeat(63)}`])('refuses the UID %j', (value) => {
    expect(() => v.uid('StudyInstanceUID', value)).toThrow('StudyInstanceUID');
  });
});
