import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { RenditionReady } from '@smartbox/contracts';
import type { FilmAnnouncements, Films } from './film-ports.ts';
import { Measure } from './measure.ts';
import type { Media, Objects } from './ports.ts';

/** How near to what was captured the re-encoded film for the archive is: measured after it is on its way. */
export class MeasurePacs {
  readonly #objects: Objects;
  readonly #media: Media;
  readonly #measure: Measure;
  readonly #scratch: string;

  constructor(objects: Objects, films: Films, media: Media, announce: FilmAnnouncements, scratch: string) {
    this.#objects = objects;
    this.#media = media;
    this.#measure = new Measure(objects, films, announce);
    this.#scratch = scratch;
  }

  async run({ origin, rendition, mode, key, video }: RenditionReady, signal: AbortSignal): Promise<void> {
    if (rendition !== 'pacs' || mode !== 'encoded') return;
    const reference = await this.#objects.readUrl(`clips/${origin.id}/${origin.sourceId}/source.mp4`);
    const captured = await this.#media.facts(reference, signal);
    // another rate: frames were repeated or left out on purpose, and no frame has its counterpart
    if (captured.frames !== video?.frames) return;
    await mkdir(this.#scratch, { recursive: true });
    const folder = await mkdtemp(join(this.#scratch, `quality-${process.pid}-`));
    try {
      const videos = { reference, distorted: await this.#objects.readUrl(key) };
      const options = { signal, priority: 'export' as const };
      const measured = await this.#measure.compare(origin, videos, folder, options);
      await this.#measure.keep({ origin, rendition, folder: `${dirname(key)}/${rendition}-quality` }, measured);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}
