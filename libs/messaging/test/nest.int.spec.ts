import 'reflect-metadata';
import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import {
  commandMap,
  rpcMap,
  type CommandData,
  type EventData,
  type RpcReply,
  type RpcRequest,
} from '@smartbox/contracts';
import { inputError, newId, transientError } from '@smartbox/kernel';
import { HealthModule, startTelemetry } from '@smartbox/telemetry';
import { startNats, until, type NatsServer } from '@smartbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  connectMessaging,
  done,
  MessagingModule,
  OnCommand,
  OnEvent,
  Rpc,
  type MessageContext,
  type Messaging,
  type MessagingModuleOptions,
  type Verdict,
} from '../src/index.ts';
import { deadLetters, join, look, marker, signIn } from './support.ts';

const seen: string[] = [];
/** What else the transcoder has to answer, and these specs do not. */
const others = [...keysOf(commandMap), ...keysOf(rpcMap)].filter(
  (name) => name.startsWith('transcoder.') && name !== 'transcoder.cancel-job',
);
function keysOf<T extends object>(map: T): (keyof T & string)[] {
  return Object.keys(map) as (keyof T & string)[];
}

@Controller()
class Consumers {
  @OnEvent('buffer.marker.set', { durable: 'transcoder-work', concurrency: 2 })
  marked(data: EventData<'buffer.marker.set'>, context: MessageContext): Verdict {
    if (data.label === 'fatal') throw inputError('fatal', 'no good');
    seen.push(`${context.name} ${data.label}`);
    return done();
  }

  @OnEvent('catalog.procedure.ended', { durable: 'transcoder-work' })
  async ended(data: EventData<'catalog.procedure.ended'>): Promise<Verdict> {
    seen.push(`ended ${data.stationId}`);
    return done();
  }

  @OnCommand('transcoder.cancel-job', { durable: 'transcoder-cancel' })
  cancel(data: CommandData<'transcoder.cancel-job'>): Verdict {
    seen.push(`cancel ${data.clipId}`);
    return done();
  }

  @Rpc('capture-edge.idr', { perStation: true })
  async idr(request: RpcRequest<'capture-edge.idr'>): Promise<RpcReply<'capture-edge.idr'>> {
    if (request.stationId === 'or-2') throw transientError('encoder-busy', 'not now');
    if (request.stationId === 'or-3') throw new Error('Doe^Jane');
    return { sources: request.sources ?? ['scope'] };
  }
}

@Controller()
class Twice {
  @OnCommand('transcoder.cancel-job', { durable: 'transcoder-cancel' })
  cancel(): Verdict {
    return done();
  }
}

