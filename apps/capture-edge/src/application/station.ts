import { availableParallelism } from 'node:os';
import {
  encodeLiveAccessUnit,
  type RingHeaders,
  type RpcRequest,
  type SourceConfig,
  type StationConfig,
} from '@smartbox/contracts';
import { bootId, inputError, newId, toError, type Clock } from '@smartbox/kernel';
import { counter, gauge, type Logger } from '@smartbox/telemetry';
import { RingTrack, type TrackEnd } from '../domain/ring-track.ts';
import { chooseSize } from '../domain/synthetic-size.ts';
import type { CapturedFragment, CapturedUnit } from '../worker/protocol.ts';
import { CaptureSource } from './capture-source.ts';
import { machineNames } from './machine.ts';
import type { Broker, Spool, WorkerLauncher } from './ports.ts';
import { ringMessage } from './ring-message.ts';
import { duration, RingPublisher } from './ring-publisher.ts';

export interface StationOptions {
  readonly software: string;
  readonly maxSpoolBytes: number;
}

interface Camera {
  readonly source: CaptureSource;
  readonly track: RingTrack;
  run: string;
  liveSequence: number;
  formatKey: string;
}

const PRESENCE_MS = 1000;
const PROCEDURE_NOTE = 'procedure';

/** The station: its cameras, the procedure that runs in its room, and what it tells about itself. */
export class Station {
  private readonly config: StationConfig;
  private readonly broker: Broker;
  private readonly spool: Spool;
  private readonly launcher: WorkerLauncher;
  private readonly clock: Clock;
  private readonly log: Logger;
  private readonly options: StationOptions;
  private readonly publisher: RingPublisher;
  private readonly cameras = new Map<string, Camera>();
  /** Procedures with the monotonic moment (ticks) from which they hold, oldest first. */
  private procedures: { readonly id: string | null; readonly since: number }[] = [{ id: null, since: 0 }];
  private readonly bootId = bootId();
  private presenceTimer: NodeJS.Timeout | undefined;

  constructor(
    config: StationConfig,
    broker: Broker,
    spool: Spool,
    launcher: WorkerLauncher,
    clock: Clock,
    log: Logger,
    options: StationOptions,
  ) {
    this.config = config;
    this.broker = broker;
    this.spool = spool;
    this.launcher = launcher;
    this.clock = clock;
    this.log = log;
    this.options = options;
    this.publisher = new RingPublisher(broker, spool, log, {
      maxSpoolBytes: options.maxSpoolBytes,
      onOverflow: (lost) => this.reportOverflow(lost),
      onTrouble: (trouble) => this.reportTrouble(trouble),
    });
    gauge('smartbox_capture_spooled_fragments', 'Fragments that the ring has not acknowledged', [], (set) =>
      set(this.publisher.waiting.fragments),
    );
    gauge('smartbox_capture_spooled_bytes', 'Bytes that the ring has not acknowledged', [], (set) =>
      set(this.publisher.waiting.bytes),
    );
  }

  async start(): Promise<void> {
    await this.publisher.open();
    // with the broker away at the start, the procedure that ran last is the best knowledge there is
    const noted = await this.spool.loadNote(PROCEDURE_NOTE);
    if (typeof noted === 'string') this.procedures = [{ id: noted, since: 0 }];
    for (const config of await this.sized()) await this.addCamera(config);
    this.broker.watchProcedure((id) => this.changeProcedure(id));
    for (const { source } of this.cameras.values()) source.start();
    this.presenceTimer = setInterval(() => void this.tellPresence(), PRESENCE_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.presenceTimer);
    await Promise.all([...this.cameras.values()].map(({ source }) => source.stop(2000)));
    await this.publisher.close(4000);
  }

  get procedureId(): string | null {
    return this.procedures.at(-1)?.id ?? null;
  }

  /** `rpc.capture-edge.idr` @throws SmartBoxError `unknown-station`, `unknown-source`. */
  idr(request: RpcRequest<'capture-edge.idr'>): { sources: string[] } {
    if (request.stationId !== this.config.id)
      throw inputError(
        'unknown-station',
        `this is station ${this.config.id}, not ${JSON.stringify(request.stationId)}`,
      );
    const sources = request.sources ?? [...this.cameras.keys()];
    const chosen = sources.map((id) => {
      const camera = this.cameras.get(id);
      if (!camera)
        throw inputError(
          'unknown-source',
          `station ${this.config.id} has no source ${JSON.stringify(id)}; it has ${[...this.cameras.keys()].join(', ')}`,
        );
      return camera;
    });
    for (const { source } of chosen) source.idr();
    return { sources };
  }

