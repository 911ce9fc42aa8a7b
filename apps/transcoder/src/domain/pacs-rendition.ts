import {
  SEQUENCE_SECONDS,
  type LossyCompression,
  type Rational,
  type Recipe,
  type StillFormat,
  type VideoFacts,
} from '@smartbox/contracts';
import {
  compressionRatio,
  fitTransferSyntax,
  fragmentableTwin,
  transferSyntaxes,
  transferSyntaxName,
  TransferSyntaxUid,
} from '@smartbox/dicom';

/** What to encode a stream for, and how. */
export interface PacsCoding {
  transferSyntaxUid: string;
  /** HTJ2K: so many to one. */
  ratio?: number;
}

export type PacsDecision =
  | { mode: 'passthrough'; transferSyntaxUid: string; note?: string }
  | { mode: 'encode'; reason: string; coding: PacsCoding };

type Policy = Pick<Recipe['dicom'], 'videoTransferSyntaxes' | 'videoRatio' | 'sequenceSeconds'>;

/**
 * The saved stream goes to the PACS untouched where a DICOM transfer syntax holds it, of those that the recipe names where
 * it names any; otherwise it is encoded for the first of them, and the reason why is kept. HTJ2K is wanted for its own
 * sake: a short sequence is coded in it, a longer clip goes on as if it were not named. A stream that is only too long for
 * one fragment keeps its bytes in several (PS3.5 A.4.5 to A.4.8); what does not take that gets it cut.
 */
export function decidePacs(facts: VideoFacts, bytes: number, recipe?: Policy): PacsDecision {
  const { wanted, sequence, against } = policyOf(facts, recipe);
  if (sequence) return { mode: 'encode', reason: 'the recipe has short sequences in HTJ2K', coding: sequence };
  const why = (reason: string) => [...against, reason].join('; ');
  const coding = { transferSyntaxUid: wanted[0] ?? usualFor(facts, bytes) };
  const { chroma } = facts;
  if (chroma === 'unknown') {
    return { mode: 'encode', reason: why(`the chroma format of this ${facts.codec} stream is unknown`), coding };
  }
  const accept = wanted.length > 0 ? { accept: wanted } : {};
  const fit = fitTransferSyntax({ ...facts, chroma }, { payloadLength: bytes, ...accept });
  const note = against.length > 0 ? { note: against.join('; ') } : {};
  if (fit.fits) return { mode: 'passthrough', transferSyntaxUid: fit.uid, ...note };
  const tooLong = fit.reasons.every(({ rule }) => rule === 'one-fragment');
  const twin = tooLong && wanted.length === 0 && fit.nearest !== undefined ? fragmentableTwin(fit.nearest) : undefined;
  if (twin) return { mode: 'passthrough', transferSyntaxUid: twin.uid, ...note };
  return { mode: 'encode', reason: why(fit.reasons.map((reason) => reason.message).join('; ')), coding };
}

/** The recipe's bit streams; the HTJ2K that comes before all of them, where the clip is a sequence for it, or why not. */
function policyOf(facts: VideoFacts, recipe: Policy | undefined) {
  const { videoTransferSyntaxes: all = [], videoRatio, sequenceSeconds = SEQUENCE_SECONDS } = recipe ?? {};
  const codes = (uid: string) => transferSyntaxes.get(uid)?.codec === 'htj2k';
  const wanted = all.filter((uid) => !codes(uid));
  const [first] = all;
  if (first === undefined || !codes(first)) return { wanted, against: [] };
  const ratio = first === TransferSyntaxUid.htj2k ? videoRatio : undefined;
  const sequence: PacsCoding = { transferSyntaxUid: first, ...(ratio === undefined ? {} : { ratio }) };
  const against = [
    ...(facts.durationMs > sequenceSeconds * 1000 ? [`it is longer than ${sequenceSeconds} s`] : []),
    ...(facts.bitDepth > 8 && ratio === undefined
      ? [`it has ${facts.bitDepth} bits, HTJ2K eight (PS3.3 C.8.12.1)`]
      : []),
  ].map((why) => `not in ${transferSyntaxName(first)}: ${why}`);
  return against.length === 0 ? { wanted, sequence, against } : { wanted, against };
}

