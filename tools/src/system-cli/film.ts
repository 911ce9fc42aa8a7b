import { inputError } from '@smartbox/kernel';
import type { CatalogApi } from '../api.ts';
import { text, type Options } from './verb.ts';

/** A source of a clip, or an edit of it: one of `--source` and `--edit`, the only source where neither is named. */
export async function filmOf(api: CatalogApi, clipId: string, options: Options) {
  const [sourceId, renditionId] = [text(options['source']), text(options['edit'])];
  if (sourceId !== undefined && renditionId !== undefined)
    throw inputError('bad-arguments', 'name one of --source and --edit, not both');
  if (renditionId !== undefined) return { renditionId };
  if (sourceId !== undefined) return { sourceId };
  const { sources } = await api.clip(clipId);
  const [only, second] = sources;
  if (only && !second) return { sourceId: only.sourceId };
  const names = sources.map((source) => source.sourceId).join(', ');
  throw inputError('bad-arguments', `clip ${clipId} has the sources ${names || 'none yet'}: name one with --source`);
}
