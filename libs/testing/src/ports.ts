import { randomInt } from 'node:crypto';
import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Is a loopback TCP port free to bind right now? */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** Below what systems give to outgoing connections (Linux from 32768, others from 49152): none of those gets in between. */
const [LOWEST, HIGHEST] = [20_000, 32_767];
/** So long a port that was given out is kept from others, for its server to take it. */
const RESERVED_MS = 120_000;

/** Keeps the port from every other process that asks here. False: one of them has it. */
async function reserve(port: number): Promise<boolean> {
  const folder = join(tmpdir(), `smartbox-ports-${process.getuid?.() ?? 'user'}`);
  const file = join(folder, String(port));
  await mkdir(folder, { recursive: true });
  const age = await stat(file).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => undefined,
  );
  if (age !== undefined && age > RESERVED_MS) await rm(file, { force: true });
  return writeFile(file, '', { flag: 'wx' }).then(
    () => true,
    () => false,
  );
}

/** A loopback port that nobody has, nor was given, within the bounds. */
async function anyPort(lowest = LOWEST, highest = HIGHEST): Promise<number> {
  for (let tries = 0; tries < 10_000; tries++) {
    const port = randomInt(lowest, highest + 1);
    if ((await reserve(port)) && (await isPortFree(port))) return port;
  }
  throw new Error(`no free port between ${lowest} and ${highest}`);
}

/** `count` different free loopback ports: bind them within two minutes. */
export async function freePorts(count: number): Promise<number[]> {
  return Promise.all(Array.from({ length: count }, () => anyPort()));
}

/** One free loopback port; `preferred` when that one is free. */
export async function freePort(preferred?: number): Promise<number> {
  return preferred !== undefined && (await isPortFree(preferred)) ? preferred : anyPort();
}

/** A free loopback port whose number plus `distance` is free as well. */
export async function freePortPair(distance: number): Promise<number> {
  for (;;) {
    const port = await anyPort(LOWEST, HIGHEST - distance);
    if ((await reserve(port + distance)) && (await isPortFree(port + distance))) return port;
  }
}

/** Does something accept TCP connections there? */
export function isListening(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host });
    const done = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1000, () => done(false));
    socket.once('connect', () => done(true));
    socket.once('error', () => done(false));
  });
}
