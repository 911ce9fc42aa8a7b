import type { SourceConfig, SourceState, StationPresence } from '@smartbox/contracts';
import { inputError, newId, transientError, type Clock } from '@smartbox/kernel';
import type { Logger } from '@smartbox/telemetry';
import { Lateness } from '../domain/lateness.ts';
import { backoffMs, judge, type WorkerFacts } from '../domain/source-watch.ts';
import type { CapturedFragment, CapturedUnit, FragmentFormat, FromWorker, WhipSignal } from '../worker/protocol.ts';
import type { CaptureWorker, WorkerLauncher } from './ports.ts';

export interface SourceSignals {
  onState(state: SourceState, previous: SourceState | undefined, reason: string | undefined): void;
  /** `run` changes with the process. */
  onFragment(run: string, fragment: CapturedFragment): void;
  onUnit(run: string, unit: CapturedUnit): void;
}

const LOOK_MS = 100;
const IDR_INTERVAL_MS = 200;
const STEADY_MS = 10_000;
const SIGNAL_MS = 4_000;
/** Their pictures are late when this machine is; a network has delays of its own. */
const OF_THIS_MACHINE = new Set<SourceConfig['kind']>(['synthetic', 'v4l2']);

/** One source: its capture process, watched and started anew, and its state as the operator sees it. */
export class CaptureSource {
  readonly config: SourceConfig;
  private readonly launcher: WorkerLauncher;
  private readonly signals: SourceSignals;
  private readonly clock: Clock;
  private readonly log: Logger;
  private worker: CaptureWorker | undefined;
  private run = '';
  private facts: WorkerFacts | undefined;
  private lateness = new Lateness();
  private failures = 0;
  private failure: string | undefined;
  private restartAt: number | undefined;
  private state: SourceState | undefined;
  private reason: string | undefined;
  private since = new Date();
  private lastFrameAt: Date | undefined;
  private lastLook = 0;
  private lastIdr = 0;
  private skippedFrames = 0;
  private bytes: { at: number; sum: number } = { at: 0, sum: 0 };
  private bitrate: number | undefined;
  private opened: { input: string; format: Omit<FragmentFormat, 'codec'> } | undefined;
  private format: FragmentFormat | undefined;
  private asked = 0;
  private readonly signalled = new Map<number, PromiseWithResolvers<string | undefined>>();
  private timer: NodeJS.Timeout | undefined;
  private stopping = false;

  constructor(config: SourceConfig, launcher: WorkerLauncher, signals: SourceSignals, clock: Clock, log: Logger) {
    this.config = config;
    this.launcher = launcher;
    this.signals = signals;
    this.clock = clock;
    this.log = log.child({ source: config.id });
  }

  /** Milliseconds on CLOCK_MONOTONIC. */
  private now(): number {
    return Number(this.clock.monotonicNs() / 1_000_000n);
  }

  start(): void {
    this.launch();
    this.lastLook = this.now();
    this.timer = setInterval(() => this.look(), LOOK_MS);
  }

  /** Ends the process after its last fragment; kills it when it does not end. */
  async stop(graceMs: number): Promise<void> {
    this.stopping = true;
    clearInterval(this.timer);
    const { worker } = this;
    if (!worker) return;
    worker.send({ type: 'stop' });
    const kill = setTimeout(() => worker.kill(), graceMs);
    await worker.exited;
    clearTimeout(kill);
  }

  /** Begins a GOP now, and so closes the fragment. At most every 200 ms: then the last one serves. */
  idr(): void {
    if (this.now() - this.lastIdr < IDR_INTERVAL_MS) return;
    this.lastIdr = this.now();
    this.worker?.send({ type: 'idr' });
  }

  /**
   * Hands signalling of a sender to the capture process; the answer's description, where there is one.
   * @throws SmartBoxError `not-a-whip-source`, `invalid-offer`, `no-common-codec`, `already-publishing`, `source-not-ready`.
   */
  async whip(signal: WhipSignal): Promise<string | undefined> {
    const { id, kind } = this.config;
    if (kind !== 'whip') throw inputError('not-a-whip-source', `${id} is a source of kind ${kind}: nobody sends to it`);
    const { worker } = this;
    if (!worker) throw transientError('source-not-ready', `the capture process of ${id} is being started`);
    const number = ++this.asked;
    const answer = Promise.withResolvers<string | undefined>();
    this.signalled.set(number, answer);
    const late = setTimeout(
      () => answer.reject(transientError('source-not-ready', `${id} has not answered within ${SIGNAL_MS} ms`)),
      SIGNAL_MS,
    );
    worker.send({ type: 'whip', id: number, ...signal });
    try {
      return await answer.promise;
    } finally {
      clearTimeout(late);
      this.signalled.delete(number);
    }
  }

  get pid(): number | undefined {
    return this.worker?.pid;
  }

