import { FrameWatchdog } from './frame-watchdog.ts';
import { codecName, FrameDelays, readReceiver } from './figures.ts';
import type { ReceiverFigures } from './figures.ts';
import { SocketSession } from './socket-session.ts';
import type { PlayerState } from './tile-state.ts';
import { TransportOrder } from './transport-order.ts';
import type { DetourReason, EndCause, NetworkMemory, Transport } from './transport-order.ts';
import { reconnectDelay } from './whep-client.ts';
import type { Grant, LiveSession, SessionEvents } from './whep-client.ts';

export interface LiveMetrics extends ReceiverFigures {
  /** From asking for the permission to the first painted frame. */
  firstFrameMs: number | undefined;
  /** Painted since the session began. */
  frames: number;
  reconnects: number;
  /** From the last packet of a picture to the screen, as the browser says it of each: half of them, and 95 of 100. */
  displayMs: { half: number; most: number } | undefined;
  size: { width: number; height: number } | undefined;
  /** Why the last session ended. */
  lastEnd: string | undefined;
  transport: Transport;
  /** Why it is not the best one. */
  detour: DetourReason | undefined;
  /** Neither way brings a picture: only the past is left. */
  exhausted: boolean;
  /** The last time, the service had no room: it is asked again. */
  noRoom: boolean;
}

export interface LivePlayerOptions {
  video: HTMLVideoElement;
  whep: (events: SessionEvents) => LiveSession;
  grant: (signal: AbortSignal) => Promise<Grant>;
  /** The last session that showed this source, whichever way it took. */
  place: { last: () => string | undefined; taken: (id: string) => void };
  onState: (change: (before: PlayerState) => PlayerState) => void;
  onMetrics: (change: Partial<LiveMetrics>) => void;
}

const CHECK_MS = 100;
const STATS_MS = 1_000;
/** Without a single frame for this long, the tile says that there is no picture. */
const NO_PICTURE_MS = 4_000;
/** Without one for this long, another way is tried: connected is not yet a picture. */
const GIVE_UP_MS = 8_000;

/** What any tile of this page has found out about its network. */
const memory: NetworkMemory = {};

/** Plays one source into a video element: WHEP, else the WebSocket; reconnects and returns to WHEP by itself. */
export class LivePlayer {
  readonly #options: LivePlayerOptions;
  readonly #order = new TransportOrder(memory, performance.now());
  readonly #watchdog: FrameWatchdog;
  #session: LiveSession | SocketSession | undefined;
  #probe: LiveSession | undefined;
  #attempt = 0;
  #reconnects = 0;
  #startedAt = 0;
  #frameHandle = 0;
  /** The session has given something to show; since when nothing of it was painted. */
  #shown = false;
  #silentSince = 0;
  readonly #delays = new FrameDelays();
  #over = false;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #heal: ReturnType<typeof setTimeout> | undefined;
  readonly #timers: ReturnType<typeof setInterval>[] = [];

