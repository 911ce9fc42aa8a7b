import { findOrthanc } from '@smartbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reached, save, startLine, startProcedure, type Line } from './support.ts';

describe.runIf(await findOrthanc())('a clip', () => {
  let line: Line;
  beforeAll(async () => {
    line = await startLine({ pacs: 'orthanc', commitment: true });
  });
  afterAll(() => line?.stop());

  it('is archived when Orthanc has committed to every object of it, and not before', async () => {
    await startProcedure(line, 'or-1', 3);
    const clipId = await save(line, 'or-1', 3);
    const clip = await reached(line, clipId, 'archived');
    const deliveries = clip.instances.flatMap((instance) => instance.deliveries);
    expect(deliveries.length).toBeGreaterThan(0);
    expect(deliveries.every(({ state }) => state === 'committed')).toBe(true);
    expect(clip.journey.map(({ stage }) => stage)).toContain('archive');
    const response = await fetch(`${line.box.url}/api/v1/destinations`);
    const { items } = (await response.json()) as { items: unknown[] };
    expect(items).toMatchObject([
      { name: 'pacs', commitment: { requested: true, open: 0 }, negotiated: { role: 'scp', tls: false } },
    ]);
  });
});
