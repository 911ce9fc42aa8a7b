import { AckPolicy, DeliverPolicy, type ConsumerConfig, type JsMsg } from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import { toError } from '@smartbox/kernel';
import type { NatsLink } from './connection.ts';

export interface OrderedReadOptions {
  /** Absent: every subject of the stream. */
  subjects?: readonly string[] | undefined;
  /** First sequence wanted; wins over startTime. */
  fromSequence?: number | undefined;
  startTime?: Date | undefined;
  headersOnly?: boolean | undefined;
  /**
   * How much is asked for ahead of the caller: it has to stay far below the server's 64 MB max_pending, over all
   * readers of one connection, and above the largest message.
   */
  ahead: { messages: number } | { bytes: number };
  /** true: wait for what comes. false: end with the last message that was there at the start. */
  follow: boolean;
  signal?: AbortSignal | undefined;
}

/**
 * Messages of a stream in order, exactly once, none left out, by an ephemeral consumer that is made anew behind the
 * last message after anything unexpected (broker restart, missed heartbeat, a hole). No more
 * than `ahead` is asked for before the caller has taken it, so memory stays bounded whatever the caller's speed.
 */
export async function* readOrdered(link: NatsLink, stream: string, options: OrderedReadOptions): AsyncGenerator<JsMsg> {
  let next = options.fromSequence;
  let failures = 0;
  while (!options.signal?.aborted) {
    let name: string | undefined;
    try {
      const info = await link.jsm.consumers.add(stream, config(options, next));
      name = info.name;
      if (!options.follow && info.num_pending === 0) return;
      const consumer = link.js.consumers.getConsumerFromInfo(info);
      const limit =
        'bytes' in options.ahead ? { max_bytes: options.ahead.bytes } : { max_messages: options.ahead.messages };
      // The client asks for more as the caller takes messages out of the iterator, never by itself.
      const messages = await consumer.consume({
        ...limit,
        expires: 10_000,
        idle_heartbeat: 2_000,
        abort_on_missing_resource: true,
      });
      const stop = () => void messages.close();
      options.signal?.addEventListener('abort', stop, { once: true });
      try {
        let delivered = 0;
        for await (const message of messages) {
          delivered += 1;
          // A hole means that the server dropped something on its way to us: begin again behind the last one.
          if (message.info.deliverySequence !== delivered) break;
          next = message.seq + 1;
          failures = 0;
          yield message;
          if (!options.follow && message.info.pending === 0) return;
        }
      } finally {
        options.signal?.removeEventListener('abort', stop);
        void messages.close();
      }
    } catch (error) {
      if (options.signal?.aborted) return;
      failures += 1;
      const closed = link.connection.isClosed() || toError(error).name === 'ClosedConnectionError';
      // A reader of a range has a caller who waits; a follower outlives every outage.
      if (closed || (!options.follow && failures > 5)) throw error;
      await new Promise((resolve) => setTimeout(resolve, Math.min(100 * 2 ** failures, 2000)));
    } finally {
      if (name !== undefined && link.connected) void link.jsm.consumers.delete(stream, name).catch(() => undefined);
    }
  }
}

function config(options: OrderedReadOptions, next: number | undefined): Partial<ConsumerConfig> {
  const subjects = [...(options.subjects ?? [])];
  return {
    ack_policy: AckPolicy.None,
    max_deliver: 1,
    mem_storage: true,
    num_replicas: 1,
    inactive_threshold: nanos(60_000),
    ...(options.headersOnly ? { headers_only: true } : {}),
    ...(subjects.length === 1 ? { filter_subject: subjects[0] ?? '' } : {}),
    ...(subjects.length > 1 ? { filter_subjects: subjects } : {}),
    ...start(options, next),
  };
}

function start(options: OrderedReadOptions, next: number | undefined): Partial<ConsumerConfig> {
  if (next !== undefined && next > 1) return { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: next };
  if (next === undefined && options.startTime) {
    return { deliver_policy: DeliverPolicy.StartTime, opt_start_time: options.startTime.toISOString() };
  }
  return { deliver_policy: DeliverPolicy.All };
}
