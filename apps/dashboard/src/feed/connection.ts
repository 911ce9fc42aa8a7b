import { FeedMessage } from '@smartbox/contracts';

/** The part of EventSource that is used. */
export interface EventStream {
  addEventListener(type: string, listener: (event: { data?: unknown }) => void): void;
  close(): void;
}

export interface FeedHealth {
  status: 'connecting' | 'ok' | 'lost';
  /** When the last sign of life came, ms since 1970. */
  lastAt: number | undefined;
}

export interface FeedOptions {
  open: () => EventStream;
  onMessage: (message: FeedMessage) => void;
  /** The stream is there (again): everything in between may have been missed. */
  onOpen: () => void;
  now?: () => number;
}

/** A heartbeat comes each second; silence becomes visible before two seconds are over. */
export const SILENCE_MS = 1_800;
const TICK_MS = 150;
/** A stream that stays silent this long is opened anew: EventSource itself gives up on some answers. */
export const REOPEN_MS = 4_000;
/** An event of the stream for each kind of message: EventSource passes on only what is listened for by name. */
const KINDS = FeedMessage.options.map(({ shape }) => shape.kind.value);

/** The feed of the catalog with its watchdog. What does not fit the schema is dropped and named in the console. */
export class FeedConnection {
  #options: FeedOptions;
  #now: () => number;
  #stream: EventStream | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #health: FeedHealth = { status: 'connecting', lastAt: undefined };
  #openedAt = 0;
  #listeners = new Set<() => void>();

  constructor(options: FeedOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  start(): void {
    this.#open();
    this.#timer = setInterval(() => this.#watch(), TICK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#stream?.close();
    this.#stream = undefined;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly health = (): FeedHealth => this.#health;

  #open(): void {
    this.#stream?.close();
    this.#openedAt = this.#now();
    const stream = this.#options.open();
    this.#stream = stream;
    stream.addEventListener('open', () => {
      if (stream === this.#stream) this.#options.onOpen();
    });
    for (const kind of KINDS) {
      stream.addEventListener(kind, (event) => {
        if (stream === this.#stream) this.#receive(event.data);
      });
    }
  }

  #receive(data: unknown): void {
    if (typeof data !== 'string') return;
    this.#set('ok', this.#now());
    let message: unknown;
    try {
      message = JSON.parse(data);
    } catch {
      console.warn('feed: a message that is not JSON was dropped');
      return;
    }
    const parsed = FeedMessage.safeParse(message);
    if (!parsed.success) {
      // Only where it does not fit, never what was in it: it may be patient data.
      console.warn('feed: a message was dropped, it does not fit at', parsed.error.issues[0]?.path.join('.'));
      return;
    }
    this.#options.onMessage(parsed.data);
  }

  #watch(): void {
    const now = this.#now();
    const silentFor = now - Math.max(this.#health.lastAt ?? 0, this.#health.status === 'ok' ? 0 : this.#openedAt);
    if (silentFor >= SILENCE_MS && this.#health.status !== 'lost') {
      this.#set('lost', this.#health.lastAt ?? this.#openedAt);
    }
    if (silentFor >= REOPEN_MS) this.#open();
  }

  #set(status: FeedHealth['status'], lastAt: number): void {
    const changed = status !== this.#health.status;
    this.#health = { status, lastAt };
    if (changed) for (const listener of this.#listeners) listener();
  }
}
