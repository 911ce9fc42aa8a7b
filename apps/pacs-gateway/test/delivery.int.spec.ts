import { readFileSync } from 'node:fs';
import { freePort, startTestPacs, until, type Rudeness, type TestPacs } from '@smartbox/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { deliveryIdOf } from '../src/domain/delivery.ts';
import {
  buildGateway,
  datasetSha256,
  destination,
  eventsOf,
  publishInstance,
  startBed,
  startGateway,
  type Bed,
  type Gateway,
  type Published,
} from './support/gateway.ts';

let bed: Bed;
let gateway: Gateway | undefined;
const peers: TestPacs[] = [];

beforeAll(async () => {
  buildGateway();
  bed = await startBed();
});

afterEach(async () => {
  await gateway?.stop();
  gateway = undefined;
  await Promise.all(peers.splice(0).map((peer) => peer.stop()));
});

afterAll(() => bed?.stop());

async function pacs(options: Parameters<typeof startTestPacs>[0] = {}): Promise<TestPacs> {
  const peer = await startTestPacs(options);
  peers.push(peer);
  return peer;
}

const has = (peer: TestPacs, uid: string) => peer.instances().some((one) => one.sopInstanceUid === uid);

describe('a delivery', () => {
  it('arrives byte for byte, and is announced once with its status', async () => {
    const peer = await pacs();
    gateway = await startGateway(bed, { destinations: [destination('archive', peer.port)] });
    const { instance, datasetSha256: sent } = await publishInstance(bed, ['archive']);

    const [stored] = await until(() => {
      const found = eventsOf(bed, instance, 'pacs-gateway.instance.stored');
      return found.length > 0 && found;
    });
    expect(stored?.data).toMatchObject({ destination: 'archive', attempt: 1, status: 0, bytes: instance.bytes });
    expect(datasetSha256(readFileSync(peer.file(instance.sopInstanceUid)))).toBe(sent);
    expect(eventsOf(bed, instance).map((event) => event.name)).toEqual([
      'pacs-gateway.delivery.started',
      'pacs-gateway.instance.stored',
    ]);
  });

  it('of several objects shares an association, in memory that does not grow with them', async () => {
    const peer = await pacs();
    gateway = await startGateway(bed, { destinations: [destination('busy', peer.port, { parallelAssociations: 1 })] });
    const sent = [await publishInstance(bed, ['busy'], 400_000_000)];
    for (let i = 0; i < 5; i++) sent.push(await publishInstance(bed, ['busy']));
    await until(() => sent.every(({ instance }) => has(peer, instance.sopInstanceUid)), { timeoutMs: 90_000 });
    expect(peer.associations()).toBeLessThanOrEqual(2);
    expect(gateway.peakMb()).toBeLessThan(300);
    for (const { instance, datasetSha256: hash } of sent.slice(1)) {
      expect(datasetSha256(readFileSync(peer.file(instance.sopInstanceUid)))).toBe(hash);
    }
  });

  it('to a hung archive leaves the others alone, and arrives when the hung one is well again', async () => {
    const [good, hung] = [await pacs(), await pacs()];
    hung.behave({ stall: 'data' });
    gateway = await startGateway(bed, {
      destinations: [
        destination('good', good.port),
        destination('hung', hung.port, { idleTimeoutSeconds: 2, parallelAssociations: 1 }),
      ],
    });
    const sent: Published[] = [];
    for (let i = 0; i < 4; i++) sent.push(await publishInstance(bed, ['good', 'hung'], 3_000_000));
    await until(() => sent.every(({ instance }) => has(good, instance.sopInstanceUid)), { timeoutMs: 15_000 });
    expect(hung.instances()).toEqual([]);

    hung.behave({});
    await until(() => sent.every(({ instance }) => has(hung, instance.sopInstanceUid)), { timeoutMs: 60_000 });
  });

  it('to an archive that is away is parked, burns no attempt, and goes on by itself', async () => {
    const port = await freePort();
    gateway = await startGateway(bed, { destinations: [destination('away', port)] });
    const { instance } = await publishInstance(bed, ['away']);
    const [deferred] = await until(() => {
      const found = eventsOf(bed, instance, 'pacs-gateway.delivery.deferred');
      return found.length > 0 && found;
    });
    expect(deferred?.data).toMatchObject({ parked: true, attempt: 0, code: 'peer-unreachable' });
    const listed = await bed.messaging.call('pacs-gateway.list-destinations', {});
    expect(listed.destinations).toMatchObject([{ name: 'away', parked: true }]);

    const peer = await pacs({ port });
    // An echo by hand shortens the wait.
    expect(await bed.messaging.call('pacs-gateway.echo', { destination: 'away' })).toMatchObject({ ok: true });
    await until(() => has(peer, instance.sopInstanceUid));
    await until(() => eventsOf(bed, instance, 'pacs-gateway.instance.stored').length > 0);
    const after = await bed.messaging.call('pacs-gateway.list-destinations', {});
    expect(after.destinations).toMatchObject([{ name: 'away', parked: false }]);
  });

  it.each<[string, Rudeness, string]>([
    ['a rejected association', { reject: { result: 1, source: 1, reason: 7 } }, 'association-rejected'],
    ['a refused transfer syntax', { refuseTransferSyntaxes: 'all' }, 'transfer-syntax-refused'],
    ['status A900', { storeStatus: 0xa900 }, 'store-status-a900'],
    ['status C000', { storeStatus: 0xc000 }, 'store-status-c000'],
  ])(
    'that fails for good (%s) is visible, dead-lettered, and sent again when a person asks',
    async (_, rudeness, code) => {
      const peer = await pacs();
      peer.behave(rudeness);
      gateway = await startGateway(bed, { destinations: [destination('strict', peer.port)] });
      const { instance } = await publishInstance(bed, ['strict']);
      await until(() => eventsOf(bed, instance, 'pacs-gateway.delivery.failed').length > 0);
      expect(eventsOf(bed, instance, 'pacs-gateway.delivery.failed')[0]?.data).toMatchObject({
        code,
        destination: 'strict',
      });

      peer.behave({});
      const deliveryId = deliveryIdOf(instance.instanceId, 'strict');
      const command = { deliveryId, instanceId: instance.instanceId, destination: 'strict' };
      await bed.messaging.publishCommand('pacs-gateway.retry-delivery', command, { id: `again-${deliveryId}` });
      await until(() => has(peer, instance.sopInstanceUid));
      await until(() => eventsOf(bed, instance, 'pacs-gateway.instance.stored').length === 1);
    },
  );

  it('that is refused for now (A700), or answered with what is no answer (FF01), is tried again and arrives', async () => {
    const statuses = { full: 0xa700, confused: 0xff01 };
    const [full, confused] = [await pacs(), await pacs()];
    full.behave({ storeStatus: statuses.full });
    confused.behave({ storeStatus: statuses.confused });
    gateway = await startGateway(bed, {
      destinations: [destination('full', full.port), destination('confused', confused.port)],
    });
    const { instance } = await publishInstance(bed, ['full', 'confused']);
    const about = (name: 'deferred' | 'failed' | 'stored', to: string) => {
      const event = name === 'stored' ? ('instance.stored' as const) : (`delivery.${name}` as const);
      return eventsOf(bed, instance, `pacs-gateway.${event}`).filter(({ data }) => data['destination'] === to);
    };
    for (const [name, status] of Object.entries(statuses)) {
      const [deferred] = await until(() => about('deferred', name).length > 0 && about('deferred', name));
      const code = `store-status-${status.toString(16)}`;
      expect(deferred?.data).toMatchObject({ code, attempt: 1, parked: false, retryAt: expect.any(String) });
    }
    full.behave({});
    confused.behave({});
    for (const name of Object.keys(statuses)) {
      const [stored] = await until(() => about('stored', name).length > 0 && about('stored', name));
      expect(stored?.data).toMatchObject({ status: 0 });
      expect(Number(stored?.data['attempt'])).toBeGreaterThan(1);
      expect(about('failed', name)).toEqual([]);
    }
    for (const peer of [full, confused])
      expect(peer.instances()).toMatchObject([{ sopInstanceUid: instance.sopInstanceUid }]);
  });

  it('goes beside others on as many associations as the destination may have, each object once', async () => {
    const peer = await pacs();
    peer.behave({ bytesPerSecond: 2_000_000 });
    gateway = await startGateway(bed, { destinations: [destination('wide', peer.port, { parallelAssociations: 3 })] });
    const sent: Published[] = [];
    for (let i = 0; i < 9; i++) sent.push(await publishInstance(bed, ['wide'], 1_000_000));
    const stored = ({ instance }: Published) => eventsOf(bed, instance, 'pacs-gateway.instance.stored');
    await until(() => sent.every((one) => stored(one).length > 0), { timeoutMs: 60_000 });
    expect(peer.mostAssociations()).toBe(3);
    expect(peer.instances()).toHaveLength(9);
    for (const one of sent) {
      expect(stored(one).map(({ data }) => data['attempt'])).toEqual([1]);
      expect(datasetSha256(readFileSync(peer.file(one.instance.sopInstanceUid)))).toBe(one.datasetSha256);
    }
  });

  it('of a corrected procedure is not made any more: it would name the wrong patient', async () => {
    const port = await freePort();
    gateway = await startGateway(bed, { destinations: [destination('late', port)] });
    const { instance } = await publishInstance(bed, ['late']);
    await until(() => eventsOf(bed, instance, 'pacs-gateway.delivery.deferred').length > 0);
    const { procedureId } = instance.origin;
    const corrected = { procedureId, stationId: 'or-1', version: 2 };
    await bed.messaging.publishEvent('catalog.procedure.corrected', corrected, { id: `corrected-${procedureId}` });
    const known = await bed.messaging.kv('DELIVERIES', z.object({ version: z.number() }));
    await until(async () => (await known.get(`corrected.${procedureId}`))?.value.version === 2);
    const peer = await pacs({ port });
    await bed.messaging.call('pacs-gateway.echo', { destination: 'late' });
    await until(() => eventsOf(bed, instance, 'pacs-gateway.delivery.failed').length > 0);
    const [failed] = eventsOf(bed, instance, 'pacs-gateway.delivery.failed');
    expect(failed?.data).toMatchObject({ code: 'superseded', reason: expect.stringMatching(/version 2/) });
    expect(has(peer, instance.sopInstanceUid)).toBe(false);
  });

  it('that the archive aborts in the middle is sent again under the same SOP instance', async () => {
    const peer = await pacs();
    peer.behave({ abortAfterBytes: 500_000 });
    gateway = await startGateway(bed, { destinations: [destination('aborting', peer.port)] });
    const { instance, datasetSha256: sent } = await publishInstance(bed, ['aborting'], 3_000_000);
    await until(() => eventsOf(bed, instance, 'pacs-gateway.delivery.deferred').length > 0);
    expect(eventsOf(bed, instance, 'pacs-gateway.delivery.deferred')[0]?.data).toMatchObject({
      code: 'association-aborted',
      attempt: 1,
      parked: false,
    });
    peer.behave({});
    await until(() => eventsOf(bed, instance, 'pacs-gateway.instance.stored').length > 0);
    expect(eventsOf(bed, instance, 'pacs-gateway.instance.stored')[0]?.data).toMatchObject({ attempt: 2 });
    expect(datasetSha256(readFileSync(peer.file(instance.sopInstanceUid)))).toBe(sent);
  });

  it('with a warning is stored, and says so', async () => {
    const peer = await pacs();
    peer.behave({ storeStatus: 0xb000 });
    gateway = await startGateway(bed, { destinations: [destination('coercing', peer.port)] });
    const { instance } = await publishInstance(bed, ['coercing']);
    await until(() => eventsOf(bed, instance, 'pacs-gateway.instance.stored').length > 0);
    expect(eventsOf(bed, instance, 'pacs-gateway.instance.stored')[0]?.data).toMatchObject({ status: 0xb000 });
    expect(eventsOf(bed, instance, 'pacs-gateway.instance.stored')[0]?.data['warning']).toContain('B000');
  });

  it('of an object that was damaged in the store never arrives', async () => {
    const peer = await pacs();
    gateway = await startGateway(bed, { destinations: [destination('careful', peer.port)] });
    const { instance } = await publishInstance(bed, ['careful', 'nobody'], 300_000);
    await until(() => has(peer, instance.sopInstanceUid)); // intact: arrives
    const unknown = await until(() => {
      const found = eventsOf(bed, instance, 'pacs-gateway.delivery.failed');
      return found.length > 0 && found;
    });
    expect(unknown[0]?.data).toMatchObject({ destination: 'nobody', code: 'destination-unknown' });

    const damaged = { ...instance, instanceId: instance.origin.id, sha256: '0'.repeat(64), destinations: ['careful'] };
    const before = peer.instances().length;
    await bed.messaging.publishEvent('dicomizer.instance.created', damaged, { id: damaged.instanceId });
    await until(() => eventsOf(bed, damaged, 'pacs-gateway.delivery.deferred').length > 0);
    expect(eventsOf(bed, damaged, 'pacs-gateway.delivery.deferred')[0]?.data).toMatchObject({ code: 'object-corrupt' });
    expect(peer.instances().length).toBe(before);
  });

  it('survives kill -9 in the middle: arrives once, announced once', async () => {
    const peer = await pacs();
    peer.behave({ bytesPerSecond: 2_000_000 });
    const file = { destinations: [destination('slow', peer.port, { parallelAssociations: 1 })] };
    gateway = await startGateway(bed, file);
    const { instance, datasetSha256: sent } = await publishInstance(bed, ['slow'], 20_000_000);
    await until(() => eventsOf(bed, instance, 'pacs-gateway.delivery.started').length > 0);
    await gateway.kill();
    expect(peer.instances()).toEqual([]);

    peer.behave({});
    gateway = await startGateway(bed, file);
    await until(() => eventsOf(bed, instance, 'pacs-gateway.instance.stored').length > 0, { timeoutMs: 60_000 });
    expect(datasetSha256(readFileSync(peer.file(instance.sopInstanceUid)))).toBe(sent);
    await gateway.stop();
    gateway = await startGateway(bed, file); // and nothing comes again
    await until(async () => (await fetch(`${gateway?.url}/metrics`)).ok);
    expect(eventsOf(bed, instance, 'pacs-gateway.instance.stored')).toHaveLength(1);
    expect(peer.instances()).toHaveLength(1);
  });
});

