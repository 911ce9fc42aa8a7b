import type { Closeness } from '@smartbox/media';
import { compressionRatio, type LossyStep, type PayloadShape, type Reason, type VideoFacts } from '@smartbox/dicom';

/** What goes into Pixel Data, in a file of its own, with what was read out of it. */
export interface Payload {
  path: string;
  /** The file was made for this and is to be removed. */
  temporary: boolean;
  bytes: number;
  shape: PayloadShape;
  transferSyntaxUid: string;
  /** `as-is`: the input's own bytes; `remuxed`: its stream in another container; `encoded`: coded again. */
  mode: 'as-is' | 'remuxed' | 'encoded';
  /** Why it was not taken as it is. */
  reason?: string | undefined;
  /** Exact settings. */
  encoder?: string | undefined;
  /** Of what was coded again. */
  compression?: Compression | undefined;
  width: number;
  height: number;
  frames: number;
  frameRate: { num: number; den: number };
  /** Of a variable rate, see `VideoFacts`. */
  frameTimesMs?: readonly number[] | undefined;
  bitDepth: 8 | 10;
  photometricInterpretation?: 'RGB' | 'YBR_RCT' | 'YBR_ICT' | 'YBR_FULL_422' | undefined;
  pixelAspectRatio?: readonly [number, number] | undefined;
  /** Of each track of the sound that is kept. */
  audioChannels?: readonly (1 | 2)[] | undefined;
  lossyHistory: LossyStep[];
  lossless?: boolean | undefined;
  notes: string[];
}

/** What a compression cost and kept, compared with what the encoder was given. */
export interface Compression extends Partial<Closeness> {
  /** Uncompressed to compressed. */
  ratio: number;
  /** Of encoding. */
  durationMs: number;
}

export type SourceFacts = VideoFacts & {
  bytes: number;
  sampleAspect?: readonly [number, number] | undefined;
  /** Why its stream cannot be taken as it is, whatever its facts say. */
  unfit?: Reason | undefined;
};

/** Of each audio track. */
export const channelsOf = ({ sound }: SourceFacts): Payload['audioChannels'] =>
  sound?.map(({ channels }) => (channels === 1 ? 1 : 2));

/** The times of the frames where the rate is variable, and there are as many. */
export function frameTimesOf({ constantFrameRate, frameTimesMs }: SourceFacts, frames: number) {
  return constantFrameRate || frameTimesMs?.length !== frames ? undefined : frameTimesMs;
}

const methods: Record<string, LossyStep['method']> = {
  h264: 'ISO_14496_10',
  hevc: 'ISO_23008_2',
  mpeg2video: 'ISO_13818_2',
  mjpeg: 'ISO_10918_1',
};
const lossless = new Set([
  'png',
  'bmp',
  'tiff',
  'ppm',
  'pgm',
  'rawvideo',
  'ffv1',
  'huffyuv',
  'ffvhuff',
  'utvideo',
  'apng',
  'qoi',
  'targa',
]);

/** The lossy step that the input has behind it, when it is coded again (PS3.3 C.7.6.1.1.5). */
export function historyOf(facts: SourceFacts, notes: string[]): LossyStep[] {
  if (lossless.has(facts.codec)) return [];
  const method = methods[facts.codec];
  if (!method) {
    notes.push(`the input is ${facts.codec}, which DICOM has no name for: its loss is not in the lossy history`);
    return [];
  }
  return [{ method, ratio: compressionRatio(facts, facts.bytes) }];
}
