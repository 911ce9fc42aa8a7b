import { createReadStream } from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClipSaved, EventName, StillCaptured } from '@smartbox/contracts';
import { newId } from '@smartbox/kernel';
import { rgbFrames, type SyntheticVideo, writeSyntheticVideo } from '@smartbox/media/native';
import type { Messaging } from '@smartbox/messaging';
import type { ObjectStore } from '@smartbox/storage';
import { expect } from 'vitest';
import { recipe, type Service } from './service.ts';

export const ready: EventName[] = ['transcoder.rendition.ready'];

/** What the buffer says of a frame that it took out of a stored video. */
export const capturedStill = (
  stillId: string,
  { key, sha256, bytes }: Pick<StillCaptured, 'key' | 'sha256' | 'bytes'>,
  frame: number,
): StillCaptured => ({
  ...{ stillId, stationId: 'or-1', procedureId: newId(), recipe, at: '2026-01-01T10:00:00.500Z' },
  ...{ sourceId: 'camera-1', key, sha256, bytes, frame, width: 640, height: 360 },
});

/** Clips and stills as the buffer would bring them, and what the service says of them. */
export class Clips {
  readonly messaging: Messaging;
  readonly store: ObjectStore;
  readonly scratch: string;

  constructor({ messaging, store, scratch }: Service) {
    this.messaging = messaging;
    this.store = store;
    this.scratch = scratch;
  }

  /** Puts a really encoded video under the key a clip's source would have. */
  readonly storedVideo = async (id: string, video: SyntheticVideo) => {
    const file = join(this.scratch, `${newId()}.mp4`);
    await writeSyntheticVideo(file, video);
    return this.store.put(`clips/${id}/camera-1/source.mp4`, createReadStream(file), {
      size: (await stat(file)).size,
      contentType: 'video/mp4',
    });
  };

  /** One frame of a stored video, decoded. */
  readonly rgbOf = async (key: string, index: number): Promise<Buffer> => {
    const file = join(this.scratch, `${newId()}.mp4`);
    await writeFile(file, await this.store.get(key));
    for await (const frame of rgbFrames(file)) if (frame.index === index) return frame.rgb;
    throw new Error(`there is no frame ${index}`);
  };

  readonly saveClip = async (video: SyntheticVideo): Promise<ClipSaved> => {
    const clipId = newId();
    const stored = await this.storedVideo(clipId, video);
    const at = '2026-01-01T10:00:00.000Z';
    const clip: ClipSaved = {
      clipId,
      kind: 'clip',
      stationId: 'or-1',
      procedureId: newId(),
      recipe,
      requestedAt: at,
      savedAt: at,
      requestedMs: 4000,
      savedMs: 4000,
      truncated: false,
      missing: [],
      sources: [
        {
          sourceId: 'camera-1',
          key: stored.key,
          manifestKey: `clips/${clipId}/camera-1/manifest.json`,
          bytes: stored.bytes,
          sha256: stored.sha256,
          frames: video.frames,
          durationMs: (1000 * video.frames) / (video.fps ?? 30),
          startedAt: at,
          startMonotonicNs: '0',
          endMonotonicNs: '1',
          width: video.width,
          height: video.height,
          frameRate: { num: video.fps ?? 30, den: 1 },
          codec: 'avc1.640029',
          encoder: 'libx264',
          gaps: [],
          pacs: true,
          formats: 1,
        },
      ],
    };
    await this.messaging.publishEvent('buffer.clip.saved', clip, { id: `clip-saved/${clipId}` });
    return clip;
  };

  /** Waits for this many events of the clip, in the order they were published. */
  readonly eventsOf = async <T>(names: EventName[], id: string, count: number): Promise<T[]> => {
    const found: T[] = [];
    const signal = AbortSignal.timeout(110_000);
    for await (const { event } of this.messaging.readEvents({ names, signal })) {
      const data = event?.data as { origin: { id: string } };
      if (data.origin.id === id && found.push(data as T) === count) break;
    }
    expect(found).toHaveLength(count);
    return found;
  };
}
