import type { INestApplication } from '@nestjs/common';
import { ClipSaved, ringStream } from '@smartbox/contracts';
import { newId } from '@smartbox/kernel';
import { ClipManifest } from '@smartbox/recording';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Camera, counters, Room } from './support.ts';

let room: Room;
let buffer: INestApplication;
let procedureId: string;
let scope: Camera;
const open: Camera[] = [];

beforeAll(async () => {
  room = await Room.open();
  buffer = await room.startBuffer();
});
afterAll(async () => {
  await buffer.close();
  await room.close();
});
beforeEach(async () => {
  for (const camera of open.splice(0)) camera.close();
  await room.messaging.ring.purge('RING_or-1');
  procedureId = await room.beginProcedure();
  scope = camera('scope');
});

function camera(sourceId: string): Camera {
  const made = new Camera(room.messaging, { sourceId, procedureId });
  open.push(made);
  return made;
}

const request = (lastMs: number, more: Partial<ClipSaved> & { sources?: string[] } = {}) => ({
  clipId: newId(),
  stationId: 'or-1',
  procedureId,
  sources: ['scope'],
  range: { lastMs },
  requestedAt: new Date().toISOString(),
  ...(more as object),
});
type Request = ReturnType<typeof request>;

const save = (asked: Request) => room.messaging.call('buffer.save-clip', asked, { timeoutMs: 60_000 });

