import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeSyntheticVideo } from '@smartbox/media/native';
import { startStorescp, startWlmscpfs } from '@smartbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const cli = join(import.meta.dirname, '../src/cli.ts');

interface Run {
  code: number;
  json: Record<string, any>; // eslint-disable-line @typescript-eslint/no-explicit-any
  words: string;
}

/** `smartbox dicom ... --json`, as a user runs it; stdout has to be one JSON value. */
function dicom(...args: string[]): Promise<Run> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--conditions=@smartbox/source', cli, 'dicom', ...args, '--json'],
      { maxBuffer: 1 << 26 },
      (error, stdout, stderr) =>
        resolve({ code: error ? Number(error.code ?? 1) : 0, json: JSON.parse(stdout), words: stderr }),
    );
  });
}

let dir: string;
let video: string;
const at = (name: string) => join(dir, name);

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'dicom-cli-'));
  video = at('video.mp4');
  await writeSyntheticVideo(video, { width: 320, height: 180, frames: 10, fps: 25 });
});
afterAll(() => rm(dir, { recursive: true }));

describe('an object', () => {
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
    const hash = createHash('sha256')
      .update(await readFile(at('a.mp4')))
      .digest('hex');
    expect(hash).toBe(made.json['payloadSha256']);
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
    const whole = (await readFile(at('d1.dcm'))).toString('utf8');
    for (const secret of ['Öztürk', 'P-1', 'A-1']) expect(whole).not.toContain(secret);
    expect(await dicom('check', at('d1.dcm'))).toMatchObject({ code: 0, json: { ok: true } });
    await dicom('extract', at('d1.dcm'), '--out', at('d1.mp4'));
    expect((await readFile(at('d1.mp4'))).equals(await readFile(at('a.mp4')))).toBe(true);
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

describe('a peer', () => {
  let storescp: Awaited<ReturnType<typeof startStorescp>>;
  beforeAll(async () => void (storescp = await startStorescp()));
  afterAll(() => storescp.stop());

  it('answers, takes an object unchanged, and refuses what it does not know', async () => {
    const to = `${storescp.aeTitle}@127.0.0.1:${storescp.port}`;
    expect(await dicom('echo', to)).toMatchObject({ code: 0, json: { ok: true } });
    const sent = await dicom('send', at('a.dcm'), '--to', to);
    expect(sent).toMatchObject({ code: 0, json: { ok: true, results: [{ status: '0000' }] } });
    const [file = ''] = await storescp.files();
    await dicom('extract', file, '--out', at('stored.mp4'));
    expect((await readFile(at('stored.mp4'))).equals(await readFile(at('a.mp4')))).toBe(true);
    expect(await dicom('echo', 'X@127.0.0.1:1')).toMatchObject({
      code: 1,
      json: { error: { code: 'peer-unreachable' } },
    });
    expect(await dicom('send', video, '--to', to)).toMatchObject({
      code: 1,
      json: { results: [{ ok: false, error: { code: 'not-dicom' } }] },
    });
    expect(await dicom('echo', 'nonsense')).toMatchObject({ code: 1, json: { error: { code: 'invalid-peer' } } });
  });

  it('answers a worklist query, umlauts included', async () => {
    const worklist = await startWlmscpfs([
      {
        patientName: 'Müller^Jürgen',
        patientId: 'P-9',
        patientBirthDate: '19700101',
        patientSex: 'M',
        accessionNumber: 'ACC-9',
        studyInstanceUid: '2.25.9',
        requestedProcedureId: 'RP-9',
        requestedProcedureDescription: 'Koloskopie',
        stepId: 'S-9',
        stepDescription: 'Koloskopie',
        stationAe: 'OR1',
        modality: 'ES',
        date: '20260105',
        time: '0930',
      },
    ]);
    try {
      const answer = await dicom('worklist', '--to', `${worklist.aeTitle}@127.0.0.1:${worklist.port}`);
      expect(answer.code).toBe(0);
      expect(JSON.stringify(answer.json)).toContain('Müller^Jürgen');
    } finally {
      await worklist.stop();
    }
  });
});
