/** Hardware that HEVC is encoded with, the preferred one first. */
export const HARDWARE = ['nvenc', 'qsv', 'vaapi'] as const;
export type Hardware = (typeof HARDWARE)[number];
/** `auto`: hardware where the machine has it, else software. */
export const ENCODER_CHOICES = ['auto', 'software', ...HARDWARE] as const;
export type EncoderChoice = (typeof ENCODER_CHOICES)[number];

/** How near coded pictures are to what the coder was given. */
export interface Closeness {
  /** Over all samples of the compared frames, dB; absent where every one is the same. */
  readonly psnr?: number;
  readonly ssim: number;
  readonly comparedFrames: number;
  /** Every sample of every compared frame came back. */
  readonly identical: boolean;
}

/** Told of every coding of pictures that their container, or EXIF, turns. */
export const TURNED_UPRIGHT = 'the picture was turned upright, as its container shows it';