  presence(epoch: string | undefined): StationPresence['sources'][number] {
    const { id, name, kind } = this.config;
    const format = this.opened?.format;
    const lateMs = OF_THIS_MACHINE.has(kind) ? this.lateness.standingMs(this.now()) : undefined;
    return {
      sourceId: id,
      name,
      kind,
      state: this.state ?? 'starting',
      ...(this.reason ? { reason: this.reason } : {}),
      since: this.since.toISOString(),
      ...(epoch ? { epoch } : {}),
      ...(this.format ? { codec: this.format.codec } : {}),
      ...(format
        ? { width: format.width, height: format.height, frameRate: format.frameRate, encoder: format.encoder }
        : {}),
      ...(this.bitrate === undefined ? {} : { bitrate: this.bitrate }),
      ...(this.lastFrameAt ? { lastFrameAt: this.lastFrameAt.toISOString() } : {}),
      droppedFrames: this.skippedFrames,
      ...(lateMs === undefined ? {} : { lateMs }),
    };
  }

  private launch(): void {
    this.restartAt = undefined;
    this.failure = undefined;
    this.opened = undefined;
    this.lateness = new Lateness();
    const run = newId();
    this.run = run;
    const now = this.now();
    const { kind: of, mode } = this.config;
    const kind = of === 'synthetic' ? 'synthetic' : of === 'whip' ? 'listen' : mode;
    this.facts = { startedAt: now, heardAt: now, kind };
    const worker = this.launcher.start(this.config, (message) => {
      if (this.run === run) this.take(run, message);
    });
    this.worker = worker;
    this.log.info({ pid: worker.pid, run }, 'capture process started');
    void worker.exited.then((how) => {
      if (this.worker !== worker) return;
      this.worker = undefined;
      if (!this.stopping) this.ended(this.failure ?? how);
    });
  }

  private take(run: string, message: FromWorker): void {
    const { facts } = this;
    if (!facts) return;
    const now = this.now();
    this.facts = { ...facts, speaksSince: facts.speaksSince ?? now, heardAt: now };
    switch (message.type) {
      case 'beat':
        this.skippedFrames = message.skippedFrames;
        this.facts = {
          ...this.facts,
          frozenSince: message.identicalMs > 0 ? now - message.identicalMs : undefined,
          noSignal: message.noSignal,
          signalSince: facts.noSignal !== undefined && message.noSignal === undefined ? now : facts.signalSince,
        };
        return;
      case 'opened':
        this.opened = message;
        this.log.info({ input: message.input, ...message.format }, 'source opened');
        return;
      case 'whip':
        this.signalled.get(message.id)?.resolve(message.sdp);
        this.signalled.delete(message.id);
        return;
      case 'whip-refused': {
        const { code, message: text } = message;
        this.signalled.get(message.id)?.reject(inputError(code, text));
        this.signalled.delete(message.id);
        return;
      }
      case 'failed':
        this.failure = message.message;
        return;
      case 'unit':
        this.facts = { ...this.facts, pictureAt: now };
        this.lateness.note(now - message.pts / 90, now);
        this.lastFrameAt = this.clock.now();
        this.measureRate(now, message.annexB.byteLength);
        this.signals.onUnit(run, message);
        if (this.state !== 'live') this.look();
        return;
      case 'fragment':
        this.format = message.format;
        this.signals.onFragment(run, message);
    }
  }

  private measureRate(now: number, bytes: number): void {
    const { at, sum } = this.bytes;
    if (now - at < 2000) this.bytes = { at, sum: sum + bytes };
    else {
      if (at > 0) this.bitrate = Math.round(((sum + bytes) * 8000) / (now - at));
      this.bytes = { at: now, sum: 0 };
    }
  }

  private look(): void {
    const now = this.now();
    // when this process itself was held up, its children's messages wait unread: look again
    const late = now - this.lastLook > LOOK_MS * 4;
    this.lastLook = now;
    if (this.stopping || late) return;
    if (this.restartAt !== undefined) {
      if (now >= this.restartAt) this.launch();
      return;
    }
    if (!this.facts || !this.worker) return;
    if (this.state === 'live' && now - this.facts.startedAt > STEADY_MS) this.failures = 0;
    const verdict = judge({ ...this.facts, wantsCpu: this.worker.wantsCpu() }, now);
    // after a failure the operator sees its reason until there are pictures again
    if (!(verdict.state === 'starting' && this.state === 'offline')) this.setState(verdict.state, verdict.reason);
    if (!verdict.restart) return;
    this.failure = verdict.reason ?? 'the source does not start';
    this.log.warn({ reason: this.failure, pid: this.worker.pid }, 'capture process is killed');
    const { worker } = this;
    worker.kill();
    this.worker = undefined;
    this.ended(this.failure);
  }

  private ended(reason: string): void {
    const wait = backoffMs(this.failures++);
    this.restartAt = this.now() + wait;
    this.log.warn({ reason, waitMs: wait }, 'capture process ended: it is started anew');
    this.setState('offline', reason);
    if (wait === 0) this.launch();
  }

  private setState(state: SourceState, reason: string | undefined): void {
    const previous = this.state;
    this.reason = reason;
    if (state === previous) return;
    this.state = state;
    this.since = this.clock.now();
    this.log.info({ state, previous, reason }, 'source state');
    this.signals.onState(state, previous, reason);
  }
}
