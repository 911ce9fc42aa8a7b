import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { RenditionReady, type CompressionAnalysis, type EditClip, type VideoFacts } from '@smartbox/contracts';
import { compressionRatio } from '@smartbox/dicom';
import { compressionOf } from '../domain/compression.ts';
import { decidePacs, encodeTarget } from '../domain/pacs-rendition.ts';
import { derivationOf, filmOf, type Film } from '../domain/film.ts';
import { Measure } from './measure.ts';
import { FilmProgress } from './film-progress.ts';
import type { FilmAnnouncements, Films, Work } from './film-ports.ts';
import type { Media, Objects } from './ports.ts';

/**
 * Cuts, joins and enhances. The result is written whole, then a record of it, then it is announced: killed anywhere,
 * the message comes again, and what the record says is done is only announced again.
 */
export class MakeEdit {
  readonly #objects: Objects;
  readonly #films: Films;
  readonly #media: Media;
  readonly #announce: FilmAnnouncements;
  readonly #measure: Measure;
  readonly #scratch: string;

  /** @param scratch folder for films on their way to the object store */
  constructor(objects: Objects, films: Films, media: Media, announce: FilmAnnouncements, scratch: string) {
    this.#objects = objects;
    this.#films = films;
    this.#media = media;
    this.#announce = announce;
    this.#measure = new Measure(objects, films, announce);
    this.#scratch = scratch;
  }

