import { movieHeader, type Chunk, type NewTrack } from '@smartbox/recording/mp4';
import { H264 } from '../../video-nal.ts';
import { NAL } from '../../h264/nal.ts';
import type { Run } from './coded-video.ts';
import type { FilmTimes } from './film.ts';
import type { OpenSource } from './open-source.ts';
import { isJoint, type CopySegment, type Segment } from './plan.ts';
import type { Sound } from './sound.ts';

/** Bytes of the film, in the order of the file. */
export type Piece =
  /** Packets of a source as they are. `joint`: but for the first, a CRA picture behind other pictures (`samplesOf`). */
  | {
      readonly kind: 'copy';
      readonly source: number;
      readonly run: Run;
      readonly bytes: number;
      readonly joint: boolean;
    }
  | { readonly kind: 'edge' | 'sound'; readonly offset: number; readonly bytes: number }
  /** A NAL unit that parts pictures. */
  | { readonly kind: 'mark'; readonly data: Buffer; readonly bytes: number };

export interface FilmLayout {
  readonly header: Buffer;
  readonly pieces: readonly Piece[];
  /** Bytes of marks before the samples, by their number in the film: they are not of the source. */
  readonly marks: ReadonlyMap<number, number>;
}

export interface FilmParts {
  readonly segments: readonly Segment[];
  readonly open: readonly (OpenSource | null)[];
  readonly times: FilmTimes;
  readonly edgeSizes: readonly number[];
  /** The sample entry of the film, with all parameter sets. */
  readonly entry: Buffer;
  readonly displayWidth: number;
  readonly displayHeight: number;
  /** '' where nothing is turned. */
  readonly rotation: string;
  readonly sound: Sound | null;
}

/** Pictures of so many seconds stand together, the sound to them behind. */
const CHUNK_SECONDS = 1;
const DELIMITER = Buffer.from([0, 0, 0, 2, NAL.aud, 0x10]);

/** Where every byte of the film stands, before one of them is written. */
export function layoutFilm(parts: FilmParts): FilmLayout {
  const builder = new Builder(parts);
  parts.segments.forEach((segment, i) => builder.add(segment, parts.segments[i - 1]));
  return builder.finish();
}

class Builder {
  private readonly parts: FilmParts;
  private readonly pieces: Piece[] = [];
  private readonly marks = new Map<number, number>();
  private readonly video: Chunk[] = [];
  private readonly sounds: Chunk[] = [];
  private open: { sizes: number[]; durations: number[]; compositions: number[]; sync: number[] };
  private chunkStart = 0;
  /** Bytes laid out, and where the open chunk begins. */
  private at = 0;
  private chunkAt = 0;
  private frame = 0;
  private edge = 0;
  private edgeAt = 0;
  private soundDone = 0;

  constructor(parts: FilmParts) {
    this.parts = parts;
    this.open = { sizes: [], durations: [], compositions: [], sync: [] };
  }

  add(segment: Segment, previous: Segment | undefined): void {
    if (segment.kind === 'copy') this.copy(segment, previous);
    else this.encode(segment);
  }

  private copy(segment: CopySegment, previous: Segment | undefined): void {
    const source = this.parts.open[segment.source];
    if (!source) return;
    const { entry, from, to } = segment;
    const { sizes, presentation } = source.index;
    const keyframes = new Set(keyframesWithin(source, segment));
    const start = this.frame;
    const joint = isJoint(segment, previous);
    let before = 0;
    if (isH264(source) && !entry.delimited && isSingle(previous)) before = this.mark(DELIMITER);
    for (let i = 0; i < to - from; i++) {
      const packet = i === 0 ? entry.packet : entry.packet + entry.leading + i;
      const size = sizes[packet] ?? 0;
      this.putPacket(segment.source, packet, i === 0 ? entry.leading : 0, size, joint && i === 0);
      if (before > 0) this.marks.set(this.frame, before);
      this.sample(before + size, start + (presentation[packet] ?? 0) - from, keyframes.has(packet));
      before = 0;
    }
  }

  private encode(segment: Segment): void {
    const frames = segment.to - segment.from;
    for (let i = 0; i < frames; i++) {
      const size = this.parts.edgeSizes[this.edge++] ?? 0;
      this.put({ kind: 'edge', offset: this.edgeAt, bytes: size });
      this.edgeAt += size;
      this.sample(size, this.frame, i === 0);
    }
  }

  private mark(data: Buffer): number {
    this.put({ kind: 'mark', data, bytes: data.length });
    return data.length;
  }

