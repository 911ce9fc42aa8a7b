import { existsSync } from 'node:fs';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { newId } from '@smartbox/kernel';
import { until } from '@smartbox/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Camera, counters, FPS, Room } from './support.ts';

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));

let room: Room;
let procedureId: string;
let camera: Camera;
let running: ChildProcess | undefined;

function start(): ChildProcess {
  const env = { ...process.env, ...room.environment(), PORT: '0', LOG_LEVEL: 'error' };
  running = spawn(process.execPath, [main], { stdio: 'inherit', env });
  return running;
}
async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** The service as it is shipped: needs a build. */
describe.skipIf(!existsSync(main))('kill -9', () => {
  beforeAll(async () => {
    room = await Room.open();
  });
  afterAll(async () => {
    if (running?.exitCode === null && running.signalCode === null) await kill(running);
    await room.close();
  });
  beforeEach(async () => {
    procedureId = await room.beginProcedure();
    camera = new Camera(room.messaging, { sourceId: 'scope', procedureId });
    return () => camera.close();
  });

  it.each(['a save', 'an exact cut'])(
    'at any moment of %s: the clip arrives once, complete',
    { timeout: 240_000 },
    async (what) => {
      let child = start();
      await until(() => room.messaging.call('buffer.get-window', { stationId: 'or-1' }), { timeoutMs: 60_000 });
      const zero = Date.now() - 60_000;
      camera.wallStartMs = zero - camera.ticks / 90;
      await camera.gops(15);
      const label = (frame: number) => new Date(zero + (frame * 1000) / FPS).toISOString();
      const exact = what === 'an exact cut';
      const range = exact ? { from: label(139), to: label(441), exact } : { lastMs: 10_000 };
      const asked = { clipId: newId(), stationId: 'or-1', procedureId, sources: ['scope'], range };
      const command = { ...asked, requestedAt: new Date().toISOString() };
      await room.messaging.publishCommand('buffer.save-clip', command, { id: asked.clipId });
      const saved = () => room.events('buffer.clip.saved', ({ clipId }) => clipId === asked.clipId);
      // As soon as the first object of the clip stands in the store, and again a little later each time; an exact cut also
      // while its first frames are encoded.
      if (exact) await new Promise((resolve) => setTimeout(resolve, 300));
      else await until(async () => (await room.keys(`clips/${asked.clipId}/`)).length > 0, { intervalMs: 1 });
      await kill(child);
      for (const after of [600, 900, 1200]) {
        child = start();
        await new Promise((resolve) => setTimeout(resolve, after));
        await kill(child);
      }
      child = start();
      const clip = await room.eventually('buffer.clip.saved', ({ clipId }) => clipId === asked.clipId);
      expect(await room.counters(clip.sources[0]?.key ?? '')).toEqual(exact ? counters(139, 441) : counters(150, 450));
      expect(await saved()).toHaveLength(1);
      child.kill('SIGTERM');
      expect(await once(child, 'exit')).toEqual([0, null]);
    },
  );
});
