import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPostgres, type PostgresServer } from '../src/index.ts';

const ask = async (url: string, text: string): Promise<unknown[]> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
};

describe('a PostgreSQL server', () => {
  let postgres: PostgresServer;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.stop());

  it('stores Unicode and sorts by it', async () => {
    expect(await ask(postgres.url, "SELECT upper('müller') AS name")).toEqual([{ name: 'MÜLLER' }]);
  });

  it('keeps committed rows over kill -9, on the same port', async () => {
    await ask(postgres.url, 'CREATE TABLE kept AS SELECT 1 AS row');
    await postgres.restart('SIGKILL');
    expect(await ask(postgres.url, 'SELECT * FROM kept')).toEqual([{ row: 1 }]);
  });

  it('gives each test file a database of its own', async () => {
    const mine = await postgres.createDatabase('mine');
    await postgres.createDatabase('mine');
    expect(await ask(mine, 'SELECT current_database() AS name')).toEqual([{ name: 'mine' }]);
    await expect(postgres.createDatabase('no"good')).rejects.toThrow(/database name/);
  });

  it('wants the password', async () => {
    await expect(ask(postgres.url.replace(postgres.credentials.password, 'wrong'), 'SELECT 1')).rejects.toThrow(
      /password authentication failed/,
    );
  });
});
