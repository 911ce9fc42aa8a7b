import type { StoredMsg } from '@nats-io/jetstream';
import {
  againSubject,
  DEAD,
  type AgainHeaders,
  type DeadLetterHeaders,
  type DeadLetterView,
} from '@smartbox/contracts';
import { SmartBoxError } from '@smartbox/kernel';
import { deleteLetter, storedLetter } from './again.ts';
import type { NatsLink } from './connection.ts';
import { fromNatsHeaders } from './headers.ts';
import { publishWithRetry } from './publish.ts';
import { apiCode, CONSUMER_NOT_FOUND, STREAM_NOT_FOUND } from './streams.ts';

/** What services have given up, as a person looks at it and decides. Content is not read. */
export class DeadLetters {
  readonly #link: NatsLink;

  constructor(link: NatsLink) {
    this.#link = link;
  }

  /** The newest first: at most `limit` before sequence `before`, of one consumer or of all. */
  async list({
    limit,
    before = Infinity,
    consumer,
  }: {
    limit: number;
    before?: number | undefined;
    consumer?: string | undefined;
  }): Promise<DeadLetterView[]> {
    const { state } = await this.#link.jsm.streams.info(DEAD.name);
    const letters: DeadLetterView[] = [];
    for (let seq = Math.min(state.last_seq, before - 1); seq >= state.first_seq && seq > 0; seq--) {
      if (letters.length === limit) break;
      const letter = await this.find(seq);
      if (letter && (consumer === undefined || letter.consumer === consumer)) letters.push(letter);
    }
    return letters;
  }

  /** By its sequence in DEAD; undefined where it is settled, discarded or has expired. */
  async find(sequence: number): Promise<DeadLetterView | undefined> {
    const message = await storedLetter(this.#link, sequence);
    return message ? viewOf(message) : undefined;
  }

  /**
   * Sends the message to exactly the consumer that gave it up. The letter stays until that consumer has settled it, so
   * nothing is lost whoever dies meanwhile; asked for again within the hour, it is sent once, and whoever gets it when
   * its letter is gone lets it be. False where there is no such letter (any more).
   * @throws SmartBoxError `consumer-gone` where nothing reads it any more.
   */
  async deliverAgain(sequence: number): Promise<boolean> {
    const message = await storedLetter(this.#link, sequence);
    if (!message) return false;
    const { stream, consumer } = viewOf(message);
    const subject = againSubject(stream, consumer);
    if (!(await this.#reads(stream, consumer, subject))) {
      const reason = `${consumer} reads ${stream} no more: nobody would get it`;
      throw new SmartBoxError({ code: 'consumer-gone', message: reason, fault: 'input' });
    }
    const kept = Object.entries(fromNatsHeaders(message.header)).filter(([key]) => !/^nats-/i.test(key));
    const mark: Pick<AgainHeaders, 'Smartbox-Again-Letter'> = { 'Smartbox-Again-Letter': String(sequence) };
    await publishWithRetry(this.#link, subject, message.data, {
      msgId: `again/${sequence}`,
      headers: { ...Object.fromEntries(kept), ...mark },
      deadlineMs: 5000,
    });
    return true;
  }

  /** Nobody gets it any more. False where there is no such letter (any more). */
  discard(sequence: number): Promise<boolean> {
    return deleteLetter(this.#link, sequence);
  }

  async #reads(stream: string, durable: string, subject: string): Promise<boolean> {
    try {
      const { config } = await this.#link.jsm.consumers.info(stream, durable);
      return config.filter_subjects?.includes(subject) ?? false;
    } catch (error) {
      if (apiCode(error) === CONSUMER_NOT_FOUND || apiCode(error) === STREAM_NOT_FOUND) return false;
      throw error;
    }
  }
}

function viewOf(message: StoredMsg): DeadLetterView {
  const fact = (name: keyof DeadLetterHeaders): string => message.header.get(name);
  const traceId = message.header.get('traceparent').split('-')[1];
  return {
    sequence: message.seq,
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
