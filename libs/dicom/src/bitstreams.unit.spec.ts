import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SmartBoxError } from '@smartbox/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bufferSource } from './byte-source.ts';
import { checkEncapsulation } from './check-encapsulation.ts';
import { checkIod } from './check-iod.ts';
import { forbids } from './fit-transfer-syntax.ts';
import { readHtj2kFacts } from './htj2k-facts.ts';
import { readMp4Facts } from './mp4-facts.ts';
import { readMpeg2Facts } from './mpeg2-facts.ts';
import { readTsFacts } from './ts-facts.ts';
import { createPart10, part10Stream } from './part10-writer.ts';
import { readPart10 } from './part10-reader.ts';
import { SopClassUid } from './sop-classes.ts';
import { TransferSyntaxUid as T } from './transfer-syntaxes.ts';
import { sampleDataset } from '../test/sample-objects.ts';

const hex = (text: string) => Buffer.from(text.replace(/\s/g, ''), 'hex');
const fixture = (name: string) => readFileSync(join(import.meta.dirname, '../test/fixtures', name));

// 1280x720, 25 frames/s, Main at High level, progressive, 4:2:0; ISO/IEC 13818-2 6.2.2
const sequence = hex('000001b3 5002d0 33 ffffe0 18') // 1280 = 0x500, 720 = 0x2d0, aspect 3, rate 3
  .subarray(0, 12);
const extension = hex('000001b5 14 4a 0001 0000');
const gop = hex('000001b8 00080040');
const picture = (type: number) =>
  Buffer.concat([
    hex('00000100'),
    Buffer.from([0, type << 3, 0xff, 0xf8]),
    hex('000001b5 8f ff f3 80 80'),
    hex('00000101 aabbcc'),
  ]);
const frame = Buffer.concat([gop, picture(1), picture(2)]);
const elementary = Buffer.concat([sequence, extension, frame, frame, hex('000001b7')]);

/** The elementary stream in packets of a transport stream, so that start codes are cut in two (ISO/IEC 13818-1 2.4.3). */
function transportStream(payload: Buffer): Buffer {
  const pes = Buffer.concat([hex('000001e0 0000 80 00 00'), payload]);
  const packets: Buffer[] = [];
  for (let at = 0; at < pes.length; at += 100) {
    const piece = pes.subarray(at, at + 100);
    const stuffing = 183 - piece.length;
    packets.push(
      Buffer.concat([
        Buffer.from([0x47, at === 0 ? 0x41 : 0x01, 0, 0x30, stuffing]),
        Buffer.alloc(stuffing, 0).fill(0xff, 1),
        piece,
      ]),
    );
  }
  return Buffer.concat(packets);
}

describe('facts of MPEG-2', () => {
  it.each([
    ['elementary stream', 'mpeg-es', elementary],
    ['transport stream', 'mpegts', transportStream(elementary)],
  ])('come out of an %s, every picture counted', async (_name, container, bytes) => {
    expect(await readMpeg2Facts(bufferSource(bytes))).toMatchObject({
      container,
      codec: 'mpeg2video',
      profile: 'Main',
      level: 4,
      width: 1280,
      height: 720,
      frameRate: { num: 25, den: 1 },
      frames: 4,
      chroma: '4:2:0',
      interlaced: false,
      bFrames: false,
      closedGop: true,
      pixelAspectRatio: undefined,
    });
  });
});

it('facts of HEVC come from the parameter set: Main and Main 10', async () => {
  const main = await readMp4Facts(bufferSource(fixture('hevc-main-1080p30.mp4')));
  expect(main).toMatchObject({
    codec: 'hevc',
    profile: 'Main',
    tier: 'Main',
    bitDepth: 8,
    width: 1920,
    height: 1080,
    chroma: '4:2:0',
  });
  const main10 = await readMp4Facts(bufferSource(fixture('hevc-main10-2160p30.mp4')));
  expect(main10).toMatchObject({ profile: 'Main 10', bitDepth: 10, width: 3840, height: 2160, interlaced: false });
});

