import type { RenditionReady } from '@smartbox/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { identify, instanceNumber, type MadeFor } from './identity.ts';

const event = (origin: Partial<RenditionReady['origin']> = {}, rendition: RenditionReady['rendition'] = 'pacs') =>
  ({
    origin: { kind: 'clip', id: 'C1', sourceId: 'endoscope', procedureId: 'P1', ...origin },
    rendition,
  }) as RenditionReady;

const madeFor = (version: number, more: Partial<MadeFor> = {}): MadeFor => ({
  procedureId: 'P1',
  stationId: 'or-1',
  version,
  ...more,
});

describe('the identity of an object', () => {
  it('is the same for the same message', () => {
    expect(identify(event(), madeFor(3))).toEqual(identify(event(), madeFor(3)));
  });

  it('differs by clip, source, rendition and snapshot version; the series by procedure, version, source and kind', () => {
    const all = [
      identify(event(), madeFor(1)),
      identify(event(), madeFor(2)),
      identify(event({ id: 'C2' }), madeFor(1)),
      identify(event({ sourceId: 'room' }), madeFor(1)),
      identify(event({ kind: 'still' }), madeFor(1)),
      identify(event(), madeFor(1, { procedureId: 'P2' })),
    ];
    expect(new Set(all.map((each) => each.sopInstanceUid)).size).toBe(5);
    expect(new Set(all.map((each) => each.seriesInstanceUid)).size).toBe(5);
  });

  it('is another one after every move of the clip to another procedure, also when it comes back', () => {
    const at = [
      madeFor(1),
      madeFor(1, { procedureId: 'P2', assignment: 1 }),
      madeFor(1, { assignment: 2 }),
      madeFor(1, { procedureId: 'P2', assignment: 3 }),
    ].map((each) => identify(event(), each));
    expect(new Set(at.map((each) => each.sopInstanceUid)).size).toBe(4);
    expect(at[1]?.seriesInstanceUid).toBe(at[3]?.seriesInstanceUid);
    expect(at[0]?.seriesInstanceUid).not.toBe(at[2]?.seriesInstanceUid);
  });

  it('tells renditions of one kind apart, and keeps edits in a series of their own', () => {
    const edit = (renditionId: string) => identify({ ...event({}, 'edit'), renditionId }, madeFor(1));
    const uids = [identify(event(), madeFor(1)), edit('R1'), edit('R2')].map((each) => each.sopInstanceUid);
    expect(new Set(uids).size).toBe(3);
    expect(edit('R1').seriesInstanceUid).toBe(edit('R2').seriesInstanceUid);
    expect(edit('R1').seriesInstanceUid).not.toBe(identify(event(), madeFor(1)).seriesInstanceUid);
    const fallback = identify({ ...event({}, 'fallback'), renditionId: 'R3' }, madeFor(1));
    expect(fallback.seriesInstanceUid).toBe(identify(event(), madeFor(1)).seriesInstanceUid);
  });

  it('has UIDs and keys that any store takes', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (id, sourceId) => {
        const { sopInstanceUid, seriesInstanceUid, seriesNumber, key } = identify(event({ id, sourceId }), madeFor(1));
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
