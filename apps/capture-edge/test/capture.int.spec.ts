import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeLiveAccessUnit, liveSubject } from '@smartbox/contracts';
import { splitAnnexB, nalType } from '@smartbox/media';
import { listDevices } from '@smartbox/media/native';
import { until } from '@smartbox/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TestStation } from './station.ts';

const camera = (id: string) => ({
  id,
  name: id.toUpperCase(),
  kind: 'synthetic',
  width: 320,
  height: 180,
  bitrate: 1_000_000,
});
let station: TestStation;
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'capture-files-'));
  const still = join(dir, 'still.y4m'); // not compressed: as a frame grabber whose camera hangs
  const picture = Buffer.concat([Buffer.from('FRAME\n'), Buffer.alloc((320 * 180 * 3) / 2, 100)]);
  await writeFile(
    still,
    Buffer.concat([
      Buffer.from('YUV4MPEG2 W320 H180 F30:1 Ip A1:1 C420jpeg\n'),
      ...new Array<Buffer>(30).fill(picture),
    ]),
  );
  station = await TestStation.create({
    sources: [
      camera('cam-1'),
      camera('cam-2'),
      { id: 'bad', name: 'Refused', kind: 'rtmp', url: 'rtmp://u:secret@127.0.0.1:9/live/x' },
      { id: 'still', name: 'Still', kind: 'file', url: still, encode: 'always', bitrate: 500_000 },
    ],
  });
  await station.start();
});
afterAll(async () => {
  await station.close();
  await rm(dir, { recursive: true, force: true });
});

const consecutive = (counters: (number | null)[]) =>
  counters.every((counter, i) => i === 0 || counter === (counters[i - 1] ?? 0) + 1);

