import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNatsCluster, until, type NatsCluster, type NatsServer } from '@smartbox/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RingRig } from './ring-rig.ts';

const BYTES = 200_000;

describe('a ring with three copies', () => {
  let cluster: NatsCluster;
  let dir: string;
  let rig: RingRig;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'cluster-'));
    cluster = await startNatsCluster();
    const { user, password } = cluster.credentials;
    rig = await RingRig.start({ servers: cluster.urls, user, pass: password, replicas: 3 }, dir);
  });
  afterEach(async () => {
    for (const server of cluster.servers) await server.kill('SIGCONT').catch(() => undefined);
    await rig?.close();
    await cluster?.stop();
    await rm(dir, { recursive: true, force: true });
  });

  /** Servers by their part in the ring's quorum. */
  async function parts(): Promise<{ leader: NatsServer; followers: NatsServer[] }> {
    const info = await rig.reader.ring.streamInfo('RING_or-1');
    const leader = cluster.servers[Number(info?.leader?.replace('smartbox-', '')) - 1];
    if (!leader) throw new Error(`the ring is led by ${info?.leader}`);
    return { leader, followers: cluster.servers.filter((server) => server !== leader) };
  }

  it('goes on without its leader, killed in the middle, and loses nothing that was acknowledged', async () => {
    rig.publish(20, BYTES);
    const { leader } = await parts();
    const gone = performance.now();
    await leader.kill('SIGKILL');
    rig.publish(20, BYTES);
    await rig.settled();
    console.log(`all of it acknowledged ${(performance.now() - gone).toFixed(0)} ms after the leader was killed`);
    await rig.expectAll();
    expect((await parts()).leader).not.toBe(leader);

    await leader.start();
    rig.publish(5, BYTES);
    await rig.settled();
    await rig.expectAll();
  });

  it('acknowledges nothing while two of three are away; then everything arrives, in order, once', async () => {
    rig.publish(10, BYTES);
    await rig.settled();
    const { followers } = await parts();
    for (const server of followers) await server.kill('SIGSTOP');
    rig.publish(20, BYTES);
    await until(() => rig.trouble.at(-1) === true, { timeoutMs: 60_000, what: 'the alarm' });
    expect(rig.publisher.waiting.fragments).toBe(20);
    for (const server of followers) await server.kill('SIGCONT');
    await rig.settled();
    await rig.expectAll();
    expect(rig.trouble.at(-1)).toBe(false);
  });
});
