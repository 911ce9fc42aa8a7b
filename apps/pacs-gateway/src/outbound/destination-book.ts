import { isDeepStrictEqual } from 'node:util';
import type { DestinationsFile, Negotiated } from '@smartbox/contracts';
import { Destination, type Destinations } from '../application/destination.ts';
import type { Objects } from '../application/ports.ts';
import { DeidentifyingArchive } from './deidentifying-archive.ts';
import { DicomArchive } from './dicom-archive.ts';
import { DicomCommitter } from './dicom-committer.ts';
import { ImportArchive } from './healthimaging/import-archive.ts';
import { StowArchive } from './stow/stow-archive.ts';

type Config = DestinationsFile['destinations'][number];

/** What a new configuration changed. A changed destination was removed and added. */
export interface Changes {
  removed: Destination[];
  added: Destination[];
}

/** The destinations as they are configured now: everybody looks them up here, nobody keeps them. */
export class DestinationBook {
  readonly all: Destinations;
  readonly #map = new Map<string, Destination>();
  readonly #configDir: string;
  readonly #objects: Objects;
  readonly #onNegotiated: (destination: string, negotiated: Negotiated) => void;

  constructor(
    configDir: string,
    objects: Objects,
    onNegotiated: (destination: string, negotiated: Negotiated) => void,
  ) {
    this.all = this.#map;
    this.#objects = objects;
    this.#configDir = configDir;
    this.#onNegotiated = onNegotiated;
  }

  /** @throws SmartBoxError `invalid-configuration`; nothing has changed then. */
  apply(configs: readonly Config[]): Changes {
    const same = (config: Config) => isDeepStrictEqual(this.#map.get(config.name)?.config, config);
    const added = configs.filter((config) => !same(config)).map((config) => this.#open(config));
    const kept = new Set(configs.filter(same).map(({ name }) => name));
    const removed = [...this.#map.values()].filter(({ name }) => !kept.has(name));
    for (const { name } of removed) this.#map.delete(name);
    for (const destination of added) this.#map.set(destination.name, destination);
    return { removed, added };
  }

  #open(config: Config): Destination {
    const { deidentify, name } = config;
    const owner = `destination ${name}`;
    if (config.protocol === 'dicomweb') {
      const web = new StowArchive(config, this.#configDir);
      if (!deidentify) return new Destination(config, web);
      const objects = this.#objects;
      return new Destination(config, new DeidentifyingArchive(web, deidentify, this.#configDir, owner, objects));
    }
    if (config.protocol === 'healthimaging') return new Destination(config, new ImportArchive(config, this.#configDir));
    const { commitment } = config;
    const archive = new DicomArchive(config, this.#configDir, (negotiated) => this.#onNegotiated(name, negotiated));
    if (deidentify)
      return new Destination(config, new DeidentifyingArchive(archive, deidentify, this.#configDir, owner));
    const committer = commitment?.request ? new DicomCommitter(config, commitment, this.#configDir) : undefined;
    return new Destination(config, archive, committer);
  }
}
