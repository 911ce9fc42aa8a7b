import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvCell } from './csv.ts';

describe('a cell of the export', () => {
  it.each([
    ['=1+1', "'=1+1"],
    ['+49 30', "'+49 30"],
    ['-2', "'-2"],
    ['@SUM(A1)', "'@SUM(A1)"],
    [' =1', "' =1"],
    ['\t=1', "'\t=1"],
    ['Müller, "Änne"', '"Müller, ""Änne"""'],
    ['two\nlines', '"two\nlines"'],
    ['plain', 'plain'],
    [-2, '-2'],
    [undefined, ''],
  ])('%j', (value, expected) => {
    expect(csvCell(value)).toBe(expected);
  });

  it('never begins as a formula', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const cell = csvCell(text).replace(/^"/, '');
        expect(/^\s*[=+\-@]/.test(cell)).toBe(false);
      }),
    );
  });
});
