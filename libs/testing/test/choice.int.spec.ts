import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { isListening, startNats, startPostgres } from '../src/index.ts';

describe('which server is taken', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'smartbox-choice-'));
    vi.stubEnv('INFRA', '');
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await rm(dir, { recursive: true, force: true });
  });

  it('an explicit URL wins, and that server is not ours to stop', async () => {
    const theirs = await startNats();
    vi.stubEnv('SMARTBOX_NATS_URL', theirs.url);
    vi.stubEnv('SMARTBOX_NATS_USER', theirs.credentials.user);
    vi.stubEnv('SMARTBOX_NATS_PASSWORD', theirs.credentials.password);
    const given = await startNats();
    expect(given).toMatchObject({ origin: 'url', port: theirs.port, version: theirs.version, pid: null });
    await given.stop();
    expect(await isListening(theirs.port)).toBe(true);
    await theirs.stop();

    await expect(startNats()).rejects.toMatchObject({ code: 'nats-unreachable' });
  });

  it('the same for PostgreSQL', async () => {
    const theirs = await startPostgres();
    vi.stubEnv('SMARTBOX_DATABASE_URL', theirs.url);
    const given = await startPostgres();
    expect(given).toMatchObject({ origin: 'url', url: theirs.url, database: 'smartbox' });
    await theirs.stop();
  });

  it('a nats-server on PATH that is too old is left alone, with a word about it', async () => {
    const fake = join(dir, 'nats-server');
    await writeFile(fake, '#!/bin/sh\necho "nats-server: v2.9.10"\n');
    await chmod(fake, 0o755);
    vi.stubEnv('PATH', `${dir}:${process.env['PATH']}`);
    const said: string[] = [];
    const nats = await startNats({ progress: (message) => said.push(message) });
    expect(nats.origin).toBe('embedded');
    expect(said.join('\n')).toContain('2.9.10 on PATH is older than 2.12.7');
    await nats.stop();
  });

  it('without Python and without the binary the message says what to install', async () => {
    vi.stubEnv('SMARTBOX_CACHE', join(dir, 'cache'));
    vi.stubEnv('SMARTBOX_PYTHON', join(dir, 'no-python'));
    await expect(startNats()).rejects.toThrow(/python3-pip.*nats-server 2\.12\.7 or newer on PATH.*SMARTBOX_NATS_URL/);
  });

  it('INFRA=docker takes a container or fails, it never takes anything else', async () => {
    vi.stubEnv('INFRA', 'docker');
    const outcome = await startNats().then(
      async (server) => {
        await server.stop();
        return server.origin;
      },
      (error: { code: string }) => error.code,
    );
    expect(['docker', 'docker-unavailable']).toContain(outcome);
  });

  it('a port that is taken is stepped aside from', async () => {
    const first = await startNats();
    const second = await startNats({ port: first.port });
    expect(second.port).not.toBe(first.port);
    await Promise.all([first.stop(), second.stop()]);
  });
});
