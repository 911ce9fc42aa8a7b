import { readFile } from 'node:fs/promises';
import openapiTypescript, { astToString } from 'openapi-typescript';
import { describe, expect, it } from 'vitest';
import { createCatalogClient } from './index.ts';

const at = (path: string) => new URL(path, import.meta.url);

describe('the generated client', () => {
  it('is what the OpenAPI document says', async () => {
    const made = astToString(await openapiTypescript(at('../../../docs/api/openapi.json'), { alphabetize: true }));
    const checkedIn = await readFile(at('./generated/api.ts'), 'utf8');
    expect(checkedIn.slice(checkedIn.indexOf('export '))).toBe(made.slice(made.indexOf('export ')));
  });

  it('asks the right address and gives a refusal as a problem', async () => {
    const asked: string[] = [];
    const client = createCatalogClient({
      baseUrl: 'http://127.0.0.1:8080',
      fetch: async (request) => {
        asked.push(`${request.method} ${request.url}`);
        const problem = { type: 'about:blank', title: 'Not now', status: 409, code: 'no-procedure' };
        return Response.json(problem, { status: 409, headers: { 'Content-Type': 'application/problem+json' } });
      },
    });
    const { data, error } = await client.GET('/api/v1/clips', { params: { query: { q: 'a b', limit: 10 } } });
    expect(asked).toEqual(['GET http://127.0.0.1:8080/api/v1/clips?q=a%20b&limit=10']);
    expect(data).toBeUndefined();
    expect(error?.code).toBe('no-procedure');
  });
});
