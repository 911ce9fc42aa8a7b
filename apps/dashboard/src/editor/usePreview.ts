import { useEffect, useState } from 'react';
import { editApi } from '../api/edits.ts';
import type { Look } from './recipes.ts';

/** Dragging a slider asks once it rests, not at every step. */
const QUIET_MS = 200;

interface Preview {
  url?: string;
  frame?: number;
  busy: boolean;
  error?: unknown;
}

/**
 * The frame through the server's own filter chain. The newest wish wins: an older one is cancelled, and its answer is
 * never shown. The last picture stays while the next is made.
 */
export function usePreview(clipId: string, sourceId: string, frame: number | undefined, look: Look): Preview {
  const [preview, setPreview] = useState<Preview>({ busy: false });
  const wish = look && frame !== undefined ? JSON.stringify([frame, look]) : undefined;
  useEffect(() => {
    if (wish === undefined) return;
    const [frame, look] = JSON.parse(wish) as [number, NonNullable<Look>];
    const stop = new AbortController();
    const timer = setTimeout(() => {
      setPreview((before) => ({ ...before, busy: true }));
      editApi
        .preview(clipId, sourceId, frame, look, stop.signal)
        .then((picture) => {
          if (!stop.signal.aborted) setPreview({ url: URL.createObjectURL(picture), frame, busy: false });
        })
        .catch((error: unknown) => {
          if (!stop.signal.aborted) setPreview({ busy: false, error });
        });
    }, QUIET_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [clipId, sourceId, wish]);
  const { url } = preview;
  useEffect(
    () => () => {
      if (url !== undefined) URL.revokeObjectURL(url);
    },
    [url],
  );
  return preview;
}
