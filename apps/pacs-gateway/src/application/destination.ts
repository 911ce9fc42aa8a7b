import type { DestinationsFile } from '@smartbox/contracts';
import { closedBy } from '../domain/schedule.ts';
import { Gate } from './gate.ts';
import type { Archive, Committer } from './ports.ts';

type DestinationConfig = DestinationsFile['destinations'][number];

/** A configured destination with the way to it and the gate before it. */
export class Destination {
  readonly config: DestinationConfig;
  readonly archive: Archive;
  /** Absent: it is not asked for commitments. */
  readonly committer: Committer | undefined;
  readonly gate: Gate;

  constructor(config: DestinationConfig, archive: Archive, committer?: Committer) {
    this.config = config;
    const { schedule } = config;
    this.gate = new Gate(undefined, undefined, () => schedule && closedBy(schedule, new Date()));
    this.archive = archive;
    this.committer = committer;
  }

  get name(): string {
    return this.config.name;
  }
}

/** Every configured destination by name. */
export type Destinations = ReadonlyMap<string, Destination>;
