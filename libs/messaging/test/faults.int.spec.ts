import { createServer, type Server } from 'node:net';
import { ringStream } from '@smartbox/contracts';
import { newId } from '@smartbox/kernel';
import { startNats, until, type NatsServer } from '@smartbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectNats } from '../src/connection.ts';
import { done, type Messaging } from '../src/index.ts';
import { collect, join, marker } from './support.ts';

describe('a broker that is too old', () => {
  let server: Server;
  let port = 0;
  beforeAll(async () => {
    server = createServer((socket) => {
      const info = {
        server_id: 'OLD',
        version: '2.9.10',
        proto: 1,
        host: '127.0.0.1',
        port,
        headers: true,
        max_payload: 1e6,
      };
      socket.write(`INFO ${JSON.stringify(info)}\r\n`);
      socket.on('data', (data) => data.includes('PING') && socket.write('PONG\r\n'));
      socket.on('error', () => socket.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as { port: number }).port;
  });
  afterAll(() => server.close());

  it('is refused with the version that is needed', async () => {
    await expect(connectNats({ servers: `nats://127.0.0.1:${port}`, name: 'spec' })).rejects.toMatchObject({
      code: 'nats-too-old',
      message: expect.stringMatching(/2\.9\.10.*2\.12\.7 or newer/),
    });
  });
});

describe('a broker that is restarted', () => {
  let nats: NatsServer;
  let messaging: Messaging;
  beforeAll(async () => {
    nats = await startNats();
    messaging = await join(nats, 'buffer');
  });
  afterAll(async () => {
    await messaging?.close();
    await nats?.stop();
  });

  it('loses no acknowledged event for consumers and followers, and doubles none for followers', async () => {
    const consumed = new Set<string>();
    const followed: number[] = [];
    const stop = new AbortController();
    const consumer = await messaging.consumeEvents(
      ['buffer.marker.set'],
      { durable: 'buffer-restart', concurrency: 2, ackWaitMs: 2000 },
      ({ label }) => {
        consumed.add(label ?? '');
        return done();
      },
    );
    const following = (async () => {
      for await (const stored of messaging.readEvents({ fromSequence: 1, signal: stop.signal })) {
        followed.push(stored.sequence);
      }
    })();
    const publish = (from: number, to: number) =>
      Promise.all(
        Array.from({ length: to - from }, (_, i) =>
          messaging.publishEvent('buffer.marker.set', marker(String(from + i)), { id: newId(), deadlineMs: 60_000 }),
        ),
      );
    await publish(0, 30);
    const during = nats.restart('SIGKILL');
    const acknowledged = publish(30, 60);
    await during;
    await acknowledged;
    await publish(60, 90);
    await until(() => consumed.size === 90, { what: 'all consumed' });
    const last = Math.max(...(await acknowledged).map(({ sequence }) => sequence)) + 30;
    await until(() => followed.at(-1) === last, { what: 'all followed' });
    expect(followed).toEqual(Array.from({ length: last }, (_, i) => i + 1));
    stop.abort();
    await following;
    await consumer.delete();
    expect(messaging.connected).toBe(true);
  }, 60_000);

  it('reads 200 messages of 0.9 MB in seconds, and 3000 headers in about one', async () => {
    const stream = ringStream('or-9', 600_000, 2 * 1024 ** 3);
    await messaging.ensureStream(stream);
    const payload = new Uint8Array(900_000).fill(7);
    for (let i = 0; i < 200; i += 8) {
      await Promise.all(
        Array.from({ length: Math.min(8, 200 - i) }, (_, k) =>
          messaging.ring.publishRing(
            'ring.or-9.scope',
            payload,
            { 'Smartbox-Sequence': String(i + k) },
            `big/${i + k}`,
          ),
        ),
      );
    }
    let started = performance.now();
    let bytes = 0;
    const read = { subject: 'ring.or-9.scope', fromSeq: 1, toSeq: 200 };
    const sequences: number[] = [];
    for await (const message of messaging.ring.readMessages(stream.name, read)) {
      sequences.push(message.sequence);
      bytes += message.payload.byteLength;
    }
    const big = performance.now() - started;
    expect(sequences).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
    expect(bytes).toBe(200 * 900_000);

    for (let i = 0; i < 3000; i += 100) {
      await Promise.all(
        Array.from({ length: 100 }, (_, k) =>
          messaging.ring.publishRing(
            'ring.or-9.room',
            new Uint8Array(10),
            { 'Smartbox-Sequence': String(i + k) },
            `s/${i + k}`,
          ),
        ),
      );
    }
    started = performance.now();
    const headers = await collect(messaging.ring.readHeaders(stream.name, { subject: 'ring.or-9.room' }));
    const scan = performance.now() - started;
    console.log(`200 x 0.9 MB in ${big.toFixed(0)} ms; 3000 headers in ${scan.toFixed(0)} ms`);
    expect(headers).toHaveLength(3000);
    expect(headers.at(-1)).toMatchObject({ bytes: 10, headers: { 'Smartbox-Sequence': '2999' } });
    expect(big).toBeLessThan(10_000);
    expect(scan).toBeLessThan(5_000);
    expect((await messaging.ring.lastMessage(stream.name, 'ring.or-9.scope'))?.sequence).toBe(200);
    expect((await messaging.ring.getMessage(stream.name, 7))?.payload.byteLength).toBe(900_000);
    expect(await messaging.ring.getMessage(stream.name, 99_999)).toBeUndefined();
    expect(await collect(messaging.ring.readHeaders(stream.name, { subject: 'ring.or-9.none' }))).toEqual([]);
    expect(await messaging.ring.purge(stream.name, { subject: 'ring.or-9.room' })).toBe(3000);
    expect((await messaging.ring.streamInfo(stream.name))?.messages).toBe(200);
    expect(await messaging.ring.streamInfo('RING_or-0')).toBeUndefined();
  }, 120_000);
});
