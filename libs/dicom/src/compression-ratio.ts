/** A coded picture or film, as far as its uncompressed size goes. */
export interface CodedSize {
  width: number;
  height: number;
  frames: number;
  bitDepth: number;
}

/** Uncompressed to compressed: three samples of each pixel, as a display shows them (PS3.3 C.7.6.1.1.5.2); two decimals. */
export function compressionRatio({ width, height, frames, bitDepth }: CodedSize, bytes: number): number {
  const raw = width * height * 3 * frames * (bitDepth / 8);
  return Math.max(0.01, Math.round((100 * raw) / bytes) / 100);
}
