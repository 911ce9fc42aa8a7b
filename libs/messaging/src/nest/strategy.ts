import { Server, type CustomTransportStrategy, type MessageHandler as NestHandler } from '@nestjs/microservices';
import { commandMap, rpcMap } from '@smartbox/contracts';
import { SmartBoxError } from '@smartbox/kernel';
import { lastValueFrom } from 'rxjs';
import type { JetStreamConsumerOptions, MessageHandler } from '../consumer.ts';
import { reject } from '../verdict.ts';
import type { Verdict } from '../verdict.ts';
import type { Messaging } from '../messaging.ts';
import type { RpcHandler } from '../message.ts';
import type { HandlerDeclaration, Outcome } from './decorators.ts';

export interface StrategyOptions {
  /** Stations this process answers for (`@Rpc(..., { perStation: true })`). */
  stations?: readonly string[] | undefined;
  /** Own commands and requests (`buffer.save-clip`) that this process does not handle on purpose. */
  unhandled?: readonly string[] | undefined;
}

type Consuming = Extract<HandlerDeclaration, { stream: string }>;
interface Declared {
  declaration: HandlerDeclaration;
  handler: NestHandler;
}

const bootError = (code: string, message: string) => new SmartBoxError({ code, message, fault: 'ours' });

/** Nest's door to JetStream: one pull consumer per durable, one queue subscription per request name. */
export class JetStreamStrategy extends Server implements CustomTransportStrategy {
  readonly #messaging: Messaging;
  readonly #options: StrategyOptions;
  readonly #declared: Declared[] = [];

  constructor(messaging: Messaging, options: StrategyOptions = {}) {
    super();
    this.#messaging = messaging;
    this.#options = options;
  }

  override addHandler(
    pattern: unknown,
    handler: NestHandler,
    isEvent?: boolean,
    extras?: Record<string, unknown>,
  ): void {
    const declaration = extras?.['smartbox'] as HandlerDeclaration | undefined;
    if (!declaration) {
      throw bootError('foreign-handler', `${String(pattern)}: use @OnEvent, @OnCommand or @Rpc of libs/messaging`);
    }
    if (this.messageHandlers.has(String(pattern))) {
      throw bootError('duplicate-handler', `${String(pattern)} has two handlers`);
    }
    super.addHandler(String(pattern), handler, isEvent ?? false, extras ?? {});
    this.#declared.push({ declaration, handler });
  }

  listen(callback: (error?: unknown) => void): void {
    this.#start().then(() => callback(), callback);
  }

  async close(): Promise<void> {
    await this.#messaging.stopConsuming();
  }

  on(): never {
    throw bootError('unsupported', 'this transport has no events of its own');
  }

  unwrap<T>(): T {
    return this.#messaging as T;
  }

  async #start(): Promise<void> {
    this.#assertComplete();
    for (const { declaration, handler } of this.#declared) {
      if (declaration.kind === 'rpc') this.#serve(declaration, handler);
    }
    for (const group of this.#durables().values()) await this.#consume(group);
  }

  /** A command or request of this service that nobody handles would wait for ever. */
  #assertComplete(): void {
    const own = (name: string) => name.startsWith(`${this.#messaging.service}.`);
    const handled = (kind: string) =>
      new Set<string>(this.#declared.filter((d) => d.declaration.kind === kind).map((d) => d.declaration.name));
    const [commands, requests, spared] = [handled('command'), handled('rpc'), new Set(this.#options.unhandled ?? [])];
    const missing = [
      ...Object.keys(commandMap).filter((name) => own(name) && !commands.has(name) && !spared.has(name)),
      ...Object.keys(rpcMap).filter((name) => own(name) && !requests.has(name) && !spared.has(name)),
    ];
    if (missing.length === 0) return;
    throw bootError(
      'missing-handler',
      `${this.#messaging.service} handles no ${missing.join(', ')}: add @OnCommand/@Rpc, or name it in \`unhandled\``,
    );
  }

  #durables(): Map<string, { options: JetStreamConsumerOptions; handlers: Map<string, NestHandler> }> {
    const groups = new Map<string, { options: JetStreamConsumerOptions; handlers: Map<string, NestHandler> }>();
    for (const { declaration, handler } of this.#declared) {
      if (declaration.kind === 'rpc') continue;
      const { durable } = declaration.options;
      const group = groups.get(durable);
      if (!group) {
        groups.set(durable, {
          options: this.#consumerOptions(declaration),
          handlers: new Map([[declaration.subject, handler]]),
        });
        continue;
      }
      if (group.options.stream !== declaration.stream) {
        throw bootError(
          'durable-differs',
          `durable ${durable} is used on ${group.options.stream} and ${declaration.stream}`,
        );
      }
      group.handlers.set(declaration.subject, handler);
      group.options = merged(group.options, declaration);
    }
    return groups;
  }

  #consumerOptions(declaration: Consuming): JetStreamConsumerOptions {
    return {
      ...declaration.options,
      stream: declaration.stream,
      service: this.#messaging.service,
      filterSubjects: [declaration.subject],
    };
  }

  async #consume(group: { options: JetStreamConsumerOptions; handlers: Map<string, NestHandler> }): Promise<void> {
    const handle: MessageHandler = async (data, context) => {
      const handler = group.handlers.get(context.subject);
      if (!handler) return reject('no-handler', `${group.options.durable} has no handler for ${context.subject}`);
      return (await outcomeOf(handler, data, context)) as Verdict;
    };
    await this.#messaging.consume(group.options, handle);
  }

  #serve(declaration: Extract<HandlerDeclaration, { kind: 'rpc' }>, handler: NestHandler): void {
    const answer = ((request, context) => outcomeOf(handler, request, context)) as RpcHandler;
    if (!declaration.perStation) {
      this.#messaging.serve(declaration.name, answer);
      return;
    }
    for (const station of this.#options.stations ?? []) this.#messaging.serve(declaration.name, answer, { station });
  }
}

function merged(options: JetStreamConsumerOptions, declaration: Consuming): JetStreamConsumerOptions {
  for (const key of ['concurrency', 'ackWaitMs', 'maxDeliver', 'deliver'] as const) {
    const [had, has] = [options[key], declaration.options[key]];
    if (had !== undefined && has !== undefined && had !== has) {
      throw bootError('durable-differs', `durable ${options.durable}: ${key} is ${had} and ${has}`);
    }
  }
  return { ...options, ...declaration.options, filterSubjects: [...options.filterSubjects, declaration.subject] };
}

async function outcomeOf(handler: NestHandler, data: unknown, context: unknown): Promise<unknown> {
  const result: unknown = await handler(data, context);
  const value = isObservable(result) ? await lastValueFrom(result) : result;
  const outcome = value as Outcome;
  if (outcome.ok) return outcome.value;
  throw outcome.error;
}

function isObservable(value: unknown): value is import('rxjs').Observable<unknown> {
  return typeof value === 'object' && value !== null && 'subscribe' in value;
}
