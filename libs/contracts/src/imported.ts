import { z } from 'zod';
import { ObjectKey, Sha256 } from './primitives.ts';

/** Of a clip that was not captured here: the record of another system that it was made of. */
export const Imported = z.object({
  /** Of the record's bytes as they came. */
  sha256: Sha256,
  bytes: z.int().positive(),
  /** As FFmpeg names it. */
  codec: z.string(),
  /** Frames whose coded bytes are those of the record, and those that were encoded anew. */
  copiedFrames: z.int().nonnegative(),
  reencodedFrames: z.int().nonnegative(),
  /** How near the encoded frames are to the record: dB (absent: no difference), and SSIM. */
  psnr: z.number().optional(),
  ssim: z.number().optional(),
  /** The record itself, kept where frames were encoded anew. */
  originalKey: ObjectKey.optional(),
  notes: z.array(z.string()).default([]),
});
export type Imported = z.infer<typeof Imported>;
