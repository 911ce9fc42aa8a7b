import { StillCaptured, type CaptureStill } from '@smartbox/contracts';
import { planStill, type ClipManifest } from '@smartbox/recording';
import { gopKey } from '../domain/keys.ts';
import type { ClipKeeper } from './clip-keeper.ts';
import { checkIntent } from './intent.ts';
import type { Events, Objects, Procedures, Ring, Stations } from './ports.ts';
import type { SourceWriter } from './source-writer.ts';

/** Keeps the GOP around a moment for each source; the transcoder takes the picture out of it. */
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
    const { stillId, stationId, procedureId } = request;
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
      } satisfies StillCaptured);
      await this.#events.publish('buffer.still.captured', data, `still-${stillId}-${sourceId}`);
    }
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
