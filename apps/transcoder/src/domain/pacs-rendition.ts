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
  width: number;
  height: number;
  frameRate: Rational;
}

/** What .102 and .104 hold at most: 1080p60 (PS3.5 section 8.2.7 and 8.2.8). */
const LARGEST = { width: 1920, height: 1080, framesPerSecond: 60 };

/** The largest size and rate that still fit: aspect kept, even sides, never enlarged. */
export function encodeTarget({ width, height, frameRate }: VideoFacts): EncodeTarget {
  const scale = Math.min(1, LARGEST.width / width, LARGEST.height / height);
  const even = (value: number) => Math.max(2, 2 * Math.round((value * scale) / 2));
  const tooFast = frameRate.num / frameRate.den > LARGEST.framesPerSecond;
  return {
    width: even(width),
    height: even(height),
    frameRate: tooFast ? { num: LARGEST.framesPerSecond, den: 1 } : frameRate,
  };
}
