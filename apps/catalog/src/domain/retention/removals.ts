import { SmartBoxError } from '@smartbox/kernel';
import { isOfSource, type InstanceRow, type SourceRow } from '../clip-rows.ts';

/** What a retention rule took from a clip: a source as it was saved (`video`), or a film that was made of it. */
export interface RemovalNote {
  sourceId: string;
  what: string;
  renditionId: string | null;
  rule: string;
  at: Date;
}

/** When a source went; undefined while it is here. */
export const removalOfSource = (sourceId: string, removals: readonly RemovalNote[]): RemovalNote | undefined =>
  removals.find((removal) => removal.what === 'video' && removal.sourceId === sourceId);

/** An object goes with its source, or with the edit or export that it was made of. */
export function removalOfInstance(
  instance: Pick<InstanceRow, 'sourceId' | 'rendition' | 'renditionId'>,
  removals: readonly RemovalNote[],
): RemovalNote | undefined {
  if (isOfSource(instance)) return removalOfSource(instance.sourceId, removals);
  return removals.find(({ renditionId }) => renditionId !== null && renditionId === instance.renditionId);
}

/** The clip as a whole is gone when the last of its sources is. */
export function removalOfClip(
  sources: readonly Pick<SourceRow, 'sourceId'>[],
  removals: readonly RemovalNote[],
): RemovalNote | undefined {
  const gone = sources.map(({ sourceId }) => removalOfSource(sourceId, removals));
  if (gone.length === 0 || gone.includes(undefined)) return undefined;
  return gone.reduce((last, each) => (last && each && last.at >= each.at ? last : each));
}

/** What was here, and went by which rule: HTTP 410. */
export const removed = (what: string, { rule, at }: { rule: string | null; at: Date }) =>
  new SmartBoxError({
    code: 'removed',
    message: `${what} was removed from here by ${rule === null ? 'a retention rule' : `the retention rule ${rule}`} on ${at.toISOString().slice(0, 10)}`,
    fault: 'input',
  });

/** @throws SmartBoxError `removed` */
export function stillHere(
  what: string,
  { removedAt, removedBy }: { removedAt: Date | null; removedBy?: string | null },
) {
  if (removedAt) throw removed(what, { at: removedAt, rule: removedBy ?? null });
}
