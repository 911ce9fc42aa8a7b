/** A rate as a fraction, so that 24000/1001 stays exact. Frames per second = num / den. */
export interface FrameRate {
  num: number;
  den: number;
}

/** `mp4` is a faststart MP4; `fmp4` a fragmented one; `annex-b` a raw elementary stream with start codes. */
export type Container = 'mp4' | 'fmp4' | 'mpegts' | 'mpeg-ps' | 'mpeg-es' | 'annex-b' | 'frames' | 'matroska' | 'other';

export interface Sound {
  codec: string;
  /** Hz. */
  sampleRate: number;
  channels: number;
}

/**
 * What was read out of a video stream itself; the choice of transfer syntax rests on nothing else.
 * Has the shape of `VideoFacts` in the contracts, so a fact sheet from an event can be passed as it is.
 */
export interface VideoFacts {
  container: Container;
  /** `h264`, `hevc`, `mpeg2video`, `mjpeg`. */
  codec: string;
  /** As the codec names it: `High`, `Main`, `Main 10`, `Constrained Baseline`. */
  profile: string;
  /** Level times ten for H.264 and HEVC: 41, 42, 51. MPEG-2: 8 is Main, 4 is High (ISO 13818-2 table 8-3). */
  level: number;
  /** Luma samples as displayed. */
  width: number;
  height: number;
  frameRate: FrameRate;
  constantFrameRate: boolean;
  /** Of a variable rate, where they were read: milliseconds from the frame shown before, the first is 0. */
  frameTimesMs?: readonly number[] | undefined;
  /** Counted, not estimated. */
  frames: number;
  durationMs: number;
  chroma: '4:0:0' | '4:2:0' | '4:2:2' | '4:4:4' | 'unknown';
  bitDepth: number;
  /** What the headers allow: H.264 and MPEG-2 may say so although every picture is whole. */
  interlaced: boolean;
  /** Its pictures are two fields each, taken one after the other: which came first. */
  fieldOrder?: 'tff' | 'bff' | undefined;
  /** The coded picture is turned or mirrored before it is shown: a container's matrix, or EXIF. */
  turned?: boolean | undefined;
  bFrames: boolean;
  closedGop: boolean;
  audioTracks?: number;
  /** What those tracks hold, where it was read; the codec as FFmpeg names it. */
  sound?: readonly Sound[] | undefined;
  /** HEVC only; absent means Main tier. */
  tier?: 'Main' | 'High';
}

/** Frames per second as a number. */
export function framesPerSecond(rate: FrameRate): number {
  return rate.num / rate.den;
}

/** Is this rate a nominal one or its NTSC variant (x 1000/1001)? A tolerance of 0.2 per mille keeps them apart. */
export function isRate(rate: FrameRate, ...nominal: readonly number[]): boolean {
  const fps = framesPerSecond(rate);
  const near = (wanted: number) => Math.abs(fps - wanted) / wanted < 0.0002;
  return nominal.some((each) => near(each) || near((each * 1000) / 1001));
}
