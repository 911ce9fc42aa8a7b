import { expect, it } from 'vitest';
import { dicomJson } from './dicom-json.ts';

it('writes the DICOM JSON model: groups of names, tags, bytes, gaps and sequences (PS3.18 annex F)', () => {
  const json = dicomJson({
    Rows: [720],
    PatientName: ['Yamada^Tarou=山田^太郎=やまだ^たろう'],
    ImageType: ['ORIGINAL', '', 'X'],
    FrameIncrementPointer: [0x0018_1063],
    PatientOrientation: [],
    PixelAspectRatio: [1, 2],
    AcquisitionContextSequence: [],
    AnatomicRegionSequence: [{ CodeValue: ['71854001'], CodeMeaning: 'Colon' }],
    ICCProfile: ['AAEC'],
    '00091001': ['AQ=='],
    Columns: undefined,
  });
  expect(json).toEqual({
    '00080008': { vr: 'CS', Value: ['ORIGINAL', null, 'X'] },
    '00082218': {
      vr: 'SQ',
      Value: [{ '00080100': { vr: 'SH', Value: ['71854001'] }, '00080104': { vr: 'LO', Value: ['Colon'] } }],
    },
    '00091001': { vr: 'UN', InlineBinary: 'AQ==' },
    '00100010': {
      vr: 'PN',
      Value: [{ Alphabetic: 'Yamada^Tarou', Ideographic: '山田^太郎', Phonetic: 'やまだ^たろう' }],
    },
    '00200020': { vr: 'CS' },
    '00280009': { vr: 'AT', Value: ['00181063'] },
    '00280010': { vr: 'US', Value: [720] },
    '00280034': { vr: 'IS', Value: [1, 2] },
    '00282000': { vr: 'OB', InlineBinary: 'AAEC' },
    '00400555': { vr: 'SQ' },
  });
  expect(Object.keys(json)).toEqual(Object.keys(json).toSorted());
});
