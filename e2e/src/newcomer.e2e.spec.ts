import { createHash } from 'node:crypto';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClipDetail } from '@smartbox/contracts';
import { until } from '@smartbox/testing';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';

const root = join(import.meta.dirname, '../..');

/** What `npm run demo:clip -- --json` promises to whoever reads it. */
const Journey = z.object({
  clipId: z.string(),
  state: z.enum(['sent', 'archived']),
  sources: z.array(
    z.object({ sourceId: z.string(), frames: z.int(), durationMs: z.number(), gaps: z.array(z.unknown()) }),
  ),
  instances: z.array(
    z.object({
      sourceId: z.string(),
      numberOfFrames: z.int(),
      payloadSha256: z.string().regex(/^[0-9a-f]{64}$/),
      readBackSha256: z.string(),
    }),
  ),
});

let state: string;
let child: ChildProcess | undefined;
let said = '';
beforeAll(async () => void (state = await mkdtemp(join(tmpdir(), 'smartbox-newcomer-'))));
afterEach(() => void child?.kill('SIGKILL'));
afterAll(() => rm(state, { recursive: true, force: true }));

/** A script as `npm run` starts it once everything is built; its exit code, and what it wrote to stdout. */
function run(script: string, ...args: string[]): Promise<{ code: number | null; stdout: string }> {
  said = '';
  const started = spawn(process.execPath, [join(root, 'tools/src', script), ...args], {
    cwd: root,
    env: { ...process.env, SMARTBOX_STATE: state },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child = started;
  let stdout = '';
  started.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  started.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  started.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  return new Promise((resolve) => started.once('close', (code) => resolve({ code, stdout })));
}
/** Processes that still work with the folder. */
const left = () => spawnSync('pgrep', ['-f', state], { encoding: 'utf8' }).stdout.trim();

let clipId: string;

it('gets a clip through to the archive and back by one command, which leaves nothing running', async () => {
  const { code, stdout } = await run('demo-clip.ts', '--json', '--seconds', '5');
  expect(code, said).toBe(0);
  const journey = Journey.parse(JSON.parse(stdout));
  expect(journey.sources.length).toBeGreaterThan(0);
  expect(journey.instances.map(({ sourceId }) => sourceId).sort()).toEqual(
    journey.sources.map(({ sourceId }) => sourceId).sort(),
  );
  for (const { sourceId, numberOfFrames, payloadSha256, readBackSha256 } of journey.instances) {
    expect(readBackSha256).toBe(payloadSha256);
    expect(numberOfFrames).toBe(journey.sources.find((source) => source.sourceId === sourceId)?.frames);
  }
  expect(left()).toBe('');
  ({ clipId } = journey);
});

it('finds the clip again after the next start, and Ctrl-C ends it all', async () => {
  const ended = run('start.ts');
  const url = await until(() => /SmartBox runs at (\S+)/.exec(said)?.[1], { timeoutMs: 120_000, what: 'the address' });
  const clip = ClipDetail.parse(await (await fetch(`${url}/api/v1/clips/${clipId}`)).json());
  expect(['sent', 'archived']).toContain(clip.state);
  for (const { videoUrl, sha256 } of clip.sources) {
    const bytes = Buffer.from(await (await fetch(`${url}${videoUrl}`)).arrayBuffer());
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256);
  }
  child?.kill('SIGINT');
  expect((await ended).code, said).toBe(0);
  expect(left()).toBe('');
});
