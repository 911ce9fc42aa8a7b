import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNats, until, type NatsServer } from '@smartbox/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { RingRig } from './ring-rig.ts';

const mount = (...args: string[]) => execFileSync('mount', args);
/** A file system of its own needs root. */
const root = process.getuid?.() === 0;
const BYTES = 1_000_000;

let dir: string;
let disk: string;
let nats: NatsServer | undefined;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'full-disk-'));
  disk = join(dir, 'disk');
  await mkdir(disk);
  if (!root) return;
  // The broker reserves by what the disk says at its start; a tmpfs takes only what is written.
  mount('-t', 'tmpfs', '-o', 'size=64g', 'smartbox-full-disk', disk);
  nats = await startNats({ dataDir: join(disk, 'nats') });
});
afterAll(async () => {
  await nats?.stop();
  if (root) execFileSync('umount', ['-l', disk]);
  await rm(dir, { recursive: true, force: true });
});

/** Leaves this much room on the disk. */
async function leave(bytes: number): Promise<void> {
  const { blocks, bfree, bsize } = await statfs(disk);
  mount('-o', `remount,size=${(blocks - bfree) * bsize + bytes}`, disk);
}

it.runIf(root)(
  'a full disk of the broker is alarmed; nothing is lost, nothing twice, once there is room again',
  async () => {
    if (!nats) throw new Error('no broker');
    const { user, password } = nats.credentials;
    const rig = await RingRig.start({ servers: nats.url, user, pass: password }, dir);
    try {
      await leave(10 * BYTES);
      rig.publish(40, BYTES);
      await until(() => rig.trouble.includes(true), { timeoutMs: 60_000, what: 'the alarm' });
      expect(rig.publisher.waiting.fragments).toBeGreaterThan(0);

      await leave(200 * BYTES);
      await nats.restart(); // a full stream goes on refusing until then (promises.md)
      await rig.settled();
      expect(rig.trouble.at(-1)).toBe(false);
      await rig.expectAll();
    } finally {
      await rig.close();
    }
  },
);
