import type { ClipSaved, ClipSource, Origin, RenditionReady, StillCaptured, StillFormat } from '@smartbox/contracts';

/** What every clip or still gets by its recipe. */
export type RenditionName = Extract<RenditionReady['rendition'], 'pacs' | 'still' | 'poster' | 'sprite'>;

/** One thing to make from one stored object. */
export interface Task {
  rendition: RenditionName;
  origin: Origin;
  input: { key: string; bytes: number; sha256: string };
  /** Where the result goes; the same for the same task, so that making it twice is harmless. */
  output: { key: string; contentType: string };
  /** Of a clip that was cut exactly out of the ring. */
  cut?: ClipSource['cut'];
  /** Of a clip that was not captured here. */
  imported?: ClipSaved['imported'];
  /** Still: which frame of the input, counted from 0. */
  frame?: number;
  /** Still: how it is coded; absent: as the recipe says. */
  format?: StillFormat;
  /** A person asked for it once more: its announcements are new ones. */
  again?: string;
}

const outputs: Record<RenditionName, { file: string; contentType: string }> = {
  pacs: { file: 'pacs.mp4', contentType: 'video/mp4' },
  still: { file: 'still.jpg', contentType: 'image/jpeg' },
  poster: { file: 'poster.jpg', contentType: 'image/jpeg' },
  sprite: { file: 'sprite.jpg', contentType: 'image/jpeg' },
};

/** What people and the archive wait for comes first; the sprites, which nobody waits for, come last. */
const order: readonly RenditionName[] = ['poster', 'pacs', 'sprite'];

/** What is made side by side: a source's poster with what goes to the PACS, every other task alone; in order. */
export function groupsOf(tasks: readonly Task[]): Task[][] {
  const first = tasks.filter(({ rendition }) => rendition !== 'sprite');
  const rest = tasks.filter(({ rendition }) => rendition === 'sprite');
  return [...Map.groupBy(first, ({ origin }) => origin.sourceId).values(), ...rest.map((task) => [task])];
}

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
          ...(source.cut ? { cut: source.cut } : {}),
          ...(clip.imported ? { imported: clip.imported } : {}),
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
    ...(still.format ? { format: still.format } : {}),
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
