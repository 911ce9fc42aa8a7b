import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ClipImported, type ClipRefused, type Imported, type ImportClip, type VideoFacts } from '@smartbox/contracts';
import { SmartBoxError, toError, transientError } from '@smartbox/kernel';
import { ClipManifest } from '@smartbox/recording';
import type { z } from 'zod';
import type { FilmJobs } from '../domain/film-jobs.ts';
import type { Films } from './film-ports.ts';
import { Measure } from './measure.ts';
import type { Media, Objects, Stored } from './ports.ts';

/** What the rest of the line learns. Each call resolves when the event is durable. */
export interface ImportAnnouncements {
  imported(event: ClipImported): Promise<void>;
  refused(event: z.infer<typeof ClipRefused>): Promise<void>;
}

type Cut = FilmJobs['cut']['answer'];

/**
 * A record of another system becomes a clip: its coded frames are copied where an MP4 of ours holds them, else encoded
 * anew and measured. Written whole, then a record of it, then announced: killed anywhere, the message comes again.
 */
export class MakeImport {
  readonly #objects: Objects;
  readonly #films: Films;
  readonly #media: Media;
  readonly #announce: ImportAnnouncements;
  readonly #scratch: string;

  constructor(objects: Objects, films: Films, media: Media, announce: ImportAnnouncements, scratch: string) {
    this.#objects = objects;
    this.#films = films;
    this.#media = media;
    this.#announce = announce;
    this.#scratch = scratch;
  }

  /** @param last there will be no other delivery: what fails now is announced as failed */
  async run(command: ImportClip, stopping: AbortSignal, last: boolean): Promise<void> {
    try {
      await this.#import(command, stopping);
    } catch (error) {
      if (stopping.aborted) throw transientError('stopping', 'the service stops; the import goes on elsewhere', error);
      const final = error instanceof SmartBoxError && !error.retryable;
      if (!final && !last) throw error;
      const { clipId, stationId, procedureId, upload } = command;
      const code = error instanceof SmartBoxError ? error.code : 'internal';
      await this.#announce.refused({ clipId, stationId, procedureId, code, reason: reasonOf(error) });
      if (!final) throw error;
      await this.#objects.remove(upload.key); // nobody will read it, and its owner has it
    }
  }

  async #import(command: ImportClip, signal: AbortSignal): Promise<void> {
    const { upload } = command;
    const record = `${folderOf(command)}/import.json`;
    const before = ClipImported.safeParse(await this.#objects.getJson(record));
    const event = before.success ? before.data : await this.#make(command, signal);
    if (!before.success) await this.#objects.putJson(record, event);
    await this.#announce.imported(event);
    if (event.imported.originalKey === undefined) await this.#objects.remove(upload.key);
  }

  async #make(command: ImportClip, signal: AbortSignal): Promise<ClipImported> {
    const { upload, recipe } = command;
    await mkdir(this.#scratch, { recursive: true });
    const folder = await mkdtemp(join(this.#scratch, `import-${process.pid}-`));
    try {
      const [original, output] = [join(folder, 'record'), join(folder, 'film.mp4')];
      await this.#objects.fetch(upload, original, signal);
      const manifest = join(folder, 'frames.json');
      const cut = await this.#films.run(
        'cut',
        {
          inputs: [{ url: original, label: 'the record' }],
          ...{ output, manifest, report: join(folder, 'quality.json') },
          ...Measure.thresholds({ recipe }),
        },
        { signal, priority: 'export' },
      );
      const video = await this.#media.facts(output, signal);
      const stored = await this.#objects.putFile(`${folderOf(command)}/source.mp4`, output, 'video/mp4');
      await this.#objects.putFile(`${folderOf(command)}/frames.json`, manifest, 'application/json');
      const imported = importedOf(command, cut);
      await this.#objects.putJson(
        `${folderOf(command)}/manifest.json`,
        manifestOf(command, imported, cut, video, stored),
      );
      return eventOf(command, imported, cut, video, stored);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

/** Everything of an import stands here, and goes with the clip. */
const folderOf = ({ clipId, sourceId }: ImportClip): string => `clips/${clipId}/${sourceId}`;

/** Without the folders of this machine: people read it. */
const reasonOf = (error: unknown): string =>
  toError(error).message.replaceAll(/[^\s"']*\/import-[^/\s]+\/record/g, 'the record');

function importedOf({ upload }: ImportClip, { codec, copiedFrames, reencodedFrames, quality, notes }: Cut): Imported {
  const { key, sha256, bytes } = upload;
  const psnr = quality?.psnr.average ?? undefined;
  return {
    ...{ sha256, bytes, codec, copiedFrames, reencodedFrames, notes },
    ...(psnr === undefined ? {} : { psnr }),
    ...(quality ? { ssim: quality.ssim.average } : {}),
    ...(reencodedFrames > 0 ? { originalKey: key } : {}),
  };
}

const encoderOf = ({ encoder }: Cut): string => encoder ?? 'passthrough';

function manifestOf(
  command: ImportClip,
  imported: Imported,
  cut: Cut,
  video: VideoFacts,
  stored: Stored,
): ClipManifest {
  const { clipId, stationId, procedureId, sourceId, recordedAt } = command;
  const { frames, durationMs } = cut;
  return ClipManifest.parse({
    version: 1,
    kind: 'clip',
    ...{ clipId, stationId, procedureId, sourceId },
    key: `${folderOf(command)}/source.mp4`,
    ...stored,
    anchorMs: Date.parse(recordedAt) + durationMs,
    requestedMs: durationMs,
    startedAt: recordedAt,
    ...clockOf(durationMs),
    ...{ frames, durationMs },
    ...formatOf(video, cut),
    formats: 1,
    gaps: [],
    imported,
    fragments: [],
  } satisfies ClipManifest);
}

function eventOf(command: ImportClip, imported: Imported, cut: Cut, video: VideoFacts, stored: Stored): ClipImported {
  const { clipId, stationId, procedureId, recipe, sourceId, recordedAt, pacs } = command;
  const { frames, durationMs } = cut;
  const source = {
    sourceId,
    key: `${folderOf(command)}/source.mp4`,
    manifestKey: `${folderOf(command)}/manifest.json`,
    ...stored,
    ...{ frames, durationMs },
    startedAt: recordedAt,
    ...clockOf(durationMs),
    ...formatOf(video, cut),
    gaps: [],
    pacs,
    formats: 1,
  };
  return ClipImported.parse({
    ...{ clipId, kind: 'clip', stationId, procedureId, recipe },
    // what people look for is the day it was recorded
    requestedAt: recordedAt,
    savedAt: new Date().toISOString(),
    requestedMs: durationMs,
    savedMs: durationMs,
    truncated: false,
    sources: [source],
    missing: [],
    imported,
  } satisfies ClipImported);
}

/** No station's clock counted it: from 0. */
const clockOf = (durationMs: number) => ({
  startMonotonicNs: '0',
  endMonotonicNs: String(Math.round(durationMs * 1e6)),
});

const formatOf = ({ width, height, frameRate, codec, codecString }: VideoFacts, cut: Cut) => ({
  ...{ width, height, frameRate },
  codec: codecString ?? codec,
  encoder: encoderOf(cut),
});
