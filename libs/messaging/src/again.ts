import type { StoredMsg } from '@nats-io/jetstream';
import { DEAD, type AgainHeaders } from '@smartbox/contracts';
import type { NatsLink } from './connection.ts';
import type { Headers } from './message.ts';
import { apiCode, MESSAGE_NOT_FOUND } from './streams.ts';

/** What a message was before it was given up. */
export interface Origin {
  /** Sequence of its letter in DEAD. */
  letter: number;
  subject: string;
  /** In the stream that it came from. */
  sequence: number;
  /** How often it had been tried when it was given up. */
  deliveries: number;
}

/** Of a message that is delivered once more; undefined for every other. */
export function originOf(headers: Headers): Origin | undefined {
  const fact = (name: keyof AgainHeaders): string => headers[name] ?? '';
  const letter = Number(fact('Smartbox-Again-Letter'));
  if (!(letter > 0)) return undefined;
  return {
    letter,
    subject: fact('Smartbox-Dead-Subject'),
    sequence: Number(fact('Smartbox-Dead-Sequence')),
    deliveries: Number(fact('Smartbox-Dead-Deliveries')),
  };
}

/** Null where there is none (any more). */
export function storedLetter(link: NatsLink, sequence: number): Promise<StoredMsg | null> {
  return link.jsm.streams.getMessage(DEAD.name, { seq: sequence }).catch((error: unknown) => {
    if (apiCode(error) === MESSAGE_NOT_FOUND) return null;
    throw error;
  });
}

/** False where there was none (any more). */
export async function deleteLetter(link: NatsLink, sequence: number): Promise<boolean> {
  try {
    return await link.jsm.streams.deleteMessage(DEAD.name, sequence);
  } catch (error) {
    if ((await storedLetter(link, sequence)) === null) return false;
    throw error;
  }
}