  constructor(options: LivePlayerOptions) {
    this.#options = options;
    this.#watchdog = new FrameWatchdog({
      now: () => performance.now(),
      hidden: () => document.hidden,
      onFresh: () => this.#fresh(),
      onStale: () => {
        options.onState(() => 'stale');
        this.#again('no frame for a second', undefined, 'connection');
      },
    });
  }

  start(): void {
    this.#options.onState(() => 'connecting');
    this.#connect();
    this.#timers.push(
      setInterval(() => this.#check(), CHECK_MS),
      setInterval(() => this.#measure(), STATS_MS),
    );
    window.addEventListener('pagehide', this.#leave);
  }

  stop(): void {
    const { video } = this.#options;
    this.#over = true;
    clearTimeout(this.#retry);
    clearTimeout(this.#heal);
    for (const timer of this.#timers) clearInterval(timer);
    video.cancelVideoFrameCallback(this.#frameHandle);
    window.removeEventListener('pagehide', this.#leave);
    this.#leave();
    video.srcObject = null;
    video.removeAttribute('src');
  }

  readonly #leave = (): void => {
    this.#session?.stop();
    this.#probe?.stop();
  };

  #connect(): void {
    const { video, grant, whep, place } = this.#options;
    this.#startedAt = performance.now();
    const onEnd = (reason: string, waitMs: number | undefined, cause: EndCause) => this.#again(reason, waitMs, cause);
    const { transport, reason: detour, exhausted } = this.#order;
    this.#options.onMetrics({ transport, detour, exhausted });
    this.#session =
      transport === 'whep'
        ? whep({ onStream: (stream) => this.#show(stream), onEnd })
        : new SocketSession({
            video,
            grant,
            instead: [place.last() ?? []].flat(),
            onSession: place.taken,
            onStream: () => this.#watch(),
            onEnd,
          });
    void this.#session.start();
  }

  #show(stream: MediaStream): void {
    const { video } = this.#options;
    video.removeAttribute('src');
    video.srcObject = stream;
    this.#watch();
    video.play().catch(() => undefined);
  }

  /** Frames count from now on. */
  #watch(): void {
    const { video } = this.#options;
    // A callback that is still due belongs to the stream before.
    video.cancelVideoFrameCallback(this.#frameHandle);
    this.#watchdog.arm();
    this.#shown = true;
    this.#silentSince = performance.now();
    this.#delays.clear();
    const onFrame: VideoFrameRequestCallback = (_now, { receiveTime, expectedDisplayTime }) => {
      this.#watchdog.frame();
      if (receiveTime !== undefined) this.#delays.note(expectedDisplayTime - receiveTime);
      this.#frameHandle = video.requestVideoFrameCallback(onFrame);
    };
    this.#frameHandle = video.requestVideoFrameCallback(onFrame);
  }

  #fresh(): void {
    this.#attempt = 0;
    this.#order.plays();
    const { transport, reason: detour, exhausted } = this.#order;
    this.#options.onState(() => 'playing');
    const firstFrameMs = Math.round(performance.now() - this.#startedAt);
    this.#options.onMetrics({ firstFrameMs, transport, detour, exhausted, noRoom: false });
    clearTimeout(this.#heal);
    if (transport === 'socket') this.#heal = setTimeout(() => this.#look(), this.#order.healMs);
  }

  #again(reason: string, waitMs: number | undefined, cause: EndCause): void {
    if (this.#over) return;
    const switched = this.#order.ended(cause, this.#watchdog.frames > 0, performance.now());
    this.#watchdog.reset();
    this.#shown = false;
    this.#session?.stop();
    this.#probe?.stop();
    clearTimeout(this.#heal);
    // A picture that was there is stale from now on; it stays visible, marked, until the next one comes.
    const noRoom = cause === 'overloaded';
    const none = noRoom ? 'no-room' : 'unreachable';
    this.#options.onState((before) => (before === 'playing' || before === 'stale' ? 'stale' : none));
    this.#reconnects += 1;
    const { exhausted } = this.#order;
    this.#options.onMetrics({ reconnects: this.#reconnects, lastEnd: reason, exhausted, noRoom });
    clearTimeout(this.#retry);
    const wait = switched ? 0 : reconnectDelay(this.#attempt, waitMs, Math.random);
    this.#retry = setTimeout(() => this.#connect(), wait);
    if (!switched) this.#attempt += 1;
  }

  /** Does WHEP work again? The picture goes on meanwhile. */
  #look(): void {
    this.#order.looked();
    let stream: MediaStream | undefined;
    const next = () => {
      if (!this.#over) this.#heal = setTimeout(() => this.#look(), this.#order.healMs);
    };
    const probe = this.#options.whep({
      onStream: (made) => (stream = made),
      onConnected: () => {
        if (this.#over || this.#probe !== probe || !stream) return;
        this.#probe = undefined;
        this.#order.healed();
        this.#session?.stop();
        this.#session = probe;
        this.#watchdog.reset();
        this.#startedAt = performance.now();
        this.#show(stream);
      },
      onEnd: (reason, waitMs, cause) => {
        if (this.#session === probe) this.#again(reason, waitMs, cause);
        else next();
      },
    });
    this.#probe = probe;
    probe.start();
  }

  #check(): void {
    this.#watchdog.check();
    const now = performance.now();
    // A hidden tab paints nothing: its silence says nothing.
    if (this.#watchdog.frames > 0 || !this.#shown || document.hidden) this.#silentSince = now;
    else if (now - this.#silentSince > GIVE_UP_MS) return this.#again('no picture came', undefined, 'connection');
    if (this.#watchdog.frames > 0 || now - this.#startedAt <= NO_PICTURE_MS) return;
    this.#options.onState((before) => (before === 'connecting' ? 'unreachable' : before));
  }

  #measure(): void {
    const session = this.#session;
    if (!session || document.hidden) return;
    const { frames } = this.#watchdog;
    const { videoWidth: width, videoHeight: height } = this.#options.video;
    const size = width > 0 ? { width, height } : undefined;
    if (session instanceof SocketSession) {
      if (session.behindMs !== undefined) this.#delays.note(session.behindMs);
      const codec = session.codec === undefined ? undefined : codecName(session.codec);
      const none = { packetsLost: undefined, packetsReceived: undefined, jitterBufferMs: undefined };
      return this.#options.onMetrics({
        ...none,
        codec,
        roundTripMs: undefined,
        frames,
        size,
        displayMs: this.#delays.told,
      });
    }
    session
      .stats()
      .then((report) => {
        if (!this.#over)
          this.#options.onMetrics({ ...readReceiver(report), frames, size, displayMs: this.#delays.told });
      })
      .catch(() => undefined);
  }
}
