/** Sizes that the synthetic source may take, largest first. */
export const SYNTHETIC_SIZES = [
  { width: 1920, height: 1080 },
  { width: 1280, height: 720 },
  { width: 960, height: 540 },
] as const;

/** Share of all cores that the synthetic cameras may take: the rest is for everything else on the machine. */
const SHARE = 0.2;

export interface SizeChoice {
  readonly width: number;
  readonly height: number;
  /** CPU ms per second that all sources together will take. */
  readonly cpuMsPerSecond: number;
  readonly budgetMsPerSecond: number;
}

/**
 * The largest size at which all sources together stay within the budget; the smallest one when none does.
 * @param cpuMsPer720p CPU ms to paint and encode one frame of 1280x720, measured on this machine.
 */
export function chooseSize(cpuMsPer720p: number, cores: number, framesPerSecond: number): SizeChoice {
  const budgetMsPerSecond = cores * 1000 * SHARE;
  const choices = SYNTHETIC_SIZES.map(({ width, height }) => ({
    width,
    height,
    cpuMsPerSecond: Math.round((cpuMsPer720p * framesPerSecond * width * height) / (1280 * 720)),
    budgetMsPerSecond,
  }));
  const [largest, middle, smallest] = choices as [SizeChoice, SizeChoice, SizeChoice];
  return [largest, middle].find((choice) => choice.cpuMsPerSecond <= budgetMsPerSecond) ?? smallest;
}
