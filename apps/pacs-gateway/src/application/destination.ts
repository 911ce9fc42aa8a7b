import type { DestinationConfig } from '@smartbox/contracts';
import { Gate } from './gate.ts';
import type { Archive } from './ports.ts';

/** A configured destination with the way to it and the gate before it. */
export class Destination {
  readonly config: DestinationConfig;
  readonly archive: Archive;
  readonly gate = new Gate();

  constructor(config: DestinationConfig, archive: Archive) {
    this.config = config;
    this.archive = archive;
  }

  get name(): string {
    return this.config.name;
  }
}

/** Every configured destination by name. */
export type Destinations = ReadonlyMap<string, Destination>;
