import { WorklistSearch } from '@smartbox/contracts';
import { describe, expect, it } from 'vitest';
import { isAnswer, queryOf } from './worklist-search.ts';

const asked = (search: object) => WorklistSearch.parse(search);

describe('a search of the worklist', () => {
  it.each([
    ['Müller', 'Müller*'],
    [' von der Heide , Änne ', 'von der Heide*^Änne*'],
    ['Müller,', 'Müller*'],
    ['Müller^Anne', 'Müller^Anne'],
    ['*ller', '*ller'],
  ])('for the name %j asks for %j', (name, patientName) => {
    expect(queryOf(asked({ name }))).toEqual({ patientName, limit: 50 });
  });

  it('asks with what was given and nothing else', () => {
    const all = { patientId: 'P-1', accession: 'A-1', modality: 'ES', date: '2026-11-23', limit: '7' };
    expect(queryOf(asked(all), 'OR1')).toEqual({
      stationAe: 'OR1',
      patientId: 'P-1',
      accessionNumber: 'A-1',
      modality: 'ES',
      date: '20261123',
      limit: 7,
    });
  });

  it.each([[{}], [{ limit: 5 }], [{ name: 'a\\b' }], [{ accession: 'x'.repeat(17) }], [{ date: '23.11.2026' }]])(
    'is refused with %j',
    (search) => {
      expect(WorklistSearch.safeParse(search).success).toBe(false);
    },
  );

  it('finds in what is known already', () => {
    const item = {
      itemId: '01KAQ0000000000000000000A1',
      patient: { name: 'Müller^Anne', id: 'P-1' },
      accessionNumber: 'A-17',
      modality: 'ES',
      scheduledAt: '2026-11-23T08:00:00',
    };
    for (const search of [{ name: 'müller, an' }, { name: 'Mül*' }, { accession: 'a-1' }, { date: '2026-11-23' }])
      expect(isAnswer(item, asked(search)), JSON.stringify(search)).toBe(true);
    for (const search of [{ name: 'Meier' }, { modality: 'XC', name: 'Müller' }, { date: '2026-11-24' }])
      expect(isAnswer(item, asked(search)), JSON.stringify(search)).toBe(false);
  });
});
