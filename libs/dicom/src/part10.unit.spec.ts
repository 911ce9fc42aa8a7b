import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bufferSource, type ByteSource } from './byte-source.ts';
import { checkEncapsulation } from './check-encapsulation.ts';
import type { Dataset } from './dataset.ts';
import { readJpegFacts } from './jpeg-facts.ts';
import { readMp4Facts } from './mp4-facts.ts';
import { number, readPart10, text } from './part10-reader.ts';
import { createPart10, part10Stream, type PayloadShape } from './part10-writer.ts';
import { extractPayload, payloadDigest } from './payload.ts';
import { SopClassUid } from './sop-classes.ts';
import { sampleContext, sampleDataset, sampleVideo } from '../test/sample-objects.ts';
import { TransferSyntaxUid as T } from './transfer-syntaxes.ts';
import { buildVideo } from './build-object.ts';

const fixture = (name: string) => readFileSync(join(import.meta.dirname, '../test/fixtures', name));
const video = sampleDataset(SopClassUid.videoEndoscopic, T.h264High41);

async function write(
  dataset: Dataset,
  syntax: string,
  payload: Buffer,
  shape: PayloadShape = payload.length,
  options = {},
): Promise<Buffer> {
  const part10 = createPart10(dataset, syntax, shape, options);
  const chunks: Uint8Array[] = [];
  const pieces = [payload.subarray(0, 7), payload.subarray(7, 8), payload.subarray(8)];
  for await (const chunk of part10Stream(part10, pieces)) chunks.push(chunk);
  const file = Buffer.concat(chunks);
  expect(file.length).toBe(part10.totalLength);
  expect(file.subarray(part10.payloadOffset, part10.payloadOffset + 4)).toEqual(payload.subarray(0, 4));
  return file;
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const out: Uint8Array[] = [];
  for await (const chunk of chunks) out.push(chunk);
  return Buffer.concat(out);
}

async function payloadOf(file: Buffer): Promise<Buffer> {
  const source = bufferSource(file);
  return collect(extractPayload(source, await readPart10(source), 1000));
}

/** A file made of real MP4 boxes, of any length. */
function mp4(length: number): Buffer {
  const ftyp = Buffer.from('\0\0\0\x10ftypisom\0\0\0\0', 'latin1');
  const mdat = randomBytes(length - 16);
  mdat.writeUInt32BE(mdat.length, 0);
  mdat.write('mdat', 4, 'latin1');
  return Buffer.concat([ftyp, mdat]);
}

