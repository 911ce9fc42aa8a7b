import { join } from 'node:path';
import { deterministicId } from '@smartbox/kernel';
import type { Origin, QualitySummary } from '@smartbox/contracts';
import type { FilmAnnouncements, Films, JobOptions } from './film-ports.ts';
import type { Objects } from './ports.ts';

/** What was re-encoded, and under which key its report is kept (`<folder>/quality.json`). */
export interface Measured {
  readonly origin: Origin;
  readonly rendition: string;
  readonly renditionId?: string;
  readonly folder: string;
}

export interface Measurement {
  readonly summary: QualitySummary;
  /** Path of the report with the curve. */
  readonly report: string;
}

/** Below these a re-encoding is warned of, unless its recipe says otherwise. */
const DEFAULTS = { minPsnr: 35, minSsim: 0.95 };

/** How near a re-encoding is to its source: measured, kept with the curve, announced, and warned of. */
export class Measure {
  readonly #objects: Objects;
  readonly #films: Films;
  readonly #announce: FilmAnnouncements;

  constructor(objects: Objects, films: Films, announce: FilmAnnouncements) {
    this.#objects = objects;
    this.#films = films;
    this.#announce = announce;
  }

  static thresholds({ recipe }: Pick<Origin, 'recipe'>): { minPsnr: number; minSsim: number } {
    return { ...DEFAULTS, ...recipe.quality };
  }

  /** @param scratch folder that the report is written into */
  async compare(
    origin: Origin,
    videos: { reference: string; distorted: string; referenceFilters?: string },
    scratch: string,
    options: JobOptions,
  ): Promise<Measurement> {
    const report = join(scratch, `quality-${Math.random().toString(36).slice(2)}.json`);
    const ask = { ...videos, ...Measure.thresholds(origin), report };
    return { summary: await this.#films.run('quality', ask, options), report };
  }

  /** Keeps the report and tells of it. The same again is told once. */
  async keep({ origin, rendition, renditionId, folder }: Measured, { summary, report }: Measurement): Promise<void> {
    const { kind, id, sourceId, stationId } = origin;
    const reportKey = `${folder}/quality.json`;
    const stored = await this.#objects.putFile(reportKey, report, 'application/json');
    const qualityId = renditionId ?? deterministicId('quality', id, sourceId, rendition);
    const of = { qualityId, rendition, ...(renditionId === undefined ? {} : { renditionId }) };
    const kept = { reportKey, reportBytes: stored.bytes, reportSha256: stored.sha256, summary };
    await this.#announce.measured({ ...of, origin: { kind, id, sourceId }, ...kept });
    if (summary.passed) return;
    const { reference, distorted } = summary.frames;
    const code = reference !== distorted || summary.repeatedFrames + summary.blackFrames > 0 ? 'frames-differ' : 'quality-low'; // prettier-ignore
    const reason = summary.notes[0] ?? 'the re-encoding is not near enough to its source';
    await this.#announce.warned({ ...of, origin: { kind, id, sourceId, stationId }, code, reason });
  }
}
