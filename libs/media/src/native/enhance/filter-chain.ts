import { inputError } from '@smartbox/kernel';
import { Filter, FilterGraph, FilterInOut, Frame, type FilterContext } from 'node-av/lib';
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
    this.sources = inputs.map((frame, i) => this.source(`in${i}`, frame, timeBase));
    const sink = this.create('buffersink', 'out', null);
    this.sink = sink;
    const outputs = FilterInOut.createList(
      this.sources.map((filterCtx, i) => ({ name: `in${i}`, filterCtx, padIdx: 0 })),
    );
    const ends = FilterInOut.createList([{ name: 'out', filterCtx: sink, padIdx: 0 }]);
    const labelled = inputs.length === 1 ? `[in0]${chain}[out]` : `${chain}[out]`;
    const parsed = this.graph.parsePtr(labelled, ends, outputs);
    const ready = parsed < 0 ? parsed : this.graph.configSync();
    if (ready < 0) {
      this.graph.free();
      throw inputError('bad-filter', `FFmpeg does not accept the filters "${chain}"`);
    }
    this.frame.alloc();
  }

  private source(name: string, frame: Frame, timeBase: TimeBase): FilterContext {
    const { num, den } = frame.sampleAspectRatio;
    return this.create(
      'buffer',
      name,
      `video_size=${frame.width}x${frame.height}:pix_fmt=${frame.format}:time_base=${timeBase.num}/${timeBase.den}:pixel_aspect=${num > 0 ? `${num}/${den}` : '1/1'}:colorspace=${frame.colorSpace}:range=${frame.colorRange}`,
    );
  }

  private create(name: string, label: string, settings: string | null): FilterContext {
    const filter = Filter.getByName(name);
    const context = filter && this.graph.createFilter(filter, label, settings);
    if (!context) throw inputError('bad-filter', `cannot make the filter ${name}=${settings ?? ''}`);
    return context;
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
