import { randomBytes } from 'node:crypto';
import type { ViewerJournal } from './viewer-journal.ts';

/** No request for this long: nobody looks back any more. A player asks every few seconds, a paused one too. */
const IDLE_MS = 30_000;

interface Looking {
  viewerId: string;
  lastAt: number;
  idle: NodeJS.Timeout;
}

export interface PastRequest {
  who: string;
  stationId: string;
  sourceId: string;
  /** Address and browser: tells two screens of one account apart. */
  from: string;
}

/**
 * Those who look back by HLS, which knows no sessions: requests of the same account and screen for the same source are
 * one watching, from the first picture to the last one, however often the token was renewed.
 */
export class PastViewers {
  readonly #journal: ViewerJournal;
  readonly #looking = new Map<string, Looking>();

  constructor(journal: ViewerJournal) {
    this.#journal = journal;
  }

  get count(): number {
    return this.#looking.size;
  }

  /** A piece of video was given. */
  saw(request: PastRequest): void {
    const key = keyOf(request);
    let looking = this.#looking.get(key);
    if (!looking) {
      const viewerId = randomBytes(16).toString('base64url');
      const idle = setTimeout(() => this.#end(key), IDLE_MS).unref();
      looking = { viewerId, lastAt: 0, idle };
      this.#looking.set(key, looking);
      const { who, stationId, sourceId } = request;
      this.#journal.plays({ viewerId, stationId, sourceId, who, transport: 'hls' });
    }
    looking.lastAt = performance.now();
    looking.idle.refresh();
  }

  /** Something else was asked for: it is still there. */
  asked(request: PastRequest): void {
    this.#looking.get(keyOf(request))?.idle.refresh();
  }

  #end(key: string): void {
    const looking = this.#looking.get(key);
    this.#looking.delete(key);
    if (looking) this.#journal.gone(looking.viewerId, looking.lastAt);
  }
}

const keyOf = ({ who, stationId, sourceId, from }: PastRequest): string =>
  JSON.stringify([who, stationId, sourceId, from]);
