import { z } from 'zod';
import { Token } from './primitives.ts';

/**
 * What a procedure type implies. Written as YAML under `config/recipes/`, read by the catalog alone, and carried
 * as a snapshot in the procedure and in the events of its clips: what a clip needs travels with it.
 */
export const Recipe = z.object({
  name: Token,
  version: z.int().positive(),
  title: z.object({ de: z.string(), en: z.string() }),
  /** Default length of "save the last N", in seconds. */
  saveSeconds: z.int().min(5).max(900).default(120),
  dicom: z.object({
    videoSopClass: z.enum(['video-endoscopic', 'video-microscopic', 'video-photographic']),
    stillSopClass: z.enum(['vl-endoscopic', 'vl-microscopic', 'vl-photographic']),
    modality: z.enum(['ES', 'GM', 'XC']),
    /** Coded anatomic region (PS3.16 CID 4): absent where the site does not code it. */
    anatomicRegion: z.object({ code: z.string(), scheme: z.string(), meaning: z.string() }).optional(),
  }),
  renditions: z.array(z.enum(['pacs', 'poster', 'sprite'])).default(['pacs', 'poster', 'sprite']),
  /** Names of entries in `config/destinations.yaml`. */
  destinations: z.array(Token).default([]),
});
export type Recipe = z.infer<typeof Recipe>;
