import { WhepSession } from './whep-client.ts';
import type { Grant, LiveSession, SessionEvents } from './whep-client.ts';

/** More sources than this are no session of the server's. */
const MOST = 8;

type GrantAll = (sourceIds: readonly string[], signal: AbortSignal) => Promise<Grant>;

/**
 * The WHEP sessions of one room on this page. Tiles that start together share one session with a video for each source;
 * a tile that starts later, or again, has one of its own.
 */
export class RoomSessions {
  readonly #grant: GrantAll;
  #waiting: Seat[] = [];
  /** By source: the last session that had it. */
  readonly #places = new Map<string, string>();

  constructor(grant: GrantAll) {
    this.#grant = grant;
  }

  /** Where a session of another way begins or goes on: the place is the same. */
  placeOf(sourceId: string): { last: () => string | undefined; taken: (id: string) => void } {
    return { last: () => this.#places.get(sourceId), taken: (id) => void this.#places.set(sourceId, id) };
  }

  join(sourceId: string, events: SessionEvents): LiveSession {
    return new Seat(sourceId, events, (seat) => this.#wait(seat));
  }

  #wait(seat: Seat): void {
    this.#waiting.push(seat);
    // Until all that start now have started.
    if (this.#waiting.length === 1)
      setTimeout(() => this.#open(this.#waiting.splice(0).filter(({ over }) => !over)), 0);
  }

  #open(seats: readonly Seat[]): void {
    const together: Seat[] = [];
    for (const seat of seats) {
      // The same source twice on a page: two sessions.
      if (together.some(({ sourceId }) => sourceId === seat.sourceId) || together.length === MOST) this.#run([seat]);
      else together.push(seat);
    }
    if (together.length > 0) this.#run(together);
  }

  #run(seats: readonly Seat[]): void {
    const there = () => seats.filter(({ over }) => !over);
    let connected = false;
    const session = new WhepSession({
      grant: (signal) =>
        this.#grant(
          seats.map(({ sourceId }) => sourceId),
          signal,
        ),
      videos: seats.length,
      instead: [...new Set(seats.flatMap(({ sourceId }) => this.#places.get(sourceId) ?? []))],
      onSession: (id) => {
        for (const { sourceId } of seats) this.#places.set(sourceId, id);
      },
      onStream: (stream, video) => seats[video]?.show(stream),
      onConnected: () => {
        connected = true;
        for (const seat of there()) {
          // The answer may leave a video out: its tile asks again, alone.
          if (seat.shown) seat.connected();
          else seat.end('nothing was sent for this source', undefined, 'refused');
        }
        if (there().length === 0) session.stop();
      },
      onEnd: (reason, waitMs, cause) => {
        // What is refused to all may be granted to each: one camera of the room is dark.
        const apart = seats.length > 1 && cause === 'refused' && !connected;
        for (const seat of there()) {
          if (apart) this.#run([seat]);
          else seat.end(reason, waitMs, cause);
        }
      },
    });
    for (const [video, seat] of seats.entries()) {
      seat.sit(session, video, () => {
        if (there().length === 0) session.stop();
      });
    }
    void session.start();
  }
}

/** One tile's part in a session. */
class Seat implements LiveSession {
  readonly sourceId: string;
  readonly #events: SessionEvents;
  readonly #begin: (seat: Seat) => void;
  #session: WhepSession | undefined;
  #video = 0;
  #leave: (() => void) | undefined;
  over = false;
  /** It has a stream. */
  shown = false;

  constructor(sourceId: string, events: SessionEvents, begin: (seat: Seat) => void) {
    this.sourceId = sourceId;
    this.#events = events;
    this.#begin = begin;
  }

  start(): void {
    this.#begin(this);
  }

  sit(session: WhepSession, video: number, leave: () => void): void {
    this.#session = session;
    this.#video = video;
    this.#leave = leave;
  }

  stop(): void {
    if (this.over) return;
    this.over = true;
    this.#leave?.();
  }

  async stats(): Promise<RTCStatsReport | undefined> {
    return this.#session?.stats(this.#video);
  }

  show(stream: MediaStream): void {
    this.shown = true;
    if (!this.over) this.#events.onStream(stream);
  }

  connected(): void {
    this.#events.onConnected?.();
  }

  end(...[reason, waitMs, cause]: Parameters<SessionEvents['onEnd']>): void {
    if (this.over) return;
    this.over = true;
    this.#events.onEnd(reason, waitMs, cause);
  }
}
