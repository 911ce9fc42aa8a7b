import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { PermissionViolationError, type NatsConnection } from '@nats-io/transport-node';
import {
  brokerUserOf,
  brokerUsers,
  ringStream,
  services,
  StationProcedure,
  StreamingInstance,
  type BrokerUser,
  type EventName,
  type Service,
} from '@smartbox/contracts';
import { newId } from '@smartbox/kernel';
import { startNats, until, type NatsServer } from '@smartbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { connectNats } from '../src/connection.ts';
import { done, Messaging, reject, type Verdict } from '../src/index.ts';
import { collect, marker } from './support.ts';

const stations = ['or-1', 'or-2'];
const users = brokerUsers(stations);
const passwords = Object.fromEntries(users.map(({ user }) => [user, `secret of ${user}`]));
let nats: NatsServer;
beforeAll(async () => {
  nats = await startNats({ line: { stations, passwords } });
});
afterAll(() => nats?.stop());

const signIn = (user: string) => ({ servers: nats.url, user, pass: passwords[user] });
const signInAs = (service: Service, stationId?: string) =>
  Messaging.connect({ ...signIn(brokerUserOf(service, stationId)), service });
/** What the server refused anybody: its log says so with user and subject. */
const violations = async () =>
  (await readFile(join(nats.dataDir ?? '', 'nats.log'), 'utf8')).split('\n').filter((line) => /Violation/.test(line));

/** Subjects of the list, with a token for each wildcard. */
const examples = (subjects: readonly string[]) =>
  subjects.map((subject) => subject.replaceAll('*', 'xyz').replace(/>$/, 'xyz.xyz'));
const matches = (pattern: string, subject: string) => {
  const [want, have] = [pattern.split('.'), subject.split('.')];
  return want.every((token, i) => (token === '>' ? have.length > i : token === '*' || token === have[i])) &&
    (want.at(-1) === '>' || want.length === have.length); // prettier-ignore
};
const every = (of: (user: BrokerUser) => readonly string[]) => [
  ...new Set(users.flatMap((user) => examples(of(user)))),
];

describe.each(users)('$user', ({ user, publish, subscribe }) => {
  let connection: NatsConnection;
  const refused = new Set<string>();
  beforeAll(async () => {
    ({ connection } = await connectNats({ ...signIn(user), name: user }));
    void (async () => {
      for await (const status of connection.status()) {
        if (status.type === 'error' && status.error instanceof PermissionViolationError)
          refused.add(status.error.subject);
      }
    })();
  });
  afterAll(() => connection?.close());

  it('may publish what is its own, and nothing that is another’s', async () => {
    const all = [
      ...every((one) => one.publish),
      'evt.xyz.thing.done',
      'rpc.xyz',
      '$SYS.REQ.SERVER.PING',
      '_INBOX.catalog.x',
    ];
    const foreign = all.filter((subject) => !publish.some((pattern) => matches(pattern, subject)));
    expect(foreign.length).toBeGreaterThan(20);
    refused.clear();
    for (const subject of all) connection.publish(subject);
    await connection.flush();
    await until(() => refused.size >= foreign.length);
    expect([...refused].sort()).toEqual(foreign.sort());
  });

  it('may hear what is its own, and nothing that is another’s', async () => {
    const all = [...every((one) => one.subscribe), '>', 'evt.>', 'ring.>', 'live.>', '$JS.>', '_INBOX.>'];
    const foreign = all.filter((subject) => !subscribe.some((pattern) => matches(pattern, subject)));
    refused.clear();
    for (const subject of all) connection.subscribe(subject, { callback: () => undefined });
    await connection.flush();
    await until(() => refused.size >= foreign.length);
    expect([...refused].sort()).toEqual(foreign.sort());
  });
});

it('a station publishes the pictures, presence and answers of its own room only', () => {
  const own = users.find(({ user }) => user === 'station-or-1');
  const said = [...(own?.publish ?? []), ...(own?.subscribe ?? [])];
  expect(said.filter((subject) => subject.includes('or-2') || /^(ring|live|rpc)\..*[*>]$/.test(subject))).toEqual([
    'ring.or-1.*',
    'live.or-1.*',
  ]);
  expect(said.filter((subject) => /^\$KV\./.test(subject))).toEqual(['$KV.STATIONS.or-1']);
});

