import { useEffect, useState } from 'react';
import type { RefObject } from 'react';
import { api } from '../api/client.ts';
import { LivePlayer } from './live-player.ts';
import type { LiveMetrics } from './live-player.ts';
import { RoomSessions } from './room-sessions.ts';
import type { PlayerState } from './tile-state.ts';

const none: LiveMetrics = {
  firstFrameMs: undefined,
  frames: 0,
  reconnects: 0,
  codec: undefined,
  packetsReceived: undefined,
  packetsLost: undefined,
  displayMs: undefined,
  size: undefined,
  jitterBufferMs: undefined,
  roundTripMs: undefined,
  lastEnd: undefined,
  transport: 'whep',
  detour: undefined,
  exhausted: false,
  noRoom: false,
};

const rooms = new Map<string, RoomSessions>();

function sessionsOf(stationId: string): RoomSessions {
  const known = rooms.get(stationId);
  if (known) return known;
  const made = new RoomSessions((sourceIds, signal) => api.liveGrants(stationId, sourceIds, signal));
  rooms.set(stationId, made);
  return made;
}

/** Plays one source of a station into `video` for as long as it is mounted. */
export function useLive(
  video: RefObject<HTMLVideoElement | null>,
  stationId: string,
  sourceId: string,
  enabled: boolean,
): { state: PlayerState; metrics: LiveMetrics } {
  const [state, setState] = useState<PlayerState>('connecting');
  const [metrics, setMetrics] = useState<LiveMetrics>(none);

  useEffect(() => {
    const element = video.current;
    if (!enabled || !element) return;
    let over = false;
    const player = new LivePlayer({
      video: element,
      whep: (events) => sessionsOf(stationId).join(sourceId, events),
      place: sessionsOf(stationId).placeOf(sourceId),
      grant: (signal) => api.liveGrant(stationId, sourceId, signal),
      onState: (change) => over || setState(change),
      onMetrics: (change) => over || setMetrics((before) => ({ ...before, ...change })),
    });
    player.start();
    return () => {
      over = true;
      player.stop();
    };
  }, [video, stationId, sourceId, enabled]);

  return { state, metrics };
}
