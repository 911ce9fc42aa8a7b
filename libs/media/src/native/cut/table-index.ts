import type { Movie, SampleList, Track } from '@smartbox/recording/mp4';
import type { ByteSource } from '../../bytes/byte-source.ts';
import { parseAvcC } from '../../h264/nal.ts';
import { parseSps } from '../../h264/sps.ts';
import { headOfHevcSps } from '../../hevc/headers.ts';
import { parseHvcC } from '../../hevc/nal.ts';
import { H264, HEVC, type NalCodec } from '../../video-nal.ts';
import { damaged } from '../damage.ts';
import { decoderConfig } from './decoder-config.ts';
import { ParameterSets } from './parameter-sets.ts';
import { orders, usableKeyframes, type SourceIndex } from './source-index.ts';

/** With `avc3` and `hev1` parameter sets may stand in the samples, too (ISO/IEC 14496-15 5.4.2, 8.4.1). */
const ENTRIES: Readonly<Record<string, NalCodec>> = { avc1: H264, avc3: H264, hvc1: HEVC, hev1: HEVC };

/**
 * The index of an MP4 from its tables alone. Undefined where they do not tell it all, and the packets have to be looked
 * at: another codec, several video tracks, edits that hide frames, parameter sets in the samples...
 */
export async function tableIndex(path: string, movie: Movie, bytes: ByteSource): Promise<SourceIndex | undefined> {
  const videos = movie.tracks.filter(({ handler, samples }) => handler === 'vide' && samples.count > 0);
  const [track] = videos;
  const [entry] = track?.entries ?? [];
  if (!track || !entry || videos.length !== 1) return undefined;
  const codec = ENTRIES[entry.toString('latin1', 4, 8)];
  const sets = codec && setsOf(codec, entry);
  const start = startOf(track, movie.timescale);
  const { samples } = track;
  if (!codec || !sets || start === undefined || samples.sizes.includes(0)) return undefined;
  const missing = firstBeyond(samples, bytes.size);
  const shown = Float64Array.from(samples.decoding, (at, i) => at + (samples.compositions[i] ?? 0) - start);
  const { order, presentation } = orders(shown);
  if (missing >= 0) throw damaged(path, presentation[missing] ?? missing);
  const times = Float64Array.from({ length: samples.count + 1 }, (_, i) => shown[order[i] ?? 0] ?? 0);
  const last = samples.count - 1;
  times[samples.count] = (times[last] ?? 0) + Math.max(1, samples.durations[last] ?? 1);
  for (let i = 1; i < times.length; i++) if ((times[i] ?? 0) <= (times[i - 1] ?? 0)) return undefined;
  const keyframes = usableKeyframes(syncSamples(samples), presentation);
  const [first] = keyframes;
  if (first?.packet !== 0 || first.leading > 0) return undefined;
  const facts = codec === H264 ? h264Facts(sets) : hevcFacts(sets);
  if (facts.interlaced) return undefined;
  const change = samples.descriptions.findIndex((description) => description !== samples.descriptions[0]);
  const { num, den } = facts.frameRate ?? rateOf(times, track.timescale);
  return {
    path,
    codec: codec.name,
    timeBase: { num: 1, den: track.timescale },
    frames: samples.count,
    times,
    refusal: change < 0 ? null : `the format of the picture changes at frame ${presentation[change]}`,
    keyframes: change < 0 ? keyframes : [],
    presentation,
    order,
    sizes: samples.sizes,
    table: {
      offsets: samples.offsets,
      entry,
      displayWidth: track.displayWidth,
      displayHeight: track.displayHeight,
    },
    sets,
    width: facts.width ?? entry.readUInt16BE(32),
    height: facts.height ?? entry.readUInt16BE(34),
    interlaced: false,
    frameRate: num / den > 240 ? rateOf(times, track.timescale) : { num, den },
    rotation: turned(track.matrix),
    audio: movie.tracks.some(({ handler }) => handler === 'soun'),
  };
}

