import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { conformanceMatrix, TransferSyntaxUid as T } from '@smartbox/dicom';
import { writeSyntheticVideo } from '@smartbox/media/native';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dicom, sha256, type Run } from './dicom-run.ts';

let dir: string;
let video: string;
const at = (name: string) => join(dir, name);

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'dicom-cli-'));
  video = at('video.mp4');
  await writeSyntheticVideo(video, { width: 320, height: 180, frames: 10, fps: 25 });
});
afterAll(() => rm(dir, { recursive: true }));

it('the matrix says of each SOP class in each transfer syntax whether it may be, and by which rule', async () => {
  const { code, json } = await dicom('matrix');
  expect(code).toBe(0);
  expect(json).toEqual(conformanceMatrix());
  const entry = (sopClass: string, uid: string) =>
    (json as unknown as ReturnType<typeof conformanceMatrix>).find(
      (each) => each.sopClass.startsWith(sopClass) && each.transferSyntaxUid === uid,
    );
  expect(entry('Video Endoscopic', T.h264High41)).toMatchObject({
    allowed: true,
    rule: expect.stringContaining('4.1'),
  });
  expect(entry('VL Endoscopic', T.h264High41)).toMatchObject({
    allowed: false,
    rule: expect.stringContaining('C.7.6.6'),
  });
});

