import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ClipDetail, RetentionView, type RetentionFile } from '@smartbox/contracts';
import { deterministicId, deterministicUid, newId } from '@smartbox/kernel';
import { stringify } from 'yaml';
import { z } from 'zod';
import { Sweeper } from '../src/application/retention/sweeper.ts';
import { objectStore, ok, settings, startCatalog, startEmergency, startServers, tell, type Catalog, type Servers } from './catalog.ts'; // prettier-ignore
import { eventsOfClip, type Happened } from './clip-story.ts';

export const DAY_MS = 86_400_000;
export const ago = (days: number) => new Date(Date.now() - days * DAY_MS);
export const uidOf = (clipId: string, sourceId: string) => deterministicUid('instance', clipId, sourceId);
export const videoOf = (clipId: string, sourceId: string) => `/api/v1/clips/${clipId}/sources/${sourceId}/video`;

interface Given {
  days: number;
  until?: 'saved' | 'stored';
  sources?: string[];
  notForPacs?: string[];
}

/** A catalog with a retention file, and clips of so many days ago whose bytes are in the store. */
export class RetentionStage {
  readonly #servers: Servers;
  catalog!: Catalog;
  procedureId = '';

  private constructor(servers: Servers) {
    this.#servers = servers;
  }

  static async start(): Promise<RetentionStage> {
    return new RetentionStage(await startServers());
  }

  async stop(): Promise<void> {
    await this.catalog?.close();
    await this.#servers.stop();
  }

  /** Removals at once and as fast as they can be, unless the file says otherwise. */
  async restart(file: z.input<typeof RetentionFile>): Promise<void> {
    await this.catalog?.close();
    const text = stringify({ noticeHours: 0, perHour: 100_000, ...file });
    await writeFile(join(this.#servers.folder, 'config/retention.yaml'), text);
    this.catalog = await startCatalog(settings(this.#servers));
  }

  async procedure(): Promise<void> {
    ({ procedureId: this.procedureId } = await startEmergency(this.catalog));
  }

  /** What was told and stored so far is nothing to what follows. */
  async setAside(): Promise<void> {
    const keep = { data: { keep: true } };
    await this.catalog.database.prisma.clipNote.updateMany(keep);
    await this.catalog.database.prisma.clip.updateMany(keep);
  }

  async clip({ days, sources = ['cam-a', 'cam-b'], ...more }: Given): Promise<string> {
    const clipId = newId();
    const { procedureId } = this;
    const story = eventsOfClip({ clipId, sources, destinations: ['pacs'], procedureId, at: ago(days), ...more });
    await this.put(`clips/${clipId}/clip.json`, 10);
    for (const sourceId of sources) {
      await this.put(`clips/${clipId}/${sourceId}/source.mp4`, 1000);
      await this.put(`clips/${clipId}/${sourceId}/manifest.json`, 20);
      for (const name of ['poster', 'sprite', 'pacs'])
        await this.put(`clips/${clipId}/${sourceId}/renditions/${name}`, 500);
      await this.put(`instances/${uidOf(clipId, sourceId)}.dcm`, 2000);
    }
    await this.catalog.applied(await tell(this.catalog.config, story));
    return clipId;
  }

  /** An edit or export of `cam-a` that was asked for and is ready since so many days. */
  async film(clipId: string, kind: 'edit' | 'export', days: number): Promise<string> {
    const body =
      kind === 'edit'
        ? { renditionId: newId(), sources: [{ sourceId: 'cam-a' }] }
        : { exportId: newId(), profiles: ['mobile'], of: { sourceId: 'cam-a' } };
    const answer = ok(await this.catalog.send('POST', `/clips/${clipId}/${kind}s`, body), 202) as unknown;
    const made = z.union([z.object({ items: z.tuple([z.object({ renditionId: z.string() })]) }), z.object({ renditionId: z.string() })]).parse(answer); // prettier-ignore
    const { renditionId } = 'items' in made ? made.items[0] : made;
    const key = `clips/${clipId}/cam-a/renditions/${renditionId}/film.mp4`;
    await this.put(key, 700);
    const [saved] = eventsOfClip({ clipId, sources: ['cam-a'], destinations: ['pacs'], procedureId: this.procedureId });
    const { recipe, stationId, procedureId } = saved?.data as Record<string, unknown>;
    const origin = { kind: 'clip', id: clipId, sourceId: 'cam-a', stationId, procedureId, recipe, capturedAt: ago(days).toISOString(), durationMs: 2000 }; // prettier-ignore
    const file = { key, contentType: 'video/mp4', bytes: 700, sha256: 'e'.repeat(64), mode: 'encoded' };
    const data = { origin, rendition: kind, renditionId, ...file };
    const ready: Happened = { name: 'transcoder.rendition.ready', id: renditionId, time: '', data };
    await this.catalog.applied(await tell(this.catalog.config, [ready]));
    await this.catalog.database.prisma.clipFact.update({
      where: { clipId_key: { clipId, key: `rendition/cam-a/${kind}/${renditionId}` } },
      data: { firstAt: ago(days) },
    });
    return renditionId;
  }

  /** The archive has the object of `cam-a`, or of an edit of it, made for the procedure that the clip was moved to. */
  async archive(clipId: string, { editId, assignment }: { editId?: string; assignment?: number }): Promise<void> {
    const { procedureId } = await this.detail(clipId);
    const story = eventsOfClip({
      clipId,
      sources: ['cam-a'],
      destinations: ['pacs'],
      procedureId,
      ...(assignment === undefined ? {} : { assignment }),
    });
    const made = JSON.stringify(
      story.filter(({ name }) => name.startsWith('dicomizer') || name.startsWith('pacs-gateway')),
    );
    const instanceId = deterministicId('instance', clipId, 'cam-a');
    const own = ['archived', clipId, editId ?? '', String(assignment ?? 0)];
    const told = made
      .replaceAll(deterministicId(instanceId, 'pacs'), deterministicId('delivery', ...own))
      .replaceAll(instanceId, deterministicId('instance', ...own))
      .replaceAll(uidOf(clipId, 'cam-a'), deterministicUid('instance', ...own));
    const events = (JSON.parse(told) as Happened[]).map((event) => ({
      ...event,
      id: `${event.id}/${own.join('/')}`,
      data:
        editId !== undefined && event.name === 'dicomizer.instance.created'
          ? { ...(event.data as object), rendition: 'edit', renditionId: editId }
          : event.data,
    }));
    await this.catalog.applied(await tell(this.catalog.config, events));
  }

  put(key: string, size: number) {
    return this.objects().put(key, Buffer.alloc(size), { size, contentType: 'application/octet-stream' });
  }

  /** Keys that are there. */
  async keys(prefix: string): Promise<string[]> {
    const keys: string[] = [];
    for await (const { key } of this.objects().list(prefix)) keys.push(key);
    return keys;
  }

  readonly objects = () => objectStore(this.catalog.config);
  readonly sweep = () => this.catalog.app.get(Sweeper).sweep();
  readonly detail = async (clipId: string) => ClipDetail.parse(ok(await this.catalog.send('GET', `/clips/${clipId}`)));
  readonly status = async (path: string) => (await this.catalog.get(path)).status;
  readonly view = async () => RetentionView.parse(ok(await this.catalog.send('GET', '/retention')));
  readonly list = async <T extends z.ZodType>(item: T, path: string): Promise<z.output<T>[]> =>
    z.object({ items: z.array(item) }).parse(ok(await this.catalog.send('GET', path))).items;
}