describe('a station', () => {
  it('shows its sources before any procedure, the refused one with its reason, and puts nothing into the ring', async () => {
    const presence = await until(async () => {
      const seen = await station.presence();
      return (
        seen?.sources.filter(({ state, sourceId }) => state === 'live' && sourceId.startsWith('cam')).length === 2 &&
        seen.sources[2]?.state === 'offline' &&
        seen
      );
    });
    expect(presence).toMatchObject({ stationId: 'or-1', procedureId: null, brokerOk: true, spooledFragments: 0 });
    expect(presence).toMatchObject({ host: hostname(), spool: { bytes: 0 } });
    expect(presence.sources[0]).toMatchObject({ sourceId: 'cam-1', width: 320, height: 180, frameRate: '30/1' });
    expect(presence.sources[2]?.reason).toMatch(/cannot open rtmp:\/\/127\.0\.0\.1:9\/live\/x: Connection refused/);
    expect(JSON.stringify(presence)).not.toContain('secret');
    expect(await station.ring('cam-1')).toEqual([]);
    const states = await station.events('capture-edge.source.state-changed');
    expect(states).toContainEqual(expect.objectContaining({ sourceId: 'cam-1', state: 'live' }));
    expect(states).toContainEqual(
      expect.objectContaining({
        sourceId: 'bad',
        state: 'offline',
        reason: expect.stringMatching(/Connection refused/),
      }),
    );
  });

  it('lists the devices of its machine', async () => {
    const there = await listDevices();
    expect(await station.messaging.call('capture-edge.list-devices', { stationId: 'or-1' }, { station: 'or-1', timeoutMs: 15_000 })).toEqual(there); // prettier-ignore
    const request = { stationId: 'or-1', path: '/dev/video99', frameRate: 30 };
    await expect(
      station.messaging.call('capture-edge.take-device-picture', request, { station: 'or-1', timeoutMs: 15_000 }),
    ).rejects.toMatchObject({ code: 'device-missing', message: expect.stringMatching(/^there is no device \/dev\/video99;/) as string }); // prettier-ignore
    const elsewhere = { ...request, path: '/dev/watchdog' };
    await expect(
      station.messaging.call('capture-edge.take-device-picture', elsewhere, { station: 'or-1', timeoutMs: 15_000 }),
    ).rejects.toThrow('no name of a camera');
  });

  it('sends access units for the live picture, also without a procedure', async () => {
    const units: ReturnType<typeof decodeLiveAccessUnit>[] = [];
    const stop = station.messaging.subscribeLive(
      liveSubject('or-1', 'cam-1'),
      (bytes) => void units.push(decodeLiveAccessUnit(Uint8Array.from(bytes))),
    );
    await until(() => units.length > 40 && units.some(({ keyframe }) => keyframe));
    stop();
    const sequences = units.map(({ sequence }) => sequence);
    expect(sequences).toEqual(sequences.map((_, i) => (sequences[0] ?? 0) + i));
    const key = units.find(({ keyframe }) => keyframe);
    expect(
      splitAnnexB(key?.annexB ?? new Uint8Array())
        .map(nalType)
        .filter((type) => type !== 6),
    ).toEqual([7, 8, 5]);
    expect(Math.abs(Number(key?.capturedAtUs) / 1000 - Date.now())).toBeLessThan(10_000);
  });

  it('alarms a frozen picture', async () => {
    const seen = await until(async () =>
      (await station.events('capture-edge.source.state-changed')).find(
        ({ sourceId, state }) => sourceId === 'still' && state === 'frozen',
      ),
    );
    expect(seen).toMatchObject({ previous: 'live', reason: 'the picture does not change' });
  });

  describe('with a procedure', () => {
    let procedure: string;
    beforeEach(async () => {
      await station.messaging.ring.purge('RING_or-1');
      procedure = await station.procedure();
    });

    it('fills the ring with whole GOPs of both sources that begin together', async () => {
      const first = await station.untilRing('cam-1', (ring) => ring.length >= 5, 'five fragments', procedure);
      const second = await station.untilRing('cam-2', (ring) => ring.length >= 5, 'five fragments', procedure);
      for (const { headers, payload } of first) {
        expect(headers).toMatchObject({
          station: 'or-1',
          source: 'cam-1',
          procedure,
          keyframe: true,
          gapBefore: 0,
          width: 320,
          height: 180,
          codec: expect.stringMatching(/^avc1\.6400/),
        });
        expect(createHash('sha256').update(payload).digest('hex')).toBe(headers.sha256);
        const sizes = headers.sampleSizes.split(',').map(Number);
        expect(sizes.length).toBe(headers.frames);
        expect(sizes.reduce((a, b) => a + b)).toBeLessThan(payload.length - headers.initBytes);
        expect(Number(headers.monotonicNs) / 1e9).toBeCloseTo(headers.baseTime / 90_000, 5);
      }
      expect(first.map(({ headers }) => headers.sequence)).toEqual(first.map((_, i) => i));
      // after the first, each begins on a whole second of the monotonic clock, in both sources
      const starts = (ring: typeof first) => ring.slice(1).map(({ headers }) => headers.baseTime);
      expect(starts(first).every((at) => at % 90_000 === 0)).toBe(true);
      expect(starts(first).slice(0, 3)).toEqual(starts(second).slice(0, 3));
      const counters = await station.counters(first);
      expect(counters[0]).toBe((first[0]?.headers.baseTime ?? 0) / 3000);
      expect(counters.length).toBe(first.reduce((sum, { headers }) => sum + headers.frames, 0));
      expect(consecutive(counters)).toBe(true);
    });

    it('closes the fragment at once when an IDR is asked for', async () => {
      await station.untilRing('cam-1', (ring) => ring.length >= 2, 'two fragments', procedure);
      const reply = await station.messaging.call(
        'capture-edge.idr',
        { stationId: 'or-1', sources: ['cam-1'] },
        { station: 'or-1' },
      );
      expect(reply).toEqual({ sources: ['cam-1'] });
      const ring = await station.untilRing(
        'cam-1',
        (fragments) => fragments.slice(1).some(({ headers }) => headers.baseTime % 90_000 !== 0),
        'a fragment that begins off the second',
        procedure,
      );
      expect(consecutive(await station.counters(ring))).toBe(true);
      expect(ring.every(({ headers }) => headers.gapBefore === 0)).toBe(true);
      await expect(
        station.messaging.call('capture-edge.idr', { stationId: 'or-1', sources: ['cam-9'] }, { station: 'or-1' }),
      ).rejects.toMatchObject({ code: 'unknown-source', message: expect.stringContaining('"cam-9"') });
    });

    it('never mixes procedures in a fragment, and stops with the last one', async () => {
      await station.untilRing('cam-1', (ring) => ring.length >= 2, 'two fragments', procedure);
      const next = await station.procedure();
      const ring = await station.untilRing(
        'cam-1',
        (all) => all.filter(({ headers }) => headers.procedure === next).length >= 2,
        'fragments of the next procedure',
      );
      const ours = ring.filter(({ headers }) => headers.procedure === procedure);
      const theirs = ring.filter(({ headers }) => headers.procedure === next);
      expect(new Set(ours.map(({ headers }) => headers.epoch))).not.toContain(theirs[0]?.headers.epoch);
      expect(theirs[0]?.headers).toMatchObject({ sequence: 0, keyframe: true, gapBefore: 0 });
      expect(consecutive(await station.counters(ring))).toBe(true);
      await station.procedure(null);
      await until(async () => (await station.presence())?.procedureId === null);
      const last = await station.untilRing('cam-1', (all) => all.length > 0, 'the ring');
      await until(async () => Date.now() - (await lastFrame('cam-1')) < 500);
      expect((await station.ring('cam-1')).at(-1)?.headers.procedure).toBe(next);
      expect((await station.ring('cam-1')).length - last.length).toBeLessThanOrEqual(1);
    });

    it('starts a killed process anew, with a new epoch and the gap marked', async () => {
      await station.untilRing('cam-1', (ring) => ring.length >= 2, 'two fragments', procedure);
      const pid = station.workers['cam-1'] ?? 0;
      process.kill(pid, 'SIGKILL');
      const ring = await station.untilRing(
        'cam-1',
        (all) => new Set(all.map(({ headers }) => headers.epoch)).size === 2 && all.length >= 5,
        'a second epoch',
        procedure,
      );
      expect(station.workers['cam-1']).not.toBe(pid);
      await expectMarkedGap(ring);
    });

    it('notices a stopped process within two seconds', async () => {
      await station.untilRing('cam-2', (ring) => ring.length >= 2, 'two fragments', procedure);
      const before = (await station.events('capture-edge.source.state-changed')).length;
      const stoppedAt = Date.now();
      process.kill(station.workers['cam-2'] ?? 0, 'SIGSTOP');
      const seen = await until(
        async () =>
          (await station.events('capture-edge.source.state-changed'))
            .slice(before)
            .find(({ sourceId }) => sourceId === 'cam-2'),
        { intervalMs: 50 },
      );
      expect(Date.now() - stoppedAt).toBeLessThan(2300);
      expect(seen).toMatchObject({ state: 'offline', previous: 'live', reason: expect.stringMatching(/not answered/) });
      const ring = await station.untilRing(
        'cam-2',
        (all) => new Set(all.map(({ headers }) => headers.epoch)).size === 2,
        'a second epoch',
        procedure,
      );
      await expectMarkedGap(ring);
    });

    it('loses nothing while the broker is away, in order, exactly once', async () => {
      await station.untilRing('cam-1', (ring) => ring.length >= 2, 'two fragments', procedure);
      await station.nats.kill();
      await new Promise((resolve) => setTimeout(resolve, 4000)); // the outage itself
      await station.nats.start();
      const reached = await station.untilRing(
        'cam-1',
        (ring) => ring.length >= 9,
        'the fragments of the outage',
        procedure,
      );
      expect(reached.map(({ headers }) => headers.sequence)).toEqual(reached.map((_, i) => i));
      expect(reached.every(({ headers }) => headers.gapBefore === 0)).toBe(true);
      expect(consecutive(await station.counters(reached))).toBe(true);
      await until(async () => (await station.presence())?.brokerOk);
    });

    it('publishes after its own restart what the broker could not take before', async () => {
      await station.untilRing('cam-1', (ring) => ring.length >= 2, 'two fragments', procedure);
      await station.nats.kill();
      await new Promise((resolve) => setTimeout(resolve, 2500)); // the outage itself
      await station.stop();
      await station.start();
      await station.nats.start();
      const ring = await station.untilRing(
        'cam-1',
        (all) => new Set(all.map(({ headers }) => headers.epoch)).size === 2 && all.length >= 6,
        'both epochs',
        procedure,
      );
      await expectMarkedGap(ring);
      expect(new Set(ring.map(({ headers }) => headers.sha256)).size).toBe(ring.length);
    });
  });
});

async function lastFrame(source: string): Promise<number> {
  const seen = await station.presence();
  return Date.parse(seen?.sources.find(({ sourceId }) => sourceId === source)?.lastFrameAt ?? '');
}

/** Two epochs, all frames of each there, and exactly the missing ones told in the gap. */
async function expectMarkedGap(ring: Awaited<ReturnType<TestStation['ring']>>): Promise<void> {
  const epochs = [...new Set(ring.map(({ headers }) => headers.epoch))];
  const [before, after] = epochs.map((epoch) => ring.filter(({ headers }) => headers.epoch === epoch));
  expect(before?.map(({ headers }) => headers.sequence)).toEqual(before?.map((_, i) => i));
  expect(after?.map(({ headers }) => headers.sequence)).toEqual(after?.map((_, i) => i));
  const head = after?.[0]?.headers;
  const [old, fresh] = [await station.counters(before ?? []), await station.counters(after ?? [])];
  expect(consecutive(old) && consecutive(fresh)).toBe(true);
  expect(head?.gapReason).toBe('source-restarted');
  expect(head?.gapBefore).toBe(((fresh[0] ?? 0) - (old.at(-1) ?? 0) - 1) * 3000);
}
