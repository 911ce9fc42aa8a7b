export { monotonicAtBroker, monotonicAtWall } from './anchor.ts';
export {
  planClip,
  planRecording,
  planStill,
  requestedMs,
  type ClipPlan,
  type ClipRequest,
  type MonotonicRange,
  type RecordingRequest,
} from './clip-plan.ts';
export * from './edit/index.ts';
export { ClipManifest } from './manifest.ts';
export { assembleMovie, type FragmentPayload } from './mp4/assemble.ts';
export { FragmentCorrupt, verifiedSamples } from './mp4/fragment.ts';
export { readInitSegment } from './mp4/init-segment.ts';
export { layoutMovie, type EncodedHead, type MovieLayout } from './mp4/movie.ts';
export {
  fragmentName,
  frameTicks,
  msToNs,
  nsToMs,
  nsToTicks,
  samplesOf,
  ticksToMs,
  ticksToNs,
  type FragmentName,
  type RingEntry,
} from './ring-entry.ts';
export {
  planSource,
  type PlannedFragment,
  type PlannedHead,
  type PlanOptions,
  type SourcePlan,
} from './source-plan.ts';
export { timeline, type TimedEntry } from './timeline.ts';
