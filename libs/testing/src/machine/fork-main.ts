/**
 * Runs in the test machine: forks modules for the host and carries their messages over a serial port, whose file is the
 * only argument.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { createReadStream, createWriteStream, openSync } from 'node:fs';
import { frame, frames, type FromMachine, type ToMachine } from './frames.ts';

const [port = ''] = process.argv.slice(2);
const fd = openSync(port, 'r+');
const out = createWriteStream('', { fd });
const children = new Map<number, ChildProcess>();
const tell = (message: FromMachine): void => void out.write(frame(message));

function start(id: number, module: string, args: readonly string[]): void {
  const child = fork(module, args, { serialization: 'advanced', stdio: ['ignore', 'inherit', 'pipe', 'ipc'] });
  let said = '';
  child.stderr?.on('data', (text: Buffer) => (said = `${said}${text.toString()}`.slice(-4000)));
  child.on('message', (content) => tell({ type: 'message', id, content }));
  child.on('close', (code, signal) => {
    children.delete(id);
    tell({ type: 'exited', id, how: `ended with ${signal ?? code ?? 'nothing'}: ${said.trim()}` });
  });
  children.set(id, child);
}

tell({ type: 'ready', monotonicNs: process.hrtime.bigint() });
for await (const message of frames<ToMachine>(createReadStream('', { fd, autoClose: false }))) {
  const child = children.get(message.id);
  if (message.type === 'fork') start(message.id, message.module, message.args);
  else if (message.type === 'message') child?.send(message.content, () => undefined);
  else child?.kill('SIGKILL');
}
