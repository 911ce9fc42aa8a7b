import { StationView } from '@smartbox/contracts';
import { z } from 'zod';
import type { SmartBox } from './smartbox.ts';
import type { Row } from './status.ts';

const Stations = z.union([z.object({ items: z.array(StationView) }), z.array(StationView)]);
const INTERVAL_MS = 2000;

/** Shows each camera in the table, as the catalog sees it. */
export function followSources(smartbox: SmartBox): void {
  const look = async (): Promise<void> => {
    const answer = await fetch(`${smartbox.url}/api/v1/stations`, { signal: AbortSignal.timeout(2000) });
    const stations = Stations.parse(await answer.json());
    for (const station of Array.isArray(stations) ? stations : stations.items) {
      for (const source of station.sources) {
        const size = source.width ? `${source.width}x${source.height} @ ${source.frameRate}, ${source.codec}` : '';
        const state: Row['state'] = !station.online ? 'stopped' : source.state === 'live' ? 'ready' : 'degraded';
        const detail = [source.state, size, source.encoder, source.reason].filter(Boolean).join(', ');
        smartbox.board.set({ kind: 'source', name: `${station.stationId}/${source.sourceId}`, state, detail });
      }
    }
  };
  const again = (): void => {
    // a catalog that is away shows in its own row
    void look()
      .catch(() => undefined)
      .then(() => setTimeout(again, INTERVAL_MS).unref());
  };
  again();
}
