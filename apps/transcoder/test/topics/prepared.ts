import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { QualityMeasured, RenditionReady } from '@smartbox/contracts';
import { newId } from '@smartbox/kernel';
import { frameCounters } from '@smartbox/media/native';
import { Messaging } from '@smartbox/messaging';
import { until } from '@smartbox/testing';
import { describe, expect, it } from 'vitest';
import { ready, type Clips } from '../clips.ts';

export function preparesClips(rig: () => Clips): void {
  describe('a clip that was saved', () => {
    it('passes a stream that DICOM holds through, and makes poster and sprite', async () => {
      const { saveClip, eventsOf, store } = rig();
      const clip = await saveClip({ width: 640, height: 360, frames: 120 });
      const made = await eventsOf<RenditionReady>(ready, clip.clipId, 3);
      // The first two are made side by side; the sprite, which nobody waits for, comes last.
      expect(
        made
          .slice(0, 2)
          .map((event) => event.rendition)
          .sort(),
      ).toEqual(['pacs', 'poster']);

      const [poster, pacs] = ['poster', 'pacs'].map((name) => made.find((event) => event.rendition === name));
      const sprite = made[2];
      expect(sprite?.rendition).toBe('sprite');
      expect(pacs).toMatchObject({ mode: 'passthrough', key: clip.sources[0]?.key, sha256: clip.sources[0]?.sha256 });
      expect(pacs?.video).toMatchObject({
        codec: 'h264',
        profile: 'High',
        frames: 120,
        width: 640,
        constantFrameRate: true,
      });
      expect(poster?.picture).toEqual({ width: 640, height: 360 });
      expect(sprite?.sprite).toMatchObject({ count: 2, columns: 2, rows: 1, tileWidth: 240 });
      for (const picture of [poster, sprite]) {
        const head = await (await store.getRange(picture?.key ?? '', 0, 3)).toArray();
        expect(Buffer.concat(head as Buffer[]).toString('hex')).toBe('ffd8ff'); // JPEG, SOI and a marker
        await store.verify(picture?.key ?? '', { bytes: picture?.bytes ?? 0, sha256: picture?.sha256 ?? '' });
      }
    });

    it('warns of a film for the archive that stands still where its source moves', async () => {
      const { saveClip, eventsOf, store, scratch } = rig();
      const clip = await saveClip({ width: 320, height: 180, frames: 40, gop: 10 });
      const pacs = (await eventsOf<RenditionReady>(ready, clip.clipId, 3)).find((event) => event.rendition === 'pacs');
      const [moving, still] = [join(scratch, `${newId()}.mp4`), join(scratch, `${newId()}.mp4`)];
      await writeFile(moving, await store.get(pacs?.key ?? ''));
      // the 20th picture stays for as long as the others would have
      const hold = 'trim=end_frame=20,tpad=stop=20:stop_mode=clone';
      await promisify(execFile)('ffmpeg', ['-loglevel', 'error', '-i', moving, '-vf', hold, '-c:v', 'libx264', still]);
      const key = `clips/${clip.clipId}/camera-1/renditions/pacs.mp4`;
      const { size } = await stat(still);
      const { bytes, sha256 } = await store.put(key, createReadStream(still), { size, contentType: 'video/mp4' });
      const { config } = await import('../../src/config.ts');
      const itself = await Messaging.connect({ service: 'transcoder', ...config.nats });
      try {
        const made = { ...(pacs as RenditionReady), mode: 'encoded' as const, key, bytes, sha256 };
        await itself.publishEvent('transcoder.rendition.ready', made, { id: `still/${clip.clipId}` });
        const [warned] = await eventsOf<{ code: string; reason: string }>(
          ['transcoder.quality.warned'],
          clip.clipId,
          1,
        );
        expect(warned).toMatchObject({ code: 'frames-differ', rendition: 'pacs', origin: { stationId: 'or-1' } });
        const [measured] = await eventsOf<QualityMeasured>(['transcoder.quality.measured'], clip.clipId, 1);
        expect(measured?.summary).toMatchObject({ passed: false, frames: { reference: 40, distorted: 40 } });
        expect(measured?.summary.repeatedFrames).toBeGreaterThan(10);
      } finally {
        await itself.close();
      }
    });

    it('encodes what no transfer syntax holds, says why, and keeps every frame in order', async () => {
      const { saveClip, eventsOf, store, scratch } = rig();
      // More than 1080p: level 5.0, which no DICOM transfer syntax for H.264 carries.
      const clip = await saveClip({ width: 2560, height: 1440, frames: 20 });
      const made = await eventsOf<RenditionReady>(ready, clip.clipId, 3);
      const pacs = made.find((event) => event.rendition === 'pacs');
      expect(pacs?.mode).toBe('encoded');
      expect(pacs?.reason).toMatch(/level|5\.0|50/i);
      expect(pacs?.video).toMatchObject({
        codec: 'hevc',
        profile: 'Main',
        level: 51,
        width: 2560,
        height: 1440,
        frames: 20,
        bitDepth: 8,
        bFrames: false,
        closedGop: true,
      });
      expect(pacs?.key).toBe(`clips/${clip.clipId}/camera-1/renditions/pacs.mp4`);
      const file = join(scratch, 'encoded.mp4');
      await writeFile(file, await store.get(pacs?.key ?? ''));
      expect(await frameCounters(file)).toEqual(Array.from({ length: 20 }, (_, i) => i));
      const [quality] = await eventsOf<QualityMeasured>(['transcoder.quality.measured'], clip.clipId, 1);
      expect(quality).toMatchObject({ rendition: 'pacs', summary: { passed: true, frames: { compared: 20 } } });
      // nothing is left in the scratch folder
      await until(async () => (await readdir(join(scratch, 'work'))).length === 0, { what: 'an empty scratch folder' });
    });

    it('announces a clip worked off twice only once', async () => {
      const { saveClip, eventsOf, messaging } = rig();
      const clip = await saveClip({ width: 320, height: 192, frames: 30 });
      const first = await eventsOf<RenditionReady>(ready, clip.clipId, 3);
      await messaging.publishEvent('buffer.clip.saved', clip, { id: `again/${clip.clipId}` });
      // The next clip is worked off after the repeated one.
      const next = await saveClip({ width: 320, height: 192, frames: 30 });
      await eventsOf<RenditionReady>(ready, next.clipId, 3);
      const all: RenditionReady[] = [];
      for await (const { event } of messaging.readEvents({ names: ready, follow: false })) {
        const data = event?.data as RenditionReady;
        if (data.origin.id === clip.clipId) all.push(data);
      }
      expect(all).toEqual(first);
    });
  });
}
