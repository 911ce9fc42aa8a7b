import type { PurgeOpts } from '@nats-io/jetstream';
import { toError, transientError } from '@smartbox/kernel';
import { connectNats, type NatsLink } from './connection.ts';
import { fromNatsHeaders } from './headers.ts';
import type { Headers } from './message.ts';
import { readOrdered } from './ordered-reader.ts';
import { publishOnce, type Published } from './publish.ts';
import { apiCode, MESSAGE_NOT_FOUND, STREAM_NOT_FOUND } from './streams.ts';

export interface RingMessage {
  sequence: number;
  subject: string;
  timestamp: Date;
  headers: Headers;
  payload: Uint8Array;
}

/** A message without its payload; `bytes` is the payload's length. */
export interface RingHeader {
  sequence: number;
  subject: string;
  timestamp: Date;
  headers: Headers;
  bytes: number;
}

export interface RingInfo {
  firstSequence: number;
  lastSequence: number;
  firstTime: Date;
  lastTime: Date;
  messages: number;
  bytes: number;
  maxAgeMs: number;
  maxBytes: number;
  /** The broker's clock at the answer: the same that stamps the messages. */
  serverTime: Date;
  /** The server of a cluster that leads its copies. */
  leader: string | undefined;
}

/** Asked for ahead by one reader; more than the largest message (8 MB). READERS of them stay below the server's 64 MB. */
const AHEAD_BYTES = 9 * 1024 * 1024;
const READERS = 4;

