import { number, text } from '@smartbox/dicom';
import { Messaging } from '@smartbox/messaging';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fetchFromPacs, isUnbroken, natsOf, reached, save, startLine, startProcedure, type Line } from './support.ts';

let line: Line;

beforeAll(async () => {
  line = await startLine();
  await startProcedure(line, 'or-1', 8);
});
afterAll(() => line?.stop());

describe('the whole line, from the camera to the PACS and back', () => {
  it('keeps every frame of the last seconds once, in order, for both cameras of the room', async () => {
    const clipId = await save(line, 'or-1', 6);
    const clip = await reached(line, clipId, 'sent');

    expect(clip.sources.map((source) => source.sourceId).sort()).toEqual(['endoscope', 'room']);
    expect(clip.instances).toHaveLength(2);
    for (const instance of clip.instances) {
      const source = clip.sources.find((one) => one.sourceId === instance.sourceId);
      const stored = await fetchFromPacs(line, instance.sopInstanceUid);
      expect(isUnbroken(stored.counters)).toBe(true);
      expect(stored.counters).toHaveLength(source?.frames ?? -1);
      expect(number(stored.attributes, 'NumberOfFrames')).toBe(source?.frames);
      expect(number(stored.attributes, 'FrameTime')).toBeCloseTo(1000 / 30, 3);
      // What the PACS has is the very stream that was saved and verified.
      expect(stored.payloadSha256).toBe(source?.sha256);
      expect(stored.payloadSha256).toBe(instance.payloadSha256);
      expect(stored.transferSyntaxUid).toBe('1.2.840.10008.1.2.4.102');
      expect(stored.sopClassUid).toBe('1.2.840.10008.5.1.4.1.1.77.1.1.1');
      expect(text(stored.attributes, 'PatientID')).toBe(clip.patient.id);
      // From the keyframe at or before the start: six seconds, and at most one GOP more.
      expect(source?.frames).toBeGreaterThanOrEqual(6 * 30 - 1);
      expect(source?.frames).toBeLessThanOrEqual(7 * 30 + 6);
      expect(source?.gaps).toEqual([]);
    }
  });

  it('saves the same range of both cameras, to within one frame', async () => {
    const clip = await reached(line, await save(line, 'or-1', 5), 'sent');
    const [first, second] = clip.sources;
    const frame = 1000 / 30;
    const start = (iso: string | undefined) => Date.parse(iso ?? '');
    expect(Math.abs(start(first?.startedAt) - start(second?.startedAt))).toBeLessThanOrEqual(frame);
    expect(Math.abs((first?.frames ?? 0) - (second?.frames ?? 0))).toBeLessThanOrEqual(1);
    const counters = await Promise.all(
      clip.instances.map(async ({ sopInstanceUid }) => (await fetchFromPacs(line, sopInstanceUid)).counters),
    );
    // The synthetic cameras of a room count on the same clock.
    const [a, b] = counters.map((list) => [list[0] ?? NaN, list.at(-1) ?? NaN]);
    expect(Math.abs((a?.[0] ?? NaN) - (b?.[0] ?? NaN))).toBeLessThanOrEqual(1);
    expect(Math.abs((a?.[1] ?? NaN) - (b?.[1] ?? NaN))).toBeLessThanOrEqual(1);
  });

  it('never claims more than there is', async () => {
    const clip = await reached(line, await save(line, 'or-1', 290), 'saved');
    expect(clip.truncated).toBe(true);
    expect(clip.requestedMs).toBe(290_000);
    expect(clip.savedMs).toBeLessThan(290_000);
    expect(clip.savedMs).toBeGreaterThan(5000);
  });

  it('saves once however often the same press arrives', async () => {
    const { newId } = await import('@smartbox/kernel');
    const clipId = newId();
    await Promise.all([1, 2, 3].map(() => line.api.saveClip({ clipId, stationId: 'or-1', lastSeconds: 3 })));
    const clip = await reached(line, clipId, 'sent');
    expect(clip.instances).toHaveLength(2);
    const { items } = await line.api.clips({});
    expect(items.filter((item) => item.clipId === clipId)).toHaveLength(1);
  });

  it('gives the clip a trace and a journey of true times', async () => {
    const clip = await reached(line, await save(line, 'or-1', 2), 'sent');
    expect(clip.traceId).toMatch(/^[0-9a-f]{32}$/);
    const stages = clip.journey.map((step) => step.stage);
    expect(stages.length).toBeGreaterThan(4);
    const times = clip.journey.map((step) => Date.parse(step.startedAt));
    expect(times.every((at) => at >= Date.parse(clip.requestedAt) - 1)).toBe(true);
    expect(clip.journey.some((step) => step.failed)).toBe(false);

    // One trace from the button to the C-STORE response: every event of the clip continues it.
    const messaging = await Messaging.connect({ ...natsOf(line), service: 'catalog' });
    try {
      const traced = new Set<string>();
      for await (const { event, name } of messaging.readEvents({ follow: false })) {
        const data = event?.data as { clipId?: string; origin?: { id: string } } | undefined;
        if ((data?.clipId ?? data?.origin?.id) !== clip.clipId) continue;
        expect(event?.traceparent).toContain(clip.traceId);
        traced.add(name ?? '');
      }
      for (const stage of ['buffer.clip.saved', 'transcoder.rendition.ready', 'dicomizer.instance.created']) {
        expect(traced).toContain(stage);
      }
      expect(traced).toContain('pacs-gateway.instance.stored');
    } finally {
      await messaging.close();
    }
  });
});
