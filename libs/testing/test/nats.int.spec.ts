import { readFileSync } from 'node:fs';
import { connect } from '@nats-io/transport-node';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isListening, startNats, type NatsServer } from '../src/index.ts';

describe('a NATS server', () => {
  let nats: NatsServer;
  beforeAll(async () => {
    nats = await startNats();
  });
  afterAll(() => nats.stop());

  const client = () => connect({ servers: nats.url, user: nats.credentials.user, pass: nats.credentials.password });

  it('refuses clients without its credentials', async () => {
    await expect(connect({ servers: nats.url, reconnect: false })).rejects.toThrow(/authorization/i);
  });

  it('keeps every acknowledged message over kill -9, on the same port', async () => {
    let connection = await client();
    await (await jetstreamManager(connection)).streams.add({ name: 'KEPT', subjects: ['kept'] });
    const published = jetstream(connection);
    for (let i = 0; i < 50; i++) await published.publish('kept', `message ${i}`);
    await connection.close();
    const before = nats.pid;

    await nats.restart('SIGKILL');

    if (nats.origin !== 'docker') expect(nats.pid).not.toBe(before);
    connection = await client();
    const { state } = await (await jetstreamManager(connection)).streams.info('KEPT');
    expect(state.messages).toBe(50);
    await connection.close();
  });

  it('listens on loopback only', () => {
    const hexPort = nats.port.toString(16).toUpperCase().padStart(4, '0');
    const listening = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) =>
      readFileSync(table, 'utf8')
        .split('\n')
        .map((line) => line.trim().split(/\s+/))
        .filter((columns) => columns[3] === '0A' && columns[1]?.endsWith(`:${hexPort}`))
        .map((columns) => columns[1]),
    );
    expect(listening).toEqual([`0100007F:${hexPort}`]);
  });

  it('is gone after stop()', async () => {
    const other = await startNats();
    await other.stop();
    expect(await isListening(other.port)).toBe(false);
  });
});
