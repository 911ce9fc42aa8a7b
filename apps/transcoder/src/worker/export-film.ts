import { basename, dirname } from 'node:path';
import type { ExportProfile, Redaction } from '@smartbox/contracts';
import {
  enhanceFilters,
  exportVideo,
  previewFrame,
  probe,
  redact,
  redactFilters,
  type ExportedFile,
} from '@smartbox/media/native';
import type { Exported, FilmJobs } from '../domain/film-jobs.ts';
import { settingsOf } from './enhance-film.ts';
import { packFolder } from './pack-folder.ts';

const percentOf = (onPercent: (percent: number) => void) => (at: { frames: number; totalFrames: number | null }) =>
  onPercent(at.totalFrames ? (100 * at.frames) / at.totalFrames : 0);

export async function redactFilm(
  job: FilmJobs['redact']['ask'],
  signal: AbortSignal,
  onPercent: (percent: number) => void,
): Promise<FilmJobs['redact']['answer']> {
  const { input, output, redactions } = job;
  return redact({ input, output, hidden: redactions, signal, onProgress: percentOf(onPercent) });
}

/** What a DICOM object for teaching is made of is what the archive gets. */
const codedAs = (profile: ExportProfile) => (profile === 'dicom-teaching' ? 'pacs' : profile);

/** All profiles with one pass of decoding, as far as they can share it. */
export async function exportFilm(
  job: FilmJobs['export']['ask'],
  signal: AbortSignal,
  onPercent: (percent: number) => void,
): Promise<Exported[]> {
  const { input, directory, profiles } = job;
  const { frames, codec } = await probe(input);
  const onProgress = percentOf(onPercent);
  const files = await exportVideo({
    input,
    directory,
    profiles: profiles.map(codedAs),
    quality: false,
    signal,
    onProgress,
  });
  const made: Exported[] = [];
  for (const profile of profiles) {
    const [file] = files.filter((each) => each.profile === codedAs(profile));
    if (file) made.push({ ...(await described(file, frames)), profile, sourceCodec: codec });
  }
  return made;
}

async function described(file: ExportedFile, frames: number): Promise<Omit<Exported, 'sourceCodec'>> {
  const { profile, encoder, lossless } = file;
  const segments = file.path.endsWith('.m3u8');
  // <film>-hls/<rung>/index.m3u8, with the playlist of all rungs above
  const folder = dirname(dirname(file.path));
  const path = segments ? `${folder}.tar` : file.path;
  if (segments) await packFolder(folder, path);
  return {
    profile,
    path,
    film: file.path,
    ...(segments ? { folder } : {}),
    encoder,
    lossless,
    comparable: file.frames === frames && !file.notes.some((note) => note.startsWith('not compared')),
    notes: [
      ...file.notes,
      ...(segments ? [`played in place; in the archive open ${basename(folder)}/master.m3u8`] : []),
    ],
  };
}

export async function preview(job: FilmJobs['preview']['ask']): Promise<FilmJobs['preview']['answer']> {
  const { input, frame, enhance, width } = job;
  const hidden = job.redactions.filter((each) => isShown(each, frame)).map(({ how, region }) => ({ how, region }));
  const enhanced = enhance ? enhanceFilters(settingsOf(enhance)) : '';
  return previewFrame({
    input,
    frame,
    width,
    filters: (size) => [enhanced, redactFilters(hidden, size)].filter(Boolean).join(','),
  });
}

const isShown = ({ frames }: Redaction, frame: number): boolean =>
  frames === undefined || (frame >= frames.from && frame < frames.to);
