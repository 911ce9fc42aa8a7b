import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { EventData } from '@smartbox/contracts';
import { newId } from '@smartbox/kernel';
import { startNats, until, type NatsServer } from '@smartbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NatsLink } from '../src/connection.ts';
import { done, reject, type MessageContext, type Messaging, type Verdict } from '../src/index.ts';
import { collect, join, look, marker } from './support.ts';

let nats: NatsServer;
let messaging: Messaging;
let catalog: Messaging;
let spy: NatsLink;
beforeAll(async () => {
  nats = await startNats();
  messaging = await join(nats);
  catalog = await join(nats, 'catalog');
  spy = await look(nats);
});
afterAll(async () => {
  await messaging?.close();
  await catalog?.close();
  await spy?.close();
  await nats?.stop();
});

const names = ['buffer.marker.set'] as const;
const settings = { deliver: 'new', ackWaitMs: 1000, maxDeliver: 3 } as const;
const lettersOf = (consumer: string) => catalog.letters.list({ limit: 10, consumer });
const oneLetter = (consumer: string, fits: (reason: string) => boolean = () => true) =>
  until(async () => {
    const [letter, ...more] = await lettersOf(consumer);
    return letter && more.length === 0 && fits(letter.reason) && letter;
  });
const settled = (consumer: string) => until(async () => (await lettersOf(consumer)).length === 0);

/** A consumer whose next verdict the test chooses; what it saw is kept. */
async function listener(durable: string, verdict: () => Verdict) {
  const seen: { data: EventData<'buffer.marker.set'>; context: MessageContext }[] = [];
  const consumer = await messaging.consumeEvents(names, { durable, ...settings }, (data, context) => {
    seen.push({ data, context });
    return verdict();
  });
  return { consumer, seen };
}