  /** Packets that follow each other are one piece. @param skip packets behind it that are left out */
  private putPacket(source: number, packet: number, skip: number, bytes: number, joint: boolean): void {
    const last = this.pieces.at(-1);
    const follows = !joint && last?.kind === 'copy' && last.source === source && packet === last.run.first + last.run.skip + last.run.count; // prettier-ignore
    if (follows) {
      const run = { ...last.run, count: last.run.count + 1 };
      this.pieces[this.pieces.length - 1] = { ...last, run, bytes: last.bytes + bytes };
    } else this.pieces.push({ kind: 'copy', source, run: { first: packet, skip, count: 1 }, bytes, joint });
    this.at += bytes;
  }

  private put(piece: Exclude<Piece, { kind: 'copy' }>): void {
    const last = this.pieces.at(-1);
    const stored = piece.kind !== 'mark';
    if (stored && last?.kind === piece.kind && last.offset + last.bytes === piece.offset)
      this.pieces[this.pieces.length - 1] = { ...last, bytes: last.bytes + piece.bytes };
    else this.pieces.push(piece);
    this.at += piece.bytes;
  }

  /** @param shownFrame which frame of the film it shows */
  private sample(size: number, shownFrame: number, sync: boolean): void {
    const { shown, timeBase } = this.parts.times;
    const now = shown[this.frame] ?? 0;
    if (this.open.sizes.length === 0) this.chunkStart = now;
    if (sync) this.open.sync.push(this.open.sizes.length);
    this.open.sizes.push(size);
    this.open.durations.push((shown[this.frame + 1] ?? now) - now);
    this.open.compositions.push((shown[shownFrame] ?? now) - now);
    this.frame++;
    const length = ((shown[this.frame] ?? now) - this.chunkStart) * timeBase.num;
    if (length >= CHUNK_SECONDS * timeBase.den) this.endChunk();
  }

  private endChunk(): void {
    const { sizes, durations, compositions, sync } = this.open;
    if (sizes.length > 0) {
      const reordered = compositions.some((offset) => offset !== 0);
      const times = reordered ? { compositions } : {};
      this.video.push({ sizes, durations, sync, description: 1, offset: this.chunkAt, ...times });
    }
    this.open = { sizes: [], durations: [], compositions: [], sync: [] };
    const { shown, timeBase } = this.parts.times;
    this.soundUntil(((shown[this.frame] ?? 0) * timeBase.num) / timeBase.den);
    this.chunkAt = this.at;
  }

  /** The sound up to this time of the film stands behind its pictures. */
  private soundUntil(seconds: number): void {
    const { sound } = this.parts;
    if (!sound) return;
    const { samples, track } = sound;
    const sizes: number[] = [];
    const durations: number[] = [];
    const offset = this.at;
    for (; this.soundDone < samples.count; this.soundDone++) {
      const i = this.soundDone;
      if (sound.startTicks + (samples.decoding[i] ?? 0) >= seconds * track.timescale) break;
      sizes.push(samples.sizes[i] ?? 0);
      durations.push(samples.durations[i] ?? 0);
      this.put({ kind: 'sound', offset: samples.offsets[i] ?? 0, bytes: samples.sizes[i] ?? 0 });
    }
    if (sizes.length > 0) this.sounds.push({ sizes, durations, sync: sizes.map((_, i) => i), description: 1, offset });
  }

  finish(): FilmLayout {
    this.endChunk();
    this.soundUntil(Infinity);
    const { entry, displayWidth, displayHeight, rotation, times, sound } = this.parts;
    const video: NewTrack = {
      kind: 'video',
      timescale: times.timeBase.den,
      entries: [entry],
      chunks: this.video,
      displayWidth,
      displayHeight,
      ...(rotation === '' ? {} : { matrix: Buffer.from(rotation, 'hex') }),
    };
    const tracks = [video];
    if (sound && this.sounds.length > 0) {
      const { track, startTicks } = sound;
      tracks.push({
        kind: 'sound',
        timescale: track.timescale,
        entries: track.entries,
        chunks: this.sounds,
        startTicks,
      });
    }
    const codec = entry.toString('latin1', 4, 8);
    return { header: movieHeader(tracks, this.at, ['isom', 'iso4', codec, 'mp41']), pieces: this.pieces, marks: this.marks }; // prettier-ignore
  }
}

const isH264 = ({ index }: OpenSource): boolean => index.codec === H264.name;
const isSingle = (segment: Segment | undefined): boolean => segment !== undefined && segment.to - segment.from === 1;

/** Packets of a copied stretch from which a player may begin: those of the source, where the stretch holds all they need. */
function* keyframesWithin({ index }: OpenSource, { entry, from, to }: CopySegment): Generator<number> {
  for (const { packet } of index.keyframes) {
    const frame = index.presentation[packet] ?? 0;
    if (packet >= entry.packet && frame >= from && frame < to) yield packet;
  }
}
