import { createHash } from 'node:crypto';
import type { Frame } from 'node-av/lib';

/** SHA-256 of a picture's visible samples, plane after plane, in any pixel format. */
export function pictureHash(frame: Frame): string {
  return createHash('sha256').update(frame.toBuffer()).digest('hex');
}