  /** `rpc.capture-edge.whip` @throws SmartBoxError `unknown-source`, and as `CaptureSource.whip`. */
  async whip(request: RpcRequest<'capture-edge.whip'>): Promise<{ sdp?: string }> {
    const camera = this.cameras.get(request.sourceId);
    if (!camera) throw inputError('unknown-source', `there is no source ${JSON.stringify(request.sourceId)} here`);
    const { session, action, sdp } = request;
    const answer = await camera.source.whip({ session, action, sdp });
    return answer === undefined ? {} : { sdp: answer };
  }

  /** Process ids of the capture processes, by source. */
  get workers(): Record<string, number | undefined> {
    return Object.fromEntries([...this.cameras].map(([id, { source }]) => [id, source.pid]));
  }

  /** A synthetic source without a size gets the largest one that this machine carries with all the others. */
  private async sized(): Promise<SourceConfig[]> {
    const { sources } = this.config;
    if (!sources.some((source) => source.kind === 'synthetic' && !source.width)) return sources;
    const framesPerSecond = sources.reduce((sum, source) => sum + source.frameRate, 0);
    const cpuMs = await this.launcher.measure();
    const { width, height, ...figures } = chooseSize(cpuMs, availableParallelism(), framesPerSecond);
    this.log.info(
      { width, height, cpuMsPer720pFrame: Math.round(cpuMs * 10) / 10, ...figures },
      'size of the synthetic sources, chosen by measurement',
    );
    return sources.map((source) =>
      source.kind === 'synthetic' && !source.width ? { ...source, width, height } : source,
    );
  }

  private async addCamera(config: SourceConfig): Promise<void> {
    const end = (await this.spool.loadNote(`end-${config.id}`)) as TrackEnd | undefined;
    const source = new CaptureSource(
      config,
      this.launcher,
      {
        onState: (state, previous, reason) => {
          const facts = { stationId: this.config.id, sourceId: config.id, state };
          this.broker.publishEvent(
            'capture-edge.source.state-changed',
            { ...facts, ...(previous ? { previous } : {}), ...(reason ? { reason } : {}) },
            newId(),
          );
        },
        onFragment: (run, fragment) => this.takeFragment(config.id, run, fragment),
        onUnit: (run, unit) => this.takeUnit(config.id, run, unit),
      },
      this.clock,
      this.log,
    );
    this.cameras.set(config.id, {
      source,
      track: new RingTrack(newId, this.bootId, end),
      run: '',
      liveSequence: 0,
      formatKey: '',
    });
  }

  /** Ticks of 90 kHz on CLOCK_MONOTONIC. */
  private nowTicks(): number {
    return Number((this.clock.monotonicNs() * 9n) / 100_000n);
  }

  /** The wall clock's label for a moment of the monotonic clock. */
  private utc(ticks: number): Date {
    return new Date(this.clock.now().getTime() - (this.nowTicks() - ticks) / 90);
  }

  private changeProcedure(id: string | null): void {
    if (id === this.procedureId) return;
    this.log.info(
      { procedureId: id },
      id ? 'a procedure runs here: its pictures go into the ring' : 'no procedure runs here',
    );
    this.procedures = [...this.procedures.slice(-3), { id, since: this.nowTicks() }];
    void this.spool.saveNote(PROCEDURE_NOTE, id);
    // the fragment that is open belongs to what was before: the next picture begins a new one
    for (const { source } of this.cameras.values()) source.idr();
  }

