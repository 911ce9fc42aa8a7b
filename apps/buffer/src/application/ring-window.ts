import type { RingWindow, RingWindowRequest } from '@smartbox/contracts';
import type { z } from 'zod';
import { inputError } from '@smartbox/kernel';
import { nsToMs, timeline, type RingEntry } from '@smartbox/recording';
import type { Procedures, Ring, Stations } from './ports.ts';

type Window = z.infer<typeof RingWindow>;

/** What the ring truly holds of the active procedure, asked from the stream: eviction by bytes may come early. */
export class RingWindowUseCase {
  readonly #stations: Stations;
  readonly #procedures: Procedures;
  readonly #ring: Ring;

  constructor(stations: Stations, procedures: Procedures, ring: Ring) {
    this.#stations = stations;
    this.#procedures = procedures;
    this.#ring = ring;
  }

  /** @throws SmartBoxError `unknown-station` */
  async run({ stationId, procedureId }: z.infer<typeof RingWindowRequest>): Promise<Window> {
    const station = this.#stations.get(stationId);
    if (!station) throw inputError('unknown-station', `there is no station ${JSON.stringify(stationId)}`);
    const [clock, ring, active] = await Promise.all([
      this.#ring.clock(stationId),
      this.#ring.entries(stationId),
      procedureId ?? this.#procedures.activeAt(stationId),
    ]);
    const own = ring.filter((entry) => entry.headers.procedure === active);
    const bySource = Map.groupBy(own, (entry) => entry.headers.source);
    const sources = station.sources.map(({ id }) => sourceWindow(id, bySource.get(id) ?? []));
    return { stationId, windowMs: clock.windowMs, sources };
  }
}

function sourceWindow(sourceId: string, entries: readonly RingEntry[]): Window['sources'][number] {
  const timed = timeline(entries);
  const [first] = timed;
  const last = timed.at(-1);
  const bytes = entries.reduce((sum, entry) => sum + entry.payloadBytes, 0);
  if (!first || !last) return { sourceId, availableMs: 0, fragments: 0, bytes: 0 };
  const lastStart = Date.parse(last.headers.capturedAt);
  return {
    sourceId,
    availableMs: Math.round(nsToMs(last.endNs - first.startNs)),
    from: first.headers.capturedAt,
    to: new Date(lastStart + nsToMs(last.endNs - last.startNs)).toISOString(),
    fragments: timed.length,
    bytes,
  };
}
