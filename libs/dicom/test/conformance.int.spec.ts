import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deterministicUid } from '@smartbox/kernel';
import { afterAll, describe, expect, it } from 'vitest';
import {
  buildStill,
  buildVideo,
  createPart10,
  part10Stream,
  SopClassUid,
  sopClasses,
  TransferSyntaxUid as T,
  type Dataset,
} from '../src/index.ts';
import { sampleContext, sampleImage, sampleVideo } from './sample-objects.ts';

// The peers come from Debian (dicom3tools, dcmtk, python3-pydicom). In CI they have to be there.
const has = (command: string, ...args: string[]) => spawnSync(command, args, { stdio: 'ignore' }).error === undefined;
const missing = (what: string, there: boolean) => {
  if (!there && process.env.CI) throw new Error(`${what} is missing: run npm run install:peers`);
  return !there;
};
const noDciodvfy = missing('dciodvfy (dicom3tools)', has('dciodvfy', '-version'));
const noDcmdump = missing('dcmdump (dcmtk)', has('dcmdump', '--version'));
const noPydicom = missing(
  'python3-pydicom',
  spawnSync('/usr/bin/python3', ['-c', 'import pydicom'], { stdio: 'ignore' }).status === 0,
);

const directory = mkdtempSync(join(tmpdir(), 'smartbox-dicom-'));
afterAll(() => rmSync(directory, { recursive: true }));

const fixture = (name: string) => readFileSync(join(import.meta.dirname, 'fixtures', name));
const video = fixture('h264-720p-23976-bframes.mp4');

async function write(
  name: string,
  dataset: Dataset,
  syntax: string,
  payload: Buffer,
  frames?: number[],
): Promise<string> {
  const part10 = createPart10(dataset, syntax, frames ? { frameLengths: frames } : payload.length);
  const chunks: Uint8Array[] = [];
  for await (const chunk of part10Stream(part10, [payload])) chunks.push(chunk);
  const path = join(directory, name);
  writeFileSync(path, Buffer.concat(chunks));
  return path;
}

async function object(sopClassUid: string, context = sampleContext()): Promise<string> {
  const kind = sopClasses.get(sopClassUid)?.kind;
  if (kind === 'still') {
    const jpeg = Buffer.concat([Buffer.from([0xff, 0xd8]), Buffer.alloc(501, 7), Buffer.from([0xff, 0xd9])]);
    const dataset = buildStill(sopClassUid, T.jpegBaseline, context, { ...sampleImage(), payloadLength: jpeg.length });
    return write(`${sopClassUid}.dcm`, dataset, T.jpegBaseline, jpeg, [jpeg.length]);
  }
  const facts = { frames: 48, frameRate: { num: 24_000, den: 1001 }, payloadLength: video.length };
  const dataset = buildVideo(sopClassUid, T.h264High41, context, { ...sampleVideo(), ...facts });
  return write(`${sopClassUid}.dcm`, dataset, T.h264High41, video);
}

function dciodvfy(path: string): string[] {
  const run = spawnSync('dciodvfy', [path], { encoding: 'utf8' });
  return `${run.stdout}${run.stderr}`.split('\n').filter((line) => /^(Error|Warning)/.test(line));
}

