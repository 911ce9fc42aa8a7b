import type { ClipDetail, EditView, ExportView, QualityReport, TargetView } from '@smartbox/contracts';
import { ArchiveRequest, CreateCopy, CreateEdit, CreateExport } from '@smartbox/contracts';
import { edit, framesOf, startEdit, timelineOf } from '@smartbox/recording/edit';
import { clip, clipDetail, ulidOf } from './fixture-data.ts';
import type { Answer, Asked } from './fixture-server.ts';

/** A clip of one source with these frames; its video is served as `/video/<sourceId>.mp4`. */
export function filmed(
  frames: number,
  frameRate: { num: number; den: number },
  sourceId = 'endoscope',
  n = 1,
): ClipDetail {
  const detail = clipDetail(clip(n, { savedMs: (frames * 1000 * frameRate.den) / frameRate.num }));
  const source = detail.sources[0]!;
  const startedAt = '2026-11-23T09:00:00.000Z';
  const durationMs = (frames * 1000 * frameRate.den) / frameRate.num;
  return {
    ...detail,
    gaps: 0,
    markers: [
      {
        markerId: ulidOf(600),
        procedureId: detail.procedureId,
        at: '2026-11-23T09:00:02.000Z',
        label: 'Ductus cysticus',
      },
    ],
    sources: [
      { ...source, sourceId, frames, frameRate, durationMs, startedAt, gaps: [], videoUrl: `/video/${sourceId}.mp4` },
    ],
    renditions: detail.renditions.map((r) => ({
      ...r,
      sourceId,
      ...(r.sprite ? { sprite: { ...r.sprite, intervalMs: durationMs / r.sprite.count } } : {}),
    })),
  };
}

/** A report whose third scene falls below the threshold. */
export function report(frames: number): QualityReport {
  const value = (frame: number) =>
    41 + 3 * Math.sin(frame / 17) - (frame > frames * 0.6 && frame < frames * 0.75 ? 9 : 0);
  const curve = Array.from({ length: frames }, (_, frame) => ({
    frame,
    psnr: value(frame),
    ssim: 0.9 + value(frame) / 600,
    xpsnr: value(frame) + 1,
  }));
  const edges = [0, 0.25, 0.6, 0.75, 1].map((share) => Math.round(share * frames));
  const mean = (from: number, to: number) => curve.slice(from, to).reduce((sum, p) => sum + p.psnr, 0) / (to - from);
  const scenes = edges.slice(0, -1).map((from, i) => {
    const to = edges[i + 1] ?? frames;
    return { from, to, psnr: mean(from, to), ssim: 0.9 + mean(from, to) / 600 };
  });
  return {
    psnr: { average: 40.2, min: 29.1 },
    ssim: { average: 0.967, min: 0.948 },
    xpsnr: { average: 41.2, min: 30.1 },
    frames: { reference: frames, distorted: frames, compared: frames },
    identicalFrames: 0,
    repeatedFrames: 0,
    blackFrames: 0,
    worstFrame: Math.round(frames * 0.68),
    thresholds: { psnr: 35, ssim: 0.95 },
    passed: false,
    notes: ['PSNR 29.1 dB is below 35 dB'],
    curve,
    scenes,
  };
}

/** The editing part of the catalog for browser specs: what is asked for is checked against the contract and kept. */
export class EditDesk {
  readonly detail: ClipDetail;
  /** Other clips of the same procedure. */
  readonly others: readonly ClipDetail[];
  edits: EditView[] = [];
  exports: ExportView[] = [];
  previews: URLSearchParams[] = [];
  /** Answers to the next preview. */
  preview: Answer | undefined;
  withQuality = false;
  targets: TargetView[] = [];

  constructor(detail: ClipDetail, ...others: ClipDetail[]) {
    this.detail = detail;
    this.others = others;
  }

