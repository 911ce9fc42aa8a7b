import { EVENTS } from '@smartbox/contracts';
import { inputError, newId } from '@smartbox/kernel';
import { startNats, until, type NatsServer } from '@smartbox/testing';
import { currentTraceId, startTelemetry, withSpan } from '@smartbox/telemetry';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NatsLink } from '../src/connection.ts';
import { done, reject, retryAfter, type Messaging } from '../src/index.ts';
import { deadLetters, join, look, marker } from './support.ts';

describe('a durable consumer', () => {
  let nats: NatsServer;
  let messaging: Messaging;
  let spy: NatsLink;
  beforeAll(async () => {
    startTelemetry('transcoder');
    nats = await startNats();
    messaging = await join(nats);
    spy = await look(nats);
  });
  afterAll(async () => {
    await messaging?.close();
    await spy?.close();
    await nats?.stop();
  });
  const publish = (label: string, id = newId()) => messaging.publishEvent('buffer.marker.set', marker(label), { id });
  const names = ['buffer.marker.set'] as const;

  it('stores an event once however often it is published', async () => {
    const id = newId();
    const first = await publish('once', id);
    expect(await publish('once', id)).toEqual({ ...first, duplicate: true });
  });

  it('delivers again what a handler wants again, and no more after done', async () => {
    const seen: number[] = [];
    const consumer = await messaging.consumeEvents(
      names,
      { durable: 'transcoder-again', deliver: 'new' },
      (_, { deliveryCount }) => {
        seen.push(deliveryCount);
        return deliveryCount < 3 ? retryAfter(20, 'not yet') : done();
      },
    );
    await publish('again');
    await until(() => seen.length === 3);
    await until(async () => (await consumer.state()).inFlight === 0);
    expect(seen).toEqual([1, 2, 3]);
    await consumer.delete();
  });

  it('keeps a message by heartbeats far beyond ack_wait', async () => {
    let deliveries = 0;
    const consumer = await messaging.consumeEvents(
      names,
      { durable: 'transcoder-slow', deliver: 'new', ackWaitMs: 600 },
      async () => {
        deliveries += 1;
        await new Promise((resolve) => setTimeout(resolve, 2500));
        return done();
      },
    );
    await publish('slow');
    await until(async () => {
      const { inFlight, pending } = await consumer.state();
      return deliveries > 0 && inFlight === 0 && pending === 0;
    });
    expect(deliveries).toBe(1);
    await consumer.delete();
  });

  it('buries a poison message at once, with its trace, and the others flow', async () => {
    const labels: (string | undefined)[] = [];
    const consumer = await messaging.consumeEvents(
      names,
      { durable: 'transcoder-poison', deliver: 'new' },
      ({ label }) => {
        labels.push(label);
        if (label === 'input') throw inputError('bad-range', 'never right');
        return label === 'reject' ? reject('no-such-thing', 'it is not there') : done();
      },
    );
    await spy.js.publish('evt.buffer.marker.set', '{"not":"an event"}');
    await spy.js.publish('evt.buffer.marker.set', new Uint8Array([0xff, 0, 1]));
    let trace: string | undefined;
    await withSpan('cause', {}, async () => {
      trace = currentTraceId();
      await publish('input');
    });
    await publish('reject');
    await publish('fine');
    await until(() => labels.includes('fine'));
    const letters = await until(async () => {
      const found = await deadLetters(spy, 'transcoder-poison');
      return found.length === 4 && found;
    });
    expect(letters.map(({ code }) => code)).toEqual([
      'invalid-message',
      'invalid-message',
      'bad-range',
      'no-such-thing',
    ]);
    expect(letters[0]).toMatchObject({ subject: 'evt.buffer.marker.set', deliveries: 1, body: '{"not":"an event"}' });
    expect(letters[2]?.traceparent).toContain(trace);
    expect(labels).toEqual(['input', 'reject', 'fine']);
    await consumer.delete();
  });

  it('gives up after max_deliver failures, saying why', async () => {
    let attempts = 0;
    const consumer = await messaging.consumeEvents(
      names,
      { durable: 'transcoder-failing', deliver: 'new', maxDeliver: 3, backoffMs: [10] },
      () => {
        attempts += 1;
        throw new Error(`attempt ${attempts} broke`);
      },
    );
    await publish('failing');
    const [letter] = await until(async () => {
      const found = await deadLetters(spy, 'transcoder-failing');
      return found.length === 1 && found;
    });
    expect(letter).toMatchObject({ code: 'max-deliveries', deliveries: 3 });
    expect(letter?.reason).toContain('attempt 3 broke');
    expect(attempts).toBe(3);
    await consumer.delete();
  });

  it('buries a message whose worker died on its last try', async () => {
    // A worker that takes messages and dies: raw pulls that never answer.
    const options = { durable: 'transcoder-dying', deliver: 'new', maxDeliver: 2, ackWaitMs: 300 } as const;
    const consumer = await messaging.consumeEvents(names, options, () => done());
    await consumer.close();
    await publish('dying');
    const raw = await spy.js.consumers.get(EVENTS.name, options.durable);
    for (let i = 0; i < 2; i++) expect(await raw.next({ expires: 5000 })).not.toBeNull();
    // The server says so at the next pull, when nothing may be delivered any more.
    expect(await raw.next({ expires: 1000 })).toBeNull();
    const [letter] = await until(async () => {
      const found = await deadLetters(spy, options.durable);
      return found.length === 1 && found;
    });
    expect(letter).toMatchObject({ code: 'max-deliveries', deliveries: 2, subject: 'evt.buffer.marker.set' });
    await consumer.delete();
  });

  it('works on several side by side, never on more than it may', async () => {
    let running = 0;
    let most = 0;
    const finished = new Set<number>();
    const consumer = await messaging.consumeEvents(
      names,
      { durable: 'transcoder-wide', deliver: 'new', concurrency: 4 },
      async (_, { streamSequence }) => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, 20));
        running -= 1;
        finished.add(streamSequence);
        return done();
      },
    );
    await Promise.all(Array.from({ length: 40 }, (_, i) => publish(`wide ${i}`)));
    await until(() => finished.size === 40);
    expect(most).toBe(4);
    await consumer.delete();
  });

  it('pauses and resumes', async () => {
    const seen: string[] = [];
    const consumer = await messaging.consumeEvents(
      names,
      { durable: 'transcoder-paused', deliver: 'new', maxDeliver: -1 },
      ({ label }) => {
        seen.push(label ?? '');
        return done();
      },
    );
    consumer.pause();
    await publish('while paused');
    await until(async () => (await consumer.state()).pending === 1);
    expect(seen).toEqual([]);
    consumer.resume();
    await until(() => seen.length === 1);
    await consumer.delete();
  });

  it('continues the trace of the publisher', async () => {
    let inside: string | undefined;
    const consumer = await messaging.consumeEvents(names, { durable: 'transcoder-trace', deliver: 'new' }, () => {
      inside = currentTraceId();
      return done();
    });
    const outside = await withSpan('outside', {}, async () => {
      await publish('traced');
      return currentTraceId();
    });
    await until(() => inside !== undefined);
    expect(inside).toBe(outside);
    await consumer.delete();
  });

  it('finishes what is in work before it closes', async () => {
    const gate = Promise.withResolvers<void>();
    let finished = false;
    const consumer = await messaging.consumeEvents(names, { durable: 'transcoder-close', deliver: 'new' }, async () => {
      gate.resolve();
      await new Promise((resolve) => setTimeout(resolve, 300));
      finished = true;
      return done();
    });
    await publish('close');
    await gate.promise;
    await consumer.close();
    expect(finished).toBe(true);
    expect((await consumer.state()).inFlight).toBe(0);
  });
});
