import { ApiError } from '../api/errors.ts';
import { WhipSession } from '../live/whip-client.ts';
import type { PublishGrant, WhipOptions } from '../live/whip-client.ts';
import { DeviceError, hasSeveralCameras, keepAwake, openDevice } from './device.ts';
import type { Facing, Shown } from './device.ts';

/** `again`: the connection is lost, and is tried again by itself while the picture goes on here. */
export type TransmissionPhase = 'idle' | 'asking' | 'connecting' | 'sending' | 'again' | 'ended';

export interface TransmissionState {
  phase: TransmissionPhase;
  stream: MediaStream | undefined;
  /** Why it ended, where nobody wanted that. */
  error: unknown;
  canFlip: boolean;
  facing: Facing;
  startedAt: number | undefined;
}

export interface Figures {
  width: number;
  height: number;
  framesPerSecond: number;
  megabitsPerSecond: number;
}

export interface TransmissionOptions {
  grant: (stationId: string, sourceId: string, signal: AbortSignal) => Promise<PublishGrant>;
  open?: typeof openDevice;
  session?: (options: WhipOptions) => Pick<WhipSession, 'start' | 'stop' | 'replace' | 'stats'>;
  awake?: () => () => void;
}

const idle: TransmissionState = {
  phase: 'idle',
  stream: undefined,
  error: undefined,
  canFlip: false,
  facing: 'environment',
  startedAt: undefined,
};
const AGAIN_MS = 2_000;

/** Sends this device's camera or screen to one source, until it is told to stop. */
export class Transmission {
  readonly #options: TransmissionOptions;
  readonly #listeners = new Set<() => void>();
  #state = idle;
  #session: ReturnType<NonNullable<TransmissionOptions['session']>> | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #sleep: (() => void) | undefined;
  #sent: { bytes: number; at: number } | undefined;
  /** Asking takes time: what was asked for before does not count any more. */
  #turn = 0;

  constructor(options: TransmissionOptions) {
    this.#options = options;
  }

  get state(): TransmissionState {
    return this.#state;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async start(what: Shown, stationId: string, sourceId: string): Promise<void> {
    if (this.#state.stream || this.#state.phase === 'asking') return;
    const turn = ++this.#turn;
    this.#set({ phase: 'asking', error: undefined });
    try {
      const stream = await this.#open(what);
      if (turn !== this.#turn) return stop(stream);
      this.#sleep = (this.#options.awake ?? keepAwake)();
      this.#follow(stream);
      this.#set({ stream, startedAt: Date.now() });
      this.#connect(stationId, sourceId, 'connecting');
      if (what === 'camera' && (await hasSeveralCameras()) && turn === this.#turn) this.#set({ canFlip: true });
    } catch (error) {
      if (turn === this.#turn) this.#end(error);
    }
  }

  /** The camera on the other side; the transmission goes on. */
  async flip(): Promise<void> {
    const { stream, facing } = this.#state;
    if (!stream) return;
    const turn = this.#turn;
    const other = facing === 'environment' ? 'user' : 'environment';
    // Phones open one camera at a time.
    stop(stream);
    try {
      const made = await (this.#options.open ?? openDevice)('camera', other);
      const [track] = made.getVideoTracks();
      if (turn !== this.#turn || !track) return stop(made);
      this.#follow(made);
      await this.#session?.replace(track);
      this.#set({ stream: made, facing: other });
    } catch (error) {
      if (turn === this.#turn) this.#end(error);
    }
  }

  stop(): void {
    this.#end(undefined);
  }

  /** What leaves this device now. */
  async figures(): Promise<Figures | undefined> {
    const report = await this.#session?.stats();
    const sent = [...(report?.values() ?? [])].find(
      (entry: { type: string; frameWidth?: number }) => entry.type === 'outbound-rtp' && entry.frameWidth !== undefined,
    ) as { frameWidth: number; frameHeight: number; framesPerSecond?: number; bytesSent: number } | undefined;
    if (!sent) return undefined;
    const now = performance.now();
    const before = this.#sent;
    this.#sent = { bytes: sent.bytesSent, at: now };
    const bits = before ? (sent.bytesSent - before.bytes) * 8 : 0;
    return {
      width: sent.frameWidth,
      height: sent.frameHeight,
      framesPerSecond: Math.round(sent.framesPerSecond ?? 0),
      megabitsPerSecond: before ? Math.max(0, bits / ((now - before.at) * 1_000)) : 0,
    };
  }

  #open(what: Shown): Promise<MediaStream> {
    return (this.#options.open ?? openDevice)(what, this.#state.facing);
  }

  #connect(stationId: string, sourceId: string, phase: 'connecting' | 'again'): void {
    const { stream } = this.#state;
    if (!stream) return;
    this.#set({ phase });
    this.#sent = undefined;
    const options: WhipOptions = {
      stream,
      grant: (signal) => this.#options.grant(stationId, sourceId, signal),
      onConnected: () => this.#set({ phase: 'sending' }),
      onEnd: (error) => {
        if (!comesBack(error, this.#state.phase)) return this.#end(error);
        this.#set({ phase: 'again' });
        this.#retry = setTimeout(() => this.#connect(stationId, sourceId, 'again'), AGAIN_MS);
      },
    };
    this.#session = this.#options.session?.(options) ?? new WhipSession(options);
    void this.#session.start();
  }

  /** The browser's own "stop sharing", or a cable that was pulled. */
  #follow(stream: MediaStream): void {
    for (const track of stream.getTracks()) {
      track.addEventListener('ended', () => {
        if (this.#state.stream === stream) this.#end(undefined);
      });
    }
  }

  #end(error: unknown): void {
    this.#turn += 1;
    clearTimeout(this.#retry);
    this.#session?.stop();
    this.#session = undefined;
    this.#sleep?.();
    this.#sleep = undefined;
    if (this.#state.stream) stop(this.#state.stream);
    const wanted = error === undefined || (error instanceof DeviceError && error.trouble === 'cancelled');
    const { facing } = this.#state;
    this.#set({ ...idle, facing, phase: wanted ? 'idle' : 'ended', error: wanted ? undefined : error });
  }

  #set(change: Partial<TransmissionState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }
}

function stop(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

/**
 * A network that was away comes back, and so does a station. Once it has been sent, the place may still be taken by the
 * connection that was lost. A refusal at the beginning is one.
 */
function comesBack(error: unknown, phase: TransmissionPhase): boolean {
  if (!(error instanceof ApiError)) return false;
  if (phase === 'connecting') return false;
  return error.status === 0 || error.status === 503 || error.code === 'already-publishing';
}
