import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { freePort, freePortPair, freePorts, isPortFree } from './ports.ts';

it('gives no port twice, and none that an outgoing connection could take', async () => {
  const ports = (await Promise.all([freePorts(100), freePorts(100), freePorts(100)])).flat();
  expect(new Set(ports).size).toBe(300);
  expect(Math.max(...ports)).toBeLessThan(32_768);
});

it('keeps the preferred port unless somebody has it', async () => {
  const port = await freePort();
  expect(await freePort(port)).toBe(port);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  expect(await freePort(port)).not.toBe(port);
  await new Promise((resolve) => server.close(resolve));
});

it('finds two ports at a distance', async () => {
  const port = await freePortPair(10_000);
  expect(await isPortFree(port)).toBe(true);
  expect(await isPortFree(port + 10_000)).toBe(true);
});
