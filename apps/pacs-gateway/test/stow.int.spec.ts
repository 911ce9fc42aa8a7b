import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { startOrthanc, until, type Orthanc } from '@smartbox/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { deliveryIdOf } from '../src/domain/delivery.ts';
import {
  buildGateway,
  eventsOf,
  publishInstance,
  startBed,
  startGateway,
  type Bed,
  type DestinationInput,
  type Gateway,
} from './support/gateway.ts';
import { jsonAnswer, sha256, storeAnswer, stowPeer, type StowPeer } from './support/stow-peer.ts';

let bed: Bed;
let orthanc: Orthanc;
let peer: StowPeer;
let gateway: Gateway | undefined;

beforeAll(async () => {
  buildGateway();
  [bed, orthanc, peer] = await Promise.all([startBed(), startOrthanc(), stowPeer()]);
});
afterEach(async () => {
  await gateway?.stop();
  gateway = undefined;
  peer.behave(undefined);
});
afterAll(async () => {
  await Promise.all([bed?.stop(), orthanc?.stop(), peer?.stop()]);
});

const web = (name: string, url: string, more: Record<string, unknown> = {}): DestinationInput => ({
  name,
  title: name,
  protocol: 'dicomweb',
  url,
  idleTimeoutSeconds: 5,
  ...more,
});

const stored = (instance: Parameters<typeof eventsOf>[1], timeoutMs = 30_000) =>
  until(() => eventsOf(bed, instance, 'pacs-gateway.instance.stored')[0], {
    timeoutMs,
    what: 'the object to be stored',
  });

