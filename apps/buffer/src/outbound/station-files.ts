import { watch, type FSWatcher } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StationConfig } from '@smartbox/contracts';
import { inputError, toError } from '@smartbox/kernel';
import { createLogger } from '@smartbox/telemetry';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Stations } from '../application/ports.ts';

const SETTLE_MS = 200;

/** `CONFIG_DIR/stations/*.yaml`: every station whose ring this service keeps. Read again when a file changes. */
export class StationFiles implements Stations {
  readonly #folder: string;
  readonly #onStation: (station: StationConfig) => Promise<void>;
  readonly #log = createLogger('buffer');
  #stations = new Map<string, StationConfig>();
  #wrong = new Map<string, string>();
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;
  #loading: Promise<void> = Promise.resolve();

  /** `onStation` is called for each station that is new or has changed. */
  constructor(configDir: string, onStation: (station: StationConfig) => Promise<void>) {
    this.#folder = join(configDir, 'stations');
    this.#onStation = onStation;
  }

  get(stationId: string): StationConfig | undefined {
    return this.#stations.get(stationId);
  }

  all(): StationConfig[] {
    return [...this.#stations.values()];
  }

  /** Why files are not in use, for readiness; undefined when all is well. */
  trouble(): string | undefined {
    return this.#wrong.size > 0 ? [...this.#wrong].map(([file, why]) => `${file}: ${why}`).join('; ') : undefined;
  }

  /** First reading, then watching. @throws SmartBoxError `stations-folder` when the folder cannot be read. */
  async start(): Promise<void> {
    await this.#load();
    this.#watcher = watch(this.#folder, () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => {
        this.#loading = this.#loading
          .then(() => this.#load())
          .catch((error: unknown) => this.#log.error({ err: error }, 'the stations could not be read again'));
      }, SETTLE_MS);
    });
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#watcher?.close();
    await this.#loading;
  }

  async #load(): Promise<void> {
    const names = await readdir(this.#folder).catch((error: unknown) => {
      throw inputError('stations-folder', `${this.#folder} cannot be read: ${toError(error).message}`);
    });
    const stations = new Map<string, StationConfig>();
    const wrong = new Map<string, string>();
    for (const name of names.filter((file) => /\.ya?ml$/.test(file)).sort()) {
      const known = [...this.#stations.values()];
      try {
        const station = await this.#read(name);
        if (stations.has(station.id)) throw new Error(`station ${station.id} stands in two files`);
        stations.set(station.id, station);
      } catch (error) {
        // One wrong file stops nothing: the station goes on with what it had.
        wrong.set(name, toError(error).message);
        this.#log.error({ file: name, reason: toError(error).message }, 'this station file is wrong');
        const before = known.find(({ id }) => name.replace(/\.ya?ml$/, '') === id);
        if (before) stations.set(before.id, before);
      }
    }
    const changed = [...stations.values()].filter(
      (station) => JSON.stringify(station) !== JSON.stringify(this.#stations.get(station.id)),
    );
    for (const station of changed) await this.#onStation(station);
    this.#stations = stations;
    this.#wrong = wrong;
  }

  async #read(name: string): Promise<StationConfig> {
    const parsed = StationConfig.safeParse(parse(await readFile(join(this.#folder, name), 'utf8')));
    if (parsed.success) return parsed.data;
    throw new Error(z.prettifyError(parsed.error));
  }
}
