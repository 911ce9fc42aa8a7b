import {
  buckets,
  formatRingHeaders,
  liveSubject,
  ringMessageId,
  ringSubject,
  StationPresence,
  StationProcedure,
  type EventData,
  type EventName,
  type RingHeaders,
  type RpcName,
} from '@smartbox/contracts';
import { toError, transientError } from '@smartbox/kernel';
import { Messaging, type KvStore, type MessagingOptions, type RpcHandler } from '@smartbox/messaging';
import { health, type Logger } from '@smartbox/telemetry';
import type { Broker } from '../application/ports.ts';

const ACK_MS = 5000;
const RECONNECT_MS = 500;

interface WaitingEvent {
  readonly publish: (messaging: Messaging) => Promise<unknown>;
}

/**
 * NATS behind the port. Connects in the background: cameras run and fragments are kept while it is away, also at the
 * service's start.
 */
export class NatsBroker implements Broker {
  private readonly options: Omit<MessagingOptions, 'service'>;
  private readonly stationId: string;
  private readonly log: Logger;
  private readonly stopped = new AbortController();
  private readonly listeners: ((connected: boolean) => void)[] = [];
  private readonly events: WaitingEvent[] = [];
  private sendingEvents = false;
  private messaging: Messaging | undefined;
  private stations: KvStore<StationPresence> | undefined;
  private procedureListener: ((procedureId: string | null) => void) | undefined;
  private readonly answers: ((messaging: Messaging) => void)[] = [];

  constructor(stationId: string, options: Omit<MessagingOptions, 'service'>, log: Logger) {
    this.stationId = stationId;
    this.options = options;
    this.log = log;
  }

  /** Begins to connect; returns at once. */
  start(): void {
    health.add('broker', () =>
      this.connected ? undefined : `no connection to NATS at ${String(this.options.servers)}`,
    );
    void this.connect();
  }

  get connected(): boolean {
    return this.messaging?.connected ?? false;
  }

  onStatus(listener: (connected: boolean) => void): void {
    this.listeners.push(listener);
  }

  /** Answers `rpc.<name>.<station>`. To be called before `start`. */
  answer<N extends RpcName>(name: N, handler: RpcHandler<N>): void {
    this.answers.push((messaging) => messaging.serve(name, handler, { station: this.stationId }));
  }

  watchProcedure(listener: (procedureId: string | null) => void): void {
    this.procedureListener = listener;
  }

  async publishRing(headers: RingHeaders, payload: Uint8Array, after?: string): Promise<void> {
    const { messaging } = this;
    if (!messaging) throw transientError('broker-unavailable', 'not connected to NATS yet');
    const subject = ringSubject(headers.station, headers.source);
    const expected = after === undefined ? {} : { 'Nats-Expected-Last-Msg-Id': after };
    await messaging.ring.publishRing(
      subject,
      payload,
      { ...formatRingHeaders(headers), ...expected },
      ringMessageId(headers),
      {
        timeoutMs: ACK_MS,
      },
    );
  }

  publishLive(sourceId: string, message: Uint8Array): void {
    this.messaging?.publishLive(liveSubject(this.stationId, sourceId), message);
  }

  publishEvent<N extends EventName>(name: N, data: EventData<N>, id: string): void {
    this.events.push({ publish: (messaging) => messaging.publishEvent(name, data, { id, subject: this.stationId }) });
    // bounded: what a person needs to know is the last hours, and the state itself is in the presence
    if (this.events.length > 1000) this.events.shift();
    void this.sendEvents();
  }

  async putPresence(presence: StationPresence): Promise<void> {
    if (!this.connected) return;
    await this.stations?.put(this.stationId, presence);
  }

  async close(): Promise<void> {
    this.stopped.abort();
    health.remove('broker');
    await this.messaging?.close();
  }

  private async connect(): Promise<void> {
    while (!this.stopped.signal.aborted) {
      try {
        const messaging = await Messaging.connect({ ...this.options, service: 'capture-edge', connectTimeoutMs: 5000 });
        await this.ready(messaging);
        return;
      } catch (error) {
        this.log.warn({ err: toError(error).message }, 'NATS is not there: capturing goes on, fragments wait');
        await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
      }
    }
  }

  private async ready(messaging: Messaging): Promise<void> {
    this.stations = await messaging.kv(buckets.stations.name, StationPresence, { history: buckets.stations.history });
    const procedures = await messaging.kv(buckets.procedures.name, StationProcedure, {
      history: buckets.procedures.history,
    });
    if (this.stopped.signal.aborted) return messaging.close();
    this.messaging = messaging;
    for (const answer of this.answers) answer(messaging);
    messaging.onStatus((status) => {
      if (status.type === 'connected') void this.sendEvents();
      if (status.type !== 'error') this.tell(status.type === 'connected');
    });
    void this.follow(procedures);
    this.tell(true);
    void this.sendEvents();
  }

  private tell(connected: boolean): void {
    for (const listener of this.listeners) listener(connected);
  }

  private async follow(procedures: KvStore<StationProcedure>): Promise<void> {
    for await (const change of procedures.watch(`station.${this.stationId}`, { signal: this.stopped.signal }))
      this.procedureListener?.(change.value?.procedureId ?? null);
  }

  private async sendEvents(): Promise<void> {
    if (this.sendingEvents) return;
    this.sendingEvents = true;
    try {
      for (let next = this.events[0]; next && this.messaging && this.connected; next = this.events[0]) {
        await next.publish(this.messaging);
        this.events.shift();
      }
    } catch (error) {
      this.log.warn({ err: toError(error).message, waiting: this.events.length }, 'an event waits for the broker');
      if (!this.stopped.signal.aborted) setTimeout(() => void this.sendEvents(), 1000).unref();
    } finally {
      this.sendingEvents = false;
    }
  }
}