  readonly answer = ({ method, path, query, body }: Asked): Answer | undefined => {
    const ok = (value: unknown, status = 200) => ({ status, body: value });
    const all = [this.detail, ...this.others];
    if (path === '/export-targets') return ok({ items: this.targets });
    if (path === '/clips' && query.has('procedure')) return ok({ items: all, total: all.length });
    const asked = all.find(({ clipId }) => path.startsWith(`/clips/${clipId}`));
    if (!asked) return undefined;
    const rest = path.slice(`/clips/${asked.clipId}`.length);
    if (method === 'GET' && rest === '') return ok(asked);
    if (rest === '/edits')
      return method === 'GET'
        ? ok({ items: this.edits.filter(({ clipId }) => clipId === asked.clipId) })
        : ok(this.#edit(asked, body), 202);
    if (rest === '/exports')
      return method === 'GET' ? ok({ items: this.exports }) : ok({ items: this.#export(body) }, 202);
    const cancelled = /^\/(edits|exports)\/(\w+)\/cancel$/.exec(rest);
    if (cancelled) return ok(this.change(cancelled[2] ?? '', { state: 'cancelled' }), 202);
    const sent = /^\/exports\/(\w+)\/(archive|copies|copies\/(\w+)\/cancel)$/.exec(rest);
    if (sent) return ok(this.#send(sent[1] ?? '', sent[3], body), 202);
    if (rest === '/quality') return ok({ items: this.withQuality ? [this.#quality()] : [] });
    if (rest.startsWith('/quality/')) return ok(report(this.detail.sources[0]!.frames));
    if (rest.endsWith('/preview')) {
      this.previews.push(query);
      return this.preview ?? { type: 'image/svg+xml', bytes: previewPicture(query) };
    }
    return undefined;
  };

  /** Changes a job as the transcoder would. */
  change(renditionId: string, change: Partial<EditView & ExportView>): EditView | ExportView | undefined {
    const apply = <T extends { renditionId: string }>(jobs: T[]): T[] =>
      jobs.map((job) => (job.renditionId === renditionId ? { ...job, ...change } : job));
    this.edits = apply(this.edits);
    this.exports = apply(this.exports);
    return [...this.edits, ...this.exports].find((job) => job.renditionId === renditionId);
  }

  #job(of: ClipDetail, renditionId: string, name: string | undefined, destinations: string[] | undefined) {
    return {
      renditionId,
      clipId: of.clipId,
      sourceId: of.sources[0]!.sourceId,
      state: 'running' as const,
      percent: 12,
      remainingMs: 4_000,
      requestedAt: new Date().toISOString(),
      notes: [],
      ...(name === undefined ? {} : { name }),
      ...(destinations ? { destinations } : {}),
    };
  }

  #edit(of: ClipDetail, body: unknown): EditView {
    const { renditionId, sources, steps, enhance, name, destinations } = CreateEdit.parse(body);
    if ((sources[0]?.clipId ?? of.clipId) !== of.clipId) throw new Error('the first source is of another clip');
    const framesOf = (clipId: string, sourceId: string) =>
      [this.detail, ...this.others]
        .find((one) => one.clipId === clipId)
        ?.sources.find((source) => source.sourceId === sourceId)?.frames ?? 0;
    const view: EditView = {
      ...this.#job(of, renditionId, name, destinations),
      sources: sources.map(({ clipId = of.clipId, sourceId }) => ({
        clipId,
        sourceId,
        frames: framesOf(clipId, sourceId),
      })),
      steps,
      ...(enhance ? { enhance } : {}),
    };
    this.edits = [view, ...this.edits.filter((other) => other.renditionId !== renditionId)];
    return view;
  }

  /** What an edit shows, as the server counts it. */
  rangesOf(view: EditView) {
    const start = startEdit(view.sources.map((s) => ({ source: `${s.clipId}/${s.sourceId}`, frames: s.frames })));
    return timelineOf(view.steps.reduce(edit, start));
  }

  framesOf(view: EditView): number[] {
    const ranges = this.rangesOf(view);
    const list = ranges.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, i) => from + i));
    if (list.length !== framesOf(ranges)) throw new Error('frames counted wrongly');
    return list;
  }

  #export(body: unknown): ExportView[] {
    const { exportId, profiles, of, redactions, name, destinations, purpose, deidentify } = CreateExport.parse(body);
    const made = profiles.map((profile, n) => ({
      ...this.#job(this.detail, ulidOf(7000 + this.exports.length + n), name, destinations),
      exportId,
      profile,
      redactions,
      purpose,
      ...(deidentify ? { deidentify } : {}),
      ...('renditionId' in of ? { editId: of.renditionId } : {}),
    }));
    this.exports = [...made, ...this.exports];
    return made;
  }

  /** Into the archive, or onto a target; `copyId`: that copy is stopped. */
  #send(renditionId: string, copyId: string | undefined, body: unknown) {
    const job = this.exports.find((one) => one.renditionId === renditionId);
    const copies = job?.copies ?? [];
    if (copyId !== undefined) {
      const stopped = copies.map((copy) => (copy.copyId === copyId ? { ...copy, state: 'cancelled' as const } : copy));
      return this.change(renditionId, { copies: stopped });
    }
    const archived = ArchiveRequest.safeParse(body);
    if (archived.success)
      return this.change(renditionId, { destinations: [...(job?.destinations ?? []), ...archived.data.destinations] });
    const copy = { ...CreateCopy.parse(body), state: 'running' as const, percent: 40, requestedAt: new Date().toISOString() }; // prettier-ignore
    return this.change(renditionId, { copies: [copy, ...copies] });
  }

  #quality() {
    const { curve: _curve, scenes: _scenes, ...summary } = report(this.detail.sources[0]!.frames);
    return {
      qualityId: ulidOf(8000),
      sourceId: this.detail.sources[0]!.sourceId,
      rendition: 'pacs',
      measuredAt: new Date().toISOString(),
      summary,
      reportUrl: `/api/v1/clips/${this.detail.clipId}/quality/${ulidOf(8000)}`,
      warning: { code: 'quality-low', reason: 'PSNR 29.1 dB is below 35 dB', at: new Date().toISOString() },
    };
  }
}

function previewPicture(query: URLSearchParams): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 360" width="640" height="360"><rect width="640" height="360" fill="#3a6"/><text x="40" y="200" font-size="56" fill="#fff">${query.get('recipe')} ${query.get('frame')}</text></svg>`;
}
