import type { RenditionReady } from '@smartbox/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { identify, instanceNumber } from './identity.ts';

const event = (origin: Partial<RenditionReady['origin']> = {}, rendition: RenditionReady['rendition'] = 'pacs') =>
  ({
    origin: { kind: 'clip', id: 'C1', sourceId: 'endoscope', procedureId: 'P1', ...origin },
    rendition,
  }) as RenditionReady;

describe('the identity of an object', () => {
  it('is the same for the same message', () => {
    expect(identify(event(), 3)).toEqual(identify(event(), 3));
  });

  it('differs by clip, source, rendition and snapshot version; the series by procedure, source and kind', () => {
    const all = [
      identify(event(), 1),
      identify(event(), 2),
      identify(event({ id: 'C2' }), 1),
      identify(event({ sourceId: 'room' }), 1),
      identify(event({ kind: 'still' }), 1),
      identify(event({ procedureId: 'P2' }), 1),
    ];
    expect(new Set(all.map((each) => each.sopInstanceUid)).size).toBe(5);
    expect(new Set(all.map((each) => each.seriesInstanceUid)).size).toBe(4);
  });

  it('has UIDs and keys that any store takes', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (id, sourceId) => {
        const { sopInstanceUid, seriesInstanceUid, seriesNumber, key } = identify(event({ id, sourceId }), 1);
        for (const uid of [sopInstanceUid, seriesInstanceUid]) expect(uid).toMatch(/^2\.25\.[1-9]\d{0,38}$/);
        expect(key).toMatch(/^instances\/[0-9.]+\.dcm$/);
        expect(seriesNumber).toBeGreaterThanOrEqual(1);
        expect(seriesNumber).toBeLessThanOrEqual(9999);
      }),
    );
  });

  it('numbers instances by time, also when a clock says before the procedure', () => {
    const start = new Date('2026-06-11T22:30:00Z');
    expect(instanceNumber(new Date('2026-06-11T22:45:12.345Z'), start)).toBe(913);
    expect(instanceNumber(new Date('2026-06-11T22:29:00Z'), start)).toBe(1);
  });
});
