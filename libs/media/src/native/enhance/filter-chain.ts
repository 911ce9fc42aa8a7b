import { inputError } from '@smartbox/kernel';
import { FilterGraph, Frame, type FilterContext } from 'node-av/lib';
import { again, check } from '../av.ts';

interface TimeBase {
  readonly num: number;
  readonly den: number;
}

/**
 * A chain of FFmpeg filters with one or two inputs and one output, synchronous (for child processes and specs).
 * With two inputs the chain names them `[in0]` and `[in1]`; both take frames in turn.
 */
export class FilterChain {
  private readonly graph = new FilterGraph();
  private readonly sources: FilterContext[];
  private readonly sink: FilterContext;
  private readonly frame = new Frame();

  /** @throws SmartBoxError `bad-filter` quoting the chain. */
  constructor(chain: string, inputs: readonly Frame[], timeBase: TimeBase) {
    this.graph.alloc();
    this.graph.nbThreads = 2;
    const sources = inputs.map((frame, i) => `${source(frame, timeBase)}[in${i}]`);
    const labelled = inputs.length === 1 ? `[in0]${chain}` : chain;
    // the ends stand in the text: node-av's lists of open ends hold one input only
    const text = [...sources.map((one, i) => one.replace('buffer=', `buffer@in${i}=`)), `${labelled}[out]`].join(';');
    const parsed = this.graph.parsePtr(`${text};[out]buffersink@out`);
    const ready = parsed < 0 ? parsed : this.graph.configSync();
    const ends = ready < 0 ? [] : inputs.map((_, i) => this.graph.getFilter(`buffer@in${i}`));
    const sink = ready < 0 ? null : this.graph.getFilter('buffersink@out');
    this.sources = ends.filter((end) => end !== null);
    if (!sink || this.sources.length !== inputs.length) {
      this.graph.free();
      throw inputError('bad-filter', `FFmpeg does not accept the filters "${chain}"`);
    }
    this.sink = sink;
    this.frame.alloc();
  }

  /** Gives a frame to an input (null ends it) and hands out what is ready. Frames are valid during the call only. */
  push(frame: Frame | null, onFrame: (frame: Frame) => void, input = 0): void {
    const source = this.sources[input];
    if (!source) throw inputError('bad-filter', `the chain has no input ${input}`);
    // reference counted: the decoder's frame stays whole
    const given = frame?.clone() ?? null;
    check(source.buffersrcAddFrameSync(given), 'filter a picture');
    given?.free();
    for (;;) {
      const code = this.sink.buffersinkGetFrameSync(this.frame);
      if (again(code)) return;
      check(code, 'filter a picture');
      onFrame(this.frame);
      this.frame.unref();
    }
  }

  close(): void {
    this.frame.free();
    this.graph.free();
  }
}

/** The end of a chain that takes pictures like this one. */
function source(frame: Frame, timeBase: TimeBase): string {
  const { num, den } = frame.sampleAspectRatio;
  const aspect = num > 0 ? `${num}/${den}` : '1/1';
  return `buffer=video_size=${frame.width}x${frame.height}:pix_fmt=${frame.format}:time_base=${timeBase.num}/${timeBase.den}:pixel_aspect=${aspect}:colorspace=${frame.colorSpace}:range=${frame.colorRange}`;
}
