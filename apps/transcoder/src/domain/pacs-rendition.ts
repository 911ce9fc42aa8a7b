import type { Rational, VideoFacts } from '@smartbox/contracts';
import { fitTransferSyntax } from '@smartbox/dicom';

export type PacsDecision = { mode: 'passthrough'; transferSyntaxUid: string } | { mode: 'encode'; reason: string };

/**
 * The saved stream goes to the PACS untouched where a DICOM transfer syntax holds it; otherwise the reason why not
 * is kept with the encoded rendition.
 */
export function decidePacs(facts: VideoFacts, bytes: number): PacsDecision {
  const { chroma } = facts;
  if (chroma === 'unknown')
    return { mode: 'encode', reason: `the chroma format of this ${facts.codec} stream is unknown` };
  const fit = fitTransferSyntax({ ...facts, chroma }, { payloadLength: bytes });
  if (fit.fits) return { mode: 'passthrough', transferSyntaxUid: fit.uid };
  return { mode: 'encode', reason: fit.reasons.map((reason) => reason.message).join('; ') };
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
  const larger = width > H264.width || height > H264.height + 8;
  const target = bitDepth > 8 ? 'hevc-main10' : larger || bytes > FRAGMENT_BYTES ? 'hevc-main' : 'h264';
  const most = target === 'h264' ? H264 : HEVC;
  const scale = Math.min(1, most.width / width, most.height / height);
  const even = (value: number) => Math.max(2, 2 * Math.round((value * scale) / 2));
  const tooFast = frameRate.num / frameRate.den > most.framesPerSecond;
  return {
    target,
    width: even(width),
    height: even(height),
    frameRate: tooFast ? { num: most.framesPerSecond, den: 1 } : frameRate,
  };
}
