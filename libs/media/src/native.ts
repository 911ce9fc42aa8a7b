// Imports node-av: for child processes and specs only, never for a Nest process.
export { openMedia, type OpenOptions } from './native/av.ts';
export {
  decodeFrames,
  frameCounters,
  frameHash,
  frameHashes,
  VideoDecoder,
  type DecodedFrame,
} from './native/decode.ts';
export { H264Encoder, viewPlanes, type EncoderOptions } from './native/encoder.ts';
export { probe, videoFacts, PacketStatistics, type MediaProbe } from './native/probe.ts';
export {
  PictureReader,
  spriteSheet,
  takePicture,
  takeStill,
  type Picture,
  type PictureOptions,
  type Position,
  type SpriteOptions,
  type SpriteSheet,
} from './native/pictures.ts';
export { openVideoEncoder, planVideo, type VideoPlan, type VideoTarget } from './native/video-target.ts';
export {
  codedFrames,
  decodePicture,
  jpegFrames,
  rgbFrames,
  type DecodedPicture,
  type RgbFrame,
} from './native/frames.ts';
export { remux } from './native/remux.ts';
export { splitAtKeyframes, type Piece } from './native/split.ts';
export { transcode, type TranscodeOptions, type TranscodeProgress, type TranscodeResult } from './native/transcode.ts';
export { syntheticFragments, writeSyntheticVideo, type SyntheticVideo } from './native/testing.ts';
export { refusal } from './native/conformance.ts';
export type { IngestHandlers, IngestOptions, StreamFormat } from './native/ingest-paths.ts';
export { runIngest } from './native/ingest.ts';
export { TimeLine } from './native/time-line.ts';
export { smartCut, type SmartCutOptions, type SmartCutResult } from './native/cut/smart-cut.ts';
export { pictureHash, type CutProof, type ProvedFrame } from './native/cut/proof.ts';
export { decodeSource, indexSource, type SourceIndex } from './native/cut/source-index.ts';
export { type CutPart } from './native/cut/plan.ts';
export { enhance, type EnhanceOptions, type EnhanceResult } from './native/enhance/enhance.ts';
export { enhanceFilters, enhanceSettings, RECIPES, type EnhanceSettings } from './native/enhance/recipes.ts';
export { exportVideo, type ExportedFile, type ExportOptions } from './native/export/export-video.ts';
export { EXPORT_PROFILES, exportProfile, type ExportProfile } from './native/export/profiles.ts';
export { measureQuality, type QualityOptions, type QualityReport } from './native/quality/quality.ts';
