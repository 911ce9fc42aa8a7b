import { inputError, toError } from '@smartbox/kernel';
import type { ByteSource } from './byte-source.ts';
import { nominalRate, reducedRate } from './frame-rate.ts';
import { parseH264Sps } from './h264-sps.ts';
import { parseHevcSps, spsOfHvcC } from './hevc-sps.ts';
import { childBoxes, findBox, topLevelBoxes } from './mp4-boxes.ts';
import type { VideoFacts } from './video-facts.ts';

/** What an MP4 says about its video track; whether the GOPs are closed only a decoder can tell. */
export type Mp4Facts = Omit<VideoFacts, 'closedGop'> & {
  /** Is `moov` in front of `mdat`? */
  faststart: boolean;
};

const MAX_MOOV = 64 << 20;
/** Ten hours at 60 frames/s. */
const MAX_TIMED_FRAMES = 60 * 3600 * 10;

/**
 * Reads profile, level, size, rate and frame count of an MP4 out of its sample table and parameter sets, never out of a
 * name: a few small reads, whatever the length.
 * @throws SmartBoxError (input) where there is no readable MP4 with an H.264 or HEVC track
 */
export async function readMp4Facts(source: ByteSource): Promise<Mp4Facts> {
  const boxes = await topLevelBoxes(source, { tolerateTail: true });
  const moov = boxes.find((each) => each.type === 'moov');
  if (!moov || moov.offset + moov.length > source.size)
    throw inputError('not-mp4', 'The payload has no complete moov box (ISO 14496-12 8.2)');
  if (moov.length > MAX_MOOV)
    throw inputError('mp4-too-large', `The moov box has ${moov.length} bytes, at most ${MAX_MOOV} are read`);
  const mdat = boxes.find((each) => each.type === 'mdat');
  const content = Buffer.from(await source.read(moov.offset + moov.headerLength, moov.length - moov.headerLength));
  try {
    return { ...trackFacts(content), faststart: mdat === undefined || moov.offset < mdat.offset };
  } catch (error) {
    if (error instanceof RangeError)
      throw inputError('mp4-malformed', `The moov box cannot be read: ${toError(error).message}`);
    throw error;
  }
}

function handler(trak: Buffer): string {
  return findBox(trak, 'mdia/hdlr')?.toString('latin1', 8, 12) ?? '';
}

function trackFacts(moov: Buffer): Omit<Mp4Facts, 'faststart'> {
  const children = childBoxes(moov);
  const traks = children.filter((each) => each.type === 'trak').map((each) => each.content);
  const trak = traks.find((each) => handler(each) === 'vide');
  const stbl = trak && findBox(trak, 'mdia/minf/stbl');
  const stsd = stbl && findBox(stbl, 'stsd');
  const mdhd = trak && findBox(trak, 'mdia/mdhd');
  if (!stbl || !stsd || !mdhd) throw inputError('not-video', 'The MP4 has no video track');
  const timescale = mdhd.readUInt32BE(mdhd[0] === 1 ? 20 : 12);
  const runs = runsOf(findBox(stbl, 'stts'));
  const offsets = runsOf(findBox(stbl, 'ctts'));
  const timing = times(runs, timescale);
  return {
    ...sampleEntry(stsd),
    ...timing,
    ...(isTurned(findBox(trak, 'tkhd')) ? { turned: true } : {}),
    ...(timing.constantFrameRate ? {} : { frameTimesMs: frameTimes(runs, offsets, timescale) }),
    bFrames: offsets.some((each) => each.value !== offsets[0]?.value),
    container: children.some((each) => each.type === 'mvex') ? 'fmp4' : 'mp4',
    audioTracks: traks.filter((each) => handler(each) === 'soun').length,
  };
}

/** Does the matrix of the Track Header turn or mirror the picture? ISO 14496-12 8.3.2.3. */
function isTurned(tkhd: Buffer | undefined): boolean {
  if (!tkhd) return false;
  const at = tkhd[0] === 1 ? 52 : 40;
  const [a, b, c, d] = [0, 4, 12, 16].map((entry) => tkhd.readInt32BE(at + entry)) as [number, number, number, number];
  return a <= 0 || d <= 0 || b !== 0 || c !== 0;
}

