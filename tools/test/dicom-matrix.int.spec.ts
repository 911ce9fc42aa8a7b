import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import {
  conformanceMatrix,
  fileSource,
  readEncapsulation,
  readPart10,
  sopClasses,
  transferSyntaxes,
} from '@smartbox/dicom';
import { decodeFrames, decodePicture, frameCounters, rgbFrames, writeSyntheticVideo } from '@smartbox/media/native';
import { startOrthanc, startStorescp } from '@smartbox/testing';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { makeObject, type MadeObject } from '../src/dicom-cli/make-object.ts';
import { sendFiles } from '../src/dicom-cli/peers.ts';
import { checkFile, extractFile } from '../src/dicom-cli/read-object.ts';
import { dataSetHash, stowToOrthanc } from './matrix-peers.ts';

// The peers come from Debian (dicom3tools, python3-pydicom, openjph-tools). In CI they have to be there.
const noPydicom = spawnSync('/usr/bin/python3', ['-c', 'import pydicom'], { stdio: 'ignore' }).status !== 0;
const noDciodvfy = spawnSync('dciodvfy', ['-version'], { stdio: 'ignore' }).error !== undefined;
const noOpenJph = spawnSync('ojph_expand', { stdio: 'ignore' }).error !== undefined;
if (process.env['CI'] && (noPydicom || noDciodvfy || noOpenJph))
  throw new Error('peers are missing: run npm run install:peers');
// dicom3tools of Debian does not know these and stops at Pixel Data.
const newer = /\.4\.(10\d\.1|107|108|20\d)$/;

const FRAMES = 5;
let dir: string;
let source: string;
const sourceHashes: string[] = [];
const made: MadeObject[] = [];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'matrix-'));
  source = join(dir, 'source.mp4');
  await writeSyntheticVideo(source, { width: 480, height: 270, frames: FRAMES, fps: 25 });
  for await (const { rgb } of rgbFrames(source)) sourceHashes.push(hash(rgb));
});
afterAll(() => rm(dir, { recursive: true }));

const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const matrix = conformanceMatrix();
const patient = { patientName: 'Müller^Jürgen', patientId: 'P-4711' };

/** The frames that stand alone, each in a file of its own. */
async function frameFiles(file: string): Promise<Buffer[]> {
  const folder = `${file}.frames/`;
  await extractFile(file, folder);
  const names = readdirSync(folder).sort();
  return names.map((name) => readFileSync(join(folder, name)));
}

/** The samples of a code stream as OpenJPH's own decoder writes them: a PPM of eight bits. */
function openJph(code: Buffer): Buffer {
  const [input, output] = [join(dir, 'code.j2c'), join(dir, 'code.ppm')];
  writeFileSync(input, code);
  execFileSync('ojph_expand', ['-i', input, '-o', output], { stdio: 'ignore' });
  const ppm = readFileSync(output);
  const header = /^P6\s+(\d+)\s+(\d+)\s+255\s/.exec(ppm.toString('latin1', 0, 64));
  expect(header?.slice(1)).toEqual(['480', '270']);
  return ppm.subarray(header?.[0].length);
}

/** Decodes the payload with FFmpeg, HTJ2K with OpenJPH's own tools as well, and says how many frames came out; HTJ2K has to equal the source bit by bit. */
async function decoded(file: string, payload: string): Promise<number> {
  await using opened = await fileSource(file);
  const parsed = await readPart10(opened);
  const syntax = transferSyntaxes.get(parsed.transferSyntaxUid);
  if (syntax?.layout === 'stream') return decodeFrames(payload, () => undefined);
  if (syntax?.layout === 'native') {
    const { fragments } = await readEncapsulation(opened, parsed);
    const [only] = fragments;
    expect(hash(readFileSync(payload))).toBe(sourceHashes[0]);
    return only ? 1 : 0;
  }
  const codes = await frameFiles(file);
  codes.forEach((code, i) => {
    const picture = decodePicture(syntax?.codec === 'htj2k' ? 'jpeg2000' : 'mjpeg', code);
    if (syntax?.codec === 'htj2k') {
      expect(hash(picture.rgb ?? Buffer.alloc(0))).toBe(sourceHashes[i]);
      if (!noOpenJph) expect(hash(openJph(code))).toBe(sourceHashes[i]);
    } else expect(picture.format).toBe('yuvj422p');
  });
  return codes.length;
}

