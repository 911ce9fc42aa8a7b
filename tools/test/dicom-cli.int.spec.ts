import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { conformanceMatrix, TransferSyntaxUid as T } from '@smartbox/dicom';
import { probe, syntheticFragments, writeInterlacedVideo, writeSyntheticVideo } from '@smartbox/media/native';
import { makeCertificate, startStorescp, startTlsFront, startWlmscpfs } from '@smartbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const fixtures = join(import.meta.dirname, 'fixtures');
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

const sha256 = async (file: string) =>
  createHash('sha256')
    .update(await readFile(file))
    .digest('hex');

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

  it('has the times of its frames where the input has a hole', async () => {
    const [first, , third] = syntheticFragments({ width: 320, height: 180, frames: 90 });
    if (!first || !third) throw new Error('three fragments');
    await writeFile(at('hole.mp4'), Buffer.concat([first.init, first.data, third.data]));
    const made = await dicom('make', at('hole.mp4'), '--sop', 'Video Endoscopic', '--out', at('hole.dcm'));
    expect(made).toMatchObject({ code: 0, json: { mode: 'remuxed', reencoded: false } });
    const { dataset } = (await dicom('dump', at('hole.dcm'))).json;
    const { frameTimesMs } = await probe(at('hole.mp4'));
    const written = (dataset as { FrameTimeVector: number[] }).FrameTimeVector;
    expect(written).toHaveLength(frameTimesMs?.length ?? 0);
    for (const [i, each] of written.entries()) expect(each).toBeCloseTo(frameTimesMs?.[i] ?? NaN, 2);
    expect(Math.max(...written)).toBeGreaterThan(900);
    expect(await dicom('check', at('hole.dcm'))).toMatchObject({ code: 0, json: { ok: true } });
  });

  it('keeps the sound of a transport stream where the syntax carries it, with its own channels, else the video alone', async () => {
    const make = (name: string) =>
      dicom('make', join(fixtures, `sound-${name}.m2ts`), '--sop', 'Video Endoscopic', '--out', at(`${name}.dcm`));
    const ac3 = await make('ac3');
    expect(ac3).toMatchObject({ code: 0, json: { mode: 'as-is', frames: 20, notes: [] } });
    expect(ac3.json['payloadSha256']).toBe(
      createHash('sha256')
        .update(await readFile(join(fixtures, 'sound-ac3.m2ts')))
        .digest('hex'),
    );
    expect((await dicom('dump', at('ac3.dcm'))).json['dataset']).toMatchObject({
      MultiplexedAudioChannelsDescriptionCodeSequence: [{ ChannelIdentificationCode: [1], ChannelMode: ['MONO'] }],
    });
    const aac = await make('aac');
    expect(aac).toMatchObject({ code: 0, json: { mode: 'remuxed', reencoded: false, frames: 20 } });
    expect(aac.json['reason']).toMatch(/the stream has aac of 48000 Hz, 2 channels.*PS3\.5 8\.2\.12/);
    expect(aac.json['notes']).toEqual(['the sound of the input was left out']);
    expect((await dicom('dump', at('aac.dcm'))).json['dataset']).not.toHaveProperty(
      'MultiplexedAudioChannelsDescriptionCodeSequence',
    );
    for (const name of ['ac3.dcm', 'aac.dcm'])
      expect(await dicom('check', at(name))).toMatchObject({ code: 0, json: { ok: true } });
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

  it('is coded anew where it has to be, and says what that cost and kept', async () => {
    const lossy = ['make', video, '--sop', 'Multi-frame True Color', '--transfer-syntax', 'HTJ2K', '--ratio', '10:1'];
    const made = await dicom(...lossy, '--out', at('lossy.dcm'));
    expect(made).toMatchObject({
      code: 0,
      json: { mode: 'encoded', frames: 10, fragments: 10, encoder: 'OpenJPH 10:1' },
    });
    expect(made.json['compression']).toMatchObject({ comparedFrames: 10, identical: false });
    const { ratio, psnr, ssim, durationMs } = made.json['compression'];
    expect([ratio >= 10, psnr > 30, ssim > 0.9, durationMs > 0]).toEqual([true, true, true, true]);
    expect(made.words).toMatch(/compression: \d+(\.\d+)?:1, PSNR \d+/);
    const lossless = [
      'make',
      video,
      '--sop',
      'Video Endoscopic',
      '--transfer-syntax',
      '.202',
      '--out',
      at('lossless.dcm'),
    ];
    expect(await dicom(...lossless)).toMatchObject({ code: 0, json: { compression: { identical: true, ssim: 1 } } });
    for (const name of ['lossy.dcm', 'lossless.dcm'])
      expect(await dicom('check', at(name))).toMatchObject({ code: 0, json: { ok: true } });
  });

  it('keeps the fields of an interlaced video where the syntax holds them, and deinterlaces it where not', async () => {
    const fields = at('fields.mp4');
    writeInterlacedVideo(fields, { target: 'h264-bluray', fields: 'tff', pictures: 4 });
    const make = (name: string, syntax?: string) =>
      dicom(
        'make',
        fields,
        '--sop',
        'Video Endoscopic',
        ...(syntax ? ['--transfer-syntax', syntax] : []),
        '--out',
        at(name),
      );
    expect(await make('as-is.dcm')).toMatchObject({
      json: { mode: 'as-is', transferSyntaxUid: T.h264BluRay41, frames: 4 },
    });
    const mpeg2 = await make('mpeg2.dcm', '.101');
    expect(mpeg2).toMatchObject({ json: { mode: 'encoded', frames: 4, notes: [expect.stringContaining('stays so')] } });
    const whole = await make('whole.dcm', '.104');
    expect(whole).toMatchObject({
      json: { frames: 8, notes: [expect.stringContaining('every field became a frame')] },
    });
    for (const name of ['as-is.dcm', 'mpeg2.dcm', 'whole.dcm'])
      expect(await dicom('check', at(name))).toMatchObject({ code: 0, json: { ok: true } });
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

  it('is spoken to over TLS, both certificates checked', async () => {
    for (const name of ['peer', 'own']) await makeCertificate(dir, name);
    const [key, cert, ca] = await Promise.all(['peer.key', 'peer.pem', 'own.pem'].map((name) => readFile(at(name))));
    const front = await startTlsFront(storescp.port, { key, cert, ca, requestCert: true, rejectUnauthorized: true });
    try {
      const before = await storescp.files();
      const send = ['send', at('d1.dcm'), '--to', `${storescp.aeTitle}@127.0.0.1:${front.port}`];
      // the system does not know the peer's certificate; the peer wants to see ours
      for (const half of [['--tls'], ['--tls-ca', at('peer.pem')]]) {
        const code = expect.stringMatching(/^(peer-tls-failed|association-closed)$/);
        expect(await dicom(...send, ...half)).toMatchObject({ code: 1, json: { results: [{ error: { code } }] } });
      }
      expect(await storescp.files()).toEqual(before);
      const mutual = ['--tls-ca', at('peer.pem'), '--tls-cert', at('own.pem'), '--tls-key', at('own.key')];
      expect(await dicom(...send, '--tls', ...mutual)).toMatchObject({
        code: 0,
        json: { results: [{ status: '0000' }] },
      });
      const [file = ''] = (await storescp.files()).filter((each) => !before.includes(each));
      await dicom('extract', file, '--out', at('secure.mp4'));
      expect(await sha256(at('secure.mp4'))).toBe(await sha256(at('d1.mp4')));
    } finally {
      await front.stop();
    }
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