interface Run {
  count: number;
  value: number;
}

/** Decoding Time to Sample and Composition Offset, ISO 14496-12 8.6.1: so many samples with this value. */
function runsOf(box: Buffer | undefined): Run[] {
  const runs: Run[] = [];
  const count = box?.readUInt32BE(4) ?? 0;
  for (let i = 0; box && i < count; i++) {
    runs.push({ count: box.readUInt32BE(8 + 8 * i), value: box.readInt32BE(12 + 8 * i) });
  }
  return runs;
}

/**
 * Decoding times, ISO 14496-12 8.6.1.2. The last sample's duration is free: many writers guess it. A difference of one
 * tick is rounding (59.94 frames/s on a 90 kHz clock), not a variable rate.
 */
function times(runs: readonly Run[], timescale: number) {
  const frames = runs.reduce((sum, each) => sum + each.count, 0);
  const total = (some: readonly Run[]) => some.reduce((sum, each) => sum + each.count * each.value, 0);
  const body = runs.length > 1 && runs.at(-1)?.count === 1 ? runs.slice(0, -1) : runs;
  const [least, most] = body.reduce(
    ([low, high], { value }) => [Math.min(low, value), Math.max(high, value)],
    [Infinity, -Infinity],
  );
  const constantFrameRate = frames > 0 && most - least <= 1;
  const counted = constantFrameRate ? body : runs;
  const count = counted.reduce((sum, each) => sum + each.count, 0);
  const frameRate = nominalRate(reducedRate(count * timescale, total(counted)));
  const ticks = constantFrameRate ? (total(counted) * frames) / count : total(runs);
  return { frames, durationMs: timescale > 0 ? (1000 * ticks) / timescale : 0, frameRate, constantFrameRate };
}

/** From each frame to the next in the order they are shown: decoding time and composition offset, ISO 14496-12 8.6.1.3. */
function frameTimes(runs: readonly Run[], offsets: readonly Run[], timescale: number): number[] {
  const frames = runs.reduce((sum, each) => sum + each.count, 0);
  if (frames > MAX_TIMED_FRAMES)
    throw inputError(
      'mp4-too-large',
      `The track has ${frames} frames, of at most ${MAX_TIMED_FRAMES} the times are read`,
    );
  const shown = new Float64Array(frames);
  let sample = 0;
  let decoded = 0;
  for (const { count, value } of runs) for (let i = 0; i < count; i++, decoded += value) shown[sample++] = decoded;
  sample = 0;
  for (const { count, value } of offsets)
    for (let i = 0; i < count && sample < frames; i++, sample++) shown[sample] = (shown[sample] ?? 0) + value;
  shown.sort();
  return Array.from(shown, (at, i) => (1000 * (at - (shown[Math.max(0, i - 1)] ?? 0))) / timescale);
}

/** The first visual sample entry, ISO 14496-12 12.1.3, with the decoder configuration of ISO 14496-15 5.3.3 and 8.3.3. */
function sampleEntry(stsd: Buffer) {
  const entry = childBoxes(stsd.subarray(8))[0];
  if (!entry) throw inputError('not-video', 'The video track has no sample entry');
  const config = childBoxes(entry.content.subarray(78));
  const avcC = config.find((each) => each.type === 'avcC')?.content;
  if (avcC) {
    const length = avcC.readUInt16BE(6);
    const { frameNumBits: _, ...sps } = parseH264Sps(avcC.subarray(8, 8 + length));
    return { ...sps, codec: 'h264' };
  }
  const hvcC = config.find((each) => each.type === 'hvcC')?.content;
  if (!hvcC) throw inputError('unsupported-codec', `The video track is "${entry.type}", not H.264 or HEVC`);
  const sps = spsOfHvcC(hvcC);
  if (!sps)
    throw inputError('no-parameter-set', 'The HEVC track has no sequence parameter set in its sample entry (hvc1)');
  return { ...parseHevcSps(sps), codec: 'hevc' };
}
