import { framesPerSecond, type FrameRate } from './video-facts.ts';

/** 90000/1502 and its like are 60000/1001 after rounding; any other rate stays what it is. */
export function nominalRate(rate: FrameRate): FrameRate {
  if (rate.den === 0 || rate.num % rate.den === 0) return rate;
  const fps = framesPerSecond(rate);
  const ntsc = { num: Math.round((fps * 1001) / 1000) * 1000, den: 1001 };
  return Math.abs(framesPerSecond(ntsc) - fps) / fps < 0.0002 ? ntsc : rate;
}

export function reducedRate(num: number, den: number): FrameRate {
  let [a, b] = [num, den];
  while (b > 0) [a, b] = [b, a % b];
  return a > 0 ? { num: num / a, den: den / a } : { num, den };
}
