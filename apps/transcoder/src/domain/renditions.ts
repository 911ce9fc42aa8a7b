import type { ClipSaved, Origin, RenditionReady, StillCaptured } from '@smartbox/contracts';

export type RenditionName = RenditionReady['rendition'];

/** One thing to make from one stored object. */
export interface Task {
  rendition: RenditionName;
  origin: Origin;
  input: { key: string; bytes: number; sha256: string };
  /** Where the result goes; the same for the same task, so that making it twice is harmless. */
  output: { key: string; contentType: string };
  /** Still: which frame of the input, counted from 0. */
  frame?: number;
}

const outputs: Record<RenditionName, { file: string; contentType: string }> = {
  pacs: { file: 'pacs.mp4', contentType: 'video/mp4' },
  still: { file: 'still.jpg', contentType: 'image/jpeg' },
  poster: { file: 'poster.jpg', contentType: 'image/jpeg' },
  sprite: { file: 'sprite.jpg', contentType: 'image/jpeg' },
};

/** What the screen needs first comes first: all posters, then what goes to the PACS, then the sprites. */
const order: readonly RenditionName[] = ['poster', 'pacs', 'sprite'];

export function tasksOfClip(clip: ClipSaved): Task[] {
  return order
    .filter((rendition) => clip.recipe.renditions.some((wanted) => wanted === rendition))
    .flatMap((rendition) =>
      clip.sources
        .filter((source) => rendition !== 'pacs' || source.pacs)
        .map((source) => ({
          rendition,
          origin: {
            kind: 'clip' as const,
            id: clip.clipId,
            sourceId: source.sourceId,
            stationId: clip.stationId,
            procedureId: clip.procedureId,
            recipe: clip.recipe,
            capturedAt: source.startedAt,
            durationMs: source.durationMs,
          },
          input: { key: source.key, bytes: source.bytes, sha256: source.sha256 },
          output: output(clip.clipId, source.sourceId, rendition),
        })),
    );
}

/** A still becomes the picture for the PACS and, the same bytes, the picture on the screen. */
export function taskOfStill(still: StillCaptured): Task {
  return {
    rendition: 'still',
    origin: {
      kind: 'still',
      id: still.stillId,
      sourceId: still.sourceId,
      stationId: still.stationId,
      procedureId: still.procedureId,
      recipe: still.recipe,
      capturedAt: still.at,
      durationMs: 0,
    },
    input: { key: still.key, bytes: still.bytes, sha256: still.sha256 },
    output: output(still.stillId, still.sourceId, 'still'),
    frame: still.frame,
  };
}

function output(id: string, sourceId: string, rendition: RenditionName): Task['output'] {
  const { file, contentType } = outputs[rendition];
  return { key: `clips/${id}/${sourceId}/renditions/${file}`, contentType };
}

/** Thumbnails on the timeline: one per 2 s, at most 100, so that one sheet stays small. */
export function spriteCount(durationMs: number): number {
  return Math.max(1, Math.min(100, Math.ceil(durationMs / 2000)));
}

/** The poster shows what the person just saw: a second before the end, where there is that much. */
export function posterTimeMs(durationMs: number): number {
  return Math.max(0, durationMs - 1000);
}
