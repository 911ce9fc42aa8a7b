import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertificate, startTestPacs, until, type TestPacs } from '@smartbox/testing';
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

describe('certificates near their end', () => {
  let pki: string;
  beforeAll(async () => {
    pki = await mkdtemp(join(tmpdir(), 'pacs-gateway-pki-'));
    await makeCertificate(pki, 'ours', 2);
    await makeCertificate(pki, 'hospital', 400);
    await makeCertificate(pki, 'renewed', 20);
  });
  afterAll(() => rm(pki, { recursive: true, force: true }));
  const file = (name: string) => join(pki, `${name}.pem`);
  const tls = (cert: string) => ({ ca: file('hospital'), cert: file(cert), key: join(pki, `${cert}.key`) });
  const told = () =>
    bed.events.filter(({ name }) => name === 'pacs-gateway.certificate.ending').map(({ data }) => data);

  it('are told with their place and day, those that last are not, and what is configured later is looked at too', async () => {
    const gateway = await start({ destinations: [destination('pacs', 1, { tls: tls('ours') })] });
    const [first] = await until(() => told().length > 0 && told());
    expect(first).toMatchObject({ owner: 'destination pacs', field: 'cert', subject: 'CN=ours' });
    const hours = (Date.parse(String(first?.['endsAt'])) - Date.now()) / 3_600_000;
    expect(hours).toBeGreaterThan(47);
    expect(hours).toBeLessThanOrEqual(48);

    const renewed = destination('pacs', 1, { tls: tls('renewed') });
    const [listener, bundle] = [
      tls('hospital'),
      `${await readFile(file('hospital'), 'utf8')}${await readFile(file('ours'), 'utf8')}`,
    ];
    const broken = destination('broken', 1, { tls: { ca: join(pki, 'ours.key') } });
    const worklist = { aeTitle: 'RIS', host: '127.0.0.1', port: 1, tls: { ca: bundle } };
    gateway.configure({ destinations: [renewed, broken], listener: { tls: listener }, worklist });
    await until(() => told().length === 3 && told());
    expect(told().map(({ owner, field, subject }) => [owner, field, subject])).toEqual([
      ['destination pacs', 'cert', 'CN=ours'],
      ['destination pacs', 'cert', 'CN=renewed'],
      ['worklist', 'ca', 'CN=ours'],
    ]);
    expect(gateway.output()).toContain('destination broken: tls.ca: no PEM certificate in it');
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    const ends = new Date(String(told()[1]?.['endsAt'])).getTime() / 1000;
    const place = 'owner="destination pacs",field="cert",subject="CN=renewed"';
    expect(metrics).toMatch(new RegExp(`smartbox_certificate_ends_timestamp_seconds{.*${place}.*} ${ends}\n`));
  });
});
