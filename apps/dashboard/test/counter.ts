import { cellEdge, COUNTER_COLUMNS, COUNTER_ROWS, decodeFrameCounter } from '@smartbox/media';
import type { Locator } from 'playwright-core';

/** The burnt-in counter of the picture that a video element shows right now; null where none can be read. */
export async function counterOf(video: Locator): Promise<number | null> {
  const picture = await video.evaluate((element, rows) => {
    const shown = element as HTMLVideoElement;
    const { videoWidth: width, videoHeight: height } = shown;
    if (width === 0 || shown.readyState < 2 || shown.seeking) return null;
    const canvas = new OffscreenCanvas(width, Math.min(height, Math.ceil((width * (rows + 3)) / 80)));
    const context = canvas.getContext('2d', { willReadFrequently: true });
    context?.drawImage(shown, 0, 0);
    const pixels = context?.getImageData(0, 0, width, canvas.height).data ?? [];
    return { width, green: Array.from({ length: width * canvas.height }, (_, i) => pixels[i * 4 + 1] ?? 0) };
  }, COUNTER_ROWS);
  if (!picture || cellEdge(COUNTER_COLUMNS, picture.width) > picture.width) return null;
  return decodeFrameCounter(picture.width, (x, y) => picture.green[y * picture.width + x] ?? 0);
}
