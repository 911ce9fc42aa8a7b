import { decodeLiveAccessUnit } from '@smartbox/contracts';
import { inputError, transientError, SmartBoxError } from '@smartbox/kernel';
import { counter, gauge } from '@smartbox/telemetry';
import { formatText, frameMessage, headerMessage } from '../domain/frame-message.ts';
import { FrameMuxer, type FrameFormat } from '../domain/frame-muxer.ts';
import { sourceKey, type LiveSource } from './ports.ts';

/** The way to one viewer. Nothing here throws. */
export interface FrameSink {
  /** Bytes given to it that have not left this process. */
  readonly waitingBytes: number;
  send(data: string | Buffer): void;
  end(error: SmartBoxError): void;
}

interface Viewer {
  sink: FrameSink;
  /** Since when it has not kept up, monotonic ms. */
  behindSince: number | undefined;
  waitsForKeyframe: boolean;
  format: FrameFormat | undefined;
}

interface Feed {
  stationId: string;
  sourceId: string;
  muxer: FrameMuxer;
  next: number | undefined;
  viewers: Set<Viewer>;
  lastWish: number;
  watch: NodeJS.Timeout;
  unsubscribe: () => void;
}

/** More than this has not left: no further picture is added to it. About a second of 8 Mbit/s. */
const MAX_WAITING_BYTES = 1024 * 1024;
/** It goes on, with a keyframe, when this little is left. */
const DRAINED_BYTES = 64 * 1024;
/** A viewer that takes nothing for this long is let go. */
const STUCK_MS = 10_000;
const PICTURE_MS = 3_000;
const KEYFRAME_INTERVAL_MS = 1_000;

/**
 * Viewers whose network lets no UDP through: every picture as a piece of fMP4, over whatever is reliable. A viewer that
 * does not keep up loses pictures until the next keyframe; nothing is kept for it, and nobody waits for it.
 */
export class FrameViewers {
  readonly #live: LiveSource;
  readonly #limit: number;
  readonly #feeds = new Map<string, Feed>();

  constructor(live: LiveSource, limit: number) {
    this.#live = live;
    this.#limit = limit;
    gauge('smartbox_live_socket_viewers', 'Viewers over WebSocket', [], (set) => set(this.count));
    gauge('smartbox_live_socket_waiting_bytes', 'Bytes that viewers over WebSocket have not taken', [], (set) =>
      set(this.#all().reduce((sum, { sink }) => sum + sink.waitingBytes, 0)),
    );
  }

  get count(): number {
    return this.#all().length;
  }

  get limit(): number {
    return this.#limit;
  }

  #all(): Viewer[] {
    return [...this.#feeds.values()].flatMap(({ viewers }) => [...viewers]);
  }

  /** Sends every picture from the next keyframe on, until the returned function is called. @throws SmartBoxError `overloaded`. */
  join(stationId: string, sourceId: string, sink: FrameSink): () => void {
    if (this.count >= this.#limit) {
      counter('smartbox_live_refused_total', 'Joins refused, by code', ['code']).inc({ code: 'overloaded' });
      throw transientError('overloaded', `no room for another viewer: ${this.count} of ${this.#limit}`);
    }
    const feed = this.#feed(stationId, sourceId);
    const viewer: Viewer = { sink, behindSince: undefined, waitsForKeyframe: true, format: undefined };
    feed.viewers.add(viewer);
    this.#wish(feed, true);
    const noPicture = setTimeout(() => {
      if (viewer.format || !feed.viewers.has(viewer)) return;
      const message = `no picture of ${sourceKey(stationId, sourceId)} within ${PICTURE_MS} ms`;
      sink.end(new SmartBoxError({ code: 'source-not-live', message, fault: 'theirs', retryable: true }));
    }, PICTURE_MS);
    return () => {
      clearTimeout(noPicture);
      feed.viewers.delete(viewer);
      if (feed.viewers.size === 0) this.#close(feed);
    };
  }

  #feed(stationId: string, sourceId: string): Feed {
    const key = sourceKey(stationId, sourceId);
    const known = this.#feeds.get(key);
    if (known) return known;
    const feed: Feed = {
      stationId,
      sourceId,
      muxer: new FrameMuxer(),
      next: undefined,
      viewers: new Set(),
      lastWish: -Infinity,
      watch: setInterval(() => this.#letGo(feed), 1_000),
      unsubscribe: () => undefined,
    };
    feed.unsubscribe = this.#live.subscribe(stationId, sourceId, (bytes) => this.#take(feed, bytes));
    this.#feeds.set(key, feed);
    return feed;
  }

  #close(feed: Feed): void {
    clearInterval(feed.watch);
    feed.unsubscribe();
    this.#feeds.delete(sourceKey(feed.stationId, feed.sourceId));
  }

  #take(feed: Feed, bytes: Uint8Array): void {
    const unit = decodeLiveAccessUnit(bytes);
    if (feed.next !== undefined && unit.sequence !== feed.next) {
      // What comes now may refer to what is missing: a smeared picture would mislead.
      for (const viewer of feed.viewers) viewer.waitsForKeyframe = true;
    }
    feed.next = (unit.sequence + 1) >>> 0;
    const made = feed.muxer.push(unit);
    const { format } = feed.muxer;
    if (!made || !format) return;
    const message = frameMessage(made.frame);
    for (const viewer of [...feed.viewers]) {
      if (made.restarted && viewer.format) viewer.sink.end(inputError('source-restarted', 'the camera began anew'));
      else this.#give(feed, viewer, format, made.frame.keyframe, message);
    }
  }

  #give(feed: Feed, viewer: Viewer, format: FrameFormat, keyframe: boolean, message: Buffer): void {
    const { sink } = viewer;
    const waiting = sink.waitingBytes;
    if (viewer.behindSince === undefined && waiting > MAX_WAITING_BYTES) {
      viewer.behindSince = performance.now();
      counter('smartbox_live_slow_viewers_total', 'Times a viewer did not keep up').inc();
    }
    if (viewer.behindSince !== undefined) {
      if (waiting > DRAINED_BYTES) return;
      viewer.behindSince = undefined;
      viewer.waitsForKeyframe = true;
    }
    if (viewer.waitsForKeyframe) {
      if (!keyframe) return this.#wish(feed, false);
      viewer.waitsForKeyframe = false;
    }
    if (viewer.format !== format) {
      viewer.format = format;
      sink.send(formatText(format));
      sink.send(headerMessage(format));
    }
    sink.send(message);
  }

  #letGo(feed: Feed): void {
    for (const { sink, behindSince } of [...feed.viewers]) {
      if (behindSince !== undefined && performance.now() - behindSince > STUCK_MS) {
        sink.end(transientError('viewer-stuck', `nothing was taken for ${STUCK_MS / 1000} s`));
      }
    }
  }

  /** One viewer that is slow must not turn the stream into keyframes for all. */
  #wish(feed: Feed, joined: boolean): void {
    const now = performance.now();
    if (!joined && now - feed.lastWish < KEYFRAME_INTERVAL_MS) return;
    feed.lastWish = now;
    this.#live.requestKeyframe(feed.stationId, feed.sourceId);
  }
}
