import type { ClipDetail } from '@smartbox/contracts';
import { useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import { frameGaps, framesPerSecond } from '../clip/frames.ts';
import { JoinPlayer } from './join-player.ts';
import type { Playable } from './slot.ts';
import type { JoinPart } from './useJoin.ts';

/** The parts with what it takes to play them; `clips` holds the clips of all of them. */
export function playable(parts: readonly JoinPart[], clips: ReadonlyMap<string, ClipDetail>): Playable[] {
  return parts.flatMap((part) => {
    const source = clips.get(part.clipId)?.sources.find(({ sourceId }) => sourceId === part.sourceId);
    if (!source) return [];
    const fps = framesPerSecond(source.frameRate);
    return [{ ...part, url: source.videoUrl, fps, gaps: frameGaps(source.gaps, fps) }];
  });
}

export function useJoinPlayer(parts: readonly JoinPart[], clips: ReadonlyMap<string, ClipDetail>) {
  const [player] = useState(() => new JoinPlayer());
  const shown = useSyncExternalStore(player.subscribe, player.snapshot);
  const film = useMemo(() => playable(parts, clips), [parts, clips]);
  useEffect(() => player.setParts(film), [player, film]);
  useEffect(() => () => player.pause(), [player]);
  return { player, shown, film };
}