describe('a delivery by STOW-RS', () => {
  it('arrives at Orthanc byte for byte, is found there by QIDO-RS, and can be sent again', async () => {
    const { httpUrl, user = '', password = '' } = orthanc.access;
    const auth = { type: 'basic', user, password };
    gateway = await startGateway(bed, { destinations: [web('orthanc', `${httpUrl}/dicom-web`, { auth })] });
    expect(await bed.messaging.call('pacs-gateway.echo', { destination: 'orthanc' })).toMatchObject({ ok: true });
    expect((await bed.messaging.call('pacs-gateway.list-destinations', {})).destinations).toMatchObject([
      { name: 'orthanc', aeTitle: 'DICOMweb', host: '127.0.0.1', port: orthanc.httpPort },
    ]);

    const { instance } = await publishInstance(bed, ['orthanc'], 5_000_001);
    expect((await stored(instance)).data).toMatchObject({ status: 0, verified: 'qido', attempt: 1 });
    const kept = await buffer(await orthanc.view.open(instance.sopInstanceUid));
    expect(sha256(kept)).toBe(instance.sha256);

    const again = { ...instance, instanceId: instance.origin.id };
    await bed.messaging.publishEvent('dicomizer.instance.created', again, { id: again.instanceId });
    await stored(again);
    expect(await orthanc.view.instances()).toHaveLength(1);
    expect(gateway.output()).not.toContain('Müller');
  });

  it('with wrong credentials is parked, and goes on by itself when they are right', async () => {
    const { httpUrl, user = '', password = '' } = orthanc.access;
    const dir = mkdtempSync(join(tmpdir(), 'stow-secret-'));
    const file = join(dir, 'password');
    writeFileSync(file, 'wrong');
    const auth = { type: 'basic', user, password: { file } };
    gateway = await startGateway(bed, { destinations: [web('locked', `${httpUrl}/dicom-web`, { auth })] });
    const { instance } = await publishInstance(bed, ['locked']);
    const deferred = await until(() => eventsOf(bed, instance, 'pacs-gateway.delivery.deferred')[0]);
    expect(deferred.data).toMatchObject({ code: 'peer-unauthorized', parked: true });
    const echo = () => bed.messaging.call('pacs-gateway.echo', { destination: 'locked' });
    expect(await echo()).toMatchObject({ ok: false, reason: expect.stringContaining('401') as string });
    writeFileSync(file, password);
    expect(await echo()).toMatchObject({ ok: true });
    await stored(instance);
    rmSync(dir, { recursive: true });
  });

  it('that breaks in the middle is sent again under the same SOP instance', async () => {
    peer.behave((request) => {
      if (request.method !== 'POST') return false;
      request.once('data', () => request.socket.resetAndDestroy());
      return true;
    });
    gateway = await startGateway(bed, { destinations: [web('breaking', peer.url)] });
    const { instance } = await publishInstance(bed, ['breaking'], 3_000_000);
    const deferred = await until(() => eventsOf(bed, instance, 'pacs-gateway.delivery.deferred')[0]);
    expect(deferred.data).toMatchObject({ code: 'peer-closed', attempt: 1, parked: false });
    peer.behave(undefined);
    expect((await stored(instance)).data).toMatchObject({ attempt: 2, verified: 'qido' });
    expect(sha256(peer.holds.get(instance.sopInstanceUid) ?? '')).toBe(instance.sha256);
  });

  it('to a busy server waits as long as it says, and a refused one is failed until a person asks', async () => {
    let refuse: 'busy' | 'never' | undefined = 'busy';
    let uid = '';
    peer.behave((request, response) => {
      if (request.method !== 'POST' || !refuse) return false;
      request.resume().once('end', () => {
        if (refuse === 'busy') jsonAnswer(response, 503, {}, { 'Retry-After': '600' });
        else jsonAnswer(response, 409, storeAnswer(uid, 0x0122));
      });
      return true;
    });
    gateway = await startGateway(bed, { destinations: [web('busy', peer.url)] });
    const { instance } = await publishInstance(bed, ['busy']);
    uid = instance.sopInstanceUid;
    const deferred = await until(() => eventsOf(bed, instance, 'pacs-gateway.delivery.deferred')[0]);
    expect(deferred.data).toMatchObject({ code: 'peer-busy', parked: true });
    expect(Date.parse(String(deferred.data['retryAt'])) - Date.now()).toBeGreaterThan(500_000);
    refuse = 'never';
    await bed.messaging.call('pacs-gateway.echo', { destination: 'busy' }); // it answers: nobody waits any longer
    const failed = await until(() => eventsOf(bed, instance, 'pacs-gateway.delivery.failed')[0]);
    expect(failed.data).toMatchObject({ code: 'store-status-0122' });
    refuse = undefined;
    const deliveryId = deliveryIdOf(instance.instanceId, 'busy');
    const command = { deliveryId, instanceId: instance.instanceId, destination: 'busy' };
    await bed.messaging.publishCommand('pacs-gateway.retry-delivery', command, { id: `again-${deliveryId}` });
    await stored(instance);
  });

  it('needs no more memory for a large object', async () => {
    const megabytes = Number(process.env['STOW_MEGABYTES'] ?? 400);
    gateway = await startGateway(bed, { destinations: [web('large', peer.url, { verify: 'none' })] });
    const begun = performance.now();
    const { instance } = await publishInstance(bed, ['large'], megabytes * 1_000_000);
    const event = await stored(instance, 300_000);
    expect(event.data).toMatchObject({ bytes: instance.bytes });
    const seconds = Number(event.data['durationMs']) / 1000;
    const total = (performance.now() - begun) / 1000;
    console.log(
      `${megabytes} MB in ${seconds} s (${total.toFixed(0)} s with storing), peak ${gateway.peakMb().toFixed(0)} MB`,
    );
    expect(gateway.peakMb()).toBeLessThan(300);
  });

  it('is not begun with a destinations.yaml that is wrong: the field is named, a secret is not', async () => {
    const wrong = (more: Record<string, unknown>) =>
      startGateway(bed, { destinations: [web('web', 'https://a.example/dicom-web', more)] });
    await expect(wrong({ url: 'ftp://a.example' })).rejects.toThrow(/destinations\[0\]\.url/);
    await expect(wrong({ auth: { type: 'basic', user: 'x' } })).rejects.toThrow(/destinations\[0\]\.auth\.password/);
    await expect(wrong({ tls: { cert: 'a.pem' } })).rejects.toThrow(/cert and key belong together/);
    const missing = { type: 'bearer', token: { file: 'no-such-file' } };
    await expect(wrong({ auth: missing })).rejects.toThrow(/destination web: auth\.token: cannot read/);
  });
});
