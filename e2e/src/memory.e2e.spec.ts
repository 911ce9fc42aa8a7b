import { fillRing } from '@smartbox/testing/ring';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { natsOf, peakMemory, reached, save, smallStation, startLine, type Line } from './support.ts';

const LIMIT_MB = 300;
const MINUTES = 10;
let line: Line;

beforeAll(async () => {
  line = await startLine({
    stations: [
      { ...smallStation, windowSeconds: 900, sources: [{ id: 'endoscope', name: 'Endoskop', kind: 'synthetic' }] },
    ],
    services: ['buffer', 'transcoder', 'dicomizer', 'pacs-gateway', 'catalog'],
    pacs: 'test-pacs',
  });
});
afterAll(() => line?.stop());

describe('memory', () => {
  it(`stays below ${LIMIT_MB} MB in every service for a ${MINUTES}-minute clip of 1080p at 8 Mbit/s`, async () => {
    const { procedureId } = await line.api.startProcedure({ stationId: 'or-1', emergency: {} });
    await fillRing(natsOf(line), {
      station: 'or-1',
      sources: ['endoscope'],
      procedure: procedureId,
      seconds: 60 * MINUTES,
    });
    const clip = await reached(line, await save(line, 'or-1', 60 * MINUTES), 'sent', 240_000);

    expect(clip.savedMs).toBeGreaterThanOrEqual(60_000 * MINUTES - 1000);
    expect(clip.bytes).toBeGreaterThan(500e6);
    expect(clip.instances[0]?.numberOfFrames).toBe(clip.sources[0]?.frames);
    const peaks = peakMemory(line, ['buffer', 'dicomizer', 'pacs-gateway', 'transcoder', 'catalog']);
    console.log(`peak memory in MB: ${JSON.stringify(peaks)}`);
    for (const peak of Object.values(peaks)) expect(peak).toBeLessThan(LIMIT_MB);
  });
});
