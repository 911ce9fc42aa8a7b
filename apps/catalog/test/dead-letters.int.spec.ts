import type { DeadLetterView } from '@smartbox/contracts';
import { newId } from '@smartbox/kernel';
import { done, Messaging, reject } from '@smartbox/messaging';
import { until } from '@smartbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ok, settings, startCatalog, startServers, type Catalog, type Servers } from './catalog.ts';

let servers: Servers;
let catalog: Catalog;
let buffer: Messaging;
/** What the buffer can do something with, and all that it was given. */
let able = '';
const heard: string[] = [];

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
    await buffer.consumeEvents(['buffer.marker.set'], { durable: 'buffer-marks', deliver: 'new' }, ({ label = '' }) => {
      heard.push(label);
      return label === able ? done() : reject('no-such-thing', `there is no ${label}`);
    });
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

  it('go to the one that gave them up once more, one or all of it, or are discarded; who and why is audited', async () => {
    const letters = await list();
    const [third, second, first] = letters.map(({ sequence }) => sequence);
    const post = async (path: string, body?: object) =>
      (await catalog.send('POST', `/dead-letters${path}`, body)).status;
    expect(await post(`/${second}/discard`, { reason: ' x ' })).toBe(400);
    expect(await post(`/${second}/discard`, { reason: 'written by mistake' })).toBe(204);
    expect(await post(`/${second}/discard`, { reason: 'written by mistake' })).toBe(404);
    expect(await list()).toEqual([letters[0], letters[2]]);

    able = 'third';
    expect(await post(`/${third}/deliver`)).toBe(202);
    await until(async () => (await list()).length === 1);
    expect(await post(`/${third}/deliver`)).toBe(404);
    expect(ok<{ letters: number }>(await catalog.send('POST', '/dead-letters/deliver', { consumer: 'buffer-other' }), 202)).toEqual({ letters: 0 }); // prettier-ignore
    // It fails again: the same message, with a try more.
    expect(ok<{ letters: number }>(await catalog.send('POST', '/dead-letters/deliver', { consumer: 'buffer-marks' }), 202)).toEqual({ letters: 1 }); // prettier-ignore
    const back = await until(async () => {
      const [letter, ...others] = await list();
      return letter && others.length === 0 && letter.sequence !== first && letter;
    });
    expect(back).toMatchObject({ deliveries: 2, streamSequence: letters[2]?.streamSequence, consumer: 'buffer-marks' });
    expect(heard).toEqual(['first', 'second', 'third', 'third', 'first']);

    const { prisma } = catalog.database;
    const audited = await prisma.auditEntry.findMany({
      where: { action: { startsWith: 'dead-letter.' } },
      orderBy: { sequence: 'asc' },
    });
    expect(audited.map(({ action, subject, detail }) => [action, subject, detail])).toEqual([
      ['dead-letter.discard', `dead-letter/${second}`, expect.objectContaining({ reason: 'written by mistake', consumer: 'buffer-marks', message: 'evt.buffer.marker.set' })], // prettier-ignore
      ['dead-letter.deliver', `dead-letter/${third}`, expect.objectContaining({ consumer: 'buffer-marks' })],
      ['dead-letter.deliver', 'consumer/buffer-marks', expect.objectContaining({ letters: 1 })],
    ]);
  });
});