  private takeFragment(sourceId: string, run: string, fragment: CapturedFragment): void {
    const camera = this.cameras.get(sourceId);
    // a fragment belongs to the procedure during which it began: never a picture of one patient under another
    const procedure = this.procedures.findLast(({ since }) => since <= fragment.baseTicks);
    if (!camera) return;
    const { format } = fragment;
    const formatKey = JSON.stringify(format);
    const formatChanged = camera.formatKey !== '' && formatKey !== camera.formatKey;
    camera.formatKey = formatKey;
    if (!procedure?.id) {
      if (formatChanged) this.reportFormat(sourceId, newId(), fragment);
      return;
    }
    const capturedAt = this.utc(fragment.baseTicks);
    const placed = camera.track.place({
      procedureId: procedure.id,
      run: `${run} ${formatKey}`,
      baseTicks: fragment.baseTicks,
      duration: fragment.duration,
      frameTicks: fragment.frameTicks,
      keyframe: fragment.keyframe,
      capturedAt,
    });
    if (!placed) return;
    if (formatChanged) this.reportFormat(sourceId, placed.epoch, fragment);
    const { headers, payload } = ringMessage({
      station: this.config.id,
      source: sourceId,
      procedure: procedure.id,
      capturedAt,
      placed,
      fragment,
    });
    this.publisher.publish(headers, payload);
    counter('smartbox_capture_fragments_total', 'Fragments given to the ring', ['source']).inc({ source: sourceId });
    counter('smartbox_capture_fragment_bytes_total', 'Bytes given to the ring', ['source']).inc(
      { source: sourceId },
      payload.byteLength,
    );
    if (placed.gapBefore > 0)
      this.log.warn(
        { source: sourceId, gapMs: Math.round(placed.gapBefore / 90), reason: placed.gapReason },
        'a gap stands in the ring',
      );
    void this.spool.saveNote(`end-${sourceId}`, camera.track.end);
  }

  private reportFormat(sourceId: string, epoch: string, { format }: CapturedFragment): void {
    this.broker.publishEvent(
      'capture-edge.source.format-changed',
      { stationId: this.config.id, sourceId, epoch, ...format },
      newId(),
    );
  }

  private takeUnit(sourceId: string, run: string, unit: CapturedUnit): void {
    const camera = this.cameras.get(sourceId);
    if (!camera) return;
    if (camera.run !== run) {
      camera.run = run;
      camera.liveSequence = 0;
    }
    const message = encodeLiveAccessUnit({
      keyframe: unit.keyframe,
      sequence: camera.liveSequence++,
      capturedAtUs: BigInt(Math.round(this.utc(unit.pts).getTime() * 1000)),
      pts: BigInt(Math.round(unit.pts)),
      annexB: unit.annexB,
    });
    this.broker.publishLive(sourceId, message);
    counter('smartbox_capture_frames_total', 'Pictures captured', ['source']).inc({ source: sourceId });
  }

  private reportOverflow(lost: readonly RingHeaders[]): void {
    for (const sourceId of new Set(lost.map(({ source }) => source))) {
      const own = lost.filter(({ source }) => source === sourceId);
      const [first] = own;
      if (!first) continue;
      const durationMs = own.reduce((sum, headers) => sum + duration(headers), 0) / 90;
      this.log.error(
        { source: sourceId, fragments: own.length, durationMs },
        'the spool is full: the oldest fragments are given up',
      );
      counter('smartbox_capture_lost_fragments_total', 'Fragments given up', ['source']).inc(
        { source: sourceId },
        own.length,
      );
      const facts = {
        stationId: this.config.id,
        sourceId,
        epoch: first.epoch,
        fragments: own.length,
        durationMs,
        reason: 'spool-overflow',
      } as const;
      this.broker.publishEvent('capture-edge.ring.gap-recorded', facts, `${first.epoch}/${first.sequence}/gap`);
    }
  }

  private reportTrouble(trouble: boolean): void {
    const { fragments, bytes } = this.publisher.waiting;
    const facts = { stationId: this.config.id, spooledFragments: fragments, spooledBytes: bytes };
    this.broker.publishEvent(trouble ? 'capture-edge.broker.lost' : 'capture-edge.broker.regained', facts, newId());
  }

  private async tellPresence(): Promise<void> {
    const { id, name, windowSeconds } = this.config;
    const diskFreeBytes = await this.spool.freeBytes();
    const { fragments, bytes } = this.publisher.waiting;
    try {
      await this.broker.putPresence({
        stationId: id,
        name,
        at: this.clock.now().toISOString(),
        software: this.options.software,
        windowMs: windowSeconds * 1000,
        procedureId: this.procedureId,
        brokerOk: this.broker.connected && !this.publisher.inTrouble,
        spooledFragments: fragments,
        spool: { bytes, maxBytes: this.options.maxSpoolBytes },
        ...machineNames(),
        machineId: this.bootId,
        ...(diskFreeBytes === undefined ? {} : { diskFreeBytes }),
        sources: [...this.cameras.values()].map(({ source, track }) => source.presence(track.epoch)),
      });
    } catch (error) {
      this.log.warn({ err: toError(error).message }, 'the presence could not be written');
    }
  }
}
