import { serveChild } from '@smartbox/media';
import { takeStill } from '@smartbox/media/native';
import type { FilmJob, FilmProgress } from '../domain/film-jobs.ts';
import { cutFilm } from './cut-film.ts';
import { compareFilms, enhanceFilm } from './enhance-film.ts';
import { exportFilm, preview, redactFilm } from './export-film.ts';

serveChild<FilmJob, FilmProgress, unknown>(async (job, context) => {
  let last = -1;
  const onPercent = (percent: number): void => {
    const whole = Math.max(0, Math.min(100, Math.floor(percent)));
    if (whole > last) context.progress({ percent: (last = whole) });
  };
  const { signal } = context;
  switch (job.kind) {
    case 'cut':
      return cutFilm(job, signal, onPercent);
    case 'enhance':
      return enhanceFilm(job, signal, onPercent);
    case 'quality':
      return compareFilms(job, signal, onPercent);
    case 'redact':
      return redactFilm(job, signal, onPercent);
    case 'export':
      return exportFilm(job, signal, onPercent);
    case 'preview':
      return preview(job);
    case 'still':
      return takeStill(job.input, job.frame, job.format, signal);
  }
});
