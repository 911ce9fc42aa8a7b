import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { ClipSaved, Service } from '@smartbox/contracts';
import { newId } from '@smartbox/kernel';
import { Messaging } from '@smartbox/messaging';
import { ObjectStore, parseS3Url } from '@smartbox/storage';
import { fillRing } from '@smartbox/testing/ring';
import { CatalogApi, startSmartBox, type SmartBox } from '@smartbox/tools';
import { median } from './pairs.ts';

export const SECONDS = 120;
const FLOOR_KEY = 'clips/floor/source.mp4';

async function medianTime(act: () => Promise<void>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < 3; i++) {
    const start = performance.now();
    await act();
    times.push(performance.now() - start);
  }
  return median(times);
}

/** The whole line with two minutes of 1080p30 at 8 Mbit/s in the ring of one camera, and room to measure in. */
export class FullRing {
  readonly box: SmartBox;
  readonly messaging: Messaging;
  readonly store: ObjectStore;
  /** On the same file system as the object store. */
  readonly folder: string;
  readonly #procedureId: string;
  #last: ClipSaved | undefined;

  private constructor(box: SmartBox, messaging: Messaging, store: ObjectStore, folder: string, procedureId: string) {
    this.box = box;
    this.messaging = messaging;
    this.store = store;
    this.folder = folder;
    this.#procedureId = procedureId;
  }

  /** @param work the services behind the buffer: without them nothing else runs while a save is measured */
  static async start(report: (line: string) => void, work: readonly Service[] = []): Promise<FullRing> {
    const folder = await mkdtemp('/var/tmp/smartbox-bench-');
    const box = await startSmartBox({
      stateDir: join(folder, 'state'),
      // No camera runs: the machine is free for what is measured.
      services: ['buffer', 'catalog', ...work],
      pacs: 'test-pacs',
      onProgress: report,
    });
    const { procedureId } = await new CatalogApi(box.url, box.credentials.toolsToken).startProcedure({
      stationId: 'or-1',
      emergency: {},
    });
    const { nats, s3 } = box.servers;
    const connection = { servers: nats.url, user: nats.credentials.user, pass: nats.credentials.password };
    report(`filling the ring with ${SECONDS + 5} s of 1080p30 at 8 Mbit/s`);
    await fillRing(connection, {
      station: 'or-1',
      sources: ['endoscope'],
      procedure: procedureId,
      seconds: SECONDS + 5,
    });
    const messaging = await Messaging.connect({ ...connection, service: 'catalog' });
    const store = new ObjectStore(parseS3Url(`${s3.url}/${s3.bucket}`, s3.credentials));
    return new FullRing(box, messaging, store, folder, procedureId);
  }

  /** Presses the button and waits for SAVED. */
  async save(): Promise<ClipSaved> {
    this.#last = await this.messaging.call(
      'buffer.save-clip',
      {
        clipId: newId(),
        stationId: 'or-1',
        procedureId: this.#procedureId,
        sources: ['endoscope'],
        range: { lastMs: SECONDS * 1000 },
        requestedAt: new Date().toISOString(),
      },
      { timeoutMs: 120_000 },
    );
    return this.#last;
  }

  /** The bytes of a clip as a file. */
  async clipFile(clip: ClipSaved): Promise<string> {
    const path = join(this.folder, 'clip.mp4');
    await pipeline(await this.store.get(clip.sources[0]?.key ?? ''), createWriteStream(path));
    return path;
  }

  /** Milliseconds to put a file into the object store and to prove it by reading it back: the median of three. */
  timeOfStore(file: string): Promise<number> {
    return medianTime(async () => {
      const { size } = await stat(file);
      const stored = await this.store.put(FLOOR_KEY, createReadStream(file, { highWaterMark: 1024 * 1024 }), {
        size,
        contentType: 'video/mp4',
      });
      await this.store.verify(FLOOR_KEY, stored);
    });
  }

  /** Milliseconds to read the whole ring out of the broker: the median of three. */
  timeOfRead(): Promise<number> {
    const range = { subject: 'ring.or-1.endoscope', fromSeq: 1, toSeq: SECONDS };
    return medianTime(async () => {
      let bytes = 0;
      for await (const { payload } of this.messaging.ring.readMessages('RING_or-1', range)) bytes += payload.length;
      if (bytes === 0) throw new Error('the ring is empty');
    });
  }

  async stop(): Promise<void> {
    await this.messaging.close();
    await this.box.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}