/** Big messages: written by capture-edge, read by the buffer, over connections of their own. */
export class RingAccess {
  readonly #link: NatsLink;
  #reader: Promise<NatsLink> | undefined;
  #reading = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(link: NatsLink) {
    this.#link = link;
  }

  /**
   * One attempt: resolves when the message is fsynced, rejects with a retryable error after `timeoutMs` (default
   * 5000). The caller keeps a few in flight and repeats with the same id, in order.
   */
  publishRing(
    subject: string,
    payload: Uint8Array,
    headers: Headers,
    msgId: string,
    options: { timeoutMs?: number } = {},
  ): Promise<Published> {
    return publishOnce(this.#link, subject, payload, { msgId, headers, ...options });
  }

  /** Headers alone, in order, up to the last message there at the start: 3 000 in about a second. */
  async *readHeaders(
    stream: string,
    options: { subject?: string; startSeq?: number; startTime?: Date; endSeq?: number; signal?: AbortSignal } = {},
  ): AsyncGenerator<RingHeader> {
    const messages = readOrdered(this.#link, stream, {
      subjects: options.subject === undefined ? undefined : [options.subject],
      fromSequence: options.startSeq,
      startTime: options.startTime,
      headersOnly: true,
      ahead: { messages: 1000 },
      follow: false,
      signal: options.signal,
    });
    for await (const message of messages) {
      if (options.endSeq !== undefined && message.seq > options.endSeq) return;
      const headers = fromNatsHeaders(message.headers);
      yield {
        sequence: message.seq,
        subject: message.subject,
        timestamp: message.time,
        headers,
        bytes: Number(headers['Nats-Msg-Size'] ?? 0),
      };
    }
  }

  /** Headers as they arrive from now on, or from `startSeq`, until `signal` aborts. Survives a broker restart. */
  async *followHeaders(
    stream: string,
    options: { subject?: string; startSeq: number; signal?: AbortSignal },
  ): AsyncGenerator<RingHeader> {
    const messages = readOrdered(this.#link, stream, {
      subjects: options.subject === undefined ? undefined : [options.subject],
      fromSequence: options.startSeq,
      headersOnly: true,
      ahead: { messages: 200 },
      follow: true,
      signal: options.signal,
    });
    for await (const message of messages) {
      const headers = fromNatsHeaders(message.headers);
      const bytes = Number(headers['Nats-Msg-Size'] ?? 0);
      yield { sequence: message.seq, subject: message.subject, timestamp: message.time, headers, bytes };
    }
  }

  /**
   * Whole messages with `fromSeq <= sequence <= toSeq`, in order, a few at a time. Messages that the ring has already
   * dropped are simply not there: compare the sequences.
   */
  async *readMessages(
    stream: string,
    options: { subject: string; fromSeq: number; toSeq: number; signal?: AbortSignal },
  ): AsyncGenerator<RingMessage> {
    await this.#enter();
    try {
      const messages = readOrdered(await this.#readerLink(), stream, {
        subjects: [options.subject],
        fromSequence: options.fromSeq,
        ahead: { bytes: AHEAD_BYTES },
        follow: false,
        signal: options.signal,
      });
      for await (const message of messages) {
        if (message.seq > options.toSeq) return;
        yield {
          sequence: message.seq,
          subject: message.subject,
          timestamp: message.time,
          headers: fromNatsHeaders(message.headers),
          payload: message.data,
        };
        if (message.seq === options.toSeq) return;
      }
    } finally {
      this.#leave();
    }
  }

  /** Undefined where the ring does not hold it (any more). */
  getMessage(stream: string, sequence: number): Promise<RingMessage | undefined> {
    return this.#get(stream, { seq: sequence });
  }

  /** The newest message on a subject. */
  lastMessage(stream: string, subject: string): Promise<RingMessage | undefined> {
    return this.#get(stream, { last_by_subj: subject });
  }

  /** Undefined where there is no such stream. */
  async streamInfo(stream: string): Promise<RingInfo | undefined> {
    try {
      const { state, config, ts, cluster } = await this.#link.jsm.streams.info(stream);
      return {
        firstSequence: state.first_seq,
        lastSequence: state.last_seq,
        firstTime: new Date(state.first_ts),
        lastTime: new Date(state.last_ts),
        messages: state.messages,
        bytes: state.bytes,
        maxAgeMs: config.max_age / 1e6,
        maxBytes: config.max_bytes,
        serverTime: ts === undefined ? new Date() : new Date(ts),
        leader: cluster?.leader,
      };
    } catch (error) {
      if (apiCode(error) === STREAM_NOT_FOUND) return undefined;
      throw transientError('broker-unavailable', `stream ${stream}: ${toError(error).message}`, error);
    }
  }

  /** Removes messages: all, or those of one subject, or those before a sequence. Returns how many. */
  async purge(stream: string, options: { subject?: string; beforeSeq?: number } = {}): Promise<number> {
    const filter = options.subject === undefined ? {} : { filter: options.subject };
    const range = options.beforeSeq === undefined ? filter : { ...filter, seq: options.beforeSeq };
    const response = await this.#link.jsm.streams.purge(stream, range as PurgeOpts);
    return response.purged;
  }

  async close(): Promise<void> {
    const reader = await this.#reader?.catch(() => undefined);
    await reader?.close();
  }

  async #get(stream: string, query: { seq: number } | { last_by_subj: string }): Promise<RingMessage | undefined> {
    try {
      const found = await this.#link.jsm.direct.getMessage(stream, query);
      if (!found) return undefined;
      return {
        sequence: found.seq,
        subject: found.subject,
        timestamp: found.time,
        headers: fromNatsHeaders(found.header),
        payload: found.data,
      };
    } catch (error) {
      if ([MESSAGE_NOT_FOUND, STREAM_NOT_FOUND].includes(apiCode(error) ?? 0)) return undefined;
      throw transientError('broker-unavailable', `stream ${stream}: ${toError(error).message}`, error);
    }
  }

  #readerLink(): Promise<NatsLink> {
    this.#reader ??= connectNats({ ...this.#link.options, name: `${this.#link.options.name}-ring-reader` }).catch(
      (error: unknown) => {
        this.#reader = undefined;
        throw error;
      },
    );
    return this.#reader;
  }

  async #enter(): Promise<void> {
    if (this.#reading >= READERS) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#reading += 1;
  }

  #leave(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#reading -= 1;
  }
}