describe('what the services do with this library', () => {
  it('needs no right that is missing: streams, queues, dead letters, buckets, rings, requests', async () => {
    const before = (await violations()).length;
    // The first on a new broker may be any of them: here a station.
    const room = await signInAs('capture-edge', 'or-1');
    const hub = new Map<Service, Messaging>();
    for (const service of services) if (service !== 'capture-edge') hub.set(service, await signInAs(service));
    const at = (service: Service) => hub.get(service) as Messaging;
    const admin = await connectNats({ servers: nats.url, user: nats.credentials.user, pass: nats.credentials.password, name: 'admin' }); // prettier-ignore

    // Rings: made by the buffer, written by the room, read by the buffer and the streaming service.
    await at('buffer').ensureStream(ringStream('or-1', 600_000, 1e8));
    await at('buffer').ensureStream(ringStream('or-1', 900_000, 1e8));
    await room.ring.publishRing('ring.or-1.cam', new Uint8Array(1000), { 'Smartbox-Sequence': '1' }, 'ring/1');
    await expect(room.ring.publishRing('ring.or-2.cam', new Uint8Array(9), {}, 'ring/2')).rejects.toMatchObject({
      code: 'publish-forbidden',
    });
    for (const service of ['buffer', 'streaming'] as const) {
      const { ring } = at(service);
      expect((await ring.streamInfo('RING_or-1'))?.messages).toBe(1);
      expect(await collect(ring.readHeaders('RING_or-1'))).toHaveLength(1);
      expect(await collect(ring.readHeaders('RING_or-1', { subject: 'ring.or-1.cam' }))).toHaveLength(1);
      const range = { subject: 'ring.or-1.cam', fromSeq: 1, toSeq: 1 };
      expect(await collect(ring.readMessages('RING_or-1', range))).toHaveLength(1);
      expect((await ring.getMessage('RING_or-1', 1))?.payload.byteLength).toBe(1000);
      expect((await ring.lastMessage('RING_or-1', 'ring.or-1.cam'))?.sequence).toBe(1);
    }

    // Buckets: what runs in the room, who is there, and one of a service alone.
    const written = await at('catalog').kv('PROCEDURES', StationProcedure, { history: 1 });
    const told = { stationId: 'or-1', procedureId: newId(), since: new Date().toISOString() };
    const stop = new AbortController();
    for (const [who, key] of [
      [room, 'station.or-1'],
      [at('streaming'), '>'],
      [at('buffer'), 'station.*'],
    ] as const) {
      // prettier-ignore
      const seen = await who.kv('PROCEDURES', StationProcedure, { history: 1 });
      const watching = (async () => {
        for await (const { value } of seen.watch(key, { signal: stop.signal })) if (value) return value;
        return undefined;
      })();
      await written.put('station.or-1', told);
      expect(await watching).toEqual(told);
      expect((await seen.get('station.or-1'))?.value).toEqual(told);
      await expect(seen.put('station.or-1', told)).rejects.toThrow();
    }
    await expect((await room.kv('PROCEDURES', StationProcedure)).get('station.or-2')).rejects.toThrow();
    stop.abort();
    const Any = z.object({ n: z.int() });
    const presence = await room.kv('STATIONS', Any, { history: 1 });
    await presence.put('or-1', { n: 1 });
    await expect(presence.put('or-2', { n: 1 })).rejects.toThrow();
    await at('streaming').kv('STREAMING', StreamingInstance, { history: 1, ttlMs: 60_000 });
    for (const [service, name] of [
      ['buffer', 'RECORDINGS'],
      ['transcoder', 'CANCELLATIONS'],
      ['pacs-gateway', 'DELIVERIES'],
    ] as const) {
      // prettier-ignore
      const own = await at(service).kv(name, Any);
      const revision = await own.create('a', { n: 1 });
      await expect(own.create('a', { n: 1 })).rejects.toMatchObject({ code: 'kv-conflict' });
      await own.delete('a', await own.update('a', { n: 2 }, revision));
      await own.create('a', { n: 3 });
      expect((await own.entries()).map(({ value }) => value)).toEqual([{ n: 3 }]);
    }

    // Queues and dead letters of each service that has any; delivered again by the catalog.
    const event = { name: 'buffer.marker.set' as EventName, data: marker() };
    for (const service of ['buffer', 'transcoder', 'dicomizer', 'pacs-gateway', 'catalog'] as const) {
      let verdict: Verdict = reject('not-today', 'the first time');
      const options = { durable: `${service}-spec`, deliver: 'new' } as const;
      const consumer = await at(service).consumeEvents([event.name], options, () => verdict);
      const { sequence } = await at('buffer').publishEvent(event.name, event.data, { id: newId() });
      const letters = () => at('catalog').letters.list({ limit: 10, consumer: options.durable });
      const letter = await until(async () => (await letters())[0]);
      verdict = done();
      expect(await at('catalog').letters.deliverAgain(letter.sequence)).toBe(true);
      await until(async () => (await letters()).length === 0);
      expect(await collect(at(service).readEvents({ fromSequence: sequence, follow: false }))).toHaveLength(1);
      expect(await collect(at(service).readEvents({ fromSequence: sequence, names: ['buffer.marker.set', 'buffer.clip.saved'], follow: false }))).toHaveLength(1); // prettier-ignore
      await consumer.delete();
    }
    for (const [service, name, data] of [
      ['buffer', 'buffer.stop-recording', { recordingId: newId(), stationId: 'or-1' }],
      ['transcoder', 'transcoder.cancel-job', { clipId: newId() }],
    ] as const) {
      const heard = Promise.withResolvers<void>();
      const options = { durable: `${service}-commands-spec` };
      const consumer = await at(service).consumeCommands([name], options, () => {
        heard.resolve();
        return done();
      });
      await admin.js.publish(`cmd.${name}`, JSON.stringify({ specversion: '1.0', id: newId(), source: 'smartbox/catalog', type: `smartbox.cmd.${name}.v1`, time: new Date().toISOString(), datacontenttype: 'application/json', data })); // prettier-ignore
      await Promise.race([heard.promise, until(async () => (await at('catalog').letters.list({ limit: 1, consumer: options.durable })).length > 0)]); // prettier-ignore
      await consumer.delete();
    }
    // A worker that dies at every delivery: its advisory is read and the message kept.
    const dying = await at('dicomizer').consumeEvents([event.name], { durable: 'dicomizer-dying', deliver: 'new', maxDeliver: 1, ackWaitMs: 200 }, done); // prettier-ignore
    await dying.close();
    await at('buffer').publishEvent(event.name, event.data, { id: newId() });
    const raw = await admin.js.consumers.get('EVENTS', 'dicomizer-dying');
    expect(await raw.next({ expires: 5000 })).not.toBeNull();
    expect(await raw.next({ expires: 1000 })).toBeNull();
    await until(async () => (await at('catalog').letters.list({ limit: 1, consumer: 'dicomizer-dying' })).length === 1);

    // Requests, answered to whoever asked and heard by nobody else.
    const idr = room.serve('capture-edge.idr', () => ({ asked: [] }) as never, { station: 'or-1' });
    await room.flush();
    for (const service of ['buffer', 'streaming', 'catalog'] as const) {
      const answer = at(service).call('capture-edge.idr', { stationId: 'or-1', sources: ['cam'] }, { station: 'or-1' });
      await expect(answer.catch((error: { code: string }) => error.code)).resolves.not.toBe('rpc-timeout');
    }
    await idr.close();
    const heard = Promise.withResolvers<void>();
    at('streaming').subscribeLive('live.or-1.cam', () => heard.resolve());
    await at('streaming').flush();
    room.publishLive('live.or-1.cam', new Uint8Array(3));
    await heard.promise;

    await Promise.all([room, ...hub.values()].map((one) => one.close()));
    await admin.close();
    const refused = (await violations()).slice(before);
    expect(refused.length).toBeGreaterThan(4);
    // What was tried above on purpose, and nothing else.
    expect(
      refused.filter((line) => !/"ring\.or-2\.cam"|KV\.PROCEDURES\.station\.or-[12]"|KV\.STATIONS\.or-2"/.test(line)),
    ).toEqual([]);
  }, 60_000);

  it('a station changes nothing of what all rooms share', async () => {
    const { connection } = await connectNats({ ...signIn('station-or-1'), name: 'thief' });
    const jsm = await jetstreamManager(connection, { checkAPI: false, timeout: 3000 });
    for (const attempt of [
      () => jsm.streams.update('EVENTS', { max_age: 1_000_000_000 }),
      () => jsm.streams.delete('EVENTS'),
      () => jsm.streams.purge('RING_or-1'),
      () => jsm.consumers.add('EVENTS', { name: 'thief' }),
      () => jsm.consumers.add('RING_or-1', { name: 'thief' }),
      () => jsm.streams.getMessage('EVENTS', { seq: 1 }),
    ]) {
      await expect(attempt()).rejects.toThrow(/permission/i);
    }
    await connection.close();
  });
});