function usualFor(facts: VideoFacts, bytes: number): string {
  const { target, width, height, frameRate } = encodeTarget(facts, bytes);
  if (target === 'hevc-main10') return TransferSyntaxUid.hevcMain10Level51;
  if (target === 'hevc-main') return TransferSyntaxUid.hevcMain51;
  // every field of an interlaced stream becomes a frame
  const fps = ((facts.fieldOrder ? 2 : 1) * frameRate.num) / frameRate.den;
  const fast = fps > 30.1 && Math.min(width, height) > 720;
  return fast ? TransferSyntaxUid.h264High42 : TransferSyntaxUid.h264High41;
}

const HTJ2K: readonly string[] = [
  TransferSyntaxUid.htj2kLossless,
  TransferSyntaxUid.htj2kLosslessRpcl,
  TransferSyntaxUid.htj2k,
];

/**
 * What the object of a still is coded in: as the recipe says, unless somebody asked for a format. PNG is no transfer
 * syntax: its samples stand uncompressed in the object, the same to the bit (PS3.5 A.2).
 */
export function syntaxOfStill(
  format: StillFormat | undefined,
  { stillTransferSyntax = TransferSyntaxUid.jpegBaseline, stillRatio }: Recipe['dicom'],
): { transferSyntaxUid: string; ratio?: number } {
  const own = { transferSyntaxUid: stillTransferSyntax, ...(stillRatio === undefined ? {} : { ratio: stillRatio }) };
  if (format === undefined) return own;
  if (format === 'png') return { transferSyntaxUid: TransferSyntaxUid.explicitLittleEndian };
  if (format === 'jpeg') return { transferSyntaxUid: TransferSyntaxUid.jpegBaseline };
  return HTJ2K.includes(stillTransferSyntax) ? own : { transferSyntaxUid: TransferSyntaxUid.htj2kLossless };
}

const methods: Record<string, string> = {
  h264: 'ISO_14496_10',
  hevc: 'ISO_23008_2',
  mpeg2video: 'ISO_13818_2',
  mjpeg: 'ISO_10918_1',
};

/** The loss of the capture itself (PS3.3 C.7.6.1.1.5); none for a codec that DICOM has no name for. */
export function lossOfCapture(facts: VideoFacts, bytes: number): LossyCompression[] {
  const method = methods[facts.codec];
  if (!method || facts.frames === 0) return [];
  return [{ method, ratio: compressionRatio(facts, bytes) }];
}

export interface EncodeTarget {
  /** H.264 for .102 and .104, HEVC Main for .107, Main 10 for .108. */
  target: 'h264' | 'hevc-main' | 'hevc-main10';
  width: number;
  height: number;
  frameRate: Rational;
}

/** What .102 and .104 hold at most: 1080p60 (PS3.5 section 8.2.7 and 8.2.8). */
const H264 = { width: 1920, height: 1080, framesPerSecond: 60 };
/** What .107 and .108 hold at most: 2160p60, the luma samples of HEVC level 5.1 (8.2.10 and 8.2.11). */
const HEVC = { width: 4096, height: 2176, framesPerSecond: 60 };
/** Of one fragment, which H.264 needs and HEVC does not (PS3.5 A.4.6, A.4.8). */
const FRAGMENT_BYTES = 0xffff_fffe;

/**
 * What to encode for: H.264 up to 1080p60; HEVC for what is larger, deeper than eight bits, or longer than one fragment.
 * Aspect kept, even sides, never enlarged.
 */
export function encodeTarget({ width, height, frameRate, bitDepth }: VideoFacts, bytes: number): EncodeTarget {
  const [long, short] = width < height ? [height, width] : [width, height];
  const larger = long > H264.width || short > H264.height + 8;
  const target = bitDepth > 8 ? 'hevc-main10' : larger || bytes > FRAGMENT_BYTES ? 'hevc-main' : 'h264';
  const most = target === 'h264' ? H264 : HEVC;
  const scale = Math.min(1, most.width / long, most.height / short);
  const even = (value: number) => Math.max(2, 2 * Math.round((value * scale) / 2));
  const tooFast = frameRate.num / frameRate.den > most.framesPerSecond;
  return {
    target,
    width: even(width),
    height: even(height),
    frameRate: tooFast ? { num: most.framesPerSecond, den: 1 } : frameRate,
  };
}
