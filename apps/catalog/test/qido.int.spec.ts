import { deterministicUid } from '@smartbox/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Catalog } from './catalog.ts';
import { getFrom, jsonOf, mueller, pydicom, startArchive, uids, type Archive, type Json } from './dicomweb-archive.ts';

let archive: Archive;
let catalog: Catalog;
let made: Archive['made'];
let get: ReturnType<typeof getFrom>;
const json = (path: string) => jsonOf(get, path);

beforeAll(async () => {
  archive = await startArchive();
  ({ catalog, made } = archive);
  get = getFrom(catalog);
});
afterAll(() => archive?.stop());

describe('QIDO-RS', () => {
  const study = deterministicUid('study', mueller.id);
  it.each([
    ['', ['P-1', 'P-3', 'P_2']],
    ['?PatientID=P-1', ['P-1']],
    ['?PatientID=P_2', ['P_2']],
    ['?PatientID=P-_', []], // no wildcard of SQL
    ['?00100020=P-1', ['P-1']],
    [`?PatientName=${encodeURIComponent('müller*')}`, ['P-1']],
    [`?PatientName=${encodeURIComponent('M?ller^J*')}`, ['P-1']],
    [`?PatientName=${encodeURIComponent('Müller')}`, []],
    [`?PatientName=${encodeURIComponent("x' OR '1'='1")}`, []],
    ['?PatientName=doe^jane^^', ['P_2']],
    ['?PatientBirthDate=19800101', ['P_2']],
    ['?AccessionNumber=A-1', ['P-1']],
    ['?StudyDate=20261123', ['P-1']],
    ['?StudyDate=20261101-20261122', ['P_2']],
    ['?StudyDate=-20261121', ['P-3', 'P_2']],
    ['?StudyDate=20261123-', ['P-1']],
    ['?ModalitiesInStudy=ES', ['P-1', 'P-3', 'P_2']],
    ['?ModalitiesInStudy=CT', []],
    [`?StudyInstanceUID=${study},2.25.9`, ['P-1']],
    [`?ReferringPhysicianName=${encodeURIComponent('öz*')}`, ['P-1', 'P-3', 'P_2']],
    ['?StudyDescription=Gastro*&PatientID=P-1', ['P-1']],
    ['?PatientID=*', ['P-1', 'P-3', 'P_2']],
    ['?PatientID=P?3', ['P-3']],
  ])('finds studies by %s', async (query, expected) => {
    expect(uids(await json(`/dicomweb/studies${query}`), '00100020').toSorted()).toEqual(expected);
  });

  it('tells of a study what the object says, and what was counted', async () => {
    const [found] = await json('/dicomweb/studies?PatientID=P-1&includefield=Manufacturer,00081010');
    const said = pydicom(made.film.file);
    for (const tag of [
      '00080020',
      '00080030',
      '00080050',
      '00100010',
      '00100030',
      '0020000D',
      '00200010',
      '00080070',
      '00081010',
    ]) {
      expect(found?.[tag], tag).toEqual(said[tag]);
    }
    expect(found).toMatchObject({
      '00080056': { Value: ['ONLINE'] },
      '00080061': { vr: 'CS', Value: ['ES'] },
      '00081190': { vr: 'UR', Value: [`${catalog.url}/dicomweb/studies/${study}`] },
      '00201206': { Value: [2] },
      '00201208': { Value: [2] },
    });
    expect(found?.['00181030']).toBeUndefined();
    const [all] = await json('/dicomweb/studies?PatientID=P-1&includefield=all');
    expect(all?.['00280010']).toBeDefined();
  });

  it('finds series and instances, within what the address says', async () => {
    const series = await json(`/dicomweb/studies/${study}/series`);
    expect(uids(series, '00200011').toSorted()).toEqual([1, 2]);
    expect(series[0]?.['00100010']).toBeUndefined(); // the address says it
    expect(series[0]?.['00201209']?.Value).toEqual([1]);
    const { instance } = made.still;
    const still = await json(`/dicomweb/studies/${study}/instances?SOPClassUID=${instance.sopClassUid}`);
    expect(uids(still, '00080018')).toEqual([instance.sopInstanceUid]);
    expect(still[0]?.['00280010']?.Value).toEqual([48]);
    expect(
      await json(`/dicomweb/studies/${study}/series/${instance.seriesInstanceUid}/instances?StudyInstanceUID=2.25.1`),
    ).toEqual([]);
    const anywhere = await json(`/dicomweb/instances?SOPInstanceUID=${instance.sopInstanceUid}`);
    expect(anywhere[0]?.['00100010']?.Value).toEqual([{ Alphabetic: mueller.name }]);
    expect(uids(await json('/dicomweb/series?Modality=ES'), '0020000E')).toHaveLength(4);
  });

  it('pages, and says when there is more or a wish was not granted', async () => {
    const first = await get('/dicomweb/instances?limit=2');
    expect(first.headers.get('warning')).toMatch(
      /^299 http:\/\/127\.0\.0\.1:\d+\/dicomweb "The number of results exceeded/,
    );
    const rest = await json('/dicomweb/instances?limit=2&offset=2');
    const seen = [...uids((await first.json()) as Json[], '00080018'), ...uids(rest, '00080018')];
    expect(new Set(seen)).toEqual(new Set(Object.values(made).map(({ instance }) => instance.sopInstanceUid)));
    const fuzzy = await get('/dicomweb/studies?fuzzymatching=true&BodyPartExamined=X');
    expect(fuzzy.headers.get('warning')).toMatch(
      /fuzzymatching parameter is not supported.*BodyPartExamined is not searched/,
    );
    expect(await json('/dicomweb/studies?limit=0')).toEqual([]);
  });

  it.each(['?NoSuchThing=1', '?StudyDate=yesterday', '?limit=-1', '?includefield=Nonsense'])(
    'refuses %s',
    async (query) => {
      const response = await get(`/dicomweb/studies${query}`);
      expect(response.status).toBe(400);
      expect(response.headers.get('content-type')).toContain('problem+json');
    },
  );
});
