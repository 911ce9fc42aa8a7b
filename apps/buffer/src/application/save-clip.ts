import type { ClipSaved, SaveClip } from '@smartbox/contracts';
import { planClip, requestedMs } from '@smartbox/recording';
import { histogram, withSpan } from '@smartbox/telemetry';
import type { ClipKeeper } from './clip-keeper.ts';
import { Joined } from './gate.ts';
import { checkIntent } from './intent.ts';
import type { Procedures, Ring, Stations } from './ports.ts';

/** "Save the last N", or a stretch between two times, of one procedure. */
export class SaveClipUseCase {
  readonly #stations: Stations;
  readonly #procedures: Procedures;
  readonly #ring: Ring;
  readonly #keeper: ClipKeeper;
  readonly #joined = new Joined<ClipSaved>();
  readonly #seconds = histogram('smartbox_clip_save_seconds', 'From the request to SAVED');

  constructor(stations: Stations, procedures: Procedures, ring: Ring, keeper: ClipKeeper) {
    this.#stations = stations;
    this.#procedures = procedures;
    this.#ring = ring;
    this.#keeper = keeper;
  }

  /**
   * Resolves when every byte is in the object store, proven by reading it back, and the event is published.
   * Asking again with the same id gives the same clip. `anchorMs`: the press on the broker's clock; absent: now.
   */
  run(request: SaveClip, anchorMs?: number, signal?: AbortSignal): Promise<ClipSaved> {
    return this.#joined.run(request.clipId, async () => {
      const end = this.#seconds.startTimer();
      const saved = await this.#save(request, anchorMs, signal);
      end();
      return saved;
    });
  }

  async #save(request: SaveClip, pressedMs: number | undefined, signal?: AbortSignal): Promise<ClipSaved> {
    const { clipId, stationId, procedureId } = request;
    const { station, procedure, sources } = await checkIntent(request, this.#stations, this.#procedures);
    let anchorMs = pressedMs ?? (await this.#ring.clock(stationId)).nowMs;
    requestedMs(request.range, anchorMs); // what is no range is refused before anything is read

    const begun = await this.#keeper.begun(clipId);
    if (begun) {
      const existing = await this.#keeper.existing(clipId, procedureId);
      if (existing) return existing;
      // An interrupted attempt has fixed the moment that the range counts from.
      const earlier = await Promise.all(sources.map((sourceId) => this.#keeper.manifest(clipId, sourceId)));
      anchorMs = earlier.find((manifest) => manifest !== undefined)?.anchorMs ?? anchorMs;
    } else {
      await withSpan('close GOPs', {}, () => this.#ring.closeGops(stationId, sources));
    }
    const entries = async () =>
      (await this.#ring.entries(stationId)).filter((entry) => entry.headers.procedure === procedureId);
    const { range } = request;
    const plan = await withSpan('plan clip', {}, async () => planClip(await entries(), { sources, range, anchorMs }));
    const clip = { clipId, kind: 'clip' as const, stationId, procedureId, anchorMs, requestedMs: plan.requestedMs };
    const fragments = (sourceId: string) => this.#ring.fragments(stationId, sourceId);
    const { requestedAt } = request;
    return this.#keeper.keep({ clip, station, procedure, requestedAt, plan, entries, fragments, signal }, begun);
  }
}
