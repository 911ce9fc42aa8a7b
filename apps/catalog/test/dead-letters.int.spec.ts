import type { DeadLetterView } from '@smartbox/contracts';
import { newId } from '@smartbox/kernel';
import { Messaging, reject } from '@smartbox/messaging';
import { until } from '@smartbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ok, settings, startCatalog, startServers, type Catalog, type Servers } from './catalog.ts';

let servers: Servers;
let catalog: Catalog;
let buffer: Messaging;

beforeAll(async () => {
  servers = await startServers();
  catalog = await startCatalog(settings(servers));
  const { url, credentials } = servers.nats;
  buffer = await Messaging.connect({
    service: 'buffer',
    servers: url,
    user: credentials.user,
    pass: credentials.password,
  });
});
afterAll(async () => {
  await buffer?.close();
  await catalog?.close();
  await servers?.stop();
});

const list = async (query = '') =>
  ok<{ items: DeadLetterView[] }>(await catalog.send('GET', `/dead-letters${query}`)).items;

describe('messages that a service gave up', () => {
  it('are none at first', async () => {
    expect(await list()).toEqual([]);
  });

  it('are listed with who, what and why, the newest first and by pages, without their content', async () => {
    await buffer.consumeEvents(['buffer.marker.set'], { durable: 'buffer-marks', deliver: 'new' }, ({ label }) =>
      reject('no-such-thing', `there is no ${label ?? ''}`),
    );
    for (const label of ['first', 'second', 'third']) {
      const markerId = newId();
      const at = new Date().toISOString();
      const marker = { markerId, stationId: 'or-1', procedureId: newId(), sourceId: 'cam-a', at, label };
      await buffer.publishEvent('buffer.marker.set', marker, { id: markerId });
    }
    const letters = await until(async () => {
      const now = await list();
      return now.length === 3 && now;
    });
    expect(letters.map(({ reason }) => reason)).toEqual([
      'there is no third',
      'there is no second',
      'there is no first',
    ]);
    expect(letters[0]).toMatchObject({
      service: 'buffer',
      consumer: 'buffer-marks',
      subject: 'evt.buffer.marker.set',
      stream: 'EVENTS',
      deliveries: 1,
      code: 'no-such-thing',
    });
    expect(Object.keys(letters[0] ?? {})).not.toContain('payload');
    const [newest, ...older] = letters;
    expect(await list('?limit=1')).toEqual([newest]);
    expect(await list(`?limit=2&before=${newest?.sequence}`)).toEqual(older);
    expect(await list(`?before=${older.at(-1)?.sequence}`)).toEqual([]);
  });
});
