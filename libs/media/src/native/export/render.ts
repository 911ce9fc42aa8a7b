import { inputError } from '@smartbox/kernel';
import {
  AV_FRAME_FLAG_INTERLACED,
  AV_NOPTS_VALUE,
  AV_PKT_DATA_DISPLAYMATRIX,
  type AVPixelFormat,
} from 'node-av/constants';
import { avGetPixFmtName, type Frame, type Stream } from 'node-av/lib';
import { shown, type OpenOptions } from '../av.ts';
import { AudioCut, type AudioSource } from '../cut/audio-cut.ts';
import { soundIn, type SoundSource } from './coded-sound.ts';
import { breathe } from '../cut/source-index.ts';
import { FrameStream } from '../quality/frame-stream.ts';
import { turnOf } from '../upright.ts';
import { deinterlacer } from '../whole-pictures.ts';
import { Branch, type BranchOptions, type BranchResult } from './branch.ts';

/** The first frame of a source, as far as outputs depend on it. */
export interface RenderSource {
  readonly width: number;
  readonly height: number;
  readonly frameRate: { readonly num: number; readonly den: number };
  readonly interlaced: boolean;
  /** FFmpeg's name: `yuv420p`. */
  readonly pixelFormat: string;
  /** Display matrix of the container, when the picture is to be shown turned. */
  readonly rotation: Buffer | null;
  /** Filters that make the picture what a viewer sees: frames instead of fields, turned upright. */
  readonly upright: string;
}

export interface RenderOptions {
  readonly input: string;
  /** For files that do not say what they are. */
  readonly open?: OpenOptions;
  /** What to make of this source. */
  readonly branches: (source: RenderSource) => readonly BranchOptions[];
  readonly signal?: AbortSignal;
  readonly onProgress?: (at: { frames: number; totalFrames: number | null }) => void;
}

export interface RenderResult {
  readonly frames: number;
  readonly source: RenderSource;
  readonly outputs: readonly BranchResult[];
}

/**
 * Decodes a video once and makes any number of outputs of it, frame by frame: none is repeated or left out.
 * The caller removes the outputs of a failed run.
 * @throws SmartBoxError `media-error`, `no-video`, `no-frames`, `damaged`, `not-encodable`, `bad-filter`, `cancelled`.
 */
export async function render(options: RenderOptions): Promise<RenderResult> {
  const frames = await FrameStream.open(options.input, options.signal, options.open);
  const branches: Branch[] = [];
  const sounds: SoundSource[] = [];
  let source: RenderSource | undefined;
  const { stream } = frames;
  const clock = new Clock(stream);
  try {
    for (;;) {
      const frame = frames.next();
      if (!frame) break;
      if (!source) {
        const described = (source = describe(frame, stream));
        const begins = {
          path: options.input,
          times: [Number(frame.bestEffortTimestamp), Infinity],
          timeBase: stream.timeBase,
        };
        for (const branch of options.branches(described)) {
          const audio = await soundOf(branch, begins);
          if (audio) sounds.push(audio);
          branches.push(new Branch(branch, stream.timeBase, described.frameRate, audio));
        }
      }
      const at = clock.next(frame);
      for (const branch of branches) {
        frame.pts = at;
        branch.push(frame);
      }
      frame.free();
      if (frames.frames % 4 === 0) {
        await breathe(options.signal);
        options.onProgress?.({ frames: frames.frames, totalFrames: Number(stream.nbFrames) || null });
      }
    }
    if (!source) throw inputError('no-frames', `${shown(options.input)} has no frame that can be decoded`);
    return { frames: frames.frames, source, outputs: branches.map((branch) => branch.finish()) };
  } finally {
    for (const branch of branches) branch.close();
    for (const sound of sounds) await sound.close();
    await frames.close();
  }
}

async function soundOf({ sound }: BranchOptions, source: AudioSource): Promise<SoundSource | null> {
  if (!sound) return null;
  const { cut } = await AudioCut.open([source], [{ source: 0, from: 0, to: 1 }], sound !== 'copy');
  return cut && sound !== 'copy' ? soundIn(sound, cut) : cut;
}

/** Times from 0 in the stream's time base, strictly growing; counted where the container gives none. */
class Clock {
  private readonly step: bigint;
  private first: bigint | null = null;
  private last = -1n;

  constructor(stream: Stream) {
    const { num, den } = rateOf(stream);
    this.step = BigInt(Math.max(1, Math.round((stream.timeBase.den * den) / (stream.timeBase.num * num))));
  }

  next(frame: Frame): bigint {
    const given = frame.bestEffortTimestamp;
    let at = this.last < 0n ? 0n : this.last + this.step;
    if (given !== AV_NOPTS_VALUE) {
      this.first ??= given;
      at = given - this.first;
    }
    this.last = at > this.last ? at : this.last + 1n;
    return this.last;
  }
}

function rateOf({ avgFrameRate, rFrameRate }: Stream): { num: number; den: number } {
  const rate = avgFrameRate.num > 0 && avgFrameRate.den > 0 ? avgFrameRate : rFrameRate;
  return rate.num > 0 && rate.den > 0 ? { num: rate.num, den: rate.den } : { num: 25, den: 1 };
}

function describe(frame: Frame, stream: Stream): RenderSource {
  const rotation = stream.codecpar.getCodedSideData(AV_PKT_DATA_DISPLAYMATRIX);
  const interlaced = frame.hasFlags(AV_FRAME_FLAG_INTERLACED);
  const turn = turnOf(rotation);
  const upright = [...(interlaced ? [deinterlacer('frame')] : []), ...(turn ? [turn.filter] : [])];
  const swap = turn?.swaps;
  return {
    width: swap ? frame.height : frame.width,
    height: swap ? frame.width : frame.height,
    frameRate: rateOf(stream),
    interlaced,
    pixelFormat: avGetPixFmtName(frame.format as AVPixelFormat) ?? 'unknown',
    rotation: rotation ? Buffer.from(rotation) : null,
    upright: upright.join(','),
  };
}