describe('saving a clip', () => {
  it('gives exactly the frames asked for, once each, proven and described', async () => {
    await scope.gops(20);
    const asked = request(10_000);
    const saved = await save(asked);
    expect(saved).toMatchObject({ kind: 'clip', requestedMs: 10_000, savedMs: 10_000, truncated: false, missing: [] });
    const [source] = saved.sources;
    expect(source).toMatchObject({
      sourceId: 'scope',
      frames: 300,
      durationMs: 10_000,
      gaps: [],
      pacs: true,
      formats: 1,
    });
    expect(await room.counters(source?.key ?? '')).toEqual(counters(300, 600));
    const manifest = ClipManifest.parse(await room.objects.getJson(source?.manifestKey ?? ''));
    expect(manifest.fragments.map(({ sequence }) => sequence)).toEqual(counters(10, 20));
    expect(manifest).toMatchObject({ sha256: source?.sha256, bytes: source?.bytes, frames: 300 });
    expect(manifest.encoder).toMatch(/libx264/);
    await room.objects.verify(manifest.key, manifest);
    const [event] = await room.events('buffer.clip.saved', ({ clipId }) => clipId === asked.clipId);
    expect(event).toEqual(saved);
  });

  it('does the same for a durable command, counting back from when it was given', async () => {
    await scope.gops(12);
    const asked = request(5_000);
    await room.messaging.publishCommand('buffer.save-clip', asked, { id: asked.clipId });
    const saved = await room.eventually('buffer.clip.saved', ({ clipId }) => clipId === asked.clipId);
    expect(await room.counters(saved.sources[0]?.key ?? '')).toEqual(counters(210, 360));
  });

  it('saves two sources over the same range to within one frame, and says which one goes to the PACS', async () => {
    const theRoom = camera('room');
    theRoom.ticks += 1500; // half a frame apart, as two cameras are
    for (let gop = 0; gop < 12; gop++) await Promise.all([scope.gops(1), theRoom.gops(1)]);
    const { sources } = await save({ ...request(6_000), sources: ['scope', 'room'] });
    const [a, b] = sources;
    const apart = (x: string | undefined, y: string | undefined) =>
      Math.abs(Number(BigInt(x ?? 0) - BigInt(y ?? 0))) / 1e6;
    expect(apart(a?.startMonotonicNs, b?.startMonotonicNs)).toBeLessThanOrEqual(1000 / 30);
    expect(apart(a?.endMonotonicNs, b?.endMonotonicNs)).toBeLessThanOrEqual(1000 / 30);
    expect(sources.map(({ pacs }) => pacs)).toEqual([true, false]);
    for (const source of sources) {
      const decoded = await room.counters(source.key);
      expect(decoded.length).toBe(source.frames);
      expect(decoded).toEqual(counters(decoded[0] ?? -1, (decoded[0] ?? -1) + source.frames));
    }
  });

  it.each([3_600_000, -3_600_000])('takes the same frames when the wall clock jumps by %i ms', async (jump) => {
    await scope.gops(6);
    scope.clockErrorMs = jump;
    await scope.gops(6);
    const saved = await save(request(8_000));
    expect(saved).toMatchObject({ savedMs: 8_000, truncated: false, missing: [] });
    expect(saved.sources[0]?.gaps).toEqual([]);
    expect(await room.counters(saved.sources[0]?.key ?? '')).toEqual(counters(120, 360));
  });

  it('never takes a frame of another procedure', async () => {
    await scope.gops(8);
    const before = procedureId;
    procedureId = await room.beginProcedure();
    scope.beginProcedure(procedureId);
    await scope.gops(4);
    const own = await save(request(10_000));
    expect(own).toMatchObject({ truncated: true, savedMs: 4000 });
    expect(await room.counters(own.sources[0]?.key ?? '')).toEqual(counters(240, 360));
    procedureId = before;
    const other = await save(request(60_000));
    expect(await room.counters(other.sources[0]?.key ?? '')).toEqual(counters(0, 240));
  });

  it('says how much there was when the ring holds less', async () => {
    await scope.gops(3);
    const saved = await save({ ...request(120_000), sources: ['scope', 'room'] });
    expect(saved).toMatchObject({ truncated: true, requestedMs: 120_000, savedMs: 3000 });
    expect(saved.missing).toEqual([{ sourceId: 'room', reason: 'nothing in the ring' }]);
  });

  it('saves once, however often it is asked', async () => {
    await scope.gops(6);
    const asked = request(4_000);
    const [first, second] = await Promise.all([save(asked), save(asked)]);
    await scope.gops(3);
    await room.messaging.publishCommand('buffer.save-clip', asked, { id: `${asked.clipId}-again` });
    const third = await save(asked);
    expect([second, third]).toEqual([first, first]);
    expect(await room.events('buffer.clip.saved', ({ clipId }) => clipId === asked.clipId)).toEqual([first]);
  });

  it('keeps real time over a restart of the source and lists the gap', async () => {
    await scope.gops(4);
    scope.restart(2500);
    await scope.gops(4);
    const { sources, savedMs } = await save(request(60_000));
    expect(savedMs).toBe(10_500);
    expect(sources[0]?.gaps).toEqual([{ atMs: 4000, durationMs: 2500, reason: 'source-restarted' }]);
    expect(await room.counters(sources[0]?.key ?? '')).toEqual(counters(0, 240));
  });

  it('plays through a change of the picture size', async () => {
    await scope.gops(3);
    const larger = new Camera(room.messaging, { sourceId: 'scope', procedureId, width: 640, height: 360 });
    open.push(larger);
    larger.ticks = scope.ticks;
    larger.counter = scope.counter;
    await larger.gops(3);
    const { sources } = await save(request(60_000));
    expect(sources[0]).toMatchObject({ formats: 2, frames: 180, gaps: [] });
    expect(await room.counters(sources[0]?.key ?? '')).toEqual(counters(0, 180));
  });

  it('leaves out a corrupt fragment, shows the gap, and keeps everything else', async () => {
    const spoil = (payload: Buffer, gop: number) => {
      if (gop === 2 || gop === 5)
        payload.writeUInt8(payload.readUInt8(payload.length - 20) ^ 0x10, payload.length - 20);
    };
    await scope.gops(8, { spoil });
    const { sources } = await save(request(60_000));
    expect(sources[0]?.gaps).toEqual([
      { atMs: 2000, durationMs: 1000, reason: 'fragment-corrupt' },
      { atMs: 5000, durationMs: 1000, reason: 'fragment-corrupt' },
    ]);
    const kept = [...counters(0, 60), ...counters(90, 150), ...counters(180, 240)];
    expect(await room.counters(sources[0]?.key ?? '')).toEqual(kept);
  });
});

