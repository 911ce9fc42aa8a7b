import { createHash } from 'node:crypto';
import { newId } from '@smartbox/kernel';
import { objectStore, settings, startCatalog, startEmergency, startServers, tell, type Catalog, type Servers } from './catalog.ts'; // prettier-ignore
import { eventsOfClip, recipe } from './clip-story.ts';

/** A catalog with a saved clip of one camera, and the voice of the transcoder. */
export class FilmRig {
  readonly catalog: Catalog;
  readonly clipId: string;
  readonly procedureId: string;
  readonly #servers: Servers;

  private constructor(servers: Servers, catalog: Catalog, clipId: string, procedureId: string) {
    this.#servers = servers;
    this.catalog = catalog;
    this.clipId = clipId;
    this.procedureId = procedureId;
  }

  static async start(): Promise<FilmRig> {
    const servers = await startServers();
    const catalog = await startCatalog(settings(servers));
    const { procedureId } = await startEmergency(catalog);
    const clipId = newId();
    const [saved] = eventsOfClip({ clipId, sources: ['cam-a'], destinations: ['pacs'], procedureId });
    if (saved) await catalog.applied(await tell(catalog.config, [saved]));
    return new FilmRig(servers, catalog, clipId, procedureId);
  }

  async close(): Promise<void> {
    await this.catalog.close();
    await this.#servers.stop();
  }

  /** The commands of a name as they stand in the outbox. */
  async commands(name: string): Promise<Record<string, unknown>[]> {
    const { outbox } = this.catalog.database.prisma;
    const rows = await outbox.findMany({ where: { name }, orderBy: { id: 'asc' } });
    return rows.map((row) => row.data as Record<string, unknown>);
  }

  origin() {
    const { clipId: id, procedureId } = this;
    return {
      kind: 'clip' as const,
      id,
      sourceId: 'cam-a',
      stationId: 'or-1',
      procedureId,
      recipe,
      capturedAt: '2026-11-23T09:58:00.000Z',
      durationMs: 2000,
    };
  }

  async heard(name: string, renditionId: string, data: object): Promise<void> {
    const id = `${name}/${renditionId}/${JSON.stringify(data).length}`;
    const event = { name: name as never, id, time: '', data: { origin: this.origin(), renditionId, ...data } };
    await this.catalog.applied(await tell(this.catalog.config, [event]));
  }

  /** The film as the transcoder would have left it: in the store, and announced. */
  async made(renditionId: string, rendition: 'edit' | 'export', bytes: Buffer, more: object): Promise<void> {
    const key = `clips/${this.clipId}/cam-a/renditions/${renditionId}/film.mp4`;
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    await objectStore(this.catalog.config).put(key, bytes, { size: bytes.length, contentType: 'video/mp4' });
    const file = { key, contentType: 'video/mp4', bytes: bytes.length, sha256, mode: 'encoded' };
    await this.heard('transcoder.rendition.ready', renditionId, { rendition, ...file, ...more });
  }
}

/** What a stream says of itself: High profile as DICOM holds it, unless changed. */
export const factsOf = (frames: number, change: object = {}) => ({
  ...{ container: 'mp4', codec: 'h264', profile: 'High', level: 41, width: 1920, height: 1080 },
  ...{ frameRate: { num: 30, den: 1 }, constantFrameRate: true, frames, durationMs: (frames * 1000) / 30 },
  ...{ chroma: '4:2:0', bitDepth: 8, interlaced: false, bFrames: false, closedGop: true, audioTracks: 0 },
  ...change,
});
