import type { Rational } from '@smartbox/contracts';

/** A GOP of the ring whose frames from `lead` on become the first ones of a clip. */
export interface HeadAsk {
  /** `avc1`, byte for byte. */
  readonly sampleEntry: Uint8Array;
  /** Its coded pictures one after the other. */
  readonly samples: Uint8Array;
  readonly sizes: readonly number[];
  readonly frameRate: Rational;
  readonly lead: number;
}

/** Those frames, encoded anew. */
export interface HeadAnswer {
  readonly samples: Uint8Array;
  readonly sizes: readonly number[];
  /** Where its parameter sets are not those of the GOP: the sample entry with both. */
  readonly sampleEntry?: Uint8Array;
  readonly encoder: string;
  /** SHA-256 of the samples of each picture as captured, and as it is now. */
  readonly frames: readonly { readonly sourceHash: string; readonly hash: string }[];
  /** Decibels; null: no difference. */
  readonly psnr: number | null;
  readonly ssim: number;
}