describe('what cannot be saved', () => {
  const soon = new Date(Date.now() + 3_600_000).toISOString();
  it.each([
    ['unknown-station', () => ({ ...request(5000), stationId: 'or-9' })],
    ['unknown-source', () => ({ ...request(5000), sources: ['toaster'] })],
    ['unknown-procedure', () => ({ ...request(5000), procedureId: newId() })],
    ['range-in-future', () => ({ ...request(5000), range: { from: new Date().toISOString(), to: soon } })],
    ['range-not-available', () => ({ ...request(5000), sources: ['room'] })],
  ])('is answered clearly: %s', async (code, make) => {
    await scope.gops(2);
    const asked = make();
    await expect(save(asked as Request)).rejects.toMatchObject({ code, fault: 'input', retryable: false });
    const durable = { ...asked, clipId: newId() } as Request;
    await room.messaging.publishCommand('buffer.save-clip', durable, { id: durable.clipId });
    const failed = await room.eventually('buffer.clip.failed', ({ clipId }) => clipId === durable.clipId);
    expect(failed).toMatchObject({ code, stationId: asked.stationId });
    expect(await room.keys(`clips/${durable.clipId}/`)).toEqual([]);
  });

  it('never removes what was saved once, even when it reads back wrong and the ring is empty', async () => {
    await scope.gops(3);
    const asked = { ...request(2000), sources: ['scope'] };
    const saved = await save(asked);
    const key = saved.sources[0]?.key ?? '';
    const before = await room.keys(`clips/${asked.clipId}/`);
    await room.objects.put(key, Buffer.from('rot'), { size: 3, contentType: 'video/mp4' });
    await room.messaging.ring.purge('RING_or-1');
    await expect(save(asked)).rejects.toMatchObject({ code: 'range-not-available' });
    expect(await room.keys(`clips/${asked.clipId}/`)).toEqual(before);
  });

  it('is refused for an id that another procedure has used', async () => {
    await scope.gops(3);
    const asked = request(2000);
    const saved = await save(asked);
    procedureId = await room.beginProcedure();
    await expect(save({ ...request(2000), clipId: asked.clipId })).rejects.toMatchObject({ code: 'clip-id-taken' });
    await room.objects.verify(saved.sources[0]?.key ?? '', saved.sources[0] ?? { bytes: 0, sha256: '' });
  });
});

describe('the window', () => {
  it('is what the stream truly holds of the active procedure', async () => {
    await scope.gops(5);
    const window = () => room.messaging.call('buffer.get-window', { stationId: 'or-1' });
    expect(await window()).toMatchObject({
      windowMs: 900_000,
      sources: [
        { sourceId: 'scope', availableMs: 5000, fragments: 5 },
        { sourceId: 'room', availableMs: 0, fragments: 0 },
      ],
    });
    const info = await room.messaging.ring.streamInfo('RING_or-1');
    await room.messaging.ring.purge('RING_or-1', { beforeSeq: (info?.lastSequence ?? 0) - 1 });
    expect((await window()).sources[0]).toMatchObject({ availableMs: 2000, fragments: 2 });
    procedureId = await room.beginProcedure();
    expect((await window()).sources[0]).toMatchObject({ availableMs: 0, bytes: 0 });
  });
});

describe('stills and markers', () => {
  it('keeps the GOP with the frame', async () => {
    await scope.gops(3);
    await scope.gops(1, { frames: 12 });
    const stillId = newId();
    const asked = {
      stillId,
      stationId: 'or-1',
      procedureId,
      sources: ['scope'],
      requestedAt: new Date().toISOString(),
    };
    await room.messaging.publishCommand('buffer.capture-still', asked, { id: stillId });
    const still = await room.eventually('buffer.still.captured', (data) => data.stillId === stillId);
    const decoded = await room.counters(still.key);
    expect(decoded).toEqual(counters(90, 102));
    expect(still.frame).toBe(11);
  });

  it('passes a marker on', async () => {
    const marker = { markerId: newId(), stationId: 'or-1', procedureId, at: new Date().toISOString(), label: 'polyp' };
    await room.messaging.publishCommand('buffer.set-marker', marker, { id: marker.markerId });
    expect(await room.eventually('buffer.marker.set', ({ markerId }) => markerId === marker.markerId)).toEqual(marker);
  });
});

it('declares the ring as the configuration says', async () => {
  const definition = ringStream('or-1', 900_000, 4 * 1024 ** 3);
  const info = await room.messaging.ring.streamInfo(definition.name);
  expect(info).toMatchObject({ maxAgeMs: definition.maxAgeMs, maxBytes: definition.maxBytes });
});
