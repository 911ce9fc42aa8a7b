import { CatalogApi } from '../api.ts';
import type { SmartBox } from './smartbox.ts';
import type { Row } from './status.ts';

const INTERVAL_MS = 2000;

/** Shows each camera in the table, as the catalog sees it. */
export function followSources(smartbox: SmartBox): void {
  const api = new CatalogApi(smartbox.url, smartbox.credentials.toolsToken);
  const look = async (): Promise<void> => {
    for (const station of await api.stations()) {
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
