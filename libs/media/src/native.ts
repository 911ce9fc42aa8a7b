// Imports node-av: for child processes and specs only, never for a Nest process.
export { openMedia, quiet, type OpenOptions } from './native/av.ts';
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
  type Picture,
  type PictureOptions,
  type Position,
  type SpriteOptions,
  type SpriteSheet,
} from './native/pictures.ts';
export { type VideoTarget } from './native/video-target.ts';

export {
  codedFrames,
  decodePicture,
  jpegFrames,
  rgbFrames,
  type DecodedPicture,
  type RgbFrame,
} from './native/frames.ts';
export {
  codeFrames,
  measureFrames,
  type CodedFrames,
  type FrameCoding,
  type FrameRange,
} from './native/frame-coding.ts';
export { containRaw, type RawFormat, type RawVideo } from './native/raw.ts';
export { STILL_FORMATS, takeStill, type Still, type StillFormat } from './native/still.ts';
export { remux } from './native/remux.ts';
export { splitAtKeyframes, type Piece } from './native/split.ts';
export { transcode, type TranscodeOptions, type TranscodeProgress, type TranscodeResult } from './native/transcode.ts';
export {
  fieldCounters,
  syntheticFragments,
  writeInterlacedVideo,
  writeLargeH264,
  writeSyntheticVideo,
  type InterlacedVideo,
  type SyntheticVideo,
} from './native/testing.ts';
export { listDevices, type CaptureDevice, type DeviceList } from './native/devices/list.ts';
export { takeDevicePicture, type DevicePicture } from './native/devices/device-picture.ts';
export { describeModes } from './native/devices/modes.ts';
export { refusal } from './native/conformance.ts';
export type { IngestHandlers, IngestOptions, StreamFormat } from './native/ingest-paths.ts';
export { runIngest } from './native/run-ingest.ts';
export { TimeLine } from './native/time-line.ts';
export { smartCut, type SmartCutOptions, type SmartCutResult } from './native/cut/smart-cut.ts';
export { pictureHash } from './native/cut/picture-hash.ts';
export { type CutProof, type ProvedFrame } from './native/cut/proof.ts';
export { encodeRingHead, type RingGop, type RingHead } from './native/cut/ring-head.ts';
export { indexSource } from './native/cut/index-source.ts';
export { decodeSource, type SourceIndex } from './native/cut/source-index.ts';
export { type CutPart } from './native/cut/plan.ts';
export { enhance, type EnhanceOptions, type EnhanceResult } from './native/enhance/enhance.ts';
export { enhanceFilters, enhanceSettings, RECIPES, type EnhanceSettings } from './native/enhance/recipes.ts';
export { previewFrame } from './native/enhance/preview.ts';
export { redact, redactFilters, type Hidden } from './native/export/redact.ts';
export { exportVideo, type ExportedFile, type ExportOptions } from './native/export/export-video.ts';
export { EXPORT_PROFILES, exportProfile, type ExportProfile } from './native/export/profiles.ts';
export { type QualityReport } from './native/quality/comparison.ts';
export { measureQuality, type QualityOptions } from './native/quality/quality.ts';
