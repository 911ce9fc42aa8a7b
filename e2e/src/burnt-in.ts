import { cellEdge, COUNTER_COLUMNS, decodeFrameCounter } from '@smartbox/media';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';

/** Of the synthetic camera. */
export const FRAMES_PER_SECOND = 30;

/**
 * The burnt-in counters of the pictures that the chosen videos have on the screen at one moment; null where there is
 * none. Synthetic cameras of one station count alike: the same counter is the same moment.
 */
export async function burntIn(page: Page, selector: string): Promise<(number | null)[]> {
  const read = await page.evaluate((selector) => {
    // Drawn one directly after the other, read then: reading takes its time.
    const drawn = [...document.querySelectorAll<HTMLVideoElement>(selector)].map((video) => {
      const { videoWidth: width, videoHeight: height } = video;
      if (width === 0 || video.readyState < 2 || video.seeking) return null;
      const canvas = new OffscreenCanvas(width, Math.ceil(height / 8));
      const context = canvas.getContext('2d', { willReadFrequently: true });
      context?.drawImage(video, 0, 0);
      return { width, height: canvas.height, context };
    });
    return drawn.map((picture) => {
      if (!picture) return null;
      const { width, height, context } = picture;
      const pixels = context?.getImageData(0, 0, width, height).data ?? [];
      return { width, green: Array.from({ length: width * height }, (_, i) => pixels[i * 4 + 1] ?? 0) };
    });
  }, selector);
  return read.map((picture) => {
    if (!picture) return null;
    expect(cellEdge(COUNTER_COLUMNS, picture.width)).toBeLessThan(picture.width);
    return decodeFrameCounter(picture.width, (x, y) => picture.green[y * picture.width + x] ?? 0);
  });
}
