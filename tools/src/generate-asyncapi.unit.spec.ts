import { readFileSync } from 'node:fs';
import { Parser } from '@asyncapi/parser';
import { describe, expect, it } from 'vitest';
import { asyncApi } from './generate-asyncapi.ts';

describe('AsyncAPI document', () => {
  it('is valid AsyncAPI 3', async () => {
    const { diagnostics } = await new Parser().parse(JSON.stringify(asyncApi()));
    expect(diagnostics.filter((d) => Number(d.severity) === 0)).toEqual([]);
  });

  it('on disk is what the contracts say', () => {
    const onDisk = readFileSync(new URL('../../docs/api/asyncapi.json', import.meta.url), 'utf8');
    expect(JSON.parse(onDisk)).toEqual(JSON.parse(JSON.stringify(asyncApi())));
  });
});
