// Plain TypeScript only: safe to import into any process. What needs FFmpeg is in `@smartbox/media/native`.
export { childModule } from './child/child-module.ts';
export { forkWorker, workerDied, type ForkOptions, type Worker, type WorkerExit } from './child/fork-worker.ts';
export {
  runChild,
  serveChild,
  type ChildContext,
  type ChildProcessControl,
  type RunChildOptions,
} from './child/run-child.ts';
export { ENCODER_CHOICES, TURNED_UPRIGHT, type Closeness, type EncoderChoice } from './coding.ts';
export { snapFrameRate, TIMESCALE, type FrameRate } from './frame-rate.ts';
export { levelFor } from './h264/level.ts';
export { NAL, nalType, parseAvcC, splitAnnexB, splitAvcc, toAnnexB, toAvcc, type AccessUnit } from './h264/nal.ts';
export { codecString, parseSps, sliceType, type Sps } from './h264/sps.ts';
export { encodeHtj2k, type Htj2kCode, type Htj2kFrame, type Htj2kOptions } from './htj2k/codec.ts';
export { encodeSequence, Htj2kPool } from './htj2k/pool.ts';
export { box, findBox, fullBox, readBoxes, u16, u32, u64, type Box } from './mp4/boxes.ts';
export {
  buildFragment,
  Fragmenter,
  type FragmenterOptions,
  type MediaFragment,
  type Sample,
} from './mp4/fragmenter.ts';
export { avc1SampleEntry, buildInitSegment } from './mp4/init-segment.ts';
export {
  COUNTER_COLUMNS,
  COUNTER_ROWS,
  cellEdge,
  counterCell,
  decodeFrameCounter,
  readFrameCounter,
} from './pattern/counter.ts';
export {
  allocatePlanes,
  SyntheticPattern,
  type SyntheticPatternOptions,
  type Yuv420Planes,
} from './pattern/synthetic.ts';
