import type { StationView } from '@smartbox/contracts';

export type SourceView = StationView['sources'][number];

/** What the player itself knows about its picture. */
export type PlayerState = 'connecting' | 'playing' | 'stale' | 'unreachable' | 'no-room';

export type TileState = 'starting' | 'live' | 'no-signal' | 'frozen' | 'offline' | 'stale' | 'unreachable' | 'no-room';

/**
 * The one word on a tile. "Live" needs both: the station says so and frames arrive here. While the feed is away the
 * station's last word is old, so only the frames count.
 */
export function tileState(
  station: Pick<StationView, 'online'>,
  source: Pick<SourceView, 'state'>,
  player: PlayerState,
  feedAlive: boolean,
): TileState {
  if (feedAlive) {
    if (!station.online) return 'offline';
    if (source.state !== 'live') return source.state;
  }
  switch (player) {
    case 'playing':
      return 'live';
    case 'stale':
      return 'stale';
    case 'unreachable':
    case 'no-room':
      return player;
    case 'connecting':
      return 'starting';
  }
}
