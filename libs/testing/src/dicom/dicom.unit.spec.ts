import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ExplicitLittleEndian, ImplicitLittleEndian, readDataSet, writeDataSet, type DataSet } from './dataset.ts';
import { readData, writeData } from './pdu.ts';
import { matches } from './worklist.ts';

describe('P-DATA-TF', () => {
  it('carries any message whole, in PDUs no longer than the peer allows', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5000 }), fc.integer({ min: 32, max: 4096 }), (bytes, limit) => {
        const pdus = [...writeData(7, false, Buffer.from(bytes), limit)];
        const fragments = pdus.flatMap((pdu) => {
          expect(pdu.length - 6).toBeLessThanOrEqual(limit);
          return [...readData(pdu.subarray(6))];
        });
        expect(Buffer.concat(fragments.map((fragment) => fragment.bytes))).toEqual(Buffer.from(bytes));
        expect(fragments.map((fragment) => fragment.isLast)).toEqual(
          fragments.map((_, i) => i === fragments.length - 1),
        );
      }),
    );
  });
});

describe('data sets', () => {
  const set: DataSet = new Map<string, string | DataSet[]>([
    ['00080005', 'ISO_IR 192'],
    ['00100010', 'Öztürk^Ayşe'],
    ['00400100', [new Map([['00400001', 'OR1']]), new Map([['00400002', '20260105']])]],
  ]);

  it.each([ImplicitLittleEndian, ExplicitLittleEndian])('come back as they were written in %s', (syntax) => {
    expect(readDataSet(writeDataSet(set, syntax), syntax)).toEqual(set);
  });

  it('answers anything that is no data set with a protocol error, never with a crash', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        try {
          readDataSet(Buffer.from(bytes), ImplicitLittleEndian);
        } catch (error) {
          expect(error).toHaveProperty('reason', 6);
        }
      }),
    );
  });
});

describe('worklist matching (PS3.4 C.2.2.2)', () => {
  it.each([
    ['00100010', 'mü*', 'Müller^Jürgen', true],
    ['00100010', 'M?ller*', 'Müller^Jürgen', true],
    ['00100010', 'Muller*', 'Müller^Jürgen', false],
    ['00100020', 'P(1', 'P(1', true],
    ['00400002', '20260101-20260131', '20260105', true],
    ['00400002', '-20260104', '20260105', false],
    ['00400002', '20260105', '20260105', true],
    ['00400001', '', 'OR1', true],
  ])('%s: key %j against %j', (tag, key, value, expected) => {
    expect(matches(tag, key, value)).toBe(expected);
  });
});
