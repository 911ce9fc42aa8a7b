import { DEAD, deadSubject, type DeadLetterHeaders, type DeadLetterView, type Service } from '@smartbox/contracts';
import { counter } from '@smartbox/telemetry';
import type { NatsLink } from './connection.ts';
import type { Headers } from './message.ts';
import { publishWithRetry } from './publish.ts';
import { apiCode, ensureStream, MESSAGE_NOT_FOUND } from './streams.ts';

export interface DeadLetter {
  stream: string;
  subject: string;
  sequence: number;
  consumer: string;
  deliveries: number;
  code: string;
  /** Never patient data. */
  reason: string;
  payload: Uint8Array;
  headers: Headers;
}

/**
 * Stores a message given up on `dead.<service>` with its bytes, headers, reason and trace. Storing it twice (a crash
 * between this and the acknowledgement) keeps one: the id is made from stream, consumer and sequence.
 */
export async function publishDeadLetter(link: NatsLink, service: Service, letter: DeadLetter): Promise<void> {
  const facts: DeadLetterHeaders = {
    'Smartbox-Dead-Stream': letter.stream,
    'Smartbox-Dead-Subject': letter.subject,
    'Smartbox-Dead-Sequence': String(letter.sequence),
    'Smartbox-Dead-Consumer': letter.consumer,
    'Smartbox-Dead-Deliveries': String(letter.deliveries),
    'Smartbox-Dead-Code': letter.code,
    'Smartbox-Dead-Reason': letter.reason.slice(0, 2000),
  };
  // The server's own headers (Nats-Msg-Id, expectations) would act again; ours are kept.
  const kept = Object.entries(letter.headers).filter(([key]) => !key.toLowerCase().startsWith('nats-'));
  await ensureStream(link.jsm, DEAD);
  await publishWithRetry(link, deadSubject(service), letter.payload, {
    msgId: `${letter.stream}/${letter.consumer}/${letter.sequence}`,
    headers: { ...Object.fromEntries(kept), ...facts },
    deadlineMs: 10_000,
  });
  counter('smartbox_dead_letters_total', 'Messages given up and kept on dead.<service>', ['consumer', 'code']).inc({
    consumer: letter.consumer,
    code: letter.code,
  });
}

/** What has been given up, the newest first: at most `limit` before sequence `before`. Content is not read. */
export async function readDeadLetters(
  link: NatsLink,
  { limit, before = Infinity }: { limit: number; before?: number | undefined },
): Promise<DeadLetterView[]> {
  const { state } = await link.jsm.streams.info(DEAD.name);
  const letters: DeadLetterView[] = [];
  for (let seq = Math.min(state.last_seq, before - 1); seq >= state.first_seq && seq > 0; seq--) {
    if (letters.length === limit) break;
    const letter = await letterAt(link, seq);
    if (letter) letters.push(letter);
  }
  return letters;
}

async function letterAt(link: NatsLink, sequence: number): Promise<DeadLetterView | undefined> {
  const message = await link.jsm.streams.getMessage(DEAD.name, { seq: sequence }).catch((error: unknown) => {
    if (apiCode(error) === MESSAGE_NOT_FOUND) return null; // it has expired meanwhile
    throw error;
  });
  if (!message) return undefined;
  const fact = (name: keyof DeadLetterHeaders): string => message.header.get(name);
  const traceId = message.header.get('traceparent').split('-')[1];
  return {
    sequence,
    at: message.time.toISOString(),
    service: message.subject.replace(/^dead\./, ''),
    consumer: fact('Smartbox-Dead-Consumer'),
    subject: fact('Smartbox-Dead-Subject'),
    stream: fact('Smartbox-Dead-Stream'),
    streamSequence: Number(fact('Smartbox-Dead-Sequence')),
    deliveries: Number(fact('Smartbox-Dead-Deliveries')),
    code: fact('Smartbox-Dead-Code'),
    reason: fact('Smartbox-Dead-Reason'),
    ...(traceId === undefined ? {} : { traceId }),
  };
}