describe('every allowed pairing', () => {
  const perSyntax = [...transferSyntaxes.values()]
    .map(
      (syntax) =>
        [
          syntax.name,
          syntax.uid,
          matrix.filter((each) => each.allowed && each.transferSyntaxUid === syntax.uid),
        ] as const,
    )
    .filter(([, , pairs]) => pairs.length > 0);

  it.each(perSyntax)('%s', async (_name, uid, pairs) => {
    let earlier: string | undefined;
    for (const { sopClassUid } of pairs) {
      const out = join(dir, `${uid}-${sopClassUid}.dcm`);
      const moving = sopClasses.get(sopClassUid)?.kind !== 'still';
      // what was coded for the first SOP class goes into the next ones as it is
      const input = moving ? (earlier ?? source) : source;
      const object = await makeObject({
        input,
        out,
        sop: sopClassUid,
        transferSyntax: uid,
        preset: 'ultrafast',
        ...patient,
      });
      made.push(object);
      const payload = `${out}.${transferSyntaxes.get(uid)?.codec === 'mpeg2' ? 'ts' : 'mp4'}`;
      await extractFile(out, payload);
      expect(hash(readFileSync(payload))).toBe(object.payloadSha256);
      expect(statSync(payload).size).toBe(object.payloadBytes);
      if (moving && transferSyntaxes.get(uid)?.layout === 'stream') {
        if (earlier !== undefined)
          expect(object).toMatchObject({ mode: 'as-is', reencoded: false, payloadSha256: hash(readFileSync(earlier)) });
        earlier ??= payload;
      }
      const checked = await checkFile(out);
      const errors = checked.findings.filter((each) => each.severity === 'error');
      expect(errors).toEqual([]);
      if (!noDciodvfy) expect(checked.dciodvfy).toBe(newer.test(uid) ? 'not-applicable' : 'ran');
      expect(await decoded(out, payload)).toBe(object.frames);
      expect(object.frames).toBe(!moving ? 1 : uid.includes('.4.103') ? FRAMES * 2 : FRAMES);
    }
  });

  it.skipIf(noPydicom)('is read by pydicom, with its fragments and umlauts', () => {
    const script = [
      'import sys, json, pydicom',
      'from pydicom.encaps import generate_pixel_data_fragment, get_frame_offsets',
      'from pydicom.filebase import DicomBytesIO',
      'out = []',
      'for path in json.load(sys.stdin):',
      '  d = pydicom.dcmread(path)',
      '  s = str(d.file_meta.TransferSyntaxUID)',
      '  n = len(d.PixelData)',
      '  if s != "1.2.840.10008.1.2.1":',
      '    f = DicomBytesIO(d.PixelData); f.is_little_endian = True',
      '    get_frame_offsets(f)',
      '    n = [len(x) for x in generate_pixel_data_fragment(f)]',
      '  out.append(dict(name=str(d.PatientName), sop=str(d.SOPClassUID), syntax=s, uid=str(d.SOPInstanceUID),',
      '    frames=int(d.get("NumberOfFrames", 1)), rows=d.Rows, columns=d.Columns, n=n))',
      'print(json.dumps(out))',
    ].join('\n');
    const input = JSON.stringify(made.map(({ file }) => file));
    const read = JSON.parse(execFileSync('/usr/bin/python3', ['-c', script], { input, encoding: 'utf8' })) as Record<
      string,
      unknown
    >[];
    expect(read).toHaveLength(matrix.filter((each) => each.allowed).length);
    read.forEach((one, i) => {
      const object = made[i];
      expect(one).toMatchObject({
        name: 'Müller^Jürgen',
        sop: object?.sopClassUid,
        syntax: object?.transferSyntaxUid,
        uid: object?.sopInstanceUid,
        frames: object?.frames,
        rows: object?.rows,
        columns: object?.columns,
      });
      const lengths = [one['n']].flat() as number[];
      expect(lengths.reduce((sum, each) => sum + each, 0) - (object?.payloadBytes ?? 0)).toBeLessThanOrEqual(
        object?.frames ?? 0,
      );
    });
  });
});

