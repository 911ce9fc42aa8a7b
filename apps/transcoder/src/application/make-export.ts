import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { extname, join } from 'node:path';
import {
  archivedProfiles,
  DeidentifyChoices,
  RenditionReady,
  type CompressionAnalysis,
  type Derivation,
  type ExportClip,
  type ExportProfile,
  type VideoFacts,
} from '@smartbox/contracts';
import { inputError } from '@smartbox/kernel';
import type { Exported } from '../domain/film-jobs.ts';
import { compressionOf } from '../domain/compression.ts';
import { exportDerivation } from '../domain/film.ts';
import type { ArchiveExports } from './archive-export.ts';
import { FilmProgress } from './film-progress.ts';
import type { FilmAnnouncements, Films, Work } from './film-ports.ts';
import { keepSegments } from './keep-segments.ts';
import { folderOf } from './make-edit.ts';
import { Measure } from './measure.ts';
import type { Media, Objects } from './ports.ts';

/**
 * What is made together, in this order: the quick ones share one pass of decoding and are there first; the slow
 * encoders come last, each by itself.
 */
const GROUPS: readonly (readonly ExportProfile[])[] = [
  ['original'],
  ['mobile', 'streaming', 'mjpeg', 'archive', 'archive-x264'],
  ['pacs'],
  ['dicom-teaching'],
  ['mpeg2'],
  ['webm'],
  ['av1'],
  ['hevc'],
];
const TYPES: Readonly<Record<string, string>> = {
  '.mp4': 'video/mp4',
  '.mkv': 'video/x-matroska',
  '.webm': 'video/webm',
  '.avi': 'video/x-msvideo',
  '.ts': 'video/mp2t',
  '.tar': 'application/x-tar',
};

/** Files of a film for a purpose. Each is there as soon as it is complete; killed anywhere, those that are there stay. */
export class MakeExport {
  readonly #objects: Objects;
  readonly #films: Films;
  readonly #media: Media;
  readonly #announce: FilmAnnouncements;
  readonly #measure: Measure;
  readonly #archive: ArchiveExports;
  readonly #scratch: string;

  /** @param scratch folder for films on their way to the object store */
  constructor(
    objects: Objects,
    films: Films,
    media: Media,
    announce: FilmAnnouncements,
    archive: ArchiveExports,
    scratch: string,
  ) {
    this.#objects = objects;
    this.#films = films;
    this.#media = media;
    this.#announce = announce;
    this.#measure = new Measure(objects, films, announce);
    this.#archive = archive;
    this.#scratch = scratch;
  }

