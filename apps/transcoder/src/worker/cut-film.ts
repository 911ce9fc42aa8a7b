import { writeFile } from 'node:fs/promises';
import { inputError } from '@smartbox/kernel';
import { indexSource, smartCut, type SourceIndex } from '@smartbox/media/native';
import type { FilmJobs } from '../domain/film-jobs.ts';
import { writeReport } from './quality-report.ts';

/**
 * Films of more samples than this (600 frames of 1080p) are proved by their bytes: decoding and hashing everything
 * twice takes its time.
 */
const PROVE_ALL = 600 * 1920 * 1080;

/** Cuts and joins straight from the object store; the manifest says what became of every frame. */
export async function cutFilm(
  job: FilmJobs['cut']['ask'],
  signal: AbortSignal,
  onPercent: (percent: number) => void,
): Promise<FilmJobs['cut']['answer']> {
  const sources: SourceIndex[] = [];
  for (const { url, label, frames } of job.inputs) {
    const source = await indexSource(url, signal);
    if (frames !== undefined && source.frames !== frames)
      throw inputError(
        'source-changed',
        `${label} has ${source.frames} frames where ${frames} are known: edit it anew`,
      );
    sources.push(source);
    onPercent((10 * sources.length) / job.inputs.length);
  }
  const parts = job.parts ?? sources.map(({ frames }, source) => ({ source, from: 0, to: frames }));
  const samples = parts.reduce((sum, { source, from, to }) => {
    const { width = 0, height = 0 } = sources[source] ?? {};
    return sum + (to - from) * width * height;
  }, 0);
  const result = await smartCut({
    sources,
    parts,
    output: job.output,
    proof: samples <= PROVE_ALL ? 'frames' : 'bytes',
    quality: { minPsnr: job.minPsnr, minSsim: job.minSsim },
    signal,
    onProgress: ({ frames, totalFrames, proving }) => {
      const share = totalFrames > 0 ? frames / totalFrames : 1;
      onPercent(proving ? 60 + 40 * share : 10 + 50 * share);
    },
  });
  const label = (text: string): string =>
    job.inputs.reduce((said, { url, label: name }) => said.replaceAll(url.replace(/\?.*$/s, '?...'), name), text);
  const { quality, notes, ...rest } = result;
  const said = notes.map(label);
  const named = job.inputs.map(({ label: name }, i) => ({ name, frames: sources[i]?.frames }));
  const manifest = { sources: named, notes: said, ...rest };
  await writeFile(job.manifest, JSON.stringify(manifest, null, 1));
  const { frames, copiedFrames, reencodedFrames, durationMs, startMs, audio, encoder } = result;
  return {
    frames,
    copiedFrames,
    reencodedFrames,
    durationMs,
    codec: sources[parts[0]?.source ?? 0]?.codec ?? '',
    startMs,
    audio,
    encoder,
    notes: said,
    quality: quality && (await writeReport(quality, job.report)),
  };
}
