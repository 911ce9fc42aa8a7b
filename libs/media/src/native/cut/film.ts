import { inputError } from '@smartbox/kernel';
import { avGetPixFmtName, type Frame } from 'node-av/lib';
import type { AVPixelFormat } from 'node-av/constants';
import { H264 } from '../../video-nal.ts';
import { FilterChain } from '../enhance/filter-chain.ts';
import { shown } from '../av.ts';
import type { OpenSource } from './open-source.ts';
import { ParameterSets } from './parameter-sets.ts';
import type { CutPart } from './plan.ts';
import { decodeSource, type SourceIndex, type TimeBase } from './source-index.ts';

/** Pixel formats that libx264 and libx265 take as they are. */
const ENCODABLE = /^(yuvj?4(20|22|44)p|nv12|nv16|nv21|yuv4(20|22|44)p10le|gray|gray10le)$/;

/** The size of the film's pictures: that of its first source, even. */
export interface FilmFormat {
  readonly width: number;
  readonly height: number;
}

/** The first picture of a source, to be freed by the caller. */
export async function firstPicture(index: SourceIndex, open: OpenSource | null): Promise<Frame> {
  let first: Frame | null = null;
  const keep = (frame: Frame): boolean => {
    first = frame.clone();
    return false;
  };
  if (open) await open.decode(0, 1, keep);
  else await decodeSource(index.path, keep);
  if (!first) throw inputError('no-frames', `${shown(index.path)} has no frame that can be decoded`);
  return first;
}

export const filmFormat = ({ width, height }: SourceIndex): FilmFormat => ({
  width: width + (width % 2),
  height: height + (height % 2),
});

/** What the film's pictures are encoded in where its first source is like this one. */
export function pixelFormat(picture: Frame): string {
  const name = avGetPixFmtName(picture.format as AVPixelFormat) ?? '';
  return ENCODABLE.test(name) ? name : 'yuv420p';
}

/** Brings decoded pictures into the film's format; one that has it already passes untouched. */
export class Conform {
  private readonly target: FilmFormat & { readonly pixels: string };
  private chain: FilterChain | null = null;
  private made = '';

  constructor(target: FilmFormat & { readonly pixels: string }) {
    this.target = target;
  }

  /** The converted picture is valid during the call only. */
  convert(frame: Frame, use: (frame: Frame) => void): void {
    const { width, height, pixels } = this.target;
    const name = avGetPixFmtName(frame.format as AVPixelFormat) ?? '';
    if (frame.width === width && frame.height === height && name === pixels) return use(frame);
    const key = `${frame.width}x${frame.height} ${name}`;
    if (this.made !== key) {
      this.chain?.close();
      const fits = Math.abs(frame.width - width) < 2 && Math.abs(frame.height - height) < 2;
      const scale = fits ? '' : `scale=${width}:${height}:force_original_aspect_ratio=decrease:flags=lanczos,`;
      this.chain = new FilterChain(
        `${scale}pad=${width}:${height}:${fits ? '0:0' : '(ow-iw)/2:(oh-ih)/2'},setsar=1,format=${pixels}`,
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
 * Which sources can be copied from: those whose packets cannot stand beside the ones of the sources before are not, with
 * the reason in plain words. `sets`: parameter sets of everything that may be copied; null where nothing may.
 * @param refused sources found to be unusable on a closer look, with the reason
 */
export function copyable(
  sources: readonly SourceIndex[],
  format: FilmFormat,
  encodeAll: boolean,
  refused: ReadonlyMap<number, string>,
): { usable: boolean[]; sets: ParameterSets | null; notes: string[] } {
  let sets: ParameterSets | null = null;
  const notes: string[] = [];
  const rotation = sources[0]?.rotation ?? '';
  const usable = sources.map((source, i) => {
    const name = shown(source.path);
    if (source.rotation !== rotation)
      throw inputError('cannot-join', `${name} is turned differently from the first source: turn it first`);
    const refusal = encodeAll ? 'a full re-encoding was asked for' : (refused.get(i) ?? obstacle(source, format, sets));
    if (refusal === null && source.sets) {
      sets ??= new ParameterSets(source.sets.codec);
      sets.addAll(source.sets);
      return true;
    }
    notes.push(`${name} is re-encoded completely: ${refusal ?? 'it has no parameter sets'}`);
    return false;
  });
  return { usable, sets, notes };
}

function obstacle(source: SourceIndex, { width, height }: FilmFormat, sets: ParameterSets | null): string | null {
  if (source.refusal !== null) return source.refusal;
  if (source.width !== width || source.height !== height)
    return `it is ${source.width}x${source.height} and the film ${width}x${height}`;
  if (!sets || !source.sets) return null;
  if (sets.codec !== source.sets.codec)
    return `it is ${source.codec === H264.name ? 'H.264' : 'HEVC'} and a source before it is not`;
  return sets.agreesWith(source.sets) ? null : 'its parameter sets contradict those of a source before it';
}

/** Times of the film: when each frame is shown and, last, when it ends. */
export interface FilmTimes {
  readonly timeBase: TimeBase;
  readonly shown: readonly number[];
}

/** Every frame keeps its own duration, to the tick. */
export function filmTimes(sources: readonly SourceIndex[], parts: readonly CutPart[]): FilmTimes {
  const bases = sources.map(({ timeBase }) => timeBase);
  const [first] = bases;
  const same = first?.num === 1 && bases.every(({ num, den }) => num === first.num && den === first.den);
  const timeBase = first && same ? first : { num: 1, den: 90_000 };
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
  return { timeBase, shown: times };
}
