import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { SmartBoxError } from '@smartbox/kernel';

/** Ends each answer: the record separator, the command's status, a line's end. */

const END = /\x1e(\d+)\n/;

interface Command {
  readonly line: string;
  readonly answer: PromiseWithResolvers<string>;
}

/** A shell at the other end of a socket; takes one command after the other. */
export class RemoteShell {
  private readonly socket: Socket;
  private readonly waiting: Command[] = [];
  private said = '';
  /** Has it answered yet? */
  answers = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => this.take(text));
    const fail = (error?: Error): void => {
      for (const { answer, line } of this.waiting.splice(0))
        answer.reject(new Error(`the machine is gone, during: ${line}`, { cause: error }));
    };
    socket.on('error', fail);
    socket.on('close', () => fail());
  }

  static async open(path: string): Promise<RemoteShell> {
    const socket = connect(path);
    await once(socket, 'connect');
    const shell = new RemoteShell(socket);
    void shell.run('true').then(
      () => (shell.answers = true),
      () => undefined,
    );
    return shell;
  }

  /** @throws SmartBoxError `command-failed`. */
  readonly run = (line: string): Promise<string> => {
    const answer = Promise.withResolvers<string>();
    if (this.socket.destroyed) return Promise.reject(new Error(`the machine is gone, before: ${line}`));
    this.waiting.push({ line, answer });
    this.socket.write(`sh -c '${line.replaceAll("'", String.raw`'\''`)}' </dev/null; printf '\\036%d\\n' $?\n`);
    return answer.promise;
  };

  close(): void {
    this.socket.destroy();
  }

  private take(text: string): void {
    this.said += text;
    for (let end = END.exec(this.said); end; end = END.exec(this.said)) {
      const output = this.said.slice(0, end.index);
      this.said = this.said.slice(end.index + end[0].length);
      const command = this.waiting.shift();
      if (end[1] === '0') command?.answer.resolve(output);
      else command?.answer.reject(failed(command.line, Number(end[1]), output));
    }
  }
}

function failed(line: string, status: number, output: string): SmartBoxError {
  return new SmartBoxError({
    code: 'command-failed',
    message: `${line}: status ${status}\n${output.trim()}`,
    fault: 'input',
    details: { status, output },
  });
}
