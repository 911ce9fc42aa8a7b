import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChainCheck, hashOf, origin, type Chained, type Link } from './chain.ts';

const text = fc.string({ maxLength: 12 });
const maybe = fc.option(text);
const content = fc.record({
  id: fc.uuid(),
  at: fc.date({ min: new Date('2020-01-01'), max: new Date('2040-01-01'), noInvalidDate: true }),
  actor: text,
  action: text,
  subject: text,
  outcome: fc.constantFrom('success', 'failure'),
  stationId: maybe,
  patientId: maybe,
  studyUid: maybe,
  address: maybe,
  traceId: maybe,
  detail: fc.json({ maxDepth: 2 }),
});

const chain = fc.array(content, { minLength: 2, maxLength: 8 }).map((contents) => {
  const entries: Chained[] = [];
  for (const [place, one] of contents.entries()) {
    const previousHash = entries.at(-1)?.hash ?? origin.hash;
    const entry = { ...one, sequence: place + 1 };
    entries.push({ ...entry, previousHash, hash: hashOf(entry, previousHash) });
  }
  return entries;
});
const headOf = (entries: readonly Chained[]): Link => entries.at(-1) ?? origin;

function faults(entries: readonly Chained[], head: Link, base = origin, anchors: Link[] = []) {
  const check = new ChainCheck(base, anchors);
  for (const entry of entries) check.see(entry);
  check.end(head);
  return check.faults;
}
/** An entry hashed again after a change: by somebody who knows how. */
const rehashed = (entry: Chained): Chained => ({ ...entry, hash: hashOf(entry, entry.previousHash) });

describe('the chain of the audit', () => {
  it('is whole as it was written, from any base on', () => {
    fc.assert(
      fc.property(chain, fc.nat(), (entries, cut) => {
        const at = cut % entries.length;
        expect(faults(entries, headOf(entries))).toEqual([]);
        expect(faults(entries.slice(at), headOf(entries), entries[at - 1] ?? origin)).toEqual([]);
      }),
    );
  });

  const fields = ['id', 'actor', 'action', 'subject', 'outcome', 'stationId', 'patientId', 'studyUid', 'address', 'traceId', 'detail', 'previousHash', 'hash'] as const; // prettier-ignore

  it('shows a change of any part of any entry, by its place, also where the entry was hashed anew', () => {
    fc.assert(
      fc.property(chain, fc.nat(), fc.constantFrom(...fields), fc.boolean(), (entries, n, field, anew) => {
        const place = n % entries.length;
        const entry = entries[place] as Chained;
        const changed = { ...entry, [field]: `${entry[field] ?? ''}x` };
        const forged = entries.with(place, anew && field !== 'hash' ? rehashed(changed) : changed);
        const found = faults(forged, headOf(entries));
        expect(found[0]).toMatchObject({ what: 'changed' });
        // Where only the link is forged, the entry before no longer is what this one follows.
        const wanted = field === 'previousHash' && anew ? [place, place + 1] : [place + 1];
        expect(wanted).toContain(found[0]?.sequence);
      }),
    );
  });

  it('shows another time, and what is null or only empty', () => {
    fc.assert(
      fc.property(chain, fc.nat(), (entries, n) => {
        const place = n % entries.length;
        const entry = entries[place] as Chained;
        const later = { ...entry, at: new Date(entry.at.getTime() + 1) };
        const emptied = { ...entry, address: entry.address === null ? '' : null };
        for (const forged of [later, emptied]) {
          expect(faults(entries.with(place, forged), headOf(entries))[0]).toMatchObject({ sequence: place + 1 });
        }
      }),
    );
    const entry = { ...origin, id: '', at: new Date(0), actor: 'ab', action: 'c', subject: '', outcome: '' };
    const rest = { stationId: null, patientId: null, studyUid: null, address: null, traceId: null, detail: '{}' };
    // Moved from one field into the next.
    expect(hashOf({ ...entry, ...rest }, '')).not.toBe(hashOf({ ...entry, ...rest, actor: 'a', action: 'bc' }, ''));
  });

  it('names what is missing, what was put in, and what was cut off', () => {
    fc.assert(
      fc.property(chain, fc.nat(), (entries, n) => {
        const place = n % entries.length;
        const head = headOf(entries);
        expect(faults(entries.toSpliced(place, 1), head)[0]).toMatchObject({ what: 'missing', sequence: place + 1 });
        const last = entries.at(-1) as Chained;
        const more = rehashed({ ...last, id: 'more', sequence: last.sequence + 1, previousHash: last.hash });
        expect(faults([...entries, more], head)).toMatchObject([{ what: 'inserted', entryId: 'more' }]);
        const before = { ...last, sequence: 0 };
        expect(faults([before, ...entries], head)).toMatchObject([{ what: 'inserted', sequence: 0 }]);
      }),
    );
  });

  it('shows two entries that changed places', () => {
    fc.assert(
      fc.property(chain, (entries) => {
        const [a, b, ...rest] = entries as [Chained, Chained, ...Chained[]];
        const swapped = [{ ...b, sequence: 1 }, { ...a, sequence: 2 }, ...rest];
        expect(faults(swapped, headOf(entries)).length).toBeGreaterThan(0);
      }),
    );
  });

  it('convicts who wrote all of it anew, by a link that was kept elsewhere', () => {
    fc.assert(
      fc.property(chain, fc.nat(), (entries, n) => {
        const anchor = entries[n % entries.length] as Chained;
        let link = origin.hash;
        const anew = entries.map((entry) => {
          const forged = rehashed({ ...entry, actor: `${entry.actor}x`, previousHash: link });
          link = forged.hash;
          return forged;
        });
        expect(faults(anew, headOf(anew))).toEqual([]);
        expect(faults(anew, headOf(anew), origin, [anchor])[0]).toMatchObject({
          what: 'changed',
          sequence: anchor.sequence,
        });
        expect(faults(entries, headOf(entries), origin, [{ sequence: 99, hash: '' }])).toMatchObject([
          { what: 'missing', sequence: 99 },
        ]);
      }),
    );
  });
});
