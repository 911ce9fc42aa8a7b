import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { parseRingHeaders, ringStream, ringSubject, type RingHeaders } from '@smartbox/contracts';
import { newId } from '@smartbox/kernel';
import { Messaging, type MessagingOptions } from '@smartbox/messaging';
import { createLogger } from '@smartbox/telemetry';
import { until } from '@smartbox/testing';
import { expect } from 'vitest';
import { RingPublisher } from '../src/application/ring-publisher.ts';
import { DiskSpool } from '../src/outbound/disk-spool.ts';
import { NatsBroker } from '../src/outbound/nats-broker.ts';

process.env['LOG_LEVEL'] = 'silent'; // the trouble is what these specs make
const log = createLogger('test');
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The publisher of a station with one source on a real broker, and a reader of what the ring has. */
export class RingRig {
  readonly publisher: RingPublisher;
  readonly broker: NatsBroker;
  readonly reader: Messaging;
  /** What was said of the broker's state, in order. */
  readonly trouble: boolean[] = [];
  readonly #epoch = newId();
  #published = 0;

  private constructor(access: Omit<MessagingOptions, 'service'>, reader: Messaging, spoolDir: string) {
    this.reader = reader;
    this.broker = new NatsBroker('or-1', access, log);
    this.publisher = new RingPublisher(this.broker, new DiskSpool(spoolDir, log), log, {
      maxSpoolBytes: 1e9,
      onOverflow: () => expect.unreachable('the spool has room'),
      onTrouble: (is) => this.trouble.push(is),
    });
  }

  static async start(access: Omit<MessagingOptions, 'service'>, dir: string): Promise<RingRig> {
    const reader = await Messaging.connect({ ...access, service: 'buffer' });
    await reader.ensureStream(ringStream('or-1', 900_000, 500_000_000));
    const rig = new RingRig(access, reader, join(dir, 'spool'));
    rig.broker.start();
    await rig.publisher.open();
    await until(() => rig.broker.connected, { what: 'the broker' });
    return rig;
  }

  /** Hands over that many fragments of random bytes, numbered on. */
  publish(count: number, bytes: number): void {
    for (let i = 0; i < count; i++) {
      const payload = randomBytes(bytes);
      this.publisher.publish(this.#headers(this.#published++, sha256(payload)), payload);
    }
  }

  /** Everything that was handed over is acknowledged. */
  async settled(timeoutMs = 90_000): Promise<void> {
    await until(() => this.publisher.waiting.fragments === 0, { timeoutMs, what: 'everything in the ring' });
  }

  /** The ring holds each fragment once, in order, with its bytes. */
  async expectAll(): Promise<void> {
    const found: number[] = [];
    const range = { subject: ringSubject('or-1', 'cam-1'), fromSeq: 1, toSeq: 1e9 };
    for await (const message of this.reader.ring.readMessages('RING_or-1', range)) {
      const headers = parseRingHeaders((name) => message.headers[name]);
      expect(sha256(message.payload)).toBe(headers.sha256);
      found.push(headers.sequence);
    }
    expect(found).toEqual(Array.from({ length: this.#published }, (_, sequence) => sequence));
  }

  async close(): Promise<void> {
    await this.publisher.close(10);
    await this.broker.close();
    await this.reader.close();
  }

  #headers(sequence: number, hash: string): RingHeaders {
    return {
      ...{ station: 'or-1', source: 'cam-1', procedure: this.#epoch, epoch: this.#epoch, sequence, sha256: hash },
      ...{ capturedAt: '2026-01-01T10:00:00.000Z', monotonicNs: '1', baseTime: sequence * 90_000, keyframe: true },
      ...{ frames: 30, sampleDurations: '3000', sampleSizes: '1', gapBefore: 0, gapReason: 'none', initBytes: 0 },
      ...{ codec: 'avc1.640029', width: 640, height: 360, frameRate: '30/1', encoder: 'x' },
    };
  }
}
