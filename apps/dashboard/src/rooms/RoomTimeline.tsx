import type { StationView } from '@smartbox/contracts';
import { rateOf } from '../admin/stations/facts.ts';
import { PastStrip } from '../live/PastStrip.tsx';
import { useRoomPastKeys } from '../live/useRoomPast.ts';
import type { RoomPast } from '../live/useRoomPast.ts';

interface Props {
  station: StationView;
  roomPast: RoomPast;
}

/** One timeline for all pictures of the room: they show the same moment, or are live, together. */
export function RoomTimeline({ station, roomPast }: Props) {
  const availableMs = commonReach(station, station.sources.length);
  const { past } = roomPast;
  const rate = rateOf(station.sources[0]?.frameRate) ?? 30;
  useRoomPastKeys(roomPast, past.reachMs ?? availableMs, 1000 / rate);
  return <PastStrip past={past} name={station.name} availableMs={availableMs} compact={false} whole />;
}

/** The same among other rooms, of the first `sources` pictures: no key is for one room of many. */
export function SmallRoomTimeline({ station, roomPast, sources }: Props & { sources: number }) {
  const availableMs = commonReach(station, sources);
  return <PastStrip past={roomPast.past} name={station.name} availableMs={availableMs} compact whole />;
}

/** As far back as every one of the first `sources` pictures can go. */
function commonReach({ sources: all, window }: StationView, sources: number): number | undefined {
  const shown = new Set(all.slice(0, sources).map(({ sourceId }) => sourceId));
  const available = (window?.sources ?? []).filter((one) => shown.has(one.sourceId) && one.availableMs > 0);
  return available.length === 0 ? undefined : Math.min(...available.map(({ availableMs }) => availableMs));
}
