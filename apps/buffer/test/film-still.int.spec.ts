import type { INestApplication } from '@nestjs/common';
import { newId } from '@smartbox/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Camera, counters, Room } from './support.ts';

let room: Room;
let buffer: INestApplication;
let procedureId: string;

beforeAll(async () => {
  room = await Room.open();
  buffer = await room.startBuffer();
  procedureId = await room.beginProcedure();
});
afterAll(async () => {
  await buffer.close();
  await room.close();
});

describe('a still of a stored film', () => {
  it('keeps the pictures that the frame needs, and nothing more', async () => {
    const camera = new Camera(room.messaging, { sourceId: 'scope', procedureId });
    await camera.gops(4);
    camera.close();
    const place = { stationId: 'or-1', procedureId, requestedAt: new Date().toISOString() };
    const clipId = newId();
    const saved = await room.messaging.call('buffer.save-clip', { ...place, clipId, sources: ['scope'], range: { lastMs: 4000 } }, { timeoutMs: 60_000 }); // prettier-ignore
    const [source] = saved.sources;
    const startedAt = '2026-11-23T10:00:00.000Z';
    const of = { clipId, sourceId: 'scope', key: source?.key ?? '', startedAt };
    for (const [frame, inGop] of [
      [0, 0],
      [29, 29],
      [30, 0],
      [77, 17],
      [119, 29],
    ] as const) {
      // prettier-ignore
      const stillId = newId();
      const command = { ...place, stillId, of: { ...of, frame }, format: 'png' as const };
      // twice: the same object, one event
      for (const id of [stillId, `${stillId}-again`]) await room.messaging.publishCommand('buffer.capture-still', command, { id }); // prettier-ignore
      const still = await room.eventually('buffer.still.captured', (each) => each.stillId === stillId);
      expect(still).toMatchObject({
        frame: inGop,
        sourceId: 'scope',
        format: 'png',
        of: { clipId, frame },
        width: 320,
      });
      expect(Math.abs(Date.parse(still.at) - Date.parse(startedAt) - (frame * 1000) / 30)).toBeLessThan(2);
      await room.objects.verify(still.key, still);
      expect(await room.counters(still.key)).toEqual(counters(frame - inGop, frame + 1));
      expect(await room.events('buffer.still.captured', (each) => each.stillId === stillId)).toHaveLength(1);
    }
    const stillId = newId();
    await room.messaging.publishCommand('buffer.capture-still', { ...place, stillId, of: { ...of, frame: 120 } }, { id: stillId }); // prettier-ignore
    const failed = await room.eventually('buffer.clip.failed', (each) => each.clipId === stillId);
    expect(failed).toMatchObject({
      code: 'no-such-frame',
      reason: expect.stringContaining('frames 0 to 119, not 120'),
    });
  });
});
