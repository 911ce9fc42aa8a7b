import { startTestPacs, until, type TestPacs } from '@smartbox/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { deliveryIdOf } from '../src/domain/delivery.ts';
import {
  buildGateway,
  destination,
  eventsOf,
  publishInstance,
  startBed,
  startGateway,
  type Bed,
  type Gateway,
} from './support/gateway.ts';

let bed: Bed;
const gateways: Gateway[] = [];
const peers: TestPacs[] = [];

beforeAll(async () => {
  buildGateway();
  bed = await startBed();
});
afterEach(async () => {
  await Promise.all(gateways.splice(0).map((one) => one.stop()));
  await Promise.all(peers.splice(0).map((peer) => peer.stop()));
});
afterAll(() => bed?.stop());

async function pacs(): Promise<TestPacs> {
  const peer = await startTestPacs();
  peers.push(peer);
  return peer;
}

async function start(...args: Parameters<typeof startGateway> extends [Bed, ...infer Rest] ? Rest : never) {
  const gateway = await startGateway(bed, ...args);
  gateways.push(gateway);
  return gateway;
}

const has = (peer: TestPacs, uid: string) => peer.instances().some((one) => one.sopInstanceUid === uid);
const metric = async (gateway: Gateway, name: string) =>
  new RegExp(`^${name}\\S* (\\d+)$`, 'm').exec(await (await fetch(`${gateway.url}/metrics`)).text())?.[1];

describe('destinations.yaml', () => {
  it('is followed while the gateway runs: added, moved, wrong, removed', async () => {
    const [first, second, moved] = [await pacs(), await pacs(), await pacs()];
    const one = destination('first', first.port);
    const gateway = await start({ destinations: [one] });
    const a = await publishInstance(bed, ['first', 'second']);
    await until(() => has(first, a.instance.sopInstanceUid));
    await until(() => eventsOf(bed, a.instance, 'pacs-gateway.delivery.failed').length === 1);

    gateway.configure({ destinations: [one, destination('second', second.port)] });
    await until(() => has(second, a.instance.sopInstanceUid)); // what was for it before, too

    gateway.configure({ destinations: [destination('first', moved.port), destination('second', second.port)] });
    const { destinations: listed } = await until(async () => {
      const now = await bed.messaging.call('pacs-gateway.list-destinations', {});
      return now.destinations.some(({ port }) => port === moved.port) && now;
    });
    expect(listed).toHaveLength(2);
    const b = await publishInstance(bed, ['first', 'second']);
    await until(() => has(moved, b.instance.sopInstanceUid) && has(second, b.instance.sopInstanceUid));
    expect(has(first, b.instance.sopInstanceUid)).toBe(false);

    gateway.configure('destinations: [{ name: Not A Token }]');
    await until(async () => (await metric(gateway, 'smartbox_configuration_wrong')) === '1');
    expect(gateway.output()).toContain('destinations[0].name');
    const c = await publishInstance(bed, ['first']);
    await until(() => has(moved, c.instance.sopInstanceUid));

    gateway.configure({ destinations: [destination('second', second.port)] });
    await until(async () => (await metric(gateway, 'smartbox_configuration_wrong')) === '0');
    const d = await publishInstance(bed, ['first', 'second']);
    await until(() => has(second, d.instance.sopInstanceUid));
    await until(() => eventsOf(bed, d.instance, 'pacs-gateway.delivery.failed').length === 1);
    expect(has(moved, d.instance.sopInstanceUid)).toBe(false);
  });

  it('says in which hours a destination takes objects', async () => {
    const peer = await pacs();
    const clock = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString().slice(11, 16);
    const schedule = { from: clock(60), to: clock(120), timeZone: 'UTC' };
    const gateway = await start({ destinations: [destination('nightly', peer.port, { schedule })] });
    const { instance } = await publishInstance(bed, ['nightly']);
    const [waiting] = await until(() => {
      const found = eventsOf(bed, instance, 'pacs-gateway.delivery.deferred');
      return found.length > 0 && found;
    });
    expect(waiting?.data).toMatchObject({ code: 'outside-hours', parked: true, attempt: 0 });
    await bed.messaging.call('pacs-gateway.echo', { destination: 'nightly' }); // wakes nobody outside the hours
    expect(peer.instances()).toEqual([]);
    const now = { from: clock(-60), to: clock(60), timeZone: 'UTC' };
    gateway.configure({ destinations: [destination('nightly', peer.port, { schedule: now })] });
    await until(() => has(peer, instance.sopInstanceUid), { timeoutMs: 40_000 });
  });
});

describe('what was negotiated last', () => {
  it('is told with the list of destinations, also after a restart', async () => {
    const peer = await pacs();
    peer.behave({ refuseTransferSyntaxes: [] });
    const file = { destinations: [destination('talking', peer.port)] };
    const gateway = await start(file);
    const { instance } = await publishInstance(bed, ['talking']);
    await until(() => has(peer, instance.sopInstanceUid));
    await gateway.stop();
    gateways.splice(0);
    await start(file);
    const { destinations } = await bed.messaging.call('pacs-gateway.list-destinations', {});
    expect(destinations[0]?.negotiated).toMatchObject({
      role: 'scp',
      tls: false,
      maxPduBytes: 262_144,
      implementationClassUid: '2.25.287461947263520119',
      contexts: [{ abstractSyntax: instance.sopClassUid, accepted: instance.transferSyntaxUid, result: 0 }],
    });
  });
});

describe('two gateways side by side', () => {
  it('share the work of a retry: one dies in the middle, the other finishes it', async () => {
    const peer = await pacs();
    peer.behave({ storeStatus: 0xc000 });
    const file = { destinations: [destination('shared', peer.port)] };
    const [a, b] = [await start(file), await start(file)];
    const { instance } = await publishInstance(bed, ['shared'], 4_000_000);
    await until(() => eventsOf(bed, instance, 'pacs-gateway.delivery.failed').length > 0);
    peer.behave({ bytesPerSecond: 1_000_000 });
    const deliveryId = deliveryIdOf(instance.instanceId, 'shared');
    const command = { deliveryId, instanceId: instance.instanceId, destination: 'shared' };
    await bed.messaging.publishCommand('pacs-gateway.retry-delivery', command, { id: `again-${deliveryId}` });
    await until(() => eventsOf(bed, instance, 'pacs-gateway.delivery.started').length === 2);
    // Whichever has it: the first goes for good. If it was not the one, nothing is to be shown but that it arrives.
    await a.kill();
    gateways.splice(gateways.indexOf(a), 1);
    peer.behave({});
    await until(() => has(peer, instance.sopInstanceUid), { timeoutMs: 60_000 });
    await until(() => eventsOf(bed, instance, 'pacs-gateway.instance.stored').length === 1);
    expect(b.output()).not.toContain('Error');
  });
});
