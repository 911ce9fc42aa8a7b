import { describe, expect, it } from 'vitest';
import { station } from '../../../test/fixture-data.ts';
import { clockTone, rateOf, rowsOf, spoolHeat } from './facts.ts';

describe('what is shown of a station', () => {
  it('judges its clock in both directions', () => {
    expect([-80, 499, -700, 1999, -2000, 3_600_000].map(clockTone)).toEqual([
      'good',
      'good',
      'warn',
      'warn',
      'bad',
      'bad',
    ]);
  });

  it('says how hot the spool is', () => {
    expect(spoolHeat(undefined)).toBeUndefined();
    expect(spoolHeat({ bytes: 0, maxBytes: 100 })).toEqual({ heat: 'cold', share: 0 });
    expect(spoolHeat({ bytes: 1, maxBytes: 100 })?.heat).toBe('warm');
    expect(spoolHeat({ bytes: 500, maxBytes: 100 })).toEqual({ heat: 'hot', share: 1 });
  });

  it('reads rates, and nothing from what is none', () => {
    expect(rateOf('30000/1001')).toBeCloseTo(29.97, 2);
    expect([rateOf('50/1'), rateOf('25'), rateOf('x'), rateOf(undefined), rateOf('0/1')]).toEqual([
      50,
      25,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('puts what is set beside what is there, and what only one of them knows', () => {
    const set = { mode: 'pull', frameRate: 30, bitrate: 8_000_000, encode: 'auto', pacs: true } as const;
    const settings = {
      stationId: 'or-1',
      name: 'OP 1',
      aeTitle: 'OR1',
      windowSeconds: 900,
      maxBytes: 1,
      sources: [
        { ...set, sourceId: 'endoscope', name: 'Endoskop', kind: 'v4l2' },
        { ...set, sourceId: 'new', name: 'Neu', kind: 'rtsp' },
      ],
    };
    const rows = rowsOf(station(), [settings]);
    expect(rows.map((r) => [r.sourceId, r.source !== undefined, r.settings !== undefined, r.isUnset])).toEqual([
      ['endoscope', true, true, false],
      ['new', false, true, false],
      ['room', true, false, true],
    ]);
    expect(rowsOf(station(), undefined).map((r) => r.isUnset)).toEqual([false, false]); // not read yet
  });
});
