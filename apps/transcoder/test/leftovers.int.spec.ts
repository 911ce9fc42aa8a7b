import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { clearLeftovers } from '../src/outbound/leftovers.ts';

it('clears what killed processes left in the scratch folder, and nothing of those that live', async () => {
  const scratch = await mkdtemp(join(tmpdir(), 'leftovers-'));
  const living = spawn('sleep', ['60']);
  const gone = spawn('true');
  await new Promise((resolve) => gone.once('exit', resolve));
  try {
    for (const name of [`edit-${gone.pid}-aB3xY9`, `export-${living.pid}-aB3xY9`, 'encode-aB3xY9'])
      await mkdir(join(scratch, name, 'inside'), { recursive: true });
    await clearLeftovers(scratch);
    expect((await readdir(scratch)).sort()).toEqual(['encode-aB3xY9', `export-${living.pid}-aB3xY9`]);
    await clearLeftovers(join(scratch, 'not', 'there'));
  } finally {
    living.kill();
    await rm(scratch, { recursive: true });
  }
});
