import type { RenditionReady } from '@smartbox/contracts';
import { newId } from '@smartbox/kernel';
import { describe, expect, it } from 'vitest';
import { capturedStill, ready, type Clips } from '../clips.ts';

export function meetsTrouble(rig: () => Clips): void {
  describe('what cannot be made, or is not wanted', () => {
    it('announces what can never be made as failed, and goes on', async () => {
      const { eventsOf, messaging, store } = rig();
      const stillId = newId();
      const text = Buffer.from('this is no video');
      const stored = await store.put(`clips/${stillId}/camera-1/gop.mp4`, text, {
        size: text.length,
        contentType: 'video/mp4',
      });
      const broken = capturedStill(stillId, stored, 0);
      await messaging.publishEvent('buffer.still.captured', broken, { id: `still/${stillId}` });
      const [failed] = await eventsOf<{ code: string; reason: string }>(['transcoder.rendition.failed'], stillId, 1);
      expect(failed?.code).toBe('media-error');
      expect(failed?.reason).not.toMatch(/X-Amz/); // no signed address in what people read
    });

    it('cancels a clip, and prepares it after all when a person asks again', async () => {
      const { saveClip, eventsOf, messaging } = rig();
      const clipId = newId();
      await messaging.publishCommand('transcoder.cancel-job', { clipId }, { id: `cancel/${clipId}` });
      const cancelled = await saveClip({ width: 320, height: 192, frames: 30 });
      await messaging.publishCommand('transcoder.cancel-job', { clipId: cancelled.clipId }, { id: cancelled.clipId });
      // Either the work was quicker or it says that it was cancelled; nothing hangs and nothing is half there.
      const outcome = await eventsOf<{ code?: string }>(
        ['transcoder.rendition.ready', 'transcoder.rendition.failed'],
        cancelled.clipId,
        3,
      );
      for (const event of outcome) expect(event.code ?? 'cancelled').toBe('cancelled');

      const again = newId();
      await messaging.publishCommand('transcoder.prepare-again', { again, clip: cancelled }, { id: again });
      const before = outcome.filter(({ code }) => code === undefined).length;
      const made = (await eventsOf<RenditionReady>(ready, cancelled.clipId, before + 3)).filter(
        (event) => event.again === again,
      );
      expect(made.map(({ rendition }) => rendition).sort()).toEqual(['pacs', 'poster', 'sprite']);
    });
  });
}
