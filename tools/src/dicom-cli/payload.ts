import type { LossyStep, PayloadShape, VideoFacts } from '@smartbox/dicom';

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
  width: number;
  height: number;
  frames: number;
  frameRate: { num: number; den: number };
  bitDepth: 8 | 10;
  photometricInterpretation?: 'RGB' | 'YBR_RCT' | 'YBR_ICT' | 'YBR_FULL_422' | undefined;
  pixelAspectRatio?: readonly [number, number] | undefined;
  audioChannels?: 1 | 2 | undefined;
  lossyHistory: LossyStep[];
  lossless?: boolean | undefined;
  notes: string[];
}

export type SourceFacts = VideoFacts & { bytes: number; sampleAspect?: readonly [number, number] | undefined };

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
  const raw = facts.width * facts.height * 3 * facts.frames;
  return [{ method, ratio: Math.max(1, Math.round((100 * raw) / facts.bytes) / 100) }];
}