  async run(command: EditClip, signal: AbortSignal): Promise<void> {
    const work: Work = { rendition: 'edit', renditionId: command.renditionId, origin: command.origin };
    const record = `${folderOf(work)}/ready.json`;
    const before = RenditionReady.safeParse(await this.#objects.getJson(record));
    if (before.success) return this.#announce.ready(before.data);
    await mkdir(this.#scratch, { recursive: true });
    const folder = await mkdtemp(join(this.#scratch, `edit-${process.pid}-`));
    try {
      const { ready, measured } = await this.#make(command, work, folder, signal);
      if (measured) await this.#measure.keep({ ...work, folder: folderOf(work) }, measured);
      await this.#objects.putJson(record, ready);
      await this.#announce.ready(ready);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async #make(command: EditClip, work: Work, folder: string, signal: AbortSignal) {
    const { enhance, origin, destinations } = command;
    const film = filmOf(command);
    const progress = new FilmProgress(this.#announce, [work]);
    const options = { signal, priority: 'edit' as const };
    const cutFile = join(folder, 'cut.mp4');
    const manifest = join(folder, 'manifest.json');
    const inputs = await Promise.all(
      film.sources.map(async ({ key, clipId, sourceId, frames }) => {
        return { url: await this.#objects.readUrl(key), label: `${clipId}/${sourceId}`, frames };
      }),
    );
    const onPercent = progress.phase(enhance ? 15 : 90);
    const report = join(folder, 'cut-quality.json');
    const thresholds = Measure.thresholds(origin);
    const ask = { inputs, parts: film.parts, output: cutFile, manifest, report, ...thresholds };
    const begun = performance.now();
    const cut = await this.#films.run('cut', ask, { ...options, onPercent });
    let durationMs = Math.round(performance.now() - begun);
    let file = cutFile;
    let encoder = cut.encoder ?? undefined;
    const notes = [...cut.notes];
    let enhanced: { enhance: typeof enhance & object; filters: string } | undefined;
    let measured = cut.quality ? { summary: cut.quality, report } : undefined;
    if (enhance) {
      file = join(folder, 'enhanced.mp4');
      const asked = { input: cutFile, output: file, enhance };
      const started = performance.now();
      const result = await this.#films.run('enhance', asked, { ...options, onPercent: progress.phase(70) });
      durationMs = Math.round(performance.now() - started);
      encoder = result.encoder;
      notes.push(...result.notes);
      enhanced = { enhance, filters: result.filters };
      const compared = { reference: cutFile, distorted: file, referenceFilters: result.chain };
      measured = await this.#measure.compare(origin, compared, folder, { ...options, onPercent: progress.phase(92) });
    }
    const fitted = await this.#fit(file, destinations !== undefined, folder, { signal, onPercent: progress.phase(95) });
    notes.push(...(fitted.notes ?? []));
    progress.phase(99);
    const { video } = fitted;
    const key = `${folderOf(work)}/film.mp4`;
    const stored = await this.#objects.putFile(key, fitted.file, 'video/mp4');
    const manifestKey = `${folderOf(work)}/manifest.json`;
    await this.#objects.putFile(manifestKey, manifest, 'application/json');
    const source = { ...video, frames: film.sources[0]?.frames ?? video.frames };
    const made = { source, sourceBytes: film.sources[0]?.bytes ?? stored.bytes, result: video, bytes: stored.bytes };
    const { frames, copiedFrames, reencodedFrames, audio } = cut;
    const anew = enhanced !== undefined || reencodedFrames > 0;
    const own = anew ? compressionOf(video, stored.bytes, durationMs, measured?.summary) : undefined;
    const compression = fitted.compression ?? own;
    const times = { manifestKey, frames, durationMs: cut.durationMs };
    const ready: RenditionReady = {
      origin: { ...origin, capturedAt: startOf(command, film, cut.startMs), durationMs: cut.durationMs },
      rendition: 'edit',
      renditionId: command.renditionId,
      ...(destinations ? { destinations } : {}),
      derivation: derivationOf(film, cut, enhanced, made),
      cut: enhanced
        ? { ...times, copiedFrames: 0, reencodedFrames: frames, audio: video.audioTracks > 0 }
        : { ...times, copiedFrames, reencodedFrames, audio },
      ...(compression ? { compression } : {}),
      notes,
      key,
      contentType: 'video/mp4',
      ...stored,
      mode: 'encoded',
      ...((fitted.encoder ?? encoder) ? { encoder: fitted.encoder ?? encoder } : {}),
      video,
    };
    return { ready, measured };
  }

  /** A film for the archive is made to fit a DICOM transfer syntax where it does not. */
  async #fit(
    file: string,
    archived: boolean,
    folder: string,
    { signal, onPercent }: { signal: AbortSignal; onPercent: (percent: number) => void },
  ): Promise<Fitted> {
    const video = await this.#media.facts(file, signal);
    if (!archived) return { file, video };
    const { size } = await stat(file);
    const decision = decidePacs(video, size);
    if (decision.mode === 'passthrough') return { file, video };
    const output = join(folder, 'fitted.mp4');
    const target = { ...encodeTarget(video, size), output };
    const { encoder, durationMs, closeness, notes } = await this.#media.encode(file, target, signal, onPercent);
    const fitted = await this.#media.facts(output, signal);
    const ratio = compressionRatio(fitted, (await stat(output)).size);
    const compression = { ratio, durationMs, ...closeness };
    return { file: output, video: fitted, notes: [decision.reason, ...notes], encoder, compression };
  }
}

interface Fitted {
  file: string;
  video: VideoFacts;
  /** Of what was encoded to fit. */
  notes?: readonly string[];
  encoder?: string;
  compression?: CompressionAnalysis;
}

/** Everything of an edit or export stands here; `ready.json` is written last. */
export const folderOf = ({ origin, renditionId }: Work): string =>
  `clips/${origin.id}/${origin.sourceId}/renditions/${renditionId}`;

/** When the first frame of the film was captured, where it is of the source that the film is kept under. */
function startOf({ origin }: EditClip, { sources, parts }: Film, startMs: number): string {
  const first = sources[parts[0]?.source ?? 0];
  if (first?.clipId !== origin.id || first.sourceId !== origin.sourceId) return origin.capturedAt;
  return new Date(Date.parse(origin.capturedAt) + startMs).toISOString();
}
