import type { EnhanceAdjustments, QualitySummary } from '@smartbox/contracts';
import { enhance, enhanceSettings, measureQuality, probe, type EnhanceSettings } from '@smartbox/media/native';
import type { FilmJobs } from '../domain/film-jobs.ts';
import { writeReport } from './quality-report.ts';

/** About so many frames of a longer film are compared. */
const COMPARED = 600;

export function settingsOf({
  recipe,
  parameters,
}: {
  recipe: string;
  parameters: EnhanceAdjustments;
}): EnhanceSettings {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined);
  return enhanceSettings(recipe, Object.fromEntries(given));
}

const percentOf = (onPercent: (percent: number) => void) => (at: { frames: number; totalFrames: number | null }) =>
  onPercent(at.totalFrames ? (100 * at.frames) / at.totalFrames : 0);

export async function enhanceFilm(
  job: FilmJobs['enhance']['ask'],
  signal: AbortSignal,
  onPercent: (percent: number) => void,
): Promise<FilmJobs['enhance']['answer']> {
  const settings = settingsOf(job.enhance);
  const { input, output } = job;
  const result = await enhance({ input, output, settings, signal, onProgress: percentOf(onPercent) });
  return { filters: result.filters, chain: result.chain, encoder: result.encoder, notes: [...result.notes] };
}

export async function compareFilms(
  job: FilmJobs['quality']['ask'],
  signal: AbortSignal,
  onPercent: (percent: number) => void,
): Promise<QualitySummary> {
  const { reference, distorted, referenceFilters, minPsnr, minSsim } = job;
  const { frames } = await probe(distorted);
  const report = await measureQuality(reference, distorted, {
    every: Math.max(1, Math.ceil(frames / COMPARED)),
    ...(referenceFilters ? { referenceFilters } : {}),
    minPsnr,
    minSsim,
    signal,
    onProgress: percentOf(onPercent),
  });
  return writeReport(report, job.report);
}
