import { inputError } from '@smartbox/kernel';
import type { SopClass } from './sop-classes.ts';
import { oneFragmentTwin, TransferSyntaxUid as T, type TransferSyntax } from './transfer-syntaxes.ts';
import { framesPerSecond, type FrameRate } from './video-facts.ts';

/** What an encoder has to keep to for a transfer syntax; has the shape of the options of `transcode` (libs/media). */
export interface EncodingLimits {
  target: 'h264' | 'h264-bluray' | 'hevc-main' | 'hevc-main10' | 'mpeg2-main' | 'mpeg2-high';
  /** The largest picture; absent where the formats are fixed. */
  within?: { width: number; height: number };
  highestLevel?: '4.1' | '4.2';
  /** Only for a source that is too fast. */
  frameRate?: FrameRate;
}

const FULL_HD = { width: 1920, height: 1080 };
const HD = { width: 1280, height: 720 };
/** The luma samples of HEVC level 5.1 (ISO/IEC 23008-2 table A.8). */
const UHD = { width: 4096, height: 2176 };
const MOST = { num: 60, den: 1 };

/**
 * What to encode for a bit stream syntax: 1080p60 for H.264 4.2, 2160p60 for HEVC 5.1; for H.264 4.1 the lines go before
 * the frames do. Undefined where nothing is encoded for it.
 */
export function encodingLimits(transferSyntaxUid: string, rate: FrameRate): EncodingLimits | undefined {
  const fps = framesPerSecond(rate);
  const tooFast = fps > 60.1 ? { frameRate: MOST } : {};
  switch (oneFragmentTwin(transferSyntaxUid)) {
    case T.mpeg2MainLevel:
      return { target: 'mpeg2-main' };
    case T.mpeg2HighLevel:
      return { target: 'mpeg2-high' };
    case T.h264BluRay41:
      return { target: 'h264-bluray' };
    case T.h264High41:
      return { target: 'h264', within: fps > 30.1 ? HD : FULL_HD, highestLevel: '4.1', ...tooFast };
    case T.h264High42:
      return { target: 'h264', within: FULL_HD, highestLevel: '4.2', ...tooFast };
    case T.hevcMain51:
      return { target: 'hevc-main', within: UHD, ...tooFast };
    case T.hevcMain10Level51:
      return { target: 'hevc-main10', within: UHD, ...tooFast };
    default:
      return undefined;
  }
}

/** Where it stands that a class has eight bits a sample; ten only with HEVC Main 10 (PS3.5 8.2.11). */
const eightBits = (sopClass: SopClass | undefined): string =>
  sopClass?.kind === 'secondary-capture' ? 'PS3.3 A.8.5.4' : 'PS3.3 C.8.12.1.1.2';

/**
 * May pictures of so many bits be coded one by one like this? What is called lossless has to give the input back.
 * @param ratio so many to one; absent: reversible
 * @throws SmartBoxError `lossless-only`, `bit-depth`
 */
export function checkFrameCoding(
  syntax: TransferSyntax,
  { bitDepth, ratio }: { bitDepth: number; ratio?: number | undefined },
  sopClass?: SopClass,
): void {
  if (ratio !== undefined && (syntax.lossless || syntax.codec !== 'htj2k'))
    throw inputError('lossless-only', `${syntax.name} takes no ratio: that goes with ${T.htj2k} only (PS3.5 8.2.14)`);
  if (syntax.codec !== 'htj2k' || ratio !== undefined || bitDepth <= 8) return;
  const who = sopClass?.name ?? 'an image of visible light';
  throw inputError(
    'bit-depth',
    `${who} holds 8 bits a sample (${eightBits(sopClass)}), the input has ${bitDepth}: a reversible code stream would not ` +
      `give it back. Give a ratio with ${T.htj2k}, or use ${T.hevcMain10Level51} for ten bits`,
  );
}
