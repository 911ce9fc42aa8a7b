import { StillCaptured, type CaptureStill, type FilmFrame } from '@smartbox/contracts';
import { inputError } from '@smartbox/kernel';
import { planStill, type ClipManifest } from '@smartbox/recording';
import { gopKey } from '../domain/keys.ts';
import type { ClipKeeper } from './clip-keeper.ts';
import { FilmStill } from './film-still.ts';
import { checkIntent } from './intent.ts';
import type { Events, Objects, Procedures, Ring, Stations } from './ports.ts';
import type { SourceWriter } from './source-writer.ts';

/**
 * Keeps the GOP around a moment for each source, or that of one frame of a stored film; the transcoder takes the picture
 * out of it.
 */
export class CaptureStillUseCase {
  readonly #stations: Stations;
  readonly #procedures: Procedures;
  readonly #ring: Ring;
  readonly #objects: Objects;
  readonly #keeper: ClipKeeper;
  readonly #writer: SourceWriter;
  readonly #events: Events;

  constructor(
    stations: Stations,
    procedures: Procedures,
    ring: Ring,
    objects: Objects,
    keeper: ClipKeeper,
    writer: SourceWriter,
    events: Events,
  ) {
    this.#stations = stations;
    this.#procedures = procedures;
    this.#ring = ring;
    this.#objects = objects;
    this.#keeper = keeper;
    this.#writer = writer;
    this.#events = events;
  }

  async run(request: CaptureStill, anchorMs: number, signal?: AbortSignal): Promise<void> {
    if (request.of) return this.#ofFilm(request, request.of, signal);
    const { stillId, stationId, procedureId, format } = request;
    const { procedure, sources } = await checkIntent(request, this.#stations, this.#procedures);
    await this.#ring.closeGops(stationId, sources);
    const ring = await this.#ring.entries(stationId);
    const entries = ring.filter((entry) => entry.headers.procedure === procedureId);
    const at = request.at === undefined ? { brokerMs: anchorMs } : { wallMs: Date.parse(request.at) };
    const plan = planStill(entries, { sources, at });
    const clip = { clipId: stillId, kind: 'still' as const, stationId, procedureId, anchorMs, requestedMs: 0 };
    for (const sourcePlan of plan.sources) {
      const { sourceId } = sourcePlan;
      const manifest =
        (await this.#earlier(stillId, sourceId)) ??
        (await this.#writer.write({
          clip,
          key: gopKey(stillId, sourceId),
          fragments: this.#ring.fragments(stationId, sourceId),
          plan: sourcePlan,
          replan: async (corrupt) =>
            planStill(entries, { sources: [sourceId], at, corrupt }).sources.find((own) => own.sourceId === sourceId),
          signal,
        }));
      if (!manifest) continue;
      const data = StillCaptured.parse({
        stillId,
        stationId,
        procedureId,
        recipe: procedure.recipe,
        at: capturedAt(manifest),
        sourceId,
        key: manifest.key,
        sha256: manifest.sha256,
        bytes: manifest.bytes,
        frame: manifest.frames - 1,
        width: manifest.width,
        height: manifest.height,
        ...(format ? { format } : {}),
      } satisfies StillCaptured);
      await this.#events.publish('buffer.still.captured', data, `still-${stillId}-${sourceId}`);
    }
  }

  async #ofFilm(request: CaptureStill, of: FilmFrame, signal?: AbortSignal): Promise<void> {
    const { stillId, stationId, procedureId, format } = request;
    const procedure = await this.#procedures.get(procedureId);
    if (!procedure) throw inputError('unknown-procedure', `there is no procedure ${procedureId}`);
    const { stored, gop } = await new FilmStill(this.#objects).keep(stillId, of, signal);
    const data = StillCaptured.parse({
      stillId,
      stationId,
      procedureId,
      recipe: procedure.recipe,
      at: new Date(Date.parse(of.startedAt) + gop.atMs).toISOString(),
      sourceId: of.sourceId,
      ...stored,
      frame: gop.frame,
      width: gop.width,
      height: gop.height,
      ...(format ? { format } : {}),
      of: { clipId: of.clipId, frame: of.frame },
    } satisfies StillCaptured);
    await this.#events.publish('buffer.still.captured', data, `still-${stillId}-${of.sourceId}`);
  }

  async #earlier(stillId: string, sourceId: string): Promise<ClipManifest | undefined> {
    const manifest = await this.#keeper.manifest(stillId, sourceId);
    if (!manifest) return undefined;
    await this.#objects.verify(manifest.key, manifest);
    return manifest;
  }
}

/** When the last frame of the kept GOP was captured. */
function capturedAt({ startedAt, durationMs, frames }: ClipManifest): string {
  const lastFrame = (durationMs * (frames - 1)) / frames;
  return new Date(Date.parse(startedAt) + lastFrame).toISOString();
}