describe('a written object', () => {
  it('gives its payload back byte for byte, whatever the length', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 24, max: 5000 }), async (length) => {
        const payload = mp4(length);
        const file = await write(video, T.h264High41, payload);
        expect(file.length % 2).toBe(0);
        expect(await payloadOf(file)).toEqual(payload);
      }),
      { numRuns: 60 },
    );
  });

  it('keeps a payload that ends with a zero byte', async () => {
    for (const length of [100, 101]) {
      const payload = mp4(length);
      payload[length - 1] = 0;
      expect(await payloadOf(await write(video, T.h264High41, payload))).toEqual(payload);
    }
  });

  it('reads back every attribute', async () => {
    const source = bufferSource(await write(video, T.h264High41, mp4(64)));
    const parsed = await readPart10(source);
    expect(parsed).toMatchObject({ transferSyntaxUid: T.h264High41, sopClassUid: SopClassUid.videoEndoscopic });
    for (const [keyword, value] of Object.entries(video)) {
      if (typeof value !== 'object') {
        const read = parsed.dataset[keyword];
        expect(String((read as readonly unknown[])[0]), keyword).toBe(
          String(typeof (read as unknown[])[0] === 'number' ? Number(value) : value),
        );
      }
    }
    expect(parsed.dataset.RequestAttributesSequence).toMatchObject([{ ScheduledProcedureStepID: ['SPS1'] }]);
    expect(text(parsed.dataset, 'PatientName')).toBe('Müller^Jürgen^^Dr.');
  });

  it('has the frame time of any rate', async () => {
    const rate = fc.record({ num: fc.integer({ min: 1, max: 240_000 }), den: fc.constantFrom(1, 1000, 1001) });
    await fc.assert(
      fc.asyncProperty(rate, fc.integer({ min: 1, max: 1_000_000 }), async (frameRate, frames) => {
        fc.pre(frameRate.num / frameRate.den >= 0.01 && frameRate.num / frameRate.den <= 1000);
        const dataset = buildVideo(SopClassUid.videoEndoscopic, T.h264High41, sampleContext(), {
          ...sampleVideo(),
          frameRate,
          frames,
        });
        const source = bufferSource(await write(dataset, T.h264High41, mp4(32)));
        const read = (await readPart10(source)).dataset;
        expect(number(read, 'NumberOfFrames')).toBe(frames);
        expect(number(read, 'FrameTime')).toBeCloseTo((1000 * frameRate.den) / frameRate.num, 8);
        expect(number(read, 'FrameIncrementPointer')).toBe(0x0018_1063);
      }),
      { numRuns: 40 },
    );
  });

  it('writes 24000/1001 with all the digits a decimal string has', () => {
    const dataset = buildVideo(SopClassUid.videoEndoscopic, T.h264High41, sampleContext(), {
      ...sampleVideo(),
      frameRate: { num: 24_000, den: 1001 },
    });
    expect(dataset).toMatchObject({ FrameTime: '41.7083333333333', CineRate: 24, RecommendedDisplayFrameRate: 24 });
  });

  it('puts frames into fragments of their own, with a table that points to them', async () => {
    const sof = Buffer.from('ffc0001108 02d0 0500 03 012200 021101 031101'.replaceAll(' ', ''), 'hex');
    const frame = (length: number) =>
      Buffer.concat([
        Buffer.from([0xff, 0xd8]),
        sof,
        Buffer.alloc(length - 4 - sof.length, 1),
        Buffer.from([0xff, 0xd9]),
      ]);
    const frames = [frame(101), frame(64), frame(77)];
    const payload = Buffer.concat(frames);
    const dataset = buildVideo(SopClassUid.videoPhotographic, T.jpegBaseline, sampleContext(), {
      ...sampleVideo(),
      frames: 3,
    });
    const file = await write(dataset, T.jpegBaseline, payload, { frameLengths: frames.map((each) => each.length) });
    expect(await checkEncapsulation(bufferSource(file))).toEqual([]);
    expect(await payloadOf(file)).toEqual(payload);
  });

  it('cuts a long stream into several fragments where the syntax allows it', async () => {
    const payload = mp4(1001);
    const dataset = sampleDataset(SopClassUid.videoEndoscopic, T.hevcMain51);
    const file = await write(dataset, T.hevcMain51, payload, payload.length, { fragmentLength: 100 });
    expect(
      file
        .subarray(file.length - 200)
        .toString('hex')
        .match(/feff00e0/g)?.length,
    ).toBeGreaterThan(0);
    expect(await payloadOf(file)).toEqual(payload);
    const source = bufferSource(file);
    expect(await payloadDigest(source, await readPart10(source))).toEqual({
      sha256: createHash('sha256').update(payload).digest('hex'),
      bytes: 1001,
    });
  });

  it('is laid out exactly for every length, far beyond 32 bits', () => {
    const lengths = fc.oneof(
      fc.integer({ min: 1, max: 2 ** 40 }),
      fc.constantFrom(1, 2 ** 32 - 3, 2 ** 32, 2 ** 33 + 1),
    );
    const fragmentable = sampleDataset(SopClassUid.videoEndoscopic, T.h264High41Fragmentable);
    fc.assert(
      fc.property(lengths, fc.integer({ min: 1, max: 2 ** 30 }), (length, half) => {
        const fragmentLength = Math.max(2 * half, 2 * Math.ceil(length / 2000));
        if (fragmentLength > 0xffff_fffe) return;
        const { fragments, header, trailer, totalLength } = createPart10(
          fragmentable,
          T.h264High41Fragmentable,
          length,
          { fragmentLength },
        );
        let next = 0;
        for (const fragment of fragments) {
          expect(fragment.start).toBe(next);
          expect(fragment.length).toBeGreaterThan(0);
          expect(fragment.length).toBeLessThanOrEqual(0xffff_fffe);
          next += fragment.length;
        }
        expect(next).toBe(length);
        // between two fragments lies the header of an item; all but the last are even
        expect(totalLength).toBe(header.length + length + 8 * (fragments.length - 1) + trailer.length);
      }),
      { numRuns: 200 },
    );
  });

  it('names the limit when a stream is too long for one fragment', () => {
    expect(() => createPart10(video, T.h264High41, 0xffff_ffff)).toThrow(
      /at most 4294967294 bytes.*has 4294967295.*1\.2\.840\.10008\.1\.2\.4\.102\.1/,
    );
    expect(createPart10(video, T.h264High41, 0xffff_fffe).fragments).toHaveLength(1);
    const fragmentable = createPart10(video, T.h264High41Fragmentable, 6 * 2 ** 30 + 1);
    expect(fragmentable.fragments).toHaveLength(7);
    expect(fragmentable.totalLength).toBe(fragmentable.header.length + 6 * 2 ** 30 + 1 + 6 * 8 + 1 + 8);
  });

  it('refuses an empty payload and one of another length than announced', async () => {
    expect(() => createPart10(video, T.h264High41, 0)).toThrow(/at least one byte/);
    expect(() => createPart10(video, T.jpegBaseline, { frameLengths: [] })).toThrow(/at least one byte/);
    const part10 = createPart10(video, T.h264High41, 10);
    await expect(collect(part10Stream(part10, [Buffer.alloc(9)]))).rejects.toThrow(/only 9/);
    await expect(collect(part10Stream(part10, [Buffer.alloc(11)]))).rejects.toThrow(/at least 11/);
  });
});