/** The parameter sets of a sample entry; undefined where it cannot be copied as it is. */
function setsOf(codec: NalCodec, entry: Buffer): ParameterSets | undefined {
  const record = decoderConfig(entry, codec);
  const { lengthSize, nals } =
    codec === H264
      ? (({ sps, pps, lengthSize: length }) => ({ lengthSize: length, nals: [...sps, ...pps] }))(parseAvcC(record))
      : (({ sets, lengthSize: length }) => ({ lengthSize: length, nals: sets }))(parseHvcC(record));
  const sets = new ParameterSets(codec);
  for (const nal of nals) sets.add(nal);
  return lengthSize === 4 && sets.sps.length > 0 && !sets.conflict ? sets : undefined;
}

interface StreamFacts {
  readonly interlaced: boolean;
  readonly width?: number;
  readonly height?: number;
  readonly frameRate: { readonly num: number; readonly den: number } | null;
}

function h264Facts(sets: ParameterSets): StreamFacts {
  const all = sets.sps.map(parseSps);
  const [first] = all;
  const interlaced = all.some((sps) => sps.interlaced);
  return first
    ? { interlaced, width: first.width, height: first.height, frameRate: first.frameRate }
    : { interlaced, frameRate: null };
}

function hevcFacts(sets: ParameterSets): StreamFacts {
  return { interlaced: sets.sps.some((sps) => headOfHevcSps(sps).interlaced), frameRate: null };
}

/** Frames per second of the film as a whole. */
function rateOf(times: Float64Array, timescale: number): { num: number; den: number } {
  const frames = times.length - 1;
  const ticks = Math.max(1, (times[frames] ?? 0) - (times[0] ?? 0));
  const den = Math.max(1, Math.round((1000 * ticks) / frames));
  return { num: timescale * 1000, den };
}

function* syncSamples({ sync, count }: SampleList): Generator<number> {
  for (let i = 0; i < count; i++) if (sync[i]) yield i;
}

/** The first sample in decoding order that is not wholly in the file; -1 where all are. */
function firstBeyond({ offsets, sizes, count }: SampleList, bytes: number): number {
  for (let i = 0; i < count; i++) if ((offsets[i] ?? 0) + (sizes[i] ?? 0) > bytes) return i;
  return -1;
}

/**
 * When the film starts, in ticks of the media (ISO/IEC 14496-12 section 8.6.6): with the first frame, perhaps after some
 * time without a picture. Undefined where edits hide frames or show some twice.
 */
function startOf({ edits, samples, timescale }: Track, movieTimescale: number): number | undefined {
  let earliest = Infinity;
  let end = 0;
  for (let i = 0; i < samples.count; i++) {
    const at = (samples.decoding[i] ?? 0) + (samples.compositions[i] ?? 0);
    earliest = Math.min(earliest, at);
    end = Math.max(end, at + (samples.durations[i] ?? 0));
  }
  if (edits.length === 0) return 0;
  const empty = edits.slice(0, -1);
  const shows = edits.at(-1);
  if (!shows || shows.mediaTime < 0 || empty.some(({ mediaTime }) => mediaTime >= 0)) return undefined;
  const ticks = (duration: number) => (duration * timescale) / movieTimescale;
  const frame = (end - earliest) / samples.count;
  const hides = shows.mediaTime > earliest || (shows.duration > 0 && ticks(shows.duration) < end - earliest - frame);
  return hides ? undefined : shows.mediaTime - Math.round(empty.reduce((sum, edit) => sum + ticks(edit.duration), 0));
}

function turned(matrix: Buffer): string {
  const upright = [0, 16].every((at) => matrix.readInt32BE(at) === 0x10000) && matrix.readInt32BE(4) === 0 && matrix.readInt32BE(12) === 0; // prettier-ignore
  return upright ? '' : matrix.toString('hex');
}
