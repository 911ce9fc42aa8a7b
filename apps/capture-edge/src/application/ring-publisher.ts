import { ringMessageId, type RingHeaders } from '@smartbox/contracts';
import { SmartBoxError, toError } from '@smartbox/kernel';
import type { Logger } from '@smartbox/telemetry';
import type { Broker, Spool } from './ports.ts';

interface Entry {
  readonly order: number;
  headers: RingHeaders;
  readonly bytes: number;
  /** Absent once it is on disk. */
  payload: Uint8Array | undefined;
  /** `called`: its turn has come, the broker does not have it yet. */
  state: 'waiting' | 'called' | 'in-flight' | 'stored';
}

export interface RingPublisherOptions {
  /** Publishes in flight while the broker is well. */
  readonly inFlight?: number;
  /** Fragments kept in memory alone; more go to disk. */
  readonly inMemory?: number;
  /** Bound of the spool. Beyond it the oldest are given up, and a gap says so. */
  readonly maxSpoolBytes: number;
  /** Bound of what stays in memory while the disk takes nothing. Default 256 MiB. */
  readonly maxMemoryBytes?: number;
  readonly onOverflow: (lost: RingHeaders[]) => void;
  readonly onTrouble: (trouble: boolean) => void;
}

const RETRY_MS = 250;

/**
 * Brings every fragment into the ring, in order, exactly once: kept until acknowledged, a few in flight, repeated with
 * the same id. While the broker is away, or slower than the cameras, fragments wait on disk, fsynced.
 */
export class RingPublisher {
  private readonly broker: Broker;
  private readonly spool: Spool;
  private readonly log: Logger;
  private readonly options: Required<RingPublisherOptions>;
  private readonly queue: Entry[] = [];
  private nextOrder = 1;
  private inFlight = 0;
  /** After a failure: one at a time until one was stored, so that a repeat cannot overtake. */
  private careful = true;
  private trouble = false;
  private pausedUntil = 0;
  private timer: NodeJS.Timeout | undefined;
  private closing = false;
  private spilling: Promise<void> = Promise.resolve();
  private sending: Promise<void> = Promise.resolve();
  /** Time lost by overflow, still to be told in the next fragment of a source. */
  private readonly lost = new Map<string, number>();

  constructor(broker: Broker, spool: Spool, log: Logger, options: RingPublisherOptions) {
    this.broker = broker;
    this.spool = spool;
    this.log = log;
    this.options = { inFlight: 8, inMemory: 8, maxMemoryBytes: 256 * 1024 ** 2, ...options };
    broker.onStatus((connected) => {
      if (!connected) this.careful = true;
      if (!connected || this.queue.length === 0) this.setTrouble(!connected);
      this.pausedUntil = 0;
      this.pump();
      if (!connected) this.spill();
    });
  }

  /** Takes over what an earlier run has left. */
  async open(): Promise<void> {
    const left = await this.spool.open();
    for (const fragment of left) this.queue.push({ ...fragment, payload: undefined, state: 'waiting' });
    this.nextOrder = (left.at(-1)?.order ?? 0) + 1;
    if (left.length > 0) this.log.info({ fragments: left.length }, 'fragments of an earlier run wait in the spool');
    this.pump();
  }

  get waiting(): { fragments: number; bytes: number } {
    return { fragments: this.queue.length, bytes: this.queue.reduce((sum, entry) => sum + entry.bytes, 0) };
  }

  get inTrouble(): boolean {
    return this.trouble;
  }

  publish(headers: RingHeaders, payload: Uint8Array): void {
    const owed = this.lost.get(headers.source) ?? 0;
    this.lost.delete(headers.source);
    const marked =
      owed > 0 ? { ...headers, gapBefore: headers.gapBefore + owed, gapReason: 'spool-overflow' as const } : headers;
    this.queue.push({ order: this.nextOrder++, headers: marked, bytes: payload.byteLength, payload, state: 'waiting' });
    this.limit();
    this.pump();
    if (this.trouble || !this.broker.connected || this.queue.length > this.options.inMemory) this.spill();
  }

