import type { StationView } from '@smartbox/contracts';
import { rateOf } from '../admin/stations/facts.ts';
import { PastStrip } from '../live/PastStrip.tsx';
import { useRoomPastKeys } from '../live/useRoomPast.ts';
import type { RoomPast } from '../live/useRoomPast.ts';

/** One timeline for all pictures of the room: they show the same moment, or are live, together. */
export function RoomTimeline({ station, roomPast }: { station: StationView; roomPast: RoomPast }) {
  const available = station.window?.sources.map(({ availableMs }) => availableMs).filter((ms) => ms > 0) ?? [];
  // As far as every one of them can go.
  const availableMs = available.length === 0 ? undefined : Math.min(...available);
  const { past } = roomPast;
  const rate = rateOf(station.sources[0]?.frameRate) ?? 30;
  useRoomPastKeys(roomPast, past.reachMs ?? availableMs, 1000 / rate);
  return <PastStrip past={past} name={station.name} availableMs={availableMs} compact={false} whole />;
}
