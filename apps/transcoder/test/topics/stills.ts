import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RenditionReady } from '@smartbox/contracts';
import { newId } from '@smartbox/kernel';
import { decodePicture, frameCounters, rgbFrames } from '@smartbox/media/native';
import { describe, expect, it } from 'vitest';
import { capturedStill, ready, type Clips } from '../clips.ts';
import { recipe } from '../service.ts';

export function takesStills(rig: () => Clips): void {
  describe('a still', () => {
    it('takes the exact frame as a still', async () => {
      const { storedVideo, rgbOf, eventsOf, messaging, store, scratch } = rig();
      const stillId = newId();
      const stored = await storedVideo(stillId, { width: 640, height: 360, frames: 30 });
      const still = capturedStill(stillId, stored, 17);
      await messaging.publishEvent('buffer.still.captured', still, { id: `still/${stillId}` });
      const [made] = await eventsOf<RenditionReady>(ready, stillId, 1);
      expect(made).toMatchObject({
        rendition: 'still',
        contentType: 'image/jpeg',
        picture: { width: 640, height: 360 },
      });
      const file = join(scratch, 'still.jpg');
      await writeFile(file, await store.get(made?.key ?? ''));
      expect(await frameCounters(file)).toEqual([17]);
      expect(made?.lossyHistory?.map(({ method }) => method)).toEqual(['ISO_14496_10', 'ISO_10918_1']);
      expect(made?.compression).toMatchObject({ comparedFrames: 1, identical: false });
      expect(made?.compression?.psnr).toBeGreaterThan(35);

      // where the recipe wants another syntax, the object is coded from the frame itself; the screen keeps its JPEG
      const dicom = { ...recipe.dicom, stillTransferSyntax: '1.2.840.10008.1.2.4.201' };
      const lossless = { ...still, stillId: newId(), recipe: { ...recipe, dicom } };
      await messaging.publishEvent('buffer.still.captured', lossless, { id: `still/${lossless.stillId}` });
      const [poster, code] = await eventsOf<RenditionReady>(ready, lossless.stillId, 2);
      expect(poster).toMatchObject({ rendition: 'poster', contentType: 'image/jpeg' });
      expect(code).toMatchObject({ rendition: 'still', transferSyntaxUid: '1.2.840.10008.1.2.4.201' });
      expect(code?.lossyHistory?.map(({ method }) => method)).toEqual(['ISO_14496_10']);
      expect(code?.compression).toMatchObject({ ssim: 1, identical: true });
      const chunks = (await (await store.get(code?.key ?? '')).toArray()) as Buffer[];
      const picture = decodePicture('jpeg2000', Buffer.concat(chunks)); // by another decoder: FFmpeg's
      expect(picture.rgb?.equals(await rgbOf(stored.key, 17))).toBe(true);

      // PNG was asked for: the screen shows it, and the object holds the same samples uncompressed
      const png = { ...still, stillId: newId(), format: 'png' as const };
      await messaging.publishEvent('buffer.still.captured', png, { id: `still/${png.stillId}` });
      const [shown, raw] = await eventsOf<RenditionReady>(ready, png.stillId, 2);
      expect(shown).toMatchObject({ rendition: 'poster', contentType: 'image/png' });
      expect(raw).toMatchObject({ rendition: 'still', transferSyntaxUid: '1.2.840.10008.1.2.1' });
      const samples = Buffer.concat((await (await store.get(raw?.key ?? '')).toArray()) as Buffer[]);
      await writeFile(file, await store.get(shown?.key ?? ''));
      for await (const { rgb } of rgbFrames(file)) expect(rgb.equals(samples)).toBe(true);
      expect(samples.equals(await rgbOf(stored.key, 17))).toBe(true);

      const tenToOne = { ...recipe.dicom, stillTransferSyntax: '1.2.840.10008.1.2.4.203', stillRatio: 10 };
      const lossy = { ...still, stillId: newId(), recipe: { ...recipe, dicom: tenToOne } };
      await messaging.publishEvent('buffer.still.captured', lossy, { id: `still/${lossy.stillId}` });
      const [, small] = await eventsOf<RenditionReady>(ready, lossy.stillId, 2);
      expect(small?.lossyHistory?.map(({ method }) => method)).toEqual(['ISO_14496_10', 'ISO_15444_15']);
      expect(small?.compression?.ratio).toBeGreaterThanOrEqual(10);
      expect(small?.compression?.psnr).toBeGreaterThan(30);
      expect(small?.compression?.ssim).toBeGreaterThan(0.9);
    });
  });
}