describe('the Nest transport', () => {
  let nats: NatsServer;
  let other: Messaging;
  const options = (): MessagingModuleOptions => ({
    ...signIn(nats),
    service: 'transcoder',
    stations: ['or-1', 'or-2', 'or-3'],
  });

  async function boot(controllers: (new () => object)[], given = options()) {
    @Module({ imports: [HealthModule.forRoot(), MessagingModule.forRoot(given)], controllers })
    class App {}
    const app = await NestFactory.create(App, new FastifyAdapter(), { logger: false, abortOnError: false });
    try {
      await connectMessaging(app);
      await app.listen(0, '127.0.0.1');
    } catch (error) {
      await app.close();
      throw error;
    }
    return app;
  }

  beforeAll(async () => {
    startTelemetry('transcoder');
    nats = await startNats();
    other = await join(nats, 'catalog');
  });
  afterAll(async () => {
    await other?.close();
    await nats?.stop();
  });

  it('does not boot with a duplicate handler', async () => {
    await expect(boot([Consumers, Twice])).rejects.toMatchObject({ code: 'duplicate-handler' });
  });

  it('does not boot without a handler for its own command', async () => {
    await expect(boot([])).rejects.toMatchObject({
      code: 'missing-handler',
      message: expect.stringContaining('transcoder.cancel-job') as string,
    });
  });

  it('handles events of one durable, commands and requests, and closes cleanly', async () => {
    const app = await boot([Consumers], { ...options(), unhandled: others });
    const spy = await look(nats);
    const clipId = newId();
    await other.publishEvent('buffer.marker.set', marker('fatal'), { id: newId() });
    await other.publishEvent('buffer.marker.set', marker('nest'), { id: newId() });
    const ended = { procedureId: newId(), stationId: 'or-1', endedAt: new Date().toISOString() };
    await other.publishEvent('catalog.procedure.ended', ended, { id: newId() });
    await other.publishCommand('transcoder.cancel-job', { clipId }, { id: newId() });
    await until(() => seen.length === 3);
    expect(seen.sort()).toEqual(['buffer.marker.set nest', `cancel ${clipId}`, 'ended or-1'].sort());
    const [letter] = await until(async () => {
      const found = await deadLetters(spy, 'transcoder-work');
      return found.length > 0 && found;
    });
    expect(letter).toMatchObject({ code: 'fatal', reason: 'no good' });
    await until(async () => (await spy.jsm.streams.info('COMMANDS')).state.messages === 0);

    expect(await other.call('capture-edge.idr', { stationId: 'or-1' }, { station: 'or-1' })).toEqual({
      sources: ['scope'],
    });
    await expect(other.call('capture-edge.idr', { stationId: 'or-2' }, { station: 'or-2' })).rejects.toMatchObject({
      code: 'encoder-busy',
      retryable: true,
      fault: 'theirs',
    });
    // Patient data in an unknown error does not travel.
    await expect(other.call('capture-edge.idr', { stationId: 'or-3' }, { station: 'or-3' })).rejects.toMatchObject({
      code: 'internal',
      message: expect.not.stringContaining('Doe') as string,
    });
    await expect(other.call('capture-edge.idr', { stationId: 'or-9' }, { station: 'or-9' })).rejects.toMatchObject({
      code: 'no-responders',
      retryable: true,
    });

    const url = await app.getUrl();
    const ready = await fetch(`${url}/readyz`);
    expect([ready.status, await ready.json()]).toEqual([200, { ready: true, checks: { nats: { ok: true } } }]);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toMatch(/smartbox_messages_total\{durable="transcoder-work",outcome="done".*\} 2/);
    await app.close();
    await spy.close();
  });

  it('keeps typed values in KV buckets, guarded by revision', async () => {
    const store = await other.kv('TRIES', z.object({ n: z.int() }));
    const revision = await store.create('a.b', { n: 1 });
    await expect(store.create('a.b', { n: 2 })).rejects.toMatchObject({ code: 'kv-conflict' });
    const next = await store.update('a.b', { n: 2 }, revision);
    await expect(store.update('a.b', { n: 3 }, revision)).rejects.toMatchObject({ code: 'kv-conflict' });
    expect(await store.get('a.b')).toMatchObject({ value: { n: 2 }, revision: next });
    await expect(store.put('a.c', { n: 'x' } as never)).rejects.toMatchObject({ code: 'invalid-kv-value' });
    const stop = new AbortController();
    const changes: unknown[] = [];
    const watching = (async () => {
      for await (const { key, value, initial } of store.watch('a.*', { signal: stop.signal }))
        changes.push([key, value?.n, initial]);
    })();
    await until(() => changes.length === 1);
    await store.put('a.c', { n: 5 });
    await store.delete('a.b');
    await until(() => changes.length === 3);
    expect(changes).toEqual([
      ['a.b', 2, true],
      ['a.c', 5, false],
      ['a.b', undefined, false],
    ]);
    expect(await store.keys()).toEqual(['a.c']);
    expect(await store.entries('a.*')).toMatchObject([{ key: 'a.c', value: { n: 5 } }]);
    stop.abort();
    await watching;
  });

  it('survives a throwing live callback', async () => {
    const got: number[] = [];
    const unsubscribe = other.subscribeLive('live.or-1.scope', (bytes) => {
      got.push(bytes[0] ?? -1);
      if (bytes[0] === 1) throw new Error('broken');
    });
    await other.flush();
    for (const byte of [1, 2]) other.publishLive('live.or-1.scope', new Uint8Array([byte]));
    await until(() => got.length === 2);
    unsubscribe();
  });
});
