import type { ClipDetail } from '@smartbox/contracts';
import { useMemo } from 'react';
import { ulid } from 'ulid';
import type { Span } from '../editor/film.ts';
import { sourceName } from '../editor/request.ts';
import { spansInHand } from '../editor/useEditor.ts';
import { InHand, useHistory } from '../editor/useHistory.ts';
import { moved } from './join.ts';
import type { Stretch } from './join.ts';

/** A part of the film: a stretch of one source of a clip. */
export interface JoinPart extends Stretch {
  /** Its own: one clip may be used more than once. */
  readonly id: string;
  readonly clipId: string;
  readonly sourceId: string;
}

type Film = readonly JoinPart[];
type Source = ClipDetail['sources'][number];

/** Sources that are still there. */
export const sourcesOf = (clip: ClipDetail): Source[] => clip.sources.filter(({ removed }) => removed === undefined);

/** A clip whole, or as it is being cut; the same source as the film begins with, where the clip has it. */
function partsOfClip(clip: ClipDetail, like?: string): Film {
  const sources = sourcesOf(clip);
  const source = sources.find(({ sourceId }) => sourceId === like) ?? sources[0];
  if (!source) return [];
  const { sourceId, frames } = source;
  const spans: readonly Span[] = spansInHand(sourceName(clip.clipId, sourceId)) ?? [{ from: 0, to: frames }];
  return spans.map(({ from, to }) => ({ id: ulid(), clipId: clip.clipId, sourceId, frames, from, to }));
}

const inHand = new InHand<Film>();

/** The film in hand, beginning with this clip, and everything that can be done to it. */
export function useJoin(first: ClipDetail) {
  const { draft: parts, change, ...history } = useHistory<Film>(inHand, first.clipId, () => partsOfClip(first));
  const actions = useMemo(() => {
    const one = (id: string, to: (part: JoinPart) => JoinPart, tag?: string) =>
      change((all) => all.map((part) => (part.id === id ? to(part) : part)), tag);
    return {
      add: (clip: ClipDetail) => change((all) => [...all, ...partsOfClip(clip, all[0]?.sourceId)]),
      remove: (id: string) => change((all) => (all.length > 1 ? all.filter((part) => part.id !== id) : all)),
      move: (id: string, by: number) =>
        change((all) =>
          moved(
            all,
            all.findIndex((part) => part.id === id),
            by,
          ),
        ),
      /** Another picture of the same moment: the stretch stays where the frames are counted alike. */
      pickSource: (id: string, { sourceId, frames }: Source) =>
        one(id, (part) =>
          frames === part.frames ? { ...part, sourceId } : { ...part, sourceId, frames, from: 0, to: frames },
        ),
      begin: (id: string, frame: number) =>
        one(id, (part) => ({ ...part, from: frame, to: part.to > frame ? part.to : part.frames })),
      end: (id: string, frame: number) =>
        one(id, (part) => ({ ...part, from: part.from <= frame ? part.from : 0, to: frame + 1 })),
      edge: (id: string, edge: 'from' | 'to', frame: number, gesture: string) =>
        one(
          id,
          (part) =>
            edge === 'from'
              ? { ...part, from: Math.min(Math.max(0, frame), part.to - 1) }
              : { ...part, to: Math.min(Math.max(part.from + 1, frame), part.frames) },
          `${gesture}-${id}`,
        ),
    };
  }, [change]);
  return { parts, ...actions, ...history };
}
export type Join = ReturnType<typeof useJoin>;