  /** Waits for the acknowledgements, at most `ms`; what is left is written to disk for the next run. */
  async close(ms: number): Promise<void> {
    const deadline = Date.now() + ms;
    while (this.queue.length > 0 && this.broker.connected && Date.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 20));
    this.closing = true;
    clearTimeout(this.timer);
    this.spill();
    await this.spilling;
  }

  private pump(): void {
    if (this.closing || !this.broker.connected || Date.now() < this.pausedUntil) return;
    const limit = this.careful ? 1 : this.options.inFlight;
    for (const [at, entry] of this.queue.entries()) {
      if (this.inFlight >= limit) return;
      if (entry.state !== 'waiting') continue;
      entry.state = 'called';
      this.inFlight++;
      const previous = this.queue[at - 1];
      // one after the other: a payload that has to be read must not be overtaken by one that is in memory
      this.sending = this.sending.then(() => this.send(entry, previous));
    }
  }

  /** Hands it to the broker; resolves when it is on its way, not when it is stored. */
  private async send(entry: Entry, previous: Entry | undefined): Promise<void> {
    try {
      const payload = entry.payload ?? (await this.spool.read(entry));
      entry.state = 'in-flight';
      // while its predecessor is not acknowledged, the ring takes this one only right behind it
      const after = previous && previous.state !== 'stored' ? ringMessageId(previous.headers) : undefined;
      void this.broker
        .publishRing(entry.headers, payload, after)
        .then(
          () => this.done(entry),
          (thrown: unknown) => this.failed(entry, toError(thrown)),
        )
        .then(() => this.pump());
    } catch (thrown) {
      this.failed(entry, toError(thrown));
      this.pump();
    }
  }

  private done(entry: Entry): void {
    this.inFlight--;
    this.careful = false;
    entry.state = 'stored';
    const at = this.queue.indexOf(entry);
    if (at >= 0) this.queue.splice(at, 1);
    this.forget(entry);
    if (!this.queue.some(isHere)) this.setTrouble(false);
  }

  /** Removes its file, after whatever is being written now. */
  private forget(entry: Entry): void {
    this.spilling = this.spilling.then(() =>
      this.spool.remove(entry).catch((error: unknown) => {
        this.log.warn(
          { err: toError(error) },
          'a spooled fragment could not be removed; its id keeps it from being stored twice',
        );
      }),
    );
  }

  private failed(entry: Entry, error: Error): void {
    this.inFlight--;
    this.careful = true;
    entry.state = 'waiting';
    const { source, sequence, epoch } = entry.headers;
    if (error instanceof SmartBoxError && (error.code === 'message-too-large' || error.code === 'spool-damaged')) {
      this.log.error({ source, epoch, sequence, err: error }, 'a fragment cannot be stored and is given up');
      const at = this.queue.indexOf(entry);
      if (at >= 0) this.giveUp(at, 1);
      return;
    }
    if (!this.trouble)
      this.log.warn({ source, epoch, sequence, err: error }, 'the ring does not acknowledge: fragments wait');
    this.setTrouble(true);
    this.pausedUntil = Date.now() + RETRY_MS;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.pump(), RETRY_MS + 5);
    this.spill();
  }

  private setTrouble(trouble: boolean): void {
    if (this.trouble === trouble) return;
    this.trouble = trouble;
    this.options.onTrouble(trouble);
  }

  /** Writes what is in memory alone to disk, in order; memory is freed when it is fsynced. */
  private spill(): void {
    this.spilling = this.spilling.then(async () => {
      for (const entry of [...this.queue]) {
        if (!entry.payload || entry.state === 'stored') continue;
        try {
          await this.spool.write(entry.order, entry.headers, entry.payload);
          entry.payload = undefined;
        } catch (error) {
          this.log.error({ err: toError(error) }, 'the spool cannot be written: fragments stay in memory');
          return;
        }
      }
    });
  }

  private limit(): void {
    this.keepWithin(this.options.maxSpoolBytes, () => true);
    this.keepWithin(this.options.maxMemoryBytes, ({ payload }) => payload !== undefined);
  }

  /** Of what counts the oldest that wait are given up, never the newest of all. */
  private keepWithin(most: number, counts: (entry: Entry) => boolean): void {
    let bytes = this.queue.reduce((sum, entry) => sum + (counts(entry) ? entry.bytes : 0), 0);
    const from = this.queue.findIndex((entry) => entry.state === 'waiting' && counts(entry));
    if (from < 0) return;
    let to = from;
    for (; bytes > most && to < this.queue.length - 1; to++) {
      const entry = this.queue[to];
      if (entry && counts(entry)) bytes -= entry.bytes;
    }
    if (to > from) this.giveUp(from, to - from);
  }

  /** Takes entries out; the next fragment of each source tells how much time is missing before it. */
  private giveUp(from: number, count: number): void {
    const gone = this.queue.splice(from, count);
    for (const { headers } of gone) {
      const next = this.queue.find(
        (entry) => entry.headers.source === headers.source && isHere(entry) && entry.order > (gone[0]?.order ?? 0),
      );
      const ticks = duration(headers) + headers.gapBefore;
      if (next) {
        next.headers = { ...next.headers, gapBefore: next.headers.gapBefore + ticks, gapReason: 'spool-overflow' };
        this.rewrite(next);
      } else this.lost.set(headers.source, (this.lost.get(headers.source) ?? 0) + ticks);
    }
    for (const entry of gone) this.forget(entry);
    this.options.onOverflow(gone.map((entry) => entry.headers));
  }

  /** Its file, if it has one, carries the old headers. */
  private rewrite(entry: Entry): void {
    this.spilling = this.spilling.then(async () => {
      if (entry.payload || entry.state === 'stored') return;
      try {
        await this.spool.write(entry.order, entry.headers, await this.spool.read(entry));
      } catch (error) {
        this.log.warn({ err: toError(error) }, 'a gap could not be written into the spool');
      }
    });
  }
}

/** The broker does not have it yet: its headers may still change. */
const isHere = ({ state }: Entry): boolean => state === 'waiting' || state === 'called';

/** Ticks of a fragment. */
export function duration(headers: RingHeaders): number {
  const values = headers.sampleDurations.split(',').map(Number);
  return values.length === 1 ? (values[0] ?? 0) * headers.frames : values.reduce((sum, value) => sum + value, 0);
}
