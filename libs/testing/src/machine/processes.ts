import type { Serializable } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { frame, frames, type FromMachine, type ToMachine } from './frames.ts';

/** A Node process in the machine, forked from here. */
export interface MachineProcess {
  send(message: Serializable): void;
  onMessage(listener: (message: unknown) => void): void;
  kill(): void;
  /** How it ended, and what it said last on stderr. Never rejects. */
  readonly exited: Promise<string>;
}

interface Known {
  listener: (message: unknown) => void;
  readonly exited: PromiseWithResolvers<string>;
}

/** `child_process.fork` with a serial line in between. */
export class MachineProcesses {
  /** What the machine's CLOCK_MONOTONIC is ahead of ours, as far as the line tells. */
  readonly clockAheadNs: bigint;
  private readonly socket: Socket;
  private readonly known = new Map<number, Known>();
  private count = 0;

  private constructor(socket: Socket, clockAheadNs: bigint, messages: AsyncGenerator<FromMachine>) {
    this.socket = socket;
    this.clockAheadNs = clockAheadNs;
    void this.follow(messages);
  }

  /** @param path our end of the line, at whose other end `fork-main` runs. */
  static async open(path: string): Promise<MachineProcesses> {
    const socket = connect(path);
    await once(socket, 'connect');
    const messages = frames<FromMachine>(socket);
    const { value: first } = (await messages.next()) as { value: FromMachine | undefined };
    if (first?.type !== 'ready') throw new Error(`the machine said ${first?.type ?? 'nothing'} instead of "ready"`);
    return new MachineProcesses(socket, first.monotonicNs - process.hrtime.bigint(), messages);
  }

  fork(module: string, args: readonly string[]): MachineProcess {
    const id = ++this.count;
    const known: Known = { listener: () => undefined, exited: Promise.withResolvers() };
    this.known.set(id, known);
    this.tell({ type: 'fork', id, module, args });
    return {
      send: (content) => this.tell({ type: 'message', id, content }),
      onMessage: (listener) => (known.listener = listener),
      kill: () => this.tell({ type: 'kill', id }),
      exited: known.exited.promise,
    };
  }

  close(): void {
    this.socket.destroy();
  }

  private tell(message: ToMachine): void {
    this.socket.write(frame(message), () => undefined);
  }

  private async follow(messages: AsyncGenerator<FromMachine>): Promise<void> {
    try {
      for await (const message of messages) {
        if (message.type === 'message') this.known.get(message.id)?.listener(message.content);
        if (message.type === 'exited') this.known.get(message.id)?.exited.resolve(message.how);
      }
    } catch {
      // The machine is gone: nobody speaks any more.
    }
    for (const { exited } of this.known.values()) exited.resolve('the machine is gone');
  }
}
