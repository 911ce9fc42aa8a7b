import { buckets, ProcedureEntry, StationConversation, StationProcedure } from '@smartbox/contracts';
import type { KvStore, Messaging } from '@smartbox/messaging';
import { withSpan } from '@smartbox/telemetry';
import type { Outgoing, Publisher } from '../application/ports.ts';

/** Events and commands to their streams, the running procedures to the KV bucket PROCEDURES. */
export class NatsPublisher implements Publisher {
  readonly #messaging: Messaging;
  readonly #stations: KvStore<StationProcedure>;
  readonly #procedures: KvStore<ProcedureEntry>;
  readonly #conversations: KvStore<StationConversation>;

  constructor(
    messaging: Messaging,
    stations: KvStore<StationProcedure>,
    procedures: KvStore<ProcedureEntry>,
    conversations: KvStore<StationConversation>,
  ) {
    this.#messaging = messaging;
    this.#stations = stations;
    this.#procedures = procedures;
    this.#conversations = conversations;
  }

  static async open(messaging: Messaging): Promise<NatsPublisher> {
    const { name, history } = buckets.procedures;
    const [stations, procedures, conversations] = [
      await messaging.kv(name, StationProcedure, { history }),
      await messaging.kv(name, ProcedureEntry, { history }),
      await messaging.kv(name, StationConversation, { history }),
    ];
    return new NatsPublisher(messaging, stations, procedures, conversations);
  }

  /** The entry of a station as it stands in the bucket now. */
  async running(stationId: string): Promise<StationProcedure | undefined> {
    return (await this.#stations.get(`station.${stationId}`))?.value;
  }

  /** The procedure whose room's conversation is open, as it stands in the bucket now. */
  async conversing(stationId: string): Promise<string | null> {
    return (await this.#conversations.get(`conversation.${stationId}`))?.value.procedureId ?? null;
  }

  async publish(message: Outgoing, options: { messageId: string; traceparent: string | undefined }): Promise<void> {
    await withSpan('outbox', { 'smartbox.outbox.name': message.name }, () => this.#send(message, options.messageId), {
      parent: { traceparent: options.traceparent },
    });
  }

  async #send(message: Outgoing, id: string): Promise<void> {
    if (message.kind === 'event') await this.#messaging.publishEvent(message.name, message.data, { id });
    else if (message.kind === 'command') await this.#messaging.publishCommand(message.name, message.data, { id });
    else if (isConversation(message)) await this.#conversations.put(message.name, message.data);
    else if ('startedAt' in message.data) await this.#procedures.put(message.name, message.data);
    else await this.#stations.put(message.name, message.data);
  }
}

type KvMessage = Extract<Outgoing, { kind: 'kv' }>;

const isConversation = (message: KvMessage): message is Extract<KvMessage, { name: `conversation.${string}` }> =>
  message.name.startsWith('conversation.');
