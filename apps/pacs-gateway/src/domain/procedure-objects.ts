import type { EventData, EventName } from '@smartbox/contracts';

/** The events that say which objects a procedure has, or will have. */
export const objectEvents = [
  'buffer.recording.started',
  'buffer.clip.saved',
  'buffer.clip.failed',
  'buffer.still.captured',
  'transcoder.rendition.failed',
  'dicomizer.instance.created',
  'dicomizer.instance.failed',
  'catalog.clip.reassigned',
] as const satisfies readonly EventName[];
type Name = (typeof objectEvents)[number];

interface Performed {
  seriesInstanceUid: string;
  instances: { sopClassUid: string; sopInstanceUid: string }[];
}

export interface ProcedureObjects {
  series: Performed[];
  instances: number;
  /** Still to be made. */
  outstanding: number;
}

/** Versions of the procedure's snapshot. */
export interface Versions {
  from?: number;
  /** Exclusive. */
  below?: number;
}

/** Gathers a procedure's objects from its events, in whatever order and however often they come. */
export class ObjectGathering {
  readonly #procedureId: string;
  /** What is to be made, with its clip. */
  readonly #expected = new Map<string, string>();
  readonly #settled = new Set<string>();
  readonly #instances = new Map<string, EventData<'dicomizer.instance.created'>>();
  /** The last move of each clip to another procedure. */
  readonly #moves = new Map<string, EventData<'catalog.clip.reassigned'>>();

  constructor(procedureId: string) {
    this.#procedureId = procedureId;
  }

  hear(name: Name, data: unknown): void {
    switch (name) {
      case 'buffer.recording.started':
      case 'buffer.still.captured':
      case 'buffer.clip.saved':
        return this.#begun(name, data);
      case 'buffer.clip.failed':
        this.#settled.add(`recording/${(data as EventData<'buffer.clip.failed'>).clipId}`);
        return;
      case 'transcoder.rendition.failed':
      case 'dicomizer.instance.failed': {
        const { origin, what } = data as EventData<'dicomizer.instance.failed'>;
        if (what !== 'poster' && what !== 'sprite') this.#settled.add(`${origin.id}/${origin.sourceId}`);
        return;
      }
      case 'catalog.clip.reassigned': {
        const move = data as EventData<'catalog.clip.reassigned'>;
        if (move.assignment > (this.#moves.get(move.clipId)?.assignment ?? 0)) this.#moves.set(move.clipId, move);
        return;
      }
      case 'dicomizer.instance.created': {
        const instance = data as EventData<'dicomizer.instance.created'>;
        // A rejection note tells of other objects (IHE IOCM); it was not performed.
        if (instance.origin.procedureId !== this.#procedureId || instance.rendition === 'rejection-note') return;
        this.#instances.set(instance.sopInstanceUid, instance);
      }
    }
  }

  /** Objects of an outdated patient are made anew: of the versions that are looked at, only the newest one's count. */
  result({ from = 0, below = Infinity }: Versions = {}): ProcedureObjects {
    const all = [...this.#instances.values()].filter(
      (one) =>
        one.procedureVersion >= from &&
        one.procedureVersion < below &&
        (one.assignment ?? 0) === (this.#moves.get(one.origin.id)?.assignment ?? 0),
    );
    const version = Math.max(0, ...all.map(({ procedureVersion }) => procedureVersion));
    const current = all.filter(({ procedureVersion }) => procedureVersion === version);
    const made = new Set(all.map(({ origin }) => `${origin.id}/${origin.sourceId}`));
    const series = [...Map.groupBy(current, ({ seriesInstanceUid }) => seriesInstanceUid)].map(
      ([seriesInstanceUid, own]): Performed => ({
        seriesInstanceUid,
        instances: own.map(({ sopClassUid, sopInstanceUid }) => ({ sopClassUid, sopInstanceUid })),
      }),
    );
    const outstanding = [...this.#expected.entries()].filter(
      ([one, clipId]) => !this.#settled.has(one) && !made.has(one) && !this.#isGone(clipId),
    ).length;
    return { series, instances: current.length, outstanding };
  }

  /** Moved away: it is another procedure's. */
  #isGone(clipId: string): boolean {
    const move = this.#moves.get(clipId);
    return move !== undefined && move.to !== this.#procedureId;
  }

  #begun(name: 'buffer.recording.started' | 'buffer.still.captured' | 'buffer.clip.saved', data: unknown): void {
    const { procedureId } = data as { procedureId: string };
    if (procedureId !== this.#procedureId) return;
    if (name === 'buffer.recording.started') {
      const { clipId } = data as EventData<typeof name>;
      this.#expected.set(`recording/${clipId}`, clipId);
    } else if (name === 'buffer.still.captured') {
      const still = data as EventData<typeof name>;
      this.#expected.set(`${still.stillId}/${still.sourceId}`, still.stillId);
    } else {
      const clip = data as EventData<typeof name>;
      this.#settled.add(`recording/${clip.clipId}`);
      if (!clip.recipe.renditions.includes('pacs')) return;
      for (const { sourceId, pacs } of clip.sources)
        if (pacs) this.#expected.set(`${clip.clipId}/${sourceId}`, clip.clipId);
    }
  }
}
