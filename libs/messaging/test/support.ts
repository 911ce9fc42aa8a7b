import type { EventData } from '@smartbox/contracts';
import { newId } from '@smartbox/kernel';
import type { NatsServer } from '@smartbox/testing';
import { connectNats, type NatsLink } from '../src/connection.ts';
import { Messaging, type MessagingOptions } from '../src/index.ts';

/** How a client of the test's server signs in. */
export const signIn = (nats: NatsServer) => ({
  servers: nats.url,
  user: nats.credentials.user,
  pass: nats.credentials.password,
});

export const join = (nats: NatsServer, service: MessagingOptions['service'] = 'transcoder') =>
  Messaging.connect({ ...signIn(nats), service });

/** A bare connection, to look at the server behind the library's back. */
export const look = (nats: NatsServer): Promise<NatsLink> => connectNats({ ...signIn(nats), name: 'spec' });

/** A small valid event. */
export const marker = (label = 'm'): EventData<'buffer.marker.set'> => ({
  markerId: newId(),
  stationId: 'or-1',
  procedureId: newId(),
  at: '2026-01-01T10:00:00.000Z',
  label,
});

export interface Dead {
  subject: string;
  code: string;
  reason: string;
  deliveries: number;
  traceparent: string;
  body: string;
}

/** Everything in DEAD about one durable. */
export async function deadLetters(link: NatsLink, consumer: string): Promise<Dead[]> {
  const { state } = await link.jsm.streams.info('DEAD');
  const letters: Dead[] = [];
  for (let seq = Math.max(1, state.first_seq); seq <= state.last_seq; seq++) {
    const message = await link.jsm.streams.getMessage('DEAD', { seq });
    if (message?.header.get('Smartbox-Dead-Consumer') !== consumer) continue;
    letters.push({
      subject: message.header.get('Smartbox-Dead-Subject'),
      code: message.header.get('Smartbox-Dead-Code'),
      reason: message.header.get('Smartbox-Dead-Reason'),
      deliveries: Number(message.header.get('Smartbox-Dead-Deliveries')),
      traceparent: message.header.get('traceparent'),
      body: message.string(),
    });
  }
  return letters;
}

export async function collect<T>(from: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of from) all.push(item);
  return all;
}
