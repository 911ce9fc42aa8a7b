import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sampleDataset } from '../test/sample-objects.ts';
import { bufferSource } from './byte-source.ts';
import { checkEncapsulation } from './check-encapsulation.ts';
import { readMp4Facts } from './mp4-facts.ts';
import { createPart10, part10Stream } from './part10-writer.ts';
import { SopClassUid } from './sop-classes.ts';
import { TransferSyntaxUid as T } from './transfer-syntaxes.ts';
import { packetsIn, programOf, TS_PACKET } from './transport-stream.ts';
import { readTsFacts } from './ts-facts.ts';

// the very coded pictures of the MP4 fixtures, put into transport streams by FFmpeg
const fixture = (name: string) => readFileSync(join(import.meta.dirname, '../test/fixtures', name));
const facts = (bytes: Uint8Array) => readTsFacts(bufferSource(bytes));
const refused = async (bytes: Uint8Array) => ((await facts(bytes).catch((error: unknown) => error)) as { code: string }).code; // prettier-ignore

/** The packets of a stream, and which of them are of the video. */
async function packets(bytes: Buffer): Promise<{ all: Buffer[]; video: number[] }> {
  const all = Array.from({ length: bytes.length / TS_PACKET }, (_, i) => bytes.subarray(i * TS_PACKET, (i + 1) * TS_PACKET)); // prettier-ignore
  const pid = (await programOf(bufferSource(bytes)))?.video?.pid;
  return { all, video: all.flatMap((each, i) => (packetsIn(each).next().value?.pid === pid ? [i] : [])) };
}

describe('facts of a transport stream', () => {
  it.each(['h264-720p-23976-bframes', 'h264-variable-rate', 'hevc-main-1080p30'])(
    '%s are those of the same pictures in an MP4',
    async (name) => {
      const { faststart: _, frameTimesMs, frameRate, durationMs, ...mp4 } = await readMp4Facts(bufferSource(fixture(`${name}.mp4`))); // prettier-ignore
      const ts = await facts(fixture(`${name}.m2ts`));
      expect(ts).toMatchObject({ ...mp4, container: 'mpegts', closedGop: true });
      expect(ts.frameTimesMs).toEqual(frameTimesMs);
      if (!mp4.constantFrameRate) return; // there the MP4 also knows how long the last frame is shown
      expect(ts.frameRate).toEqual(frameRate);
      expect(ts.durationMs).toBeCloseTo(durationMs, 6);
    },
  );

  it('go on where the 33 bits of the times end', async () => {
    const bytes = Buffer.from(fixture('h264-variable-rate.m2ts'));
    const { frameTimesMs } = await facts(bytes);
    for (const { starts, bytes: pes } of packetsIn(bytes)) {
      if (!starts || pes.readUIntBE(0, 3) !== 1) continue;
      // 400 ms before the end of the clock, ISO/IEC 13818-1 2.4.3.6
      const pts = ((pes.readUInt8(9) >> 1) & 7) * 2 ** 30 + (pes.readUInt16BE(10) >> 1) * 2 ** 15 + (pes.readUInt16BE(12) >> 1); // prettier-ignore
      const moved = BigInt(pts + 2 ** 33 - 162_000) % 2n ** 33n;
      pes[9] = (pes.readUInt8(9) & 0xf1) | (Number(moved >> 30n) << 1);
      pes.writeUInt16BE((Number((moved >> 15n) & 0x7fffn) << 1) | 1, 10);
      pes.writeUInt16BE((Number(moved & 0x7fffn) << 1) | 1, 12);
    }
    expect((await facts(bytes)).frameTimesMs).toEqual(frameTimesMs);
  });

  it('are not told of a stream whose first pictures cannot be decoded, or whose clock or size changes', async () => {
    const bytes = fixture('h264-720p-23976-bframes.m2ts');
    const { all, video } = await packets(bytes);
    const second = video.filter((i) => (all[i]?.readUInt8(1) ?? 0) & 0x40)[1] ?? 0;
    const withoutKey = all.filter((_, i) => i >= second || !video.includes(i));
    expect(await refused(Buffer.concat(withoutKey))).toBe('not-at-keyframe');
    const again = all.map((each, i) => (i === second ? Buffer.from(each) : each));
    again[second]?.writeUInt8((again[second]?.readUInt8(5) ?? 0) | 0x80, 5);
    expect(again[second]?.readUInt8(4)).toBeGreaterThan(0);
    expect(await refused(Buffer.concat(again))).toBe('clock-changes');
    const other = await packets(fixture('h264-variable-rate.m2ts'));
    const joined = Buffer.concat([...all, ...other.video.map((i) => other.all[i] ?? Buffer.alloc(0))]);
    expect(await refused(joined)).toBe('stream-changes');
  });

  it('are not told of what is none, or carries another codec', async () => {
    expect(await refused(fixture('hevc-main-1080p30.mp4'))).toBe('not-mpegts');
    const bytes = Buffer.from(fixture('hevc-main-1080p30.m2ts'));
    const at = bytes.indexOf(Buffer.from([0x24, 0xe1, 0x00])); // stream type and PID in the program map
    bytes[at] = 0x02;
    expect(await refused(bytes)).toBe('unsupported-codec');
  });
});

it('an object is held against the pictures in its transport stream', async () => {
  const payload = fixture('h264-720p-23976-bframes.m2ts');
  const object = async (change: object) => {
    const sample = sampleDataset(SopClassUid.videoEndoscopic, T.h264High41);
    const dataset = { ...sample, Rows: 720, Columns: 1280, NumberOfFrames: 48, ...change };
    const chunks: Uint8Array[] = [];
    for await (const chunk of part10Stream(createPart10(dataset, T.h264High41, payload.length), [payload]))
      chunks.push(chunk);
    return (await checkEncapsulation(bufferSource(Buffer.concat(chunks)))).map(({ code }) => code);
  };
  expect(await object({})).toEqual([]);
  expect(await object({ NumberOfFrames: 49 })).toEqual(['frame-count']);
  expect(await object({ Rows: 1080, Columns: 1920 })).toEqual(['picture-size']);
});
