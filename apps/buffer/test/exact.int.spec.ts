import type { INestApplication } from '@nestjs/common';
import type { Range } from '@smartbox/contracts';
import { newId } from '@smartbox/kernel';
import { ClipManifest } from '@smartbox/recording';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Camera, counters, FPS, Room } from './support.ts';

const GOPS = 8;
let room: Room;
let buffer: INestApplication;
let procedureId: string;
let scope: Camera;
/** Wall-clock label of frame 0, milliseconds since 1970. */
let zero: number;

beforeAll(async () => {
  room = await Room.open();
  buffer = await room.startBuffer();
});
afterAll(async () => {
  scope.close();
  await buffer.close();
  await room.close();
});
beforeEach(async () => {
  await room.messaging.ring.purge('RING_or-1');
  procedureId = await room.beginProcedure();
  scope = camera('scope');
});

function camera(sourceId: string): Camera {
  const made = new Camera(room.messaging, { sourceId, procedureId });
  zero = Date.now() - 60_000;
  made.wallStartMs = zero - made.ticks / 90;
  return made;
}

/** The label of a moment in frames, as a person reads it off a picture. */
const label = (frame: number): string => new Date(zero + (frame * 1000) / FPS).toISOString();

const save = (range: Range, sources = ['scope']) =>
  room.messaging.call(
    'buffer.save-clip',
    { clipId: newId(), stationId: 'or-1', procedureId, sources, range, requestedAt: new Date().toISOString() },
    { timeoutMs: 60_000 },
  );

describe('a clip cut straight from the ring', () => {
  it(
    'holds exactly the frames between two labels, and encodes no more than the head',
    { timeout: 120_000 },
    async () => {
      await scope.gops(GOPS);
      for (const [from, to] of [
        [60, 150],
        [61, 150],
        [45, 46],
        [89, 91],
        [59, 61],
        [70, 80],
        [119, 240],
      ] as const) {
        // prettier-ignore
        const saved = await save({ from: label(from), to: label(to), exact: true });
        const [source] = saved.sources;
        expect(await room.counters(source?.key ?? '')).toEqual(counters(from, to));
        const head = Math.min(to, FPS * Math.ceil(from / FPS)) - from;
        expect(source).toMatchObject({ frames: to - from, gaps: [], formats: 1 });
        expect(source?.durationMs).toBeCloseTo(((to - from) * 1000) / FPS, 1);
        expect(Math.abs(Date.parse(source?.startedAt ?? '') - (zero + (from * 1000) / FPS))).toBeLessThan(2);
        const counts = { copiedFrames: to - from - head, reencodedFrames: head };
        expect(source?.cut).toEqual(head > 0 ? counts : undefined);
        const manifest = ClipManifest.parse(await room.objects.getJson(source?.manifestKey ?? ''));
        await room.objects.verify(manifest.key, manifest);
        if (head === 0) continue;
        expect(manifest.cut).toMatchObject({ ...counts, from: [{ sequence: Math.floor(from / FPS) }] });
        expect(manifest.cut?.frames.map(({ frame }) => frame)).toEqual(counters(from % FPS, (from % FPS) + head));
        expect(manifest.cut?.psnr ?? Infinity).toBeGreaterThan(40);
        expect(manifest.cut?.encoder).toContain('stitchable=1');
      }
    },
  );

  it('counts frames from the one that was shown at a moment', async () => {
    await scope.gops(GOPS);
    const saved = await save({ sourceId: 'scope', since: label(33), frames: { from: 10, to: 100 } });
    expect(saved).toMatchObject({ requestedMs: 3000, savedMs: 3000, truncated: false });
    expect(await room.counters(saved.sources[0]?.key ?? '')).toEqual(counters(43, 133));
    const short = await save({ sourceId: 'scope', since: label(33), frames: { from: 197, to: 300 } });
    expect(short).toMatchObject({ truncated: true, sources: [{ frames: 10 }] });
    expect(await room.counters(short.sources[0]?.key ?? '')).toEqual(counters(230, 240));
    await expect(save({ sourceId: 'scope', since: label(33), frames: { from: 500, to: 510 } })).rejects.toMatchObject({
      code: 'range-not-available',
    });
  });

  it('takes of every source what it showed then', async () => {
    const other = new Camera(room.messaging, { sourceId: 'room', procedureId });
    other.wallStartMs = scope.wallStartMs;
    other.ticks += 1500; // half a frame apart, as two cameras are
    for (let gop = 0; gop < GOPS; gop++) await Promise.all([scope.gops(1), other.gops(1)]);
    other.close();
    const saved = await save({ from: label(71), to: label(101), exact: true }, ['scope', 'room']);
    const byId = new Map(saved.sources.map((source) => [source.sourceId, source]));
    expect(await room.counters(byId.get('scope')?.key ?? '')).toEqual(counters(71, 101));
    // what was shown when the first frame of the other began is half a frame older
    expect(await room.counters(byId.get('room')?.key ?? '')).toEqual(counters(70, 101));
  });

  it('goes over a gap, and over a GOP that is damaged', async () => {
    const gop = (at: number) => scope.gops(1, { spoil: (payload) => at === 3 && payload.fill(0, 900, 1200) });
    for (let at = 0; at < GOPS; at++) {
      if (at === 5) scope.restart(2000);
      await gop(at);
    }
    const saved = await save({ from: label(75), to: label(270), exact: true });
    const [source] = saved.sources;
    expect(await room.counters(source?.key ?? '')).toEqual([...counters(75, 90), ...counters(120, 210)]);
    expect(source).toMatchObject({
      cut: { copiedFrames: 90, reencodedFrames: 15 },
      gaps: [
        { atMs: 500, durationMs: 1000, reason: 'fragment-corrupt' },
        { atMs: 2500, durationMs: 2000, reason: 'source-restarted' },
      ],
    });
  });

  it('gives the same clip when it is asked for again', async () => {
    await scope.gops(4);
    const asked = { clipId: newId(), stationId: 'or-1', procedureId, sources: ['scope'], requestedAt: label(0), range: { from: label(40), to: label(95), exact: true } }; // prettier-ignore
    const [first, second] = [await room.messaging.call('buffer.save-clip', asked, { timeoutMs: 60_000 }), await room.messaging.call('buffer.save-clip', asked, { timeoutMs: 60_000 })]; // prettier-ignore
    expect(second).toEqual(first);
    expect(await room.events('buffer.clip.saved', ({ clipId }) => clipId === asked.clipId)).toHaveLength(1);
  });
});