describe('a message given up that is delivered again', () => {
  it('comes to the one that gave it up, as it was, and to nobody else; done, its letter is gone', async () => {
    let verdict: Verdict = reject('no-such-thing', 'it is not there yet');
    const [one, other] = [await listener('transcoder-one', () => verdict), await listener('transcoder-other', done)];
    const published = await messaging.publishEvent('buffer.marker.set', marker('twice'), { id: newId() });
    const letter = await oneLetter('transcoder-one');
    verdict = done();
    // Pressed twice, at once and after another: sent once.
    expect(await Promise.all([catalog.letters.deliverAgain(letter.sequence), catalog.letters.deliverAgain(letter.sequence)])).toEqual([true, true]); // prettier-ignore
    await settled('transcoder-one');
    expect(await catalog.letters.deliverAgain(letter.sequence)).toBe(false);
    expect(one.seen).toHaveLength(2);
    const [first, second] = one.seen.map(({ data, context }) => ({ data, ...context }));
    expect(second).toMatchObject({
      ...{ data: first?.data, name: first?.name, subject: 'evt.buffer.marker.set', event: first?.event },
      ...{ streamSequence: published.sequence, deliveryCount: 1 },
    });
    expect(Math.abs(Number(second?.timestamp) - Number(first?.timestamp))).toBeLessThan(1000);
    expect(other.seen).toHaveLength(1);
    // Whoever reads all events does not find it among them.
    const events = await collect(catalog.readEvents({ fromSequence: published.sequence, follow: false }));
    expect(events.map(({ sequence }) => sequence)).toEqual([published.sequence]);
    await Promise.all([one.consumer.delete(), other.consumer.delete()]);
  });

  it('that fails again is one letter with the new reason and every try counted, as often as one likes', async () => {
    let round = 0;
    const { consumer } = await listener('transcoder-never', () => reject('no-such-thing', `round ${++round}`));
    const published = await messaging.publishEvent('buffer.marker.set', marker(), { id: newId() });
    for (let tries = 1; tries <= 3; tries++) {
      const letter = await oneLetter('transcoder-never', (reason) => reason === `round ${tries}`);
      expect(letter).toMatchObject({
        ...{ deliveries: tries, subject: 'evt.buffer.marker.set', stream: 'EVENTS' },
        ...{ streamSequence: published.sequence, consumer: 'transcoder-never', service: 'transcoder' },
      });
      expect(await catalog.letters.deliverAgain(letter.sequence)).toBe(true);
    }
    const last = await oneLetter('transcoder-never', (reason) => reason === 'round 4');
    await consumer.close();
    // Discarded while it is on its way: nobody gets it.
    expect(await catalog.letters.deliverAgain(last.sequence)).toBe(true);
    expect(await catalog.letters.discard(last.sequence)).toBe(true);
    expect(await catalog.letters.discard(last.sequence)).toBe(false);
    const again = await listener('transcoder-never', () => reject('no-such-thing', 'round 5'));
    await until(async () => {
      const { pending, inFlight } = await again.consumer.state();
      return pending + inFlight === 0;
    });
    expect(again.seen).toEqual([]);
    expect(await lettersOf('transcoder-never')).toEqual([]);
    await again.consumer.delete();
  });

  it('keeps its letter while its worker is killed in the middle of it, and is done by the next one', async () => {
    const durable = 'transcoder-killed';
    const { consumer } = await listener(durable, () => reject('no-such-thing', 'not today'));
    await messaging.publishEvent('buffer.marker.set', marker('survives'), { id: newId() });
    const letter = await oneLetter(durable);
    await consumer.close();
    const worker = new URL('dying-worker.ts', import.meta.url).pathname;
    const { user, password } = nats.credentials;
    const child = spawn(process.execPath, ['--conditions=@smartbox/source', worker, nats.url, user, password, durable], { stdio: ['ignore', 'pipe', 'inherit'] }); // prettier-ignore
    const taken = once(createInterface(child.stdout), 'line');
    expect(await catalog.letters.deliverAgain(letter.sequence)).toBe(true);
    expect(await taken).toEqual(['has it: 1']);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await lettersOf(durable)).toEqual([letter]);
    // Whoever presses meanwhile does not double it.
    expect(await catalog.letters.deliverAgain(letter.sequence)).toBe(true);
    const next = await listener(durable, done);
    await settled(durable);
    await until(async () => (await next.consumer.state()).inFlight === 0);
    expect(next.seen.map(({ data, context }) => [data.label, context.deliveryCount])).toEqual([['survives', 2]]);
    await next.consumer.delete();
  });

  it('whose worker dies at every delivery is a letter again, counted on', async () => {
    const durable = 'transcoder-dies';
    const { consumer } = await listener(durable, () => reject('no-such-thing', 'not today'));
    await messaging.publishEvent('buffer.marker.set', marker(), { id: newId() });
    const letter = await oneLetter(durable);
    await consumer.close();
    await catalog.letters.deliverAgain(letter.sequence);
    const raw = await spy.js.consumers.get('EVENTS', durable);
    for (let i = 0; i < 3; i++) expect(await raw.next({ expires: 5000 })).not.toBeNull();
    expect(await raw.next({ expires: 1500 })).toBeNull();
    const back = await oneLetter(durable, (reason) => reason.startsWith('3 deliveries'));
    expect(back).toMatchObject({ deliveries: 4, streamSequence: letter.streamSequence, code: 'max-deliveries' });
    await consumer.delete();
    await expect(catalog.letters.deliverAgain(back.sequence)).rejects.toMatchObject({ code: 'consumer-gone' });
    expect(await lettersOf(durable)).toEqual([back]);
  });

  it('of the work queue leaves it when it is done', async () => {
    let verdict: Verdict = reject('no-such-job', 'there is none');
    const consumer = await messaging.consumeCommands(['transcoder.cancel-job'], { durable: 'transcoder-jobs' }, () => verdict); // prettier-ignore
    await catalog.publishCommand('transcoder.cancel-job', { clipId: newId() }, { id: newId() }); // prettier-ignore
    const letter = await oneLetter('transcoder-jobs');
    expect(letter.code).toBe('no-such-job');
    verdict = done();
    await catalog.letters.deliverAgain(letter.sequence);
    await settled('transcoder-jobs');
    await until(async () => (await spy.jsm.streams.info('COMMANDS')).state.messages === 0);
    await consumer.delete();
  });
});