describe('the gateway', () => {
  it('asks the worklist for others, and says what is not configured', async () => {
    const peer = await pacs({
      worklist: [
        {
          patientName: 'Müller^Jürgen',
          patientId: 'P-1',
          patientBirthDate: '19700102',
          patientSex: 'M',
          accessionNumber: 'A-1',
          studyInstanceUid: '2.25.1001',
          requestedProcedureId: 'R-1',
          requestedProcedureDescription: 'Gastroskopie',
          stepId: 'S-1',
          stepDescription: 'Gastroskopie',
          stationAe: 'SMARTBOX',
          modality: 'ES',
          date: '20260105',
          time: '0930',
        },
      ],
    });
    const worklist = { aeTitle: peer.aeTitle, host: '127.0.0.1', port: peer.port };
    gateway = await startGateway(bed, { destinations: [], worklist });
    const found = await bed.messaging.call('pacs-gateway.find-worklist', { date: '20260105' });
    expect(found).toMatchObject({
      truncated: false,
      items: [{ patient: { name: 'Müller^Jürgen', sex: 'M' }, scheduledAt: '2026-01-05T09:30:00' }],
    });
    expect(gateway.output()).not.toContain('Müller');
    await expect(bed.messaging.call('pacs-gateway.echo', { destination: 'none' })).rejects.toMatchObject({
      code: 'unknown-destination',
    });
    await gateway.stop();
    gateway = await startGateway(bed, { destinations: [] });
    await expect(bed.messaging.call('pacs-gateway.find-worklist', {})).rejects.toMatchObject({
      code: 'worklist-not-configured',
    });
  });

  it('does not start with a wrong destinations.yaml, and names the field', async () => {
    const wrong = { ...destination('pacs', 104), port: 'many' } as never;
    await expect(startGateway(bed, { destinations: [wrong] })).rejects.toThrow(/destinations\[0\]\.port/);
    const tls = { ca: 'missing.pem' };
    await expect(startGateway(bed, { destinations: [destination('pacs', 104, { tls })] })).rejects.toThrow(
      /destination pacs: tls\.ca: cannot read/,
    );
  });
});