  async run(command: ExportClip, signal: AbortSignal): Promise<void> {
    const open: ExportProfile[] = [];
    for (const { renditionId, profile } of command.outputs) {
      const record = await this.#objects.getJson(`${folderOf(workOf(command, renditionId))}/ready.json`);
      const before = RenditionReady.safeParse(record);
      if (before.success) await this.#announce.ready(before.data);
      else open.push(profile);
    }
    if (open.length === 0) return;
    await mkdir(this.#scratch, { recursive: true });
    const folder = await mkdtemp(join(this.#scratch, `export-${process.pid}-`));
    try {
      const source = await this.#source(command, open, folder, signal);
      for (const group of GROUPS) {
        const profiles = group.filter((profile) => open.includes(profile));
        if (profiles.length > 0) await this.#makeGroup(command, profiles, source, folder, signal);
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** The film beside us, as it is read several times; what is to be hidden is hidden in it already. */
  async #source(command: ExportClip, open: readonly ExportProfile[], folder: string, signal: AbortSignal) {
    const path = join(folder, 'film.mp4');
    if (open.every((profile) => profile === 'original')) return { path, filters: '' };
    const whole = join(folder, 'whole.mp4');
    const { redactions } = command;
    await this.#objects.fetch(command.source, redactions.length > 0 ? whole : path, signal);
    if (redactions.length === 0) return { path, filters: '' };
    const works = command.outputs.map(({ renditionId }) => workOf(command, renditionId));
    const onPercent = new FilmProgress(this.#announce, works).phase(10);
    const ask = { input: whole, output: path, redactions };
    const { filters } = await this.#films.run('redact', ask, { signal, priority: 'export', onPercent });
    await rm(whole);
    return { path, filters };
  }

  async #makeGroup(
    command: ExportClip,
    profiles: readonly ExportProfile[],
    source: { path: string; filters: string },
    folder: string,
    signal: AbortSignal,
  ): Promise<void> {
    const works = profiles.map((profile) => ({ profile, work: workOf(command, idOf(command, profile)) }));
    const progress = new FilmProgress(
      this.#announce,
      works.map(({ work }) => work),
    );
    if (profiles.includes('original')) return this.#original(command, works[0]?.work ?? workOf(command, ''), signal);
    const options = { signal, priority: 'export' as const };
    const ask = { input: source.path, directory: join(folder, profiles.join('-')), profiles };
    const begun = performance.now();
    const made = await this.#films.run('export', ask, { ...options, onPercent: progress.phase(75) });
    const durationMs = Math.round(performance.now() - begun);
    for (const [i, { profile, work }] of works.entries()) {
      const file = made.find((each) => each.profile === profile);
      if (!file) throw inputError('export-missing', `no file came of the profile ${profile}`);
      const onPercent = progress.phase(75 + (24 * (i + 1)) / works.length);
      const compared = { reference: source.path, distorted: file.film };
      const measured = file.lossless || !file.comparable ? undefined : await this.#measure.compare(command.origin, compared, folder, { ...options, onPercent }); // prettier-ignore
      const video = await this.#media.facts(file.film, signal);
      if (measured) await this.#measure.keep({ ...work, folder: folderOf(work) }, measured);
      const cost = (bytes: number) => compressionOf(video, bytes, durationMs, measured?.summary);
      await this.#keep(command, work, file, { video, filters: source.filters, cost }, signal);
    }
    await rm(ask.directory, { recursive: true, force: true });
  }

  /** The very object that was saved: nothing is copied. */
  async #original(command: ExportClip, work: Work, signal: AbortSignal): Promise<void> {
    const { origin, source, destinations } = command;
    const { key, bytes, sha256 } = source;
    const video = await this.#media.facts(await this.#objects.readUrl(key), signal);
    const derivation = await this.#before(command);
    await this.#publish(work, {
      origin,
      rendition: 'export',
      renditionId: work.renditionId,
      ...(destinations ? { destinations } : {}),
      ...(derivation ? { derivation } : {}),
      profile: 'original',
      lossless: true,
      notes: [],
      key,
      contentType: 'video/mp4',
      bytes,
      sha256,
      mode: 'passthrough',
      video,
    });
  }

  /** How the edit that is exported differs from what was captured. */
  async #before({ editId, origin }: ExportClip): Promise<Derivation | undefined> {
    if (editId === undefined) return undefined;
    const record = `${folderOf({ rendition: 'edit', renditionId: editId, origin })}/ready.json`;
    return RenditionReady.safeParse(await this.#objects.getJson(record)).data?.derivation;
  }

  async #keep(
    command: ExportClip,
    work: Work,
    file: Exported,
    { video, filters, cost }: { video: VideoFacts; filters: string; cost: (bytes: number) => CompressionAnalysis },
    signal: AbortSignal,
  ): Promise<void> {
    const { origin, destinations, source } = command;
    const { profile, encoder, lossless, sourceCodec, folder } = file;
    const extension = extname(file.path);
    const key = `${folderOf(work)}/film${extension}`;
    const contentType = TYPES[extension] ?? 'application/octet-stream';
    const stored = await this.#objects.putFile(key, file.path, contentType);
    const segments = folder ? await keepSegments(this.#objects, folder, `${folderOf(work)}/hls`, signal) : undefined;
    const archived = archivedProfiles.has(profile) ? destinations : undefined;
    const made = { profile, filters, video, bytes: stored.bytes, sourceCodec, sourceBytes: source.bytes };
    const derivation = exportDerivation(made, await this.#before(command));
    const ready: RenditionReady = {
      origin,
      rendition: 'export',
      renditionId: work.renditionId,
      ...(profile === 'dicom-teaching' ? { deidentify: command.deidentify ?? DeidentifyChoices.parse({}) } : {}),
      ...(archived ? { destinations: archived } : {}),
      derivation,
      profile,
      lossless,
      compression: cost(stored.bytes),
      notes: [...file.notes, ...(filters ? ['parts of the picture are hidden'] : [])],
      key,
      contentType,
      ...stored,
      mode: 'encoded',
      ...(encoder ? { encoder } : {}),
      ...(segments ? { segments } : {}),
      video,
    };
    await this.#publish(work, archived ? await this.#archive.withPayload(ready, signal) : ready);
  }

  async #publish(work: Work, ready: RenditionReady): Promise<void> {
    await this.#objects.putJson(`${folderOf(work)}/ready.json`, ready);
    await this.#announce.ready(ready);
  }
}

const workOf = ({ origin }: ExportClip, renditionId: string): Work => ({ rendition: 'export', renditionId, origin });

const idOf = ({ outputs }: ExportClip, wanted: ExportProfile): string =>
  outputs.find(({ profile }) => profile === wanted)?.renditionId ?? '';
