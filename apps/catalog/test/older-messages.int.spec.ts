import 'reflect-metadata';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  ClipDetail,
  cloudEvent,
  events,
  eventType,
  ProcedureEntry,
  StationPresence,
  StationProcedure,
  type EventName,
} from '@smartbox/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { settings, startCatalog, startServers, tell, type Catalog, type Servers } from './catalog.ts';

/** Everything that a version published from a room to the archive, as the broker kept it. A file for each version. */
const folder = join(import.meta.dirname, '../../../libs/contracts/test/recorded');
interface Kept {
  subject: string;
  message: Record<string, unknown>;
}
const recorded = readdirSync(folder).map((file) => {
  const lines = readFileSync(join(folder, file), 'utf8').trim().split('\n');
  return { version: file.replace('.jsonl', ''), kept: lines.map((line) => JSON.parse(line) as Kept) };
});

let servers: Servers;
let catalog: Catalog;
beforeAll(async () => {
  servers = await startServers();
  catalog = await startCatalog(settings(servers));
});
afterAll(async () => {
  await catalog?.close();
  await servers?.stop();
});

describe.each(recorded)('the messages of $version', ({ kept }) => {
  const told = kept.filter(({ subject }) => subject.startsWith('evt.'));

  it('are read by this version', () => {
    for (const { subject, message } of told) {
      const name = subject.slice(4) as EventName;
      const read = cloudEvent(eventType(name), events[name]).safeParse(message);
      expect(read.error?.issues ?? [], subject).toEqual([]);
    }
    for (const { subject, message } of kept.filter((one) => one.subject.startsWith('$KV.'))) {
      const [, bucket, kind] = subject.split('.');
      const schema = bucket === 'STATIONS' ? StationPresence : kind === 'station' ? StationProcedure : ProcedureEntry;
      expect(schema.safeParse(message).error?.issues ?? [], subject).toEqual([]);
    }
  });

  it('tell the same story: the clip is archived, with both its sources', async () => {
    const story = told.map(({ subject, message }) => ({
      name: subject.slice(4) as EventName,
      id: String(message['id']),
      time: String(message['time']),
      data: message['data'],
    }));
    await catalog.applied(await tell(catalog.config, story));
    const saved = story.find(({ name }) => name === 'buffer.clip.saved');
    const { clipId, sources } = saved?.data as { clipId: string; sources: { sourceId: string; frames: number }[] };
    const clip = ClipDetail.parse(await (await catalog.get(`/api/v1/clips/${clipId}`)).json());
    expect(clip.state).toBe('archived');
    expect(clip.sources.map(({ sourceId, frames }) => ({ sourceId, frames }))).toEqual(
      sources.map(({ sourceId, frames }) => ({ sourceId, frames })),
    );
    expect(clip.instances.flatMap(({ deliveries }) => deliveries.map(({ state }) => state))).toEqual([
      'committed',
      'committed',
    ]);
  });
});
