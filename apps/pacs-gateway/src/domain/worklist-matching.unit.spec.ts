import { DestinationsFile } from '@smartbox/contracts';
import { expect, it } from 'vitest';
import { worklistQueries } from './worklist-matching.ts';

const matching = (rules: object = {}) => {
  const worklist = { aeTitle: 'RIS', host: 'ris', port: 104, matching: rules };
  const parsed = DestinationsFile.parse({ destinations: [], worklist }).worklist?.matching;
  if (!parsed) throw new Error('a worklist was given');
  return parsed;
};
const query = { date: '20260301', stationAe: 'ROOM_1' };

it('asks for what was asked, unless the site says otherwise', () => {
  expect(worklistQueries(query, matching())).toEqual([query]);
  expect(worklistQueries(query, matching({ stationAe: 'any' }))).toEqual([{ date: '20260301' }]);
});

it('asks once for each AE title and modality, and for the days around', () => {
  const rules = matching({ stationAe: ['A', 'B'], modalities: ['ES', 'XC'], daysBefore: 1, daysAfter: 2 });
  const date = '20260228-20260303';
  expect(worklistQueries(query, rules)).toEqual([
    { date, stationAe: 'A', modality: 'ES' },
    { date, stationAe: 'A', modality: 'XC' },
    { date, stationAe: 'B', modality: 'ES' },
    { date, stationAe: 'B', modality: 'XC' },
  ]);
  expect(worklistQueries({ ...query, modality: 'US', date: '20260101-' }, matching({ daysAfter: 1 }))).toEqual([
    { stationAe: 'ROOM_1', modality: 'US', date: '20260101-' },
  ]);
});
