import { inputError } from '@smartbox/kernel';

/** What a person can turn. Every value has the neutral one where nothing is changed. */
export interface EnhanceSettings {
  /** -1 to 1, neutral 0. */
  readonly brightness: number;
  /** 0 to 3, neutral 1. */
  readonly contrast: number;
  /** 0.1 to 5, neutral 1. */
  readonly gamma: number;
  /** 0 to 3, neutral 1. */
  readonly saturation: number;
  /** Amount of the unsharp mask, 0 (off) to 2. */
  readonly sharpness: number;
  /** 0 (off) to 20. */
  readonly denoise: number;
  /** `hqdn3d`: quick, over time and space. `nlmeans`: slow, keeps texture; for offline use. */
  readonly denoiser: 'hqdn3d' | 'nlmeans';
}

const NEUTRAL: EnhanceSettings = {
  brightness: 0,
  contrast: 1,
  gamma: 1,
  saturation: 1,
  sharpness: 0,
  denoise: 0,
  denoiser: 'hqdn3d',
};

const LIMITS: Readonly<Record<Exclude<keyof EnhanceSettings, 'denoiser'>, readonly [number, number]>> = {
  brightness: [-1, 1],
  contrast: [0, 3],
  gamma: [0.1, 5],
  saturation: [0, 3],
  sharpness: [0, 2],
  denoise: [0, 20],
};

/** Starting points by procedure type; each is meant to be adjusted on the picture. */
export const RECIPES = {
  endoscopy: { ...NEUTRAL, contrast: 1.2, brightness: 0.1, sharpness: 1 },
  surgery: { ...NEUTRAL, gamma: 0.9, saturation: 1.1, denoise: 4 },
  dermatology: { ...NEUTRAL, contrast: 1.1, saturation: 1.05, denoise: 1, denoiser: 'nlmeans' },
  microscopy: { ...NEUTRAL, contrast: 1.1, gamma: 1.05, sharpness: 0.6, denoise: 1.5 },
  default: { ...NEUTRAL, contrast: 1.05, brightness: 0.05 },
} as const satisfies Readonly<Record<string, EnhanceSettings>>;

export type RecipeName = keyof typeof RECIPES;

/** A recipe with a person's adjustments. @throws SmartBoxError `recipe-unknown`, `bad-setting`. */
export function enhanceSettings(recipe: string, adjusted: Partial<EnhanceSettings> = {}): EnhanceSettings {
  if (!Object.hasOwn(RECIPES, recipe))
    throw inputError('recipe-unknown', `there is no recipe "${recipe}", only ${Object.keys(RECIPES).join(', ')}`);
  const settings: EnhanceSettings = { ...RECIPES[recipe as RecipeName], ...adjusted };
  for (const [name, [low, high]] of Object.entries(LIMITS)) {
    const value = settings[name as keyof typeof LIMITS];
    if (!Number.isFinite(value) || value < low || value > high)
      throw inputError('bad-setting', `${name} has to be ${low} to ${high}, not ${value}`);
  }
  return settings;
}

/** The FFmpeg filters of these settings, noise first so that it is not sharpened; '' where nothing is changed. */
export function enhanceFilters(settings: EnhanceSettings): string {
  const { brightness, contrast, gamma, saturation, sharpness, denoise, denoiser } = settings;
  const filters: string[] = [];
  if (denoise > 0)
    filters.push(
      denoiser === 'nlmeans'
        ? `nlmeans=s=${Math.max(1, denoise)}`
        : `hqdn3d=${denoise}:${denoise * 0.75}:${denoise * 1.5}:${denoise * 1.125}`,
    );
  const eq = Object.entries({ brightness, contrast, gamma, saturation })
    .filter(([name, value]) => value !== NEUTRAL[name as 'gamma'])
    .map(([name, value]) => `${name}=${value}`);
  if (eq.length > 0) filters.push(`eq=${eq.join(':')}`);
  if (sharpness > 0) filters.push(`unsharp=5:5:${sharpness}`);
  return filters.join(',');
}