it('times of a variable rate are those that FFprobe reads of the packets, B frames and a gap included', async () => {
  const facts = await readMp4Facts(bufferSource(fixture('h264-variable-rate.mp4')));
  // ffprobe -show_entries packet=pts, sorted: ticks of 90 kHz
  const ticks = JSON.parse(fixture('h264-variable-rate.json').toString()) as number[];
  expect(facts).toMatchObject({ constantFrameRate: false, frames: 40, bFrames: true });
  expect(facts.frameTimesMs).toHaveLength(40);
  const sums = ticks.map((_, i) => facts.frameTimesMs?.slice(0, i + 1).reduce((sum, each) => sum + each, 0) ?? 0);
  for (const [i, tick] of ticks.entries()) expect(sums[i]).toBeCloseTo(tick / 90, 6);
  expect(await readMp4Facts(bufferSource(fixture('h264-720p-23976-bframes.mp4')))).not.toHaveProperty('frameTimesMs');
});

it('a picture that the track header turns or mirrors is said to be turned', async () => {
  const film = fixture('h264-720p-23976-bframes.mp4');
  expect(await readMp4Facts(bufferSource(film))).not.toHaveProperty('turned');
  const matrix = film.indexOf('tkhd') + 4 + 40;
  for (const [a, b, c, d] of [
    [0, 1, -1, 0],
    [-1, 0, 0, -1],
    [-1, 0, 0, 1],
  ] as const) {
    const turned = Buffer.from(film);
    for (const [i, value] of [a, b, 0, c, d].entries()) turned.writeInt32BE(value * 0x1_0000, matrix + 4 * i);
    const facts = await readMp4Facts(bufferSource(turned));
    expect(facts).toMatchObject({ turned: true, width: 1280, height: 720 });
    expect(forbids(T.h264High41, { ...facts, closedGop: true })).toMatchObject([{ rule: 'orientation' }]);
  }
});

describe('hostile payloads', () => {
  const readers = [readMpeg2Facts, readHtj2kFacts, readMp4Facts, readTsFacts];
  it('are refused, never a crash', async () => {
    const starts = [
      elementary,
      transportStream(elementary),
      hex('ff4fff51002f4000'),
      hex('000001ba44000400'),
      fixture('hevc-main-1080p30.mp4'),
      fixture('hevc-main-1080p30.m2ts'),
      fixture('h264-variable-rate.m2ts'),
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...starts),
        fc.uint8Array({ maxLength: 80 }),
        fc.nat(4000),
        async (start, noise, at) => {
          const bytes = Buffer.from(start.subarray(0, Math.max(200, at)));
          bytes.set(noise.subarray(0, Math.max(0, bytes.length - (at % bytes.length))), at % bytes.length);
          for (const read of readers) {
            const error: unknown = await read(bufferSource(bytes)).then(
              () => undefined,
              (thrown: unknown) => thrown,
            );
            expect(error === undefined || error instanceof SmartBoxError || error instanceof RangeError).toBe(true);
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  it('in an object are findings', async () => {
    const syntaxes = [T.mpeg2HighLevel, T.hevcMain51, T.htj2k, T.jpegBaseline];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...syntaxes),
        fc.constantFrom(elementary, fixture('hevc-main-1080p30.mp4'), hex('ff4fff51000400')),
        fc.uint8Array({ minLength: 1, maxLength: 60 }),
        async (syntax, start, noise) => {
          const payload = Buffer.concat([start, noise]);
          const frames = syntax === T.htj2k || syntax === T.jpegBaseline;
          const part10 = createPart10(
            sampleDataset(SopClassUid.videoEndoscopic, syntax),
            syntax,
            frames ? { frameLengths: [payload.length] } : payload.length,
          );
          const chunks: Uint8Array[] = [];
          for await (const chunk of part10Stream(part10, [payload])) chunks.push(chunk);
          const source = bufferSource(Buffer.concat(chunks));
          const findings = await checkEncapsulation(source);
          expect(findings.length).toBeGreaterThan(0); // 3600 frames were promised
          checkIod(await readPart10(source));
        },
      ),
      { numRuns: 60 },
    );
  });
});
