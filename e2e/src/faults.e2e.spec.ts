import type { Service } from '@smartbox/contracts';
import { until } from '@smartbox/testing';
import { openPacs } from '@smartbox/tools';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  fetchFromPacs,
  isUnbroken,
  reached,
  ringHolds,
  save,
  startLine,
  startProcedure,
  type Line,
} from './support.ts';

let line: Line;

beforeAll(async () => {
  line = await startLine();
  await startProcedure(line, 'or-1', 8);
});
afterAll(() => line?.stop());

/** The clip is there once and whole: in the catalog, in the PACS, and in every frame. */
async function arrivedOnceAndWhole(clipId: string): Promise<void> {
  const clip = await reached(line, clipId, 'sent', 150_000);
  expect(clip.sources).toHaveLength(2);
  expect(clip.instances).toHaveLength(2);
  const pacs = await openPacs(line.box.info());
  const uids = (await pacs.instances()).map((instance) => instance.sopInstanceUid);
  for (const { sopInstanceUid, sourceId } of clip.instances) {
    expect(uids.filter((uid) => uid === sopInstanceUid)).toHaveLength(1);
    const stored = await fetchFromPacs(line, sopInstanceUid);
    expect(isUnbroken(stored.counters)).toBe(true);
    expect(stored.counters).toHaveLength(clip.sources.find((source) => source.sourceId === sourceId)?.frames ?? -1);
  }
}

const victims: Service[] = ['buffer', 'transcoder', 'dicomizer', 'pacs-gateway', 'catalog', 'streaming'];

describe('kill -9 during a save', () => {
  it.each(victims)('%s: the clip still arrives once, complete', async (service) => {
    await ringHolds(line, 'or-1', 5);
    const clipId = await save(line, 'or-1', 5);
    line.box.service(service).kill('SIGKILL');
    await arrivedOnceAndWhole(clipId);
    await until(() => line.box.service(service).look(), { what: `${service} is back` });
  });

  it('capture-edge: what was acknowledged is there, the gap is shown, and the picture comes back', async () => {
    const epochs = async () => (await line.api.station('or-1')).sources.map((source) => source.epoch);
    const before = await epochs();
    const clipId = await save(line, 'or-1', 4);
    line.box.service('capture-edge').kill('SIGKILL');
    await arrivedOnceAndWhole(clipId);
    await until(async () => (await epochs()).every((epoch) => epoch !== undefined && !before.includes(epoch)), {
      what: 'both cameras in a new epoch',
    });
    const back = Date.now();
    // A clip across the restart: the hole is told, and the frames on both sides are there.
    await until(
      async () => {
        const { window } = await line.api.station('or-1');
        return window?.sources.every((source) => Date.parse(source.to ?? '') > back + 2000);
      },
      { what: 'new video of both cameras' },
    );
    const across = await reached(line, await save(line, 'or-1', 240), 'sent', 120_000);
    for (const source of across.sources) {
      expect(source.gaps.filter((gap) => gap.reason === 'source-restarted').length).toBeGreaterThan(0);
    }
  });

  it('all services at once: the clip still arrives once, complete', async () => {
    const clipId = await save(line, 'or-1', 4);
    for (const service of victims) line.box.service(service).kill('SIGKILL');
    await arrivedOnceAndWhole(clipId);
  });
});

describe('a broker that restarts during capture', () => {
  it('loses nothing: fragments wait and arrive in order, exactly once', async () => {
    await line.box.servers.nats.kill('SIGKILL');
    await line.box.servers.nats.restart();
    await until(async () => (await line.api.station('or-1')).online, {
      timeoutMs: 60_000,
      intervalMs: 250,
      what: 'the station is back',
    });
    await ringHolds(line, 'or-1', 5);
    // Reaches back over the restart.
    const clip = await reached(line, await save(line, 'or-1', 20), 'sent', 120_000);
    for (const { sopInstanceUid } of clip.instances) {
      const { counters } = await fetchFromPacs(line, sopInstanceUid);
      const numbers = counters.map(Number);
      expect(new Set(numbers).size).toBe(numbers.length);
      expect([...numbers].sort((a, b) => a - b)).toEqual(numbers);
    }
    for (const source of clip.sources) expect(source.gaps).toEqual([]);
  });
});
