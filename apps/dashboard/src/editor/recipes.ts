import type { EnhanceAdjustments, Enhancement } from '@smartbox/contracts';

type RecipeName = Enhancement['recipe'];
export const settings = ['brightness', 'contrast', 'gamma', 'saturation', 'sharpness', 'denoise'] as const;
export type Setting = (typeof settings)[number];

const neutral = { brightness: 0, contrast: 1, gamma: 1, saturation: 1, sharpness: 0, denoise: 0 };

/**
 * Where the sliders stand for each recipe. The server has the same table (libs/media, which a browser cannot load): a
 * spec holds the two together.
 */
export const startingPoints: Readonly<Record<RecipeName, Readonly<Record<Setting, number>>>> = {
  endoscopy: { ...neutral, contrast: 1.2, brightness: 0.1, sharpness: 1 },
  surgery: { ...neutral, gamma: 0.9, saturation: 1.1, denoise: 4 },
  dermatology: { ...neutral, contrast: 1.1, saturation: 1.05, denoise: 1 },
  microscopy: { ...neutral, contrast: 1.1, gamma: 1.05, sharpness: 0.6, denoise: 1.5 },
  default: { ...neutral, contrast: 1.05, brightness: 0.05 },
};
/** Recipes whose noise reduction is the slow one. */
export const isSlow = (recipe: RecipeName): boolean => recipe === 'dermatology';

/** What a slider offers; the interface takes more, which no picture needs. */
export const sliders: Readonly<Record<Setting, { min: number; max: number; step: number }>> = {
  brightness: { min: -0.5, max: 0.5, step: 0.01 },
  contrast: { min: 0.5, max: 2, step: 0.01 },
  gamma: { min: 0.3, max: 2.5, step: 0.01 },
  saturation: { min: 0, max: 2.5, step: 0.01 },
  sharpness: { min: 0, max: 2, step: 0.05 },
  denoise: { min: 0, max: 12, step: 0.5 },
};

export const recipeNames = Object.keys(startingPoints) as RecipeName[];

/** A recipe and what a person turned; undefined: the picture stays as it is. */
export type Look = { readonly recipe: RecipeName; readonly parameters: EnhanceAdjustments } | undefined;

export const valueOf = (look: NonNullable<Look>, setting: Setting): number =>
  look.parameters[setting] ?? startingPoints[look.recipe][setting];
