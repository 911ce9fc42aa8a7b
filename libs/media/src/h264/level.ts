import { inputError } from '@smartbox/kernel';
import type { FrameRate } from '../frame-rate.ts';

/** Table A-1 of ITU-T H.264: level, macroblocks per second, macroblocks per frame. */
const LEVELS = [
  { level: '4.1', levelIdc: 41, mbPerSecond: 245_760, mbPerFrame: 8_192 },
  { level: '4.2', levelIdc: 42, mbPerSecond: 522_240, mbPerFrame: 8_704 },
  { level: '5.0', levelIdc: 50, mbPerSecond: 589_824, mbPerFrame: 22_080 },
  { level: '5.1', levelIdc: 51, mbPerSecond: 983_040, mbPerFrame: 36_864 },
  { level: '5.2', levelIdc: 52, mbPerSecond: 2_073_600, mbPerFrame: 36_864 },
] as const;

/**
 * The level written for a picture size and rate: 4.1 (DICOM .102) wherever it holds, then 4.2 (.104), then 5.x.
 * @throws SmartBoxError `size-not-encodable` above level 5.2.
 */
export function levelFor(width: number, height: number, rate: FrameRate): { level: string; levelIdc: number } {
  const mbs = Math.ceil(width / 16) * Math.ceil(height / 16);
  const found = LEVELS.find((l) => mbs <= l.mbPerFrame && (mbs * rate.num) / rate.den <= l.mbPerSecond);
  if (!found)
    throw inputError(
      'size-not-encodable',
      `${width}x${height} at ${rate.num}/${rate.den} frames/s exceeds H.264 level 5.2`,
    );
  return { level: found.level, levelIdc: found.levelIdc };
}
