import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readStoreResponse } from './store-response.ts';

const uid = '2.25.42';
const item = (more: Record<string, unknown>, of = uid) => ({ '00081155': { vr: 'UI', Value: [of] }, ...more });
const json = (tag: string, ...items: unknown[]) => JSON.stringify({ [tag]: { vr: 'SQ', Value: items } });
const us = (tag: string, value: number) => ({ [tag]: { vr: 'US', Value: [value] } });
const xml = (tag: string, inner: string) => `<?xml version="1.0" encoding="utf-8"?>
<NativeDicomModel xmlns="http://dicom.nema.org/PS3.19/models/NativeDICOM" xml:space="preserve">
<DicomAttribute tag="00081190" vr="UR" keyword="RetrieveURL"><Value number="1">http://x/studies/1</Value></DicomAttribute>
<DicomAttribute tag="${tag}" vr="SQ" keyword="S"><Item number="1">
<DicomAttribute tag="00081150" vr="UI"/><DicomAttribute tag="00081155" vr="UI"><Value number="1">${uid}</Value></DicomAttribute>${inner}</Item></DicomAttribute></NativeDicomModel>`;
const read = (text: string) => readStoreResponse(Buffer.from(text), uid);

describe('a Store Instances Response (PS3.18 annex I)', () => {
  it.each([
    ['stored', json('00081199', item({})), { kind: 'stored' }],
    [
      'stored with a warning',
      json('00081199', item(us('00081196', 0xb000))),
      { kind: 'stored', warningReason: 0xb000 },
    ],
    ['in an array', `[${json('00081199', item({}))}]`, { kind: 'stored' }],
    ['failed', json('00081198', item(us('00081197', 0xa700))), { kind: 'failed', failureReason: 0xa700 }],
    ['failed without a reason', json('00081198', item({})), { kind: 'failed' }],
    ['failed without a name', json('0008119A', us('00081197', 0xc000)), { kind: 'failed', failureReason: 0xc000 }],
    ['about another one', json('00081199', item({}, '2.25.7')), { kind: 'unreadable' }],
    ['cut off', json('00081199', item({})).slice(0, -5), { kind: 'unreadable' }],
    ['of the wrong shape', '{"00081199":{"vr":"SQ","Value":[1,null]}}', { kind: 'unreadable' }],
    ['empty', '', { kind: 'unreadable' }],
    ['stored, XML', xml('00081199', ''), { kind: 'stored' }],
    [
      'failed, XML',
      xml('00081198', '<DicomAttribute tag="00081197" vr="US"><Value number="1">290</Value></DicomAttribute>'),
      { kind: 'failed', failureReason: 0x0122 },
    ],
    ['XML cut off', xml('00081199', '').slice(0, -20), { kind: 'unreadable' }],
    ['a web page', '<!doctype html><html><body><p>Welcome</body></html>', { kind: 'unreadable' }],
  ])('%s', (_, body, expected) => {
    expect(read(body)).toEqual(expected);
  });

  it('never throws, whatever comes', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.string().map((text) => `<${text}`),
        ),
        (text) => {
          expect(['stored', 'failed', 'unreadable']).toContain(read(text).kind);
        },
      ),
    );
  });
});