describe('the facts of an MP4', () => {
  it.each([
    [
      'h264-720p-23976-bframes.mp4',
      {
        profile: 'High',
        level: 31,
        width: 1280,
        height: 720,
        frames: 48,
        frameRate: { num: 24_000, den: 1001 },
        bFrames: true,
        constantFrameRate: true,
        faststart: true,
        container: 'mp4',
      },
    ],
    ['h264-1080p60-level42.mp4', { level: 42, width: 1920, height: 1080, frames: 12, durationMs: 200, bFrames: false }],
    ['h264-baseline-360p25.mp4', { profile: 'Constrained Baseline', width: 320, height: 180, frames: 25 }],
    ['h264-fragmented.mp4', { container: 'fmp4' }],
    ['h264-moov-last.mp4', { faststart: false, frames: 25 }],
    ['hevc-main-1080p30.mp4', { codec: 'hevc', profile: 'Main', tier: 'Main', frames: 10, bitDepth: 8 }],
    ['hevc-main10-2160p30.mp4', { profile: 'Main 10', level: 51, width: 3840, height: 2160, bitDepth: 10, frames: 3 }],
  ])('%s', async (name, expected) => {
    expect(await readMp4Facts(bufferSource(fixture(name)))).toMatchObject(expected);
  });

  it('of a damaged one are an error, never an endless loop', async () => {
    const whole = fixture('h264-720p-23976-bframes.mp4');
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 1500 }), fc.integer({ min: 0, max: 255 }), async (at, byte) => {
        const damaged = Buffer.from(whole);
        damaged[at] = byte;
        await readMp4Facts(bufferSource(damaged)).catch((error: unknown) =>
          expect(error).toMatchObject({ fault: 'input' }),
        );
      }),
    );
  });
});

