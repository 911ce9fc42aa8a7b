import type { INestApplication } from '@nestjs/common';
import { buckets, ringStream } from '@smartbox/contracts';
import { newId } from '@smartbox/kernel';
import { until } from '@smartbox/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RecordingState } from '../src/domain/recording.ts';
import { Camera, counters, Room } from './support.ts';

let room: Room;
let buffer: INestApplication;
let procedureId: string;
let camera: Camera;
let stopCamera: AbortController;
let running: Promise<void>;

beforeAll(async () => {
  room = await Room.open();
  buffer = await room.startBuffer();
});
afterAll(async () => {
  await buffer.close();
  await room.close();
});
beforeEach(async () => {
  procedureId = await room.beginProcedure();
  camera = new Camera(room.messaging, { sourceId: 'scope', procedureId });
  stopCamera = new AbortController();
});
afterEach(async () => {
  stopCamera.abort();
  await running;
  camera.close();
});

const live = () => void (running = camera.live(stopCamera.signal));
const now = () => new Date().toISOString();

async function start(sources = ['scope']): Promise<string> {
  const clipId = newId();
  const intent = { clipId, stationId: 'or-1', procedureId, sources, requestedAt: now() };
  await room.messaging.publishCommand('buffer.start-recording', intent, { id: `start-${clipId}` });
  await room.eventually('buffer.recording.started', (data) => data.clipId === clipId);
  return clipId;
}
const stop = (clipId: string) =>
  room.messaging.publishCommand(
    'buffer.stop-recording',
    { clipId, stationId: 'or-1', requestedAt: now() },
    { id: `stop-${clipId}` },
  );
const saved = (id: string) => room.eventually('buffer.clip.saved', ({ clipId }) => clipId === id);
const captured = (gops: number) => until(() => camera.counter >= gops * 30, { timeoutMs: 60_000 });

async function expectGone(clipId: string): Promise<void> {
  const states = await room.messaging.kv(buckets.recordings.name, RecordingState);
  await until(async () => (await states.get(clipId)) === undefined);
  expect(await room.keys(`recordings/${clipId}/`)).toEqual([]);
}

describe('a recording', () => {
  it('is longer than the ring, and complete over a restart of the service', async () => {
    await room.messaging.ensureStream(ringStream('or-1', 13_000, 4 * 1024 ** 3));
    live();
    await captured(3);
    const clipId = await start();
    const from = camera.counter;
    await captured(15);
    await until(async () => (await room.keys(`recordings/${clipId}/`)).some((key) => key.endsWith('.json')));
    await buffer.close();
    await captured(18);
    await room.messaging.ensureStream(ringStream('or-1', 13_000, 4 * 1024 ** 3));
    buffer = await room.startBuffer();
    await captured(22);
    const before = camera.counter;
    await stop(clipId);
    const clip = await saved(clipId);
    expect(clip).toMatchObject({ kind: 'recording', truncated: false, procedureId });
    const [source] = clip.sources;
    expect(source?.gaps).toEqual([]);
    const decoded = await room.counters(source?.key ?? '');
    const first = decoded[0] ?? -1;
    expect(decoded).toEqual(counters(first, first + decoded.length));
    expect(first).toBeLessThanOrEqual(from);
    expect(first + decoded.length).toBeGreaterThanOrEqual(before - 30);
    expect(decoded.length).toBe(source?.frames);
    await expectGone(clipId);
    await stop(clipId);
    expect(await room.events('buffer.clip.saved', (data) => data.clipId === clipId)).toHaveLength(1);
  });

  it('ends with its procedure, and holds nothing of the next', async () => {
    live();
    await captured(2);
    const clipId = await start();
    await captured(4);
    const ended = { procedureId, stationId: 'or-1', endedAt: now() };
    const last = camera.counter;
    camera.beginProcedure(await room.beginProcedure());
    await room.messaging.publishEvent('catalog.procedure.ended', ended, { id: `ended-${procedureId}` });
    await captured(6);
    const clip = await saved(clipId);
    const decoded = await room.counters(clip.sources[0]?.key ?? '');
    expect(decoded.at(-1)).toBeLessThanOrEqual(last + 30);
    expect(await room.events('buffer.recording.stopped', (data) => data.clipId === clipId)).toHaveLength(1);
    await expectGone(clipId);
  });

  it('of nothing says so and leaves nothing', async () => {
    const clipId = await start(['room']);
    await stop(clipId);
    const failed = await room.eventually('buffer.clip.failed', (data) => data.clipId === clipId);
    expect(failed).toMatchObject({ code: 'range-not-available' });
    await expectGone(clipId);
  });

  it('that never was cannot be stopped', async () => {
    const clipId = newId();
    await stop(clipId);
    const failed = await room.eventually('buffer.clip.failed', (data) => data.clipId === clipId);
    expect(failed).toMatchObject({ code: 'unknown-recording' });
  });
});
