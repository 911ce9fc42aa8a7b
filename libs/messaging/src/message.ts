import type {
  CloudEvent,
  CommandData,
  CommandName,
  EventData,
  EventName,
  RpcName,
  RpcReply,
  RpcRequest,
} from '@smartbox/contracts';
import type { Verdict } from './verdict.ts';

export type Headers = Readonly<Record<string, string>>;

/** What a handler knows about its message besides the data. */
export interface MessageContext {
  /** `buffer.clip.saved`, `buffer.save-clip` */
  name: string;
  subject: string;
  /** The whole CloudEvent; for commands built the same way. */
  event: CloudEvent;
  headers: Headers;
  /** 1 at the first delivery. */
  deliveryCount: number;
  /** Sequence in the stream: the exactly-once key. */
  streamSequence: number;
  /** When the stream stored it. */
  timestamp: Date;
  /** Aborted when the service stops and the grace period is over: give up, it is redelivered. */
  signal: AbortSignal;
}

export type EventHandler<N extends EventName = EventName> = (
  data: EventData<N>,
  context: MessageContext,
) => Verdict | Promise<Verdict>;

export type CommandHandler<N extends CommandName = CommandName> = (
  data: CommandData<N>,
  context: MessageContext,
) => Verdict | Promise<Verdict>;

export interface RpcContext {
  name: RpcName;
  subject: string;
  headers: Headers;
}

export type RpcHandler<N extends RpcName = RpcName> = (
  request: RpcRequest<N>,
  context: RpcContext,
) => RpcReply<N> | Promise<RpcReply<N>>;

export interface ConsumerOptions {
  /** `<service>-<what>`, e.g. `transcoder-clips`. */
  durable: string;
  /** Messages handled side by side; default 1. */
  concurrency?: number;
  /** Redelivered when no heartbeat was seen for this long; heartbeats are sent every third of it. Default 30 000. */
  ackWaitMs?: number;
  /** Default 8; -1: unlimited (a destination that is away burns no attempts). */
  maxDeliver?: number;
  /** Where a new durable begins: with everything the stream holds (default), or with what comes from now on. */
  deliver?: 'all' | 'new';
  /** Waiting times between attempts, ms; the last one repeats. */
  backoffMs?: readonly number[];
}

/** One stored event as the ordered reader gives it. */
export interface StoredEvent {
  sequence: number;
  timestamp: Date;
  subject: string;
  headers: Headers;
  /** Messages of the stream still behind this one: 0 when caught up. */
  pending: number;
  /** Absent when the message is not a valid event of this build; `invalid` then says why. */
  event?: CloudEvent;
  name?: EventName;
  invalid?: string;
}
