import {
  COMMANDS,
  commandSubject,
  EVENTS,
  eventSubject,
  type CommandName,
  type EventName,
  type RpcName,
} from '@smartbox/contracts';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import type { CommandHandler, ConsumerOptions, EventHandler, RpcHandler } from '../message.ts';

/** What a decorated method handles, carried through Nest as the pattern's extras. */
export type HandlerDeclaration =
  | { kind: 'event'; name: EventName; stream: string; subject: string; options: ConsumerOptions }
  | { kind: 'command'; name: CommandName; stream: string; subject: string; options: ConsumerOptions }
  | { kind: 'rpc'; name: RpcName; perStation: boolean };

/** Result of a decorated method as it passes through Nest: Nest's own filter would hide a plain error. */
export type Outcome = { ok: true; value: unknown } | { ok: false; error: unknown };

/** A method that answers each such event with a verdict. Methods with the same `durable` share one consumer. */
export function OnEvent<N extends EventName>(name: N, options: ConsumerOptions) {
  return <F extends EventHandler<N>>(target: object, key: string, descriptor: TypedPropertyDescriptor<F>): void =>
    declare(
      { kind: 'event', name, stream: EVENTS.name, subject: eventSubject(name), options },
      `${options.durable}:${eventSubject(name)}`,
      target,
      key,
      descriptor,
    );
}

/** A method that carries out each such command and answers with a verdict. */
export function OnCommand<N extends CommandName>(name: N, options: ConsumerOptions) {
  return <F extends CommandHandler<N>>(target: object, key: string, descriptor: TypedPropertyDescriptor<F>): void =>
    declare(
      { kind: 'command', name, stream: COMMANDS.name, subject: commandSubject(name), options },
      `${options.durable}:${commandSubject(name)}`,
      target,
      key,
      descriptor,
    );
}

/**
 * A method that answers requests; processes of one service share them. `perStation`: on `rpc.<name>.<station>` for
 * each of the module's `stations`.
 */
export function Rpc<N extends RpcName>(name: N, options: { perStation?: boolean } = {}) {
  return <F extends RpcHandler<N>>(target: object, key: string, descriptor: TypedPropertyDescriptor<F>): void =>
    declare({ kind: 'rpc', name, perStation: options.perStation ?? false }, `rpc.${name}`, target, key, descriptor);
}

function declare<F extends (...args: never[]) => unknown>(
  extras: HandlerDeclaration,
  pattern: string,
  target: object,
  key: string,
  descriptor: TypedPropertyDescriptor<F>,
): void {
  const original = descriptor.value as unknown as (...args: unknown[]) => unknown;
  const wrapped = async function (this: unknown, ...args: unknown[]): Promise<Outcome> {
    try {
      return { ok: true, value: await original.apply(this, args) };
    } catch (error) {
      return { ok: false, error };
    }
  };
  descriptor.value = wrapped as unknown as F;
  // Nest hands over the payload alone unless both are asked for.
  Payload()(target, key, 0);
  Ctx()(target, key, 1);
  MessagePattern(pattern, { smartbox: extras })(target, key, descriptor as PropertyDescriptor);
}
