import { ringStream } from '@smartbox/contracts';
import { startNats, watchSystemCalls, type NatsServer } from '@smartbox/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Messaging } from '../src/index.ts';
import { join } from './support.ts';

let nats: NatsServer;
let messaging: Messaging;
beforeAll(async () => {
  nats = await startNats();
  messaging = await join(nats, 'buffer');
  await messaging.ensureStream(ringStream('or-1', 600_000, 1e9));
});
afterAll(async () => {
  await messaging?.close();
  await nats?.stop();
});

it('says that the ring has a fragment only after the disk has it', async () => {
  const calls = await watchSystemCalls(nats.pid ?? 0);
  for (const name of ['power-loss/1', 'power-loss/2']) {
    await messaging.ring.publishRing('ring.or-1.cam', new Uint8Array(300_000).fill(66), {}, name);
  }
  await calls.stop();
  for (const sequence of [1, 2]) {
    const written = calls.find(/pwrite64\(.*RING_or-1\/msgs\/\d+\.blk/, `power-loss/${sequence}`);
    const synced = calls.find(/fsync/, ') = 0', written);
    const acknowledged = calls.find(/write/, `\\"stream\\":\\"RING_or-1\\",\\"seq\\":${sequence}}`);
    expect(written).toBeGreaterThanOrEqual(0);
    expect(synced).toBeGreaterThan(written);
    expect(acknowledged).toBeGreaterThan(synced);
  }
});
