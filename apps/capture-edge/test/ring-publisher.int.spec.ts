import { mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ringMessageId, type RingHeaders } from '@smartbox/contracts';
import { newId, transientError } from '@smartbox/kernel';
import { createLogger } from '@smartbox/telemetry';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DiskSpool } from '../src/outbound/disk-spool.ts';
import type { Broker } from '../src/application/ports.ts';
import { RingPublisher } from '../src/application/ring-publisher.ts';

process.env['LOG_LEVEL'] = 'silent';
const log = createLogger('test');
const epoch = newId();

function headers(sequence: number, source = 'cam-1'): RingHeaders {
  return {
    station: 'or-1',
    source,
    procedure: epoch,
    epoch,
    sequence,
    capturedAt: '2026-01-01T10:00:00.000Z',
    monotonicNs: '1',
    baseTime: sequence * 90_000,
    keyframe: true,
    frames: 30,
    sampleDurations: '3000',
    sampleSizes: '1',
    gapBefore: 0,
    gapReason: 'none',
    initBytes: 0,
    sha256: 'a'.repeat(64),
    codec: 'avc1.640029',
    width: 640,
    height: 360,
    frameRate: '30/1',
    encoder: 'x',
  };
}

/** A broker with deduplication whose answers the test decides. */
class FakeBroker implements Pick<Broker, 'connected' | 'onStatus' | 'publishRing'> {
  connected = true;
  readonly stored: RingHeaders[] = [];
  readonly ids = new Set<string>();
  answer: (n: number) => 'ack' | 'lost' | 'stored-but-no-ack' = () => 'ack';
  private calls = 0;
  private readonly listeners: ((connected: boolean) => void)[] = [];

  onStatus(listener: (connected: boolean) => void): void {
    this.listeners.push(listener);
  }
  set(connected: boolean): void {
    this.connected = connected;
    for (const listener of this.listeners) listener(connected);
  }
  async publishRing(fragment: RingHeaders, _payload: Uint8Array, after?: string): Promise<void> {
    await new Promise(setImmediate);
    const answer = this.connected ? this.answer(this.calls++) : 'lost';
    const id = ringMessageId(fragment);
    const last = this.stored.at(-1);
    if (answer !== 'lost' && !this.ids.has(id)) {
      if (after !== undefined && (!last || ringMessageId(last) !== after))
        throw transientError('publish-refused', 'wrong last msg id');
      this.ids.add(id);
      this.stored.push(fragment);
    }
    if (answer !== 'ack') throw transientError('broker-unavailable', 'no acknowledgement');
  }
}

let dir: string;
beforeEach(async () => void (dir = await mkdtemp(join(tmpdir(), 'spool-'))));
afterEach(() => rm(dir, { recursive: true }));

interface Rig {
  broker: FakeBroker;
  publisher: RingPublisher;
  lost: RingHeaders[];
  trouble: boolean[];
}

async function rig(maxSpoolBytes = 1e9, maxMemoryBytes = 1e9): Promise<Rig> {
  const broker = new FakeBroker();
  const lost: RingHeaders[] = [];
  const trouble: boolean[] = [];
  const publisher = new RingPublisher(broker as unknown as Broker, new DiskSpool(dir, log), log, {
    maxSpoolBytes,
    maxMemoryBytes,
    onOverflow: (gone) => lost.push(...gone),
    onTrouble: (is) => trouble.push(is),
  });
  await publisher.open();
  return { broker, publisher, lost, trouble };
}

const payload = (n: number) => Buffer.alloc(100, n);
const files = async () => (await readdir(dir)).filter((name) => name.endsWith('.fragment'));

