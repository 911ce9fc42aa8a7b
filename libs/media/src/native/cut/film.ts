import { inputError } from '@smartbox/kernel';
import { avGetPixFmtName, type Frame } from 'node-av/lib';
import type { AVPixelFormat } from 'node-av/constants';
import { FilterChain } from '../enhance/filter-chain.ts';
import { shown } from '../av.ts';
import type { FilmTimes } from './cut-writer.ts';
import { ParameterSets } from './parameter-sets.ts';
import type { CutPart, Segment } from './plan.ts';
import { decodeSource, type SourceIndex } from './source-index.ts';

/** Pixel formats that libx264 takes as they are. */
const ENCODABLE = /^(yuvj?4(20|22|44)p|nv12|nv16|nv21|yuv4(20|22|44)p10le|gray|gray10le)$/;

/** The picture format of the film: that of its first source, as far as H.264 can hold it. */
export interface FilmFormat {
  readonly width: number;
  readonly height: number;
  readonly format: string;
}

/** The first picture of a file, to be freed by the caller. */
export async function firstPicture(path: string): Promise<Frame> {
  let first: Frame | null = null;
  await decodeSource(path, (frame) => {
    first = frame.clone();
    return false;
  });
  if (!first) throw inputError('no-frames', `${shown(path)} has no frame that can be decoded`);
  return first;
}

export function filmFormat(picture: Frame): FilmFormat {
  const name = avGetPixFmtName(picture.format as AVPixelFormat) ?? '';
  return {
    width: picture.width + (picture.width % 2),
    height: picture.height + (picture.height % 2),
    format: ENCODABLE.test(name) ? name : 'yuv420p',
  };
}

/** Brings decoded pictures into the film's format; one that has it already passes untouched. */
export class Conform {
  private readonly target: FilmFormat;
  private chain: FilterChain | null = null;
  private made = '';

  constructor(target: FilmFormat) {
    this.target = target;
  }

  /** The converted picture is valid during the call only. */
  convert(frame: Frame, use: (frame: Frame) => void): void {
    const { width, height, format } = this.target;
    const name = avGetPixFmtName(frame.format as AVPixelFormat) ?? '';
    if (frame.width === width && frame.height === height && name === format) return use(frame);
    const key = `${frame.width}x${frame.height} ${name}`;
    if (this.made !== key) {
      this.chain?.close();
      const fits = Math.abs(frame.width - width) < 2 && Math.abs(frame.height - height) < 2;
      const scale = fits ? '' : `scale=${width}:${height}:force_original_aspect_ratio=decrease:flags=lanczos,`;
      this.chain = new FilterChain(
        `${scale}pad=${width}:${height}:${fits ? '0:0' : '(ow-iw)/2:(oh-ih)/2'},setsar=1,format=${format}`,
        [frame],
        { num: 1, den: 90_000 },
      );
      this.made = key;
    }
    this.chain?.push(frame, use);
  }

  close(): void {
    this.chain?.close();
  }
}

/**
 * The sources as the film can use them: those whose packets cannot stand beside the ones of the sources before lose
 * their GOPs, with the reason in plain words. `sets`: parameter sets of everything that may be copied.
 */
export function copyable(
  sources: readonly SourceIndex[],
  format: FilmFormat,
  encodeAll: boolean,
): { usable: SourceIndex[]; sets: ParameterSets; notes: string[] } {
  const sets = new ParameterSets();
  const notes: string[] = [];
  const rotation = sources[0]?.rotation ?? '';
  const usable = sources.map((source) => {
    const name = shown(source.path);
    if (source.rotation !== rotation)
      throw inputError('cannot-join', `${name} is turned differently from the first source: turn it first`);
    const sameSize = source.width === format.width && source.height === format.height;
    const refusal = encodeAll
      ? 'a full re-encoding was asked for'
      : (source.refusal ??
        (sameSize ? null : `it is ${source.width}x${source.height} and the film ${format.width}x${format.height}`) ??
        (sets.agreesWith(source.sets) ? null : 'its parameter sets contradict those of a source before it'));
    if (refusal === null) {
      sets.addAll(source.sets);
      if (source.openKeyframes > 0)
        notes.push(
          `${name}: GOPs are open at ${source.openKeyframes} keyframes; copies begin only at one of its ${source.gops.length} IDR pictures`,
        );
      return source;
    }
    notes.push(`${name} is re-encoded completely: ${refusal}`);
    return { ...source, gops: [] };
  });
  return { usable, sets, notes };
}

/** When each frame of the film is shown: every frame keeps its own duration, to the tick. */
export function filmTimes(
  sources: readonly SourceIndex[],
  parts: readonly CutPart[],
  segments: readonly Segment[],
): FilmTimes {
  const bases = sources.map(({ timeBase }) => timeBase);
  const [first] = bases;
  const timeBase =
    first && bases.every(({ num, den }) => num === first.num && den === first.den) ? first : { num: 1, den: 90_000 };
  const times: number[] = [];
  let start = 0;
  for (const { source, from, to } of parts) {
    const index = sources[source];
    if (!index) continue;
    const scale = (index.timeBase.num * timeBase.den) / (index.timeBase.den * timeBase.num);
    const base = index.times[from] ?? 0;
    for (let frame = from; frame < to; frame++)
      times.push(Math.round(start + ((index.times[frame] ?? 0) - base) * scale));
    start += ((index.times[to] ?? 0) - base) * scale;
  }
  times.push(Math.round(start));
  let reorder = 0;
  for (const segment of segments) {
    if (segment.kind === 'encode') continue;
    const presentation = sources[segment.source]?.presentation ?? [];
    for (let i = 0; i < segment.to - segment.from; i++) {
      const shownAt = (presentation[segment.firstPacket + i] ?? 0) - segment.from;
      reorder = Math.max(reorder, i - shownAt);
    }
  }
  return { timeBase, shown: times, reorder };
}
