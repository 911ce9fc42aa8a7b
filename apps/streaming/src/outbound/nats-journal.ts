import type { EventData, EventName } from '@smartbox/contracts';
import { toError } from '@smartbox/kernel';
import type { Messaging } from '@smartbox/messaging';
import { createLogger } from '@smartbox/telemetry';
import type { Act, ConversationJournal, Present } from '../application/conversation-ports.ts';
import type { Journal } from '../application/viewer-journal.ts';

type Told = Extract<EventName, `streaming.${string}`>;

/** Who watched, spoke and drew, as events. Nobody waits for them but the end of the service. */
export class NatsJournal implements Journal, ConversationJournal {
  readonly #messaging: Messaging;
  readonly #log = createLogger('streaming');
  readonly #telling = new Set<Promise<void>>();

  constructor(messaging: Messaging) {
    this.#messaging = messaging;
  }

  watches(data: EventData<'streaming.viewer.joined'>): void {
    this.#tell('streaming.viewer.joined', data, data.viewerId);
  }

  watched(data: EventData<'streaming.viewer.left'>): void {
    this.#tell('streaming.viewer.left', data, data.viewerId);
  }

  joined(of: Present): void {
    this.#tell('streaming.conversation.joined', of, of.personId);
  }

  left(of: Present, presentMs: number): void {
    this.#tell('streaming.conversation.left', { ...of, presentMs }, of.personId);
  }

  began(what: Act, of: Present, act: number): void {
    this.#tell(`streaming.${what}.began`, { ...of, act }, `${of.personId}/${act}`);
  }

  ended(what: Act, of: Present, act: number, durationMs: number): void {
    this.#tell(`streaming.${what}.ended`, { ...of, act, durationMs }, `${of.personId}/${act}`);
  }

  /** Resolves when all has been told that was to be. */
  async close(): Promise<void> {
    await Promise.all(this.#telling);
  }

  #tell<N extends Told>(name: N, data: EventData<N>, id: string): void {
    const telling = this.#messaging
      .publishEvent(name, data, { id: `${name}/${id}`, subject: data.stationId })
      .then(() => undefined)
      .catch((error: unknown) => this.#log.warn({ err: toError(error).message, id }, `${name} is not told`))
      .finally(() => this.#telling.delete(telling));
    this.#telling.add(telling);
  }
}
