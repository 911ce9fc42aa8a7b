import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { DestinationsFile } from '@smartbox/contracts';
import { toError } from '@smartbox/kernel';
import { createLogger, gauge } from '@smartbox/telemetry';
import type { Destination } from '../application/destination.ts';
import { parseDestinations } from '../domain/destinations.ts';
import type { DestinationBook } from '../outbound/destination-book.ts';
import type { DicomWorklist } from '../outbound/dicom-worklist.ts';
import type { InstanceConsumers } from './instance.consumers.ts';

/** The file is read, not watched: a mounted configuration changes by a link that no watch sees. */
const LOOK_MS = 2000;
const log = createLogger('pacs-gateway');

/**
 * Follows `destinations.yaml` while the service runs: a destination that was added, changed or removed is taken up at
 * once, the others do not notice. A file that is wrong changes nothing, and is visible.
 */
@Injectable()
export class ConfigurationService implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #file: string;
  readonly #book: DestinationBook;
  readonly #worklist: DicomWorklist;
  readonly #consumers: InstanceConsumers;
  #now: DestinationsFile;
  #text = '';
  #isWrong = false;
  #timer: NodeJS.Timeout | undefined;
  #onTaken: () => void = () => undefined;
  #looking: Promise<void> = Promise.resolve();

  constructor(
    config: DestinationsFile & { configDir: string },
    book: DestinationBook,
    worklist: DicomWorklist,
    consumers: InstanceConsumers,
  ) {
    const { destinations, worklist: server, listener } = config;
    this.#now = { listener, destinations, worklist: server };
    this.#file = join(config.configDir, 'destinations.yaml');
    this.#book = book;
    this.#worklist = worklist;
    this.#consumers = consumers;
    gauge('smartbox_configuration_wrong', '1 while destinations.yaml cannot be taken up', [], (set) => {
      set(this.#isWrong ? 1 : 0, {});
    });
  }

  /** What is in use. */
  get current(): DestinationsFile {
    return this.#now;
  }

  /** `listener` is called whenever another configuration is in use. */
  onTaken(listener: () => void): void {
    this.#onTaken = listener;
  }

  onApplicationBootstrap(): void {
    this.#timer = setInterval(() => {
      this.#looking = this.#looking.then(() => this.#look());
    }, LOOK_MS);
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
    await Promise.all([...this.#book.all.values()].map(({ archive }) => archive.close()));
  }

  async #look(): Promise<void> {
    try {
      const text = await readFile(this.#file, 'utf8');
      if (text === this.#text) return;
      this.#text = text;
      await this.#take(parseDestinations(text, this.#file));
      this.#isWrong = false;
    } catch (error) {
      this.#isWrong = true;
      log.error({ err: toError(error).message }, 'destinations.yaml is wrong: what was configured before stays');
    }
  }

  async #take(next: DestinationsFile): Promise<void> {
    if (JSON.stringify(next) === JSON.stringify(this.#now)) return;
    const { removed, added } = this.#book.apply(next.destinations);
    this.#worklist.use(next.worklist);
    const fixed = ({ listener, worklist }: DestinationsFile) => ({ listener, mpps: worklist?.mpps });
    if (!isDeepStrictEqual(fixed(next), fixed(this.#now))) {
      log.warn({ file: this.#file }, 'a changed listener or mpps is taken up at the next start');
    }
    this.#now = next;
    this.#onTaken();
    const names = (all: readonly Destination[]) => all.map(({ name }) => name);
    log.info({ removed: names(removed), added: names(added) }, 'destinations.yaml was taken up');
    await Promise.all(removed.map((one) => this.#consumers.remove(one)));
    for (const one of added) await this.#consumers.add(one);
    await Promise.all(removed.map(({ archive }) => archive.close()));
  }
}
