import { bufferSource, checkEncapsulation, readPart10, TransferSyntaxUid } from '@smartbox/dicom';
import { newId } from '@smartbox/kernel';
import { until } from '@smartbox/testing';
import { expect, it } from 'vitest';
import { dciodvfy, payloadOf, sha256, valuesOf } from './proof.ts';
import { derivation, fixture, jpeg, video, type Line } from './support.ts';

/** What is read out of streams of other containers and rates, of the dicomizer that `line` answers. */
export function streams(line: () => Line): void {
  it.each(['mp4', 'm2ts'])(
    'writes the times of the frames themselves where the rate is variable, in an .%s',
    async (container) => {
      // prettier-ignore
      const event = await line().rendition(fixture(`h264-variable-rate.${container}`), 'pacs');
      await line().announce(event);
      const created = await line().waitFor('dicomizer.instance.created', event.origin.id);
      const object = await line().object(created.key);
      const { dataset } = await readPart10(bufferSource(object));
      expect(dataset).not.toHaveProperty('FrameTime');
      expect(dataset).toMatchObject({ NumberOfFrames: [40], FrameIncrementPointer: [0x0018_1065] });
      // what ffprobe reads of the packets, ticks of 90 kHz: the microseconds of the sums are those
      const ticks = JSON.parse(fixture('h264-variable-rate.json').toString()) as number[];
      const vector = dataset['FrameTimeVector'] as number[];
      expect(vector).toHaveLength(40);
      let at = 0;
      for (const [i, tick] of ticks.entries()) {
        at += vector[i] ?? 0;
        expect(Math.abs(at - tick / 90)).toBeLessThan(0.001);
      }
      expect(dciodvfy(object)).toEqual([]);
    },
  );

  it.each([
    ['h264-720p-23976-bframes.m2ts', TransferSyntaxUid.h264High41, 48],
    ['hevc-main-1080p30.m2ts', TransferSyntaxUid.hevcMain51, 10],
  ])(
    'takes a transport stream as it is, by what its pictures say: %s',
    async (name, transferSyntaxUid, numberOfFrames) => {
      // prettier-ignore
      const film = fixture(name);
      const event = await line().rendition(film, 'pacs');
      await line().announce(event);
      const created = await line().waitFor('dicomizer.instance.created', event.origin.id);
      expect(created).toMatchObject({ transferSyntaxUid, numberOfFrames, payloadSha256: sha256(film) });
      const object = await line().object(created.key);
      expect(valuesOf(object, 'NumberOfFrames')).toEqual({ NumberOfFrames: String(numberOfFrames) });
      expect(await checkEncapsulation(bufferSource(object))).toEqual([]);
      // what was announced is held against it, as with an MP4
      const wrong = await line().rendition(film, 'pacs');
      await line().announce({ ...wrong, video: wrong.video && { ...wrong.video, frames: numberOfFrames + 1 } });
      const failed = await line().waitFor('dicomizer.instance.failed', wrong.origin.id);
      expect(failed).toMatchObject({ code: 'facts-disagree' });
    },
  );

  it('takes the frames of a Motion JPEG out of their container, and sends on later what it has made', async () => {
    const facts = { container: 'other', codec: 'mjpeg', profile: 'Baseline', level: 0, width: 64, height: 48, frames: 2, frameRate: { num: 25, den: 1 }, durationMs: 80, bitDepth: 8, constantFrameRate: true, interlaced: false, chroma: '4:2:2', bFrames: false, closedGop: true, audioTracks: 0 } as const; // prettier-ignore
    const change = { rendition: 'export' as const, profile: 'mjpeg' as const, renditionId: newId() };
    const avi = { ...(await line().rendition(video, 'pacs', change)), video: facts };
    const [key, framesKey] = [`${avi.key}.frames.jpg`, `${avi.key}.frames.json`];
    const frames = Buffer.concat([jpeg, jpeg]);
    await line().store.put(key, frames, { size: frames.length, contentType: 'image/jpeg' });
    await line().store.putJson(framesKey, [jpeg.length, jpeg.length]);
    const payload = { key, framesKey, bytes: frames.length, sha256: sha256(frames) };
    for (const destinations of [['pacs'], ['pacs', 'second']])
      await line().announce({ ...avi, payload, derivation, destinations });
    const [first, again] = await until(async () => {
      const made = await line().events('dicomizer.instance.created', avi.origin.id);
      // both are made side by side
      return made.length === 2 ? made.toSorted((a, b) => a.destinations.length - b.destinations.length) : undefined;
    });
    expect(first).toMatchObject({ transferSyntaxUid: TransferSyntaxUid.jpegBaseline, numberOfFrames: 2, payloadKey: key }); // prettier-ignore
    expect(again).toEqual({ ...first, destinations: ['pacs', 'second'] });
    const object = await line().object(first?.key ?? '');
    expect(await payloadOf(object)).toEqual(frames);
    expect(dciodvfy(object)).toEqual([]);
  });
}