describe('every allowed pairing, sent to a real peer, is the same there', () => {
  // Younger than Debian's DCMTK 3.6.7 and Orthanc 1.10: they refuse the presentation contexts of these, and of no others.
  const younger = [...transferSyntaxes.keys()].filter((uid) => /\.4\.(10\d\.1|20\d)$/.test(uid));
  const send = async ({ aeTitle, port }: { aeTitle: string; port: number }) => {
    const answers = await sendFiles(
      made.map(({ file }) => file),
      { to: `${aeTitle}@127.0.0.1:${port}` },
    );
    const [stored, refused] = [answers.filter(({ ok }) => ok), answers.filter(({ ok }) => !ok)];
    for (const { error } of refused) expect(error).toMatchObject({ code: 'presentation-context-refused' });
    const objects = refused.map(({ file }) => made.find((each) => each.file === file));
    for (const object of objects) expect(younger).toContain(object?.transferSyntaxUid);
    expect(stored.map(({ status }) => status)).toEqual(stored.map(() => '0000'));
    return { stored: stored.map(({ file }) => file), refused: refused.map(({ file }) => file) };
  };
  const parts = async (file: string) => {
    await using opened = await fileSource(file);
    const { transferSyntaxUid, dataset } = await readPart10(opened);
    const payload = `${file}.payload`;
    await extractFile(file, payload);
    return { transferSyntaxUid, dataset, payload: hash(readFileSync(payload)) };
  };
  const dataSets = (files: readonly string[]) => files.map((file) => dataSetHash(readFileSync(file))).sort();

  it('storescp of DCMTK', async () => {
    const storescp = await startStorescp();
    onTestFinished(() => storescp.stop());
    const { stored } = await send(storescp);
    expect(dataSets(await storescp.files())).toEqual(dataSets(stored));
  });

  it('Orthanc, by C-STORE and, what that refuses, by STOW-RS', async () => {
    const orthanc = await startOrthanc();
    onTestFinished(() => orthanc.stop());
    const { refused } = await send(orthanc);
    for (const file of refused) await stowToOrthanc(orthanc.access, file);
    for (const object of made) {
      const kept = join(dir, 'kept.dcm');
      await pipeline(await orthanc.view.open(object.sopInstanceUid), createWriteStream(kept));
      // By C-STORE it writes sequences anew, with their lengths instead of delimiters (PS3.5 7.5): the values are the same.
      if (refused.includes(object.file)) expect(dataSets([kept])).toEqual(dataSets([object.file]));
      expect(await parts(kept)).toEqual(await parts(object.file));
    }
  });
});

describe('every forbidden pairing', () => {
  it('is refused with its rule, before anything is encoded', async () => {
    const forbidden = matrix.filter((each) => !each.allowed);
    expect(forbidden.length).toBeGreaterThan(0);
    for (const { sopClassUid, transferSyntaxUid, rule } of forbidden) {
      const out = join(dir, 'never.dcm');
      const refused = makeObject({ input: source, out, sop: sopClassUid, transferSyntax: transferSyntaxUid });
      await expect(refused).rejects.toMatchObject({
        code: 'pairing-forbidden',
        message: expect.stringContaining(rule),
      });
    }
    expect(readdirSync(dir)).not.toContain('never.dcm');
  });
});

describe('lossy HTJ2K', () => {
  it.each([5, 10, 20])('of %i:1 says so', async (ratio) => {
    const noisy = join(dir, 'noisy.mp4');
    await writeSyntheticVideo(noisy, { width: 320, height: 180, frames: 2, fps: 25, detail: 1, bitrate: 20_000_000 });
    const out = join(dir, `lossy-${ratio}.dcm`);
    const object = await makeObject({
      input: noisy,
      out,
      sop: 'Video Photographic',
      transferSyntax: 'HTJ2K',
      ratio,
      ...patient,
    });
    expect((await checkFile(out)).ok).toBe(true);
    await using opened = await fileSource(out);
    const { dataset } = await readPart10(opened);
    expect(dataset).toMatchObject({
      PhotometricInterpretation: ['YBR_ICT'],
      LossyImageCompression: ['01'],
      LossyImageCompressionMethod: ['ISO_14496_10', 'ISO_15444_15'],
    });
    expect(320 * 180 * 3 * 2).toBeGreaterThanOrEqual(object.payloadBytes * ratio);
    for (const code of await frameFiles(out))
      expect(decodePicture('jpeg2000', code)).toMatchObject({ width: 320, height: 180 });
  });
});

it('a stream longer than asked for becomes one series whose objects each play alone', async () => {
  const long = join(dir, 'long.mp4');
  await writeSyntheticVideo(long, {
    width: 640,
    height: 360,
    frames: 50,
    fps: 25,
    gop: 10,
    detail: 1,
    bitrate: 8_000_000,
  });
  const out = join(dir, 'long.dcm');
  const { parts = [] } = await makeObject({
    input: long,
    out,
    sop: 'Video Endoscopic',
    transferSyntax: '.102',
    maxBytes: 1_500_000,
    ...patient,
  });
  expect(parts.length).toBeGreaterThan(1);
  const series = new Set(parts.map((each) => each.seriesInstanceUid));
  expect([series.size, new Set(parts.map((each) => each.sopInstanceUid)).size]).toEqual([1, parts.length]);
  const counters: (number | null)[] = [];
  for (const [i, part] of parts.entries()) {
    const checked = await checkFile(part.file);
    expect(checked.findings.filter((each) => each.severity === 'error')).toEqual([]);
    await using opened = await fileSource(part.file);
    const { dataset } = await readPart10(opened);
    expect(dataset).toMatchObject({ InstanceNumber: [i + 1], NumberOfFrames: [part.frames] });
    expect(dataset['ImageComments']).toEqual([
      expect.stringContaining(`Part ${i + 1} of ${parts.length}, frames ${counters.length + 1} to`),
    ]);
    await extractFile(part.file, `${part.file}.mp4`);
    counters.push(...(await frameCounters(`${part.file}.mp4`)));
  }
  expect(counters).toEqual(Array.from({ length: 50 }, (_, i) => i));
});
