import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { EventData } from '@smartbox/contracts';
import { FullRing } from '../full-ring.ts';
import type { Benchmark } from '../pairs.ts';
import { copyAndSync, timed } from '../shell.ts';

type Names = 'dicomizer.instance.created' | 'pacs-gateway.instance.stored';

/** Waits for the event of this clip; those before `from` are not looked at. */
async function eventOf<N extends Names>(ring: FullRing, name: N, clipId: string): Promise<EventData<N>> {
  for await (const { event } of ring.messaging.readEvents({ names: [name], signal: AbortSignal.timeout(180_000) })) {
    const data = event?.data as EventData<N> | undefined;
    if (data?.origin.id === clipId) return data;
  }
  throw new Error(`no ${name} of clip ${clipId}`);
}

/** From the button to the object stored in the PACS, against `cp` + `sync` and DCMTK's storescu of the finished object. */
export const saveToPacs: Benchmark = {
  name: 'save-to-pacs',
  unit: 'ms',
  peer: 'cp + sync, then DCMTK storescu',
  target: { atMost: 1.2 },
  async setUp(report) {
    const ring = await FullRing.start(report, ['transcoder', 'dicomizer', 'pacs-gateway']);
    const clip = await ring.save();
    const file = await ring.clipFile(clip);
    const instance = await eventOf(ring, 'dicomizer.instance.created', clip.clipId);
    await eventOf(ring, 'pacs-gateway.instance.stored', clip.clipId);
    const object = join(ring.folder, 'object.dcm');
    await pipeline(await ring.store.get(instance.key), createWriteStream(object));
    const { host, port, aeTitle } = ring.box.servers.pacs;
    return {
      ours: async () => {
        const start = performance.now();
        const { clipId } = await ring.save();
        await eventOf(ring, 'pacs-gateway.instance.stored', clipId);
        return performance.now() - start;
      },
      peer: async () =>
        (await copyAndSync(file, join(ring.folder, 'copy.mp4'))) +
        (await timed('storescu', '-xf', storescuProfile, 'Video', '-aec', aeTitle, host, String(port), object)),
      tearDown: () => ring.stop(),
      notes: () => [
        'Ours includes everything between: save with read-back, poster, the facts read out of the bitstream, the DICOM object written to the object store and read back, and C-STORE from there. The peer is given the finished object.',
      ],
    };
  },
};

const storescuProfile = join(import.meta.dirname, '../../storescu.cfg');
