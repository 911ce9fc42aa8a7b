import { DEAD, deadSubject, type AgainHeaders, type DeadLetterHeaders, type Service } from '@smartbox/contracts';
import { counter } from '@smartbox/telemetry';
import { deleteLetter, originOf } from './again.ts';
import type { NatsLink } from './connection.ts';
import type { Headers } from './message.ts';
import { publishWithRetry } from './publish.ts';
import { ensureStream } from './streams.ts';

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
 * between this and the acknowledgement) keeps one: the id is made from stream, consumer and sequence. What was given
 * up before and delivered once more is one letter: of the message as it first came, with all deliveries counted.
 */
export async function publishDeadLetter(link: NatsLink, service: Service, letter: DeadLetter): Promise<void> {
  const origin = originOf(letter.headers);
  const facts: DeadLetterHeaders = {
    'Smartbox-Dead-Stream': letter.stream,
    'Smartbox-Dead-Subject': origin?.subject ?? letter.subject,
    'Smartbox-Dead-Sequence': String(origin?.sequence ?? letter.sequence),
    'Smartbox-Dead-Consumer': letter.consumer,
    'Smartbox-Dead-Deliveries': String((origin?.deliveries ?? 0) + letter.deliveries),
    'Smartbox-Dead-Code': letter.code,
    'Smartbox-Dead-Reason': letter.reason.slice(0, 2000),
  };
  const mark: keyof AgainHeaders = 'Smartbox-Again-Letter';
  // The server's own headers (Nats-Msg-Id, expectations) would act again; ours are kept.
  const kept = Object.entries(letter.headers).filter(([key]) => !key.toLowerCase().startsWith('nats-') && key !== mark);
  await ensureStream(link.jsm, DEAD);
  await publishWithRetry(link, deadSubject(service), letter.payload, {
    msgId: `${letter.stream}/${letter.consumer}/${letter.sequence}`,
    headers: { ...Object.fromEntries(kept), ...facts },
    deadlineMs: 10_000,
  });
  if (origin) await deleteLetter(link, origin.letter);
  counter('smartbox_dead_letters_total', 'Messages given up and kept on dead.<service>', ['consumer', 'code']).inc({
    consumer: letter.consumer,
    code: letter.code,
  });
}
