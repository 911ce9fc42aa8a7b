import type { StationConfig } from '@smartbox/contracts';
import type { StationDirectory } from '../application/ports.ts';
import { json, type Database } from './database.ts';

/** The configured stations, also as rows: a station's row is the lock for what runs there. */
export class StationStore implements StationDirectory {
  readonly #db: Database;
  readonly #stations: readonly StationConfig[];

  constructor(db: Database, stations: readonly StationConfig[]) {
    this.#db = db;
    this.#stations = stations;
  }

  all(): readonly StationConfig[] {
    return this.#stations;
  }

  find(stationId: string): StationConfig | undefined {
    return this.#stations.find((station) => station.id === stationId);
  }

  async sync(): Promise<void> {
    for (const { id: stationId, name, ...config } of this.#stations) {
      const row = { name, config: json(config) };
      await this.#db.prisma.station.upsert({ where: { stationId }, create: { stationId, ...row }, update: row });
    }
  }
}