async function untilEmpty(publisher: RingPublisher): Promise<void> {
  while (publisher.waiting.fragments > 0) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('RingPublisher', () => {
  it('stores in order and exactly once, whatever is lost on the way', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('ack', 'lost', 'stored-but-no-ack'), { maxLength: 4 }),
        fc.integer({ min: 1, max: 12 }),
        async (answers, count) => {
          const { broker, publisher } = await rig();
          broker.answer = (n) => answers[n] ?? 'ack';
          for (let i = 0; i < count; i++) publisher.publish(headers(i), payload(i));
          await untilEmpty(publisher);
          await publisher.close(1000);
          expect(broker.stored.map(({ sequence }) => sequence)).toEqual(Array.from({ length: count }, (_, i) => i));
          expect(await files()).toEqual([]);
        },
      ),
      { numRuns: 15 },
    );
  });

  it('keeps fragments on disk while the broker is away, and hands them to the next process', async () => {
    const first = await rig();
    first.broker.set(false);
    for (let i = 0; i < 20; i++) first.publisher.publish(headers(i), payload(i));
    await first.publisher.close(10);
    expect((await files()).length).toBe(20);
    await writeFile(join(dir, '000000000003.fragment'), 'damaged');
    const second = await rig();
    await untilEmpty(second.publisher);
    expect(second.broker.stored.map(({ sequence }) => sequence)).toEqual([
      0,
      1,
      ...Array.from({ length: 17 }, (_, i) => i + 3),
    ]);
    await second.publisher.close(10);
    expect(await files()).toEqual([]);
  });

  it('gives up the oldest when the spool is full, and says so in the next fragment of each source', async () => {
    const { broker, publisher, lost, trouble } = await rig(1000);
    broker.set(false);
    for (let i = 0; i < 10; i++)
      for (const source of ['cam-1', 'cam-2']) publisher.publish(headers(i, source), payload(i));
    expect(lost.map(({ sequence }) => sequence)).toEqual([0, 0, 1, 1, 2, 2, 3, 3, 4, 4]);
    broker.set(true);
    await untilEmpty(publisher);
    await publisher.close(10);
    const own = broker.stored.filter(({ source }) => source === 'cam-2');
    expect(own.map(({ sequence }) => sequence)).toEqual([5, 6, 7, 8, 9]);
    expect(own[0]).toMatchObject({ gapBefore: 5 * 90_000, gapReason: 'spool-overflow' });
    expect(own.slice(1).every(({ gapBefore }) => gapBefore === 0)).toBe(true);
    expect(trouble).toEqual([true, false]);
    expect(await files()).toEqual([]);
  });

  it('alarms when an acknowledgement fails and when all is well again', async () => {
    const { broker, publisher, trouble } = await rig();
    broker.answer = (n) => (n < 2 ? 'lost' : 'ack');
    publisher.publish(headers(0), payload(0));
    await untilEmpty(publisher);
    await publisher.close(10);
    expect(trouble).toEqual([true, false]);
  });
});

/** The kernel answers every read and write at the beginning of this file with EIO: nothing is mapped at address 0. */
const BAD_SECTOR = '/proc/self/mem';

describe('a disk that fails (EIO)', () => {
  it('while it is written: fragments stay in memory and arrive, the others after them too', async () => {
    const { broker, publisher, lost } = await rig();
    await symlink(BAD_SECTOR, join(dir, '000000000002.fragment.new'));
    broker.set(false);
    for (let i = 0; i < 6; i++) publisher.publish(headers(i), payload(i));
    await expect.poll(files).toEqual(['000000000001.fragment']);
    broker.set(true);
    await untilEmpty(publisher);
    await publisher.close(10);
    expect(broker.stored.map(({ sequence }) => sequence)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(lost).toEqual([]);
  });

  it('for so long that memory would run out: the oldest are given up, and the next one says so', async () => {
    const { broker, publisher, lost } = await rig(1e9, 500);
    await symlink(BAD_SECTOR, join(dir, '000000000001.fragment.new'));
    broker.set(false);
    for (let i = 0; i < 9; i++) publisher.publish(headers(i), payload(i));
    expect(lost.map(({ sequence }) => sequence)).toEqual([0, 1, 2, 3]);
    broker.set(true);
    await untilEmpty(publisher);
    await publisher.close(10);
    expect(broker.stored.map(({ sequence }) => sequence)).toEqual([4, 5, 6, 7, 8]);
    expect(broker.stored[0]).toMatchObject({ gapBefore: 4 * 90_000, gapReason: 'spool-overflow' });
  });

  it('while it is read: that fragment is given up, told as a gap, and holds up nothing behind it', async () => {
    const { broker, publisher, lost } = await rig();
    broker.set(false);
    for (let i = 0; i < 5; i++) publisher.publish(headers(i), payload(i));
    await expect.poll(async () => (await files()).length).toBe(5);
    await rm(join(dir, '000000000002.fragment'));
    await symlink(BAD_SECTOR, join(dir, '000000000002.fragment'));
    await rm(join(dir, '000000000004.fragment')); // and one that is gone altogether
    broker.set(true);
    await untilEmpty(publisher);
    await publisher.close(10);
    expect(broker.stored.map(({ sequence }) => sequence)).toEqual([0, 2, 4]);
    expect(lost.map(({ sequence }) => sequence)).toEqual([1, 3]);
    expect(broker.stored.map(({ gapBefore }) => gapBefore)).toEqual([0, 90_000, 90_000]);
  });

  it('at the start: what cannot be read is passed over, and the rest arrives', async () => {
    const first = await rig();
    first.broker.set(false);
    for (let i = 0; i < 3; i++) first.publisher.publish(headers(i), payload(i));
    await first.publisher.close(10);
    await rm(join(dir, '000000000001.fragment'));
    await symlink(BAD_SECTOR, join(dir, '000000000001.fragment'));
    const second = await rig();
    await untilEmpty(second.publisher);
    await second.publisher.close(10);
    expect(second.broker.stored.map(({ sequence }) => sequence)).toEqual([1, 2]);
  });
});