describe('the facts of a JPEG', () => {
  it('are in its frame header', async () => {
    const facts = await readJpegFacts(bufferSource(fixture('baseline-64x48.jpg')));
    expect(facts).toEqual({ width: 64, height: 48, bitDepth: 8, components: 3, baseline: true, ycc: true });
  });

  it('of anything else are an error, never an endless loop', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        const head = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff]), bytes]);
        await readJpegFacts(bufferSource(head)).catch((error: unknown) =>
          expect(error).toMatchObject({ fault: 'input' }),
        );
      }),
    );
  });
});

describe('reading hostile input', () => {
  const nested = (depth: number) => {
    const open = Buffer.from('08001011535100 00ffffffff feff00e0ffffffff'.replaceAll(' ', ''), 'hex');
    return Buffer.concat([
      createPart10(video, T.h264High41, 2).header.subarray(0, metaEnd()),
      ...Array.from({ length: depth }, () => open),
    ]);
  };
  const metaEnd = () => {
    const header = createPart10(video, T.h264High41, 2).header;
    return 144 + header.readUInt32LE(140);
  };

  it('stops at deep nesting, at false lengths, at the wrong file', async () => {
    await expect(readPart10(bufferSource(nested(1000)))).rejects.toMatchObject({ code: 'dicom-nesting' });
    await expect(readPart10(bufferSource(Buffer.alloc(10)))).rejects.toMatchObject({ code: 'not-dicom' });
    await expect(readPart10(bufferSource(Buffer.alloc(5000, 'DICM')))).rejects.toMatchObject({ fault: 'input' });
    const lying = Buffer.concat([nested(0), Buffer.from('100010004f420000ffffff7f', 'hex')]);
    await expect(readPart10(bufferSource(lying))).rejects.toMatchObject({ code: 'dicom-truncated' });
  });

  it('skips a value that is too long and never asks for a payload', async () => {
    let most = 0;
    const file = await write(video, T.h264High41, mp4(3_000_000));
    const counting: ByteSource = {
      size: file.length,
      read: async (offset, length) => {
        most = Math.max(most, offset + length);
        return file.subarray(offset, offset + length);
      },
    };
    const parsed = await readPart10(counting, { maxValueLength: 40 });
    expect(parsed.skipped.length).toBeGreaterThan(0);
    expect(most).toBeLessThan(100_000);
  });

  it('answers every damaged file with an error of ours or a result', async () => {
    const whole = await write(video, T.h264High41, fixture('h264-720p-23976-bframes.mp4'));
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: whole.length }),
        fc.integer({ min: 0, max: 4000 }),
        fc.integer({ min: 0, max: 255 }),
        async (length, at, byte) => {
          const damaged = Buffer.from(whole.subarray(0, length));
          if (at < damaged.length) damaged[at] = byte;
          const findings = await checkEncapsulation(bufferSource(damaged));
          if (length < whole.length) expect(findings.length).toBeGreaterThan(0);
        },
      ),
    );
  });
});

describe('a Frame Time Vector', () => {
  it.each([9, 9_000, 60_000])('of %i frames is read back as it was written', async (frames) => {
    const frameTimesMs = Array.from({ length: frames }, (_, i) => (i === 0 ? 0 : i === 5 ? 700.5 : 33.367));
    const timed = { ...sampleVideo(), frames, frameTimesMs };
    const dataset = buildVideo(SopClassUid.videoEndoscopic, T.h264High41, sampleContext(), timed);
    const read = await readPart10(bufferSource(await write(dataset, T.h264High41, Buffer.alloc(20, 1))));
    expect(read.dataset['FrameIncrementPointer']).toEqual([0x0018_1065]);
    expect(read.dataset['FrameTimeVector']).toEqual(frameTimesMs);
    expect(read.dataset).not.toHaveProperty('FrameTime');
    // again, from what was read: a copy that is de-identified
    const again = await readPart10(bufferSource(await write(read.dataset, T.h264High41, Buffer.alloc(20, 1))));
    expect(again.dataset).toEqual(read.dataset);
  });
});
