import type { CreateEdit, EditView, Redaction } from '@smartbox/contracts';
import { edit, startEdit, timelineOf } from '@smartbox/recording/edit';
import type { z } from 'zod';
import { filmFrameOf } from './film.ts';
import type { Draft, Region, Span } from './film.ts';
import type { Look } from './recipes.ts';

/** How the server names a source within the steps of an edit. */
export const sourceName = (clipId: string, sourceId: string): string => `${clipId}/${sourceId}`;

type Wish = Omit<z.input<typeof CreateEdit>, 'renditionId'>;

/** What an edit is called and where it goes, as the server takes it: nothing where nothing was chosen. */
export function namedAndSent(name: string, destinations: readonly string[]): Pick<Wish, 'name' | 'destinations'> {
  const trimmed = name.trim();
  return {
    ...(trimmed === '' ? {} : { name: trimmed }),
    ...(destinations.length > 0 ? { destinations: [...destinations] } : {}),
  };
}

/** The edit of one source as the server takes it. */
export function editWish(
  draft: Draft,
  of: { sourceId: string; look: Look; name: string; destinations: readonly string[] },
): Wish {
  return {
    sources: [{ sourceId: of.sourceId }],
    steps: [...draft.document.done],
    ...(of.look ? { enhance: of.look } : {}),
    ...namedAndSent(of.name, of.destinations),
  };
}

/** The frames of one source that an edit shows; undefined where the edit joins several. */
export function spansOf(view: Pick<EditView, 'sources' | 'steps'>): Span[] | undefined {
  const [only, ...more] = view.sources;
  if (!only || more.length > 0) return undefined;
  const start = startEdit([{ source: sourceName(only.clipId, only.sourceId), frames: only.frames }]);
  return timelineOf(view.steps.reduce(edit, start));
}

/**
 * What is to be hidden, counted in frames of what is exported: the whole original, or an edit that shows `spans` of it.
 * What the edit has cut away needs no hiding.
 */
export function redactionsOf(regions: readonly Region[], spans: readonly Span[], frames: number): Redaction[] {
  return regions.flatMap(({ how, rect, from, to }): Redaction[] => {
    const range = { from: filmFrameOf(spans, from), to: filmFrameOf(spans, to) };
    if (range.from >= range.to) return [];
    const whole = range.from === 0 && range.to === frames && rect !== undefined;
    return [{ how, ...(rect ? { region: { ...rect } } : {}), ...(whole ? {} : { frames: range }) }];
  });
}