describe('an object', () => {
  it.each([
    ['png', T.explicitLittleEndian],
    ['tiff', T.explicitLittleEndian],
    ['jpg', T.jpegBaseline],
  ])('is made from a picture (%s) without a change of a single pixel', async (kind, transferSyntaxUid) => {
    const ffmpeg = (...args: string[]) => execFileSync('/usr/bin/ffmpeg', ['-loglevel', 'error', '-y', ...args]);
    const [picture, object, payload] = [at(`picture.${kind}`), at(`${kind}.dcm`), at(`${kind}.payload`)];
    ffmpeg('-i', video, '-frames:v', '1', picture);
    expect(await dicom('make', picture, '--sop', 'VL Endoscopic', '--out', object)).toMatchObject({
      code: 0,
      json: { transferSyntaxUid, frames: 1, rows: 180, columns: 320 },
    });
    expect(await dicom('check', object)).toMatchObject({ code: 0, json: { ok: true } });
    expect(await dicom('extract', object, '--out', payload)).toMatchObject({ code: 0 });
    // a JPEG goes in as it is; the others as the RGB that FFmpeg reads in them
    const expected = kind === 'jpg' ? picture : at(`${kind}.rgb`);
    if (kind !== 'jpg') ffmpeg('-i', picture, '-pix_fmt', 'rgb24', '-f', 'rawvideo', expected);
    expect(await sha256(payload)).toBe(await sha256(expected));
  });

  it('is made with attributes, found right, dumped, and gives its payload back', async () => {
    const attributes = {
      PatientName: 'Öztürk^Ayşe',
      PatientSex: 'F',
      AccessionNumber: 'A-1',
      BurnedInAnnotation: 'YES',
      AnatomicRegionSequence: [{ CodeValue: '71854001', CodingSchemeDesignator: 'SCT', CodeMeaning: 'Colon' }],
    };
    await writeFile(at('attributes.json'), JSON.stringify(attributes));
    const made = await dicom(
      'make',
      video,
      '--sop',
      'Video Endoscopic',
      '--attributes',
      at('attributes.json'),
      '--patient-id',
      'P-1',
      '--out',
      at('a.dcm'),
    );
    expect(made).toMatchObject({
      code: 0,
      json: { frames: 10, reencoded: false, mode: 'remuxed', transferSyntaxUid: '1.2.840.10008.1.2.4.102' },
    });
    expect(made.words).toContain('container');
    expect(await dicom('check', at('a.dcm'))).toMatchObject({ code: 0, json: { ok: true } });
    const { json } = await dicom('dump', at('a.dcm'));
    expect(json['dataset']).toMatchObject({
      PatientName: ['Öztürk^Ayşe'],
      PatientID: ['P-1'],
      AccessionNumber: ['A-1'],
      AnatomicRegionSequence: [{ CodeMeaning: ['Colon'] }],
    });
    await dicom('extract', at('a.dcm'), '--out', at('a.mp4'));
    expect(await sha256(at('a.mp4'))).toBe(made.json['payloadSha256']);
  });

  it('is de-identified consistently, and only when somebody looked at the text in its pictures', async () => {
    expect(await dicom('deidentify', at('a.dcm'), '--out', at('d.dcm'))).toMatchObject({
      code: 1,
      json: { error: { code: 'burned-in-annotation' } },
    });
    const copies = await Promise.all(
      ['d1.dcm', 'd2.dcm'].map((name) =>
        dicom('deidentify', at('a.dcm'), '--out', at(name), '--confirm-burned-in', '--key', 'secret'),
      ),
    );
    expect(copies[0]).toMatchObject({
      code: 0,
      json: { patientId: copies[1]?.json['patientId'], sopInstanceUid: copies[1]?.json['sopInstanceUid'] },
    });
    const [key, confirmed] = [/a random one was used/, '--confirm-burned-in'];
    expect(String(copies[0]?.json['warnings'])).not.toMatch(key);
    const keyless = await dicom('deidentify', at('a.dcm'), '--out', at('d3.dcm'), confirmed);
    expect(String(keyless.json['warnings'])).toMatch(key);
    expect(keyless.json['patientId']).not.toBe(copies[0]?.json['patientId']);
    const whole = (await readFile(at('d1.dcm'))).toString('utf8');
    for (const secret of ['Öztürk', 'P-1', 'A-1']) expect(whole).not.toContain(secret);
    expect(await dicom('check', at('d1.dcm'))).toMatchObject({ code: 0, json: { ok: true } });
    await dicom('extract', at('d1.dcm'), '--out', at('d1.mp4'));
    expect((await readFile(at('d1.mp4'))).equals(await readFile(at('a.mp4')))).toBe(true);
  });

  it('is refused at once, in words for people, where nothing can come of it', async () => {
    await writeFile(at('empty.mp4'), '');
    await writeFile(at('text.mp4'), 'this is no video');
    await mkdir(at('folder'), { recursive: true });
    const make = (input: string, ...more: string[]) => dicom('make', input, '--sop', 'Video Endoscopic', ...more);
    const out = ['--out', at('no.dcm')];
    const cases: [Promise<Run>, string, RegExp][] = [
      [make(at('none.mp4'), ...out), 'no-such-file', /none\.mp4 does not exist/],
      [make(at('folder'), ...out), 'no-such-file', /folder is a folder/],
      [make(at('empty.mp4'), ...out), 'empty-file', /empty\.mp4 is empty/],
      [make(at('text.mp4'), ...out), 'not-media', /text\.mp4 is no video and no picture/],
      [make(video, '--out', at('folder')), 'cannot-write', /folder is a folder/],
      [make(video, '--out', at('nowhere/x.dcm')), 'cannot-write', /there is no folder/],
      [make(video, ...out, '--patient-name', 'A\\B^C'), 'invalid-dicom-value', /PatientName has a backslash/],
      [make(video, ...out, '--patient-name', 'A^B^C^D^E^F'), 'invalid-dicom-value', /6 components/],
      [make(video, ...out, '--transfer-syntax', '.201', '--ratio', '10'), 'lossless-only', /takes no ratio/],
      [make(video, ...out, '--transfer-syntax', '.107', '--encoder', 'vaapi'), 'no-hardware-encoder', /vaapi: /],
      [make(video, ...out, '--ratio', '0.5'), 'bad-arguments', /a ratio above 1/],
      [dicom('dump', at('text.mp4')), 'not-dicom', /text\.mp4: .*DICM/],
      [dicom('deidentify', at('a.dcm'), '--out', at('nowhere/x.dcm')), 'cannot-write', /there is no folder/],
    ];
    for (const [run, code, message] of cases) {
      const { json, code: exit, words } = await run;
      expect(json).toEqual({ error: { code, message: expect.stringMatching(message) } });
      expect(exit).toBe(1);
      expect(words).not.toMatch(/ @ 0x/); // none of FFmpeg's own lines
    }
    expect((await readdir(dir)).filter((name) => name.startsWith('no.dcm'))).toEqual([]);
  });

  it('is refused with the rule where the pairing or the file is wrong', async () => {
    expect(
      await dicom('make', video, '--sop', 'VL Endoscopic', '--transfer-syntax', '.102', '--out', at('no.dcm')),
    ).toMatchObject({
      code: 1,
      json: { error: { code: 'pairing-forbidden', message: expect.stringContaining('C.7.6.6') } },
    });
    expect(await dicom('make', at('none.mp4'), '--sop', 'VL Endoscopic', '--out', at('no.dcm'))).toMatchObject({
      code: 1,
      json: { error: { code: 'no-such-file' } },
    });
    expect(await dicom('make', video, '--sop', 'CT', '--out', at('no.dcm'))).toMatchObject({
      code: 1,
      json: { error: { code: 'unknown-sop-class' } },
    });
    const bytes = await readFile(at('a.dcm'));
    await writeFile(at('cut.dcm'), bytes.subarray(0, bytes.length - 100));
    expect(await dicom('check', at('cut.dcm'))).toMatchObject({ code: 1, json: { ok: false } });
    expect(await dicom('check', video)).toMatchObject({
      code: 1,
      json: { ok: false, results: [{ findings: [{ code: 'not-dicom' }] }] },
    });
  });
});