describe.skipIf(noDciodvfy)('dciodvfy finds no error and no warning', () => {
  it.each([...sopClasses.values()].map((each) => [each.name, each.uid]))('in %s', async (_name, uid) => {
    expect(dciodvfy(await object(uid))).toEqual([]);
  });

  it('in an object of an emergency patient: no birth date, no order, no region', async () => {
    const context = sampleContext();
    context.patientStudy = {
      utcOffsetMinutes: 60,
      patient: { name: 'NOTFALL^2026-06-11', id: 'EM-1' },
      study: { instanceUid: deterministicUid('emergency'), startedAt: new Date('2026-06-11T22:30:00Z'), id: 'EM-1' },
    };
    const { anatomicRegion: _none, ...bare } = { ...sampleVideo(), payloadLength: video.length };
    const dataset = buildVideo(SopClassUid.videoEndoscopic, T.h264High41, context, bare);
    expect(dciodvfy(await write('emergency.dcm', dataset, T.h264High41, video))).toEqual([]);
  });

  it('in a derived object with sound and a variable rate', async () => {
    const source = { sopClassUid: SopClassUid.videoEndoscopic, sopInstanceUid: deterministicUid('source') };
    const dataset = buildVideo(SopClassUid.videoEndoscopic, T.h264High42, sampleContext(), {
      ...sampleVideo(),
      payloadLength: video.length,
      frames: 3,
      frameTimesMs: [0, 33.3333333333, 41.7],
      audioChannels: [2, 1],
      derivation: { description: 'Trimmed', sources: [source] },
    });
    expect(dciodvfy(await write('derived.dcm', dataset, T.h264High42, video))).toEqual([]);
  });

  // dicom3tools of 2022 does not know these transfer syntaxes and stops at Pixel Data: their attributes are judged under
  // a syntax that it knows, with the defined term that belongs to that one.
  it.each([
    ['HEVC Main', T.hevcMain51, 8],
    ['HEVC Main 10', T.hevcMain10Level51, 10],
    ['HTJ2K', T.htj2k, 8],
  ] as const)('in the attributes of %s', async (_name, syntax, bitDepth) => {
    const input = { ...sampleVideo(), payloadLength: video.length, bitDepth };
    const dataset = {
      ...buildVideo(SopClassUid.videoPhotographic, syntax, sampleContext(), input),
      PhotometricInterpretation: 'YBR_PARTIAL_420',
      LossyImageCompressionMethod: 'ISO_14496_10',
    };
    const findings = dciodvfy(await write('other.dcm', dataset, T.h264High41, video));
    // the only complaint about ten bits is that H.264 has eight
    expect(findings.filter((line) => bitDepth === 8 || !/Bits|High Bit/.test(line))).toEqual([]);
  });
});

describe.skipIf(noDcmdump)('dcmdump', () => {
  it('reads the object to its end', async () => {
    const path = await object(SopClassUid.videoEndoscopic);
    const dump = execFileSync('dcmdump', ['+U8', path], { encoding: 'utf8' });
    expect(dump).toContain('MPEG-4 AVC/H.264 High Profile / Level 4.1');
    expect(dump).toContain('[Müller^Jürgen^^Dr.]');
    expect(dump).toMatch(/\(7fe0,0010\) OB \(PixelSequence #=2\)/);
    expect(dump).toMatch(/\(fffe,e000\) pi \(no value available\) .*# +0, 1 Item/);
  });
});

describe.skipIf(noPydicom)('pydicom', () => {
  const script = [
    'import sys, json, pydicom',
    'd = pydicom.dcmread(sys.argv[1])',
    'from pydicom.encaps import generate_pixel_data_fragment, get_frame_offsets',
    'from pydicom.filebase import DicomBytesIO',
    'f = DicomBytesIO(d.PixelData); f.is_little_endian = True',
    'offsets = get_frame_offsets(f)[1]',
    'fragments = [len(x) for x in generate_pixel_data_fragment(f)]',
    'print(json.dumps(dict(name=str(d.PatientName), ref=str(d.ReferringPhysicianName), op=str(d.OperatorsName),',
    '  frames=int(d.NumberOfFrames), time=float(d.FrameTime), offsets=offsets, fragments=fragments,',
    '  step=d.RequestAttributesSequence[0].ScheduledProcedureStepDescription)))',
  ].join('\n');

  it.each(['Müller^Jürgen^^Dr.', 'Øster^Åse=山田^太郎=やまだ^たろう', 'Łukasiewicz^Żaneta'])(
    'reads %s, one fragment and an empty table',
    async (name) => {
      const path = await object(SopClassUid.videoPhotographic, sampleContext(name));
      const read = JSON.parse(execFileSync('/usr/bin/python3', ['-c', script, path], { encoding: 'utf8' }));
      expect(read).toMatchObject({
        name,
        ref: 'Öztürk^Ayşe',
        op: 'Weiß^Änne',
        frames: 48,
        offsets: [0],
        fragments: [video.length + (video.length % 2)],
        step: 'Koloskopie',
      });
      expect(read.time).toBeCloseTo(41.708333, 5);
    },
  );
});
