import { newId } from '@smartbox/kernel';
import { Messaging, type StoredEvent } from '@smartbox/messaging';
import { until } from '@smartbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inBatches } from '../src/application/projector.ts';
import { Database } from '../src/outbound/database.ts';
import { ProjectionStore } from '../src/outbound/projection-store.ts';
import { applyMigrations, driftSql } from '../src/outbound/schema-engine.ts';
import { settings, startCatalog, startServers, tell, type Catalog, type Servers } from './catalog.ts';
import { compression, eventsOfClip } from './clip-story.ts';

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

/** Everything that came from events, without the feed's cursor: a person's change counts there too. */
async function picture(database: Database) {
  const { prisma } = database;
  const clips = (await prisma.clip.findMany({ orderBy: { clipId: 'asc' } })).map(
    ({ changedSequence: _, ...row }) => row,
  );
  const bySource = [{ clipId: 'asc' }, { sourceId: 'asc' }] as const;
  return {
    clips,
    facts: await prisma.clipFact.findMany({ orderBy: [{ clipId: 'asc' }, { key: 'asc' }] }),
    sources: await prisma.clipSource.findMany({ orderBy: [...bySource] }),
    renditions: await prisma.rendition.findMany({ orderBy: [...bySource, { rendition: 'asc' }] }),
    instances: await prisma.instance.findMany({ orderBy: { instanceId: 'asc' } }),
    deliveries: await prisma.delivery.findMany({ orderBy: { deliveryId: 'asc' } }),
    markers: await prisma.marker.findMany({ orderBy: { markerId: 'asc' } }),
    alarms: await prisma.alarm.findMany({ orderBy: { sequence: 'asc' } }),
    skips: (await prisma.projectionSkip.findMany({ orderBy: { sequence: 'asc' } })).map(({ at: _, ...row }) => row),
  };
}
const clip = async (clipId: string) =>
  (await catalog.get(`/api/v1/clips/${clipId}`)).json() as Promise<{ state: string; instances: unknown[] }>;
const twoSources = { sources: ['cam-a', 'cam-b'], destinations: ['pacs'] };

describe('the projection', () => {
  it('reads a clip out of the events, in whatever order they come', async () => {
    const clipId = newId();
    const story = eventsOfClip({ clipId, ...twoSources });
    // Deliveries before their instance, the instance before the clip: each service publishes for itself.
    await catalog.applied(await tell(catalog.config, story.toReversed()));
    const seen = await clip(clipId);
    expect(seen.state).toBe('archived');
    expect(seen.instances).toHaveLength(2);
    expect(seen.instances[0]).toMatchObject({ compression, transferSyntax: expect.stringContaining('Level 4.1') });
  });

  it('notes in the audit who watched which room, once, however often it is told', async () => {
    const viewer = {
      viewerId: newId(),
      stationId: 'or-1',
      sourceId: 'scope',
      who: 'dr-a',
      transport: 'webrtc',
    } as const;
    const told = () => ({ id: newId(), time: new Date().toISOString() });
    const joined = { name: 'streaming.viewer.joined', data: viewer } as const;
    const left = { name: 'streaming.viewer.left', data: { ...viewer, watchedMs: 61_000 } } as const;
    const twice = [joined, left, joined, left].map((event) => ({ ...event, ...told() }));
    await catalog.applied(await tell(catalog.config, twice));
    const noted = await catalog.database.prisma.auditEntry.findMany({
      where: { actor: 'dr-a' },
      orderBy: { at: 'asc' },
    });
    expect(noted.map(({ action, subject }) => [action, subject])).toEqual([
      ['live.watch', 'or-1'],
      ['live.leave', 'or-1'],
    ]);
    expect(noted[1]?.detail).toMatchObject({ sourceId: 'scope', watchedMs: 61_000 });
  });

  it('notes in the audit of the procedure who spoke and drew, when, and not what', async () => {
    const procedureId = newId();
    const person = {
      stationId: 'or-1',
      procedureId,
      personId: newId(),
      who: 'dr-b',
      name: 'Dr. Baum',
      side: 'desk',
    } as const;
    const story = [
      { name: 'streaming.conversation.joined', data: person },
      { name: 'streaming.speech.began', data: { ...person, act: 0 } },
      { name: 'streaming.speech.ended', data: { ...person, act: 0, durationMs: 4_000 } },
      { name: 'streaming.speech.began', data: { ...person, act: 1 } },
      { name: 'streaming.drawing.began', data: { ...person, act: 0 } },
      { name: 'streaming.drawing.ended', data: { ...person, act: 0, durationMs: 900 } },
      { name: 'streaming.conversation.left', data: { ...person, presentMs: 60_000 } },
    ] as const;
    const times = story.map((event, i) => ({ ...event, id: newId(), time: new Date(Date.now() + i).toISOString() }));
    await catalog.applied(await tell(catalog.config, [...times, ...times.map((event) => ({ ...event, id: newId() }))]));
    const noted = await catalog.database.prisma.auditEntry.findMany({ where: { subject: `procedure/${procedureId}` } });
    expect(noted.map(({ action }) => action).sort()).toEqual(
      [
        'conversation.draw',
        'conversation.draw.end',
        'conversation.join',
        'conversation.leave',
        'conversation.speak',
        'conversation.speak',
        'conversation.speak.end',
      ].sort(),
    );
    const ended = noted.find(({ action }) => action === 'conversation.speak.end');
    expect(ended).toMatchObject({ actor: 'dr-b', detail: { name: 'Dr. Baum', side: 'desk', durationMs: 4_000 } });
  });

  it('records an event it cannot read, and one the database cannot hold, and goes on', async () => {
    const clipId = newId();
    const [saved] = eventsOfClip({ clipId, ...twoSources });
    const [poison] = eventsOfClip({ clipId: newId(), ...twoSources });
    if (!saved || !poison) throw new Error('no story');
    const bad = poison.data as { sources: { encoder: string }[] };
    if (bad.sources[0]) bad.sources[0].encoder = 'nul \u0000 in a text';
    const first = await tell(catalog.config, [poison]);
    await publishRaw('evt.buffer.clip.saved', '{"specversion":"1.0","oops":');
    await publishRaw('evt.buffer.clip.invented', '{}');
    await catalog.applied(await tell(catalog.config, [saved]));
    expect((await clip(clipId)).state).toBe('saved');
    const skips = await catalog.database.prisma.projectionSkip.findMany({ orderBy: { sequence: 'asc' } });
    expect(skips.map(({ sequence, subject }) => [Number(sequence) - first, subject])).toEqual([
      [0, 'evt.buffer.clip.saved'],
      [1, 'evt.buffer.clip.saved'],
      [2, 'evt.buffer.clip.invented'],
    ]);
  });

  it('applies each event exactly once across a restart, and what came while it was away', async () => {
    const clipId = newId();
    const story = eventsOfClip({ clipId, ...twoSources });
    const half = await tell(catalog.config, story.slice(0, 8));
    await catalog.applied(half);
    await catalog.close();
    const last = await tell(catalog.config, story.slice(8));
    catalog = await startCatalog(catalog.config);
    await catalog.applied(last);
    expect((await clip(clipId)).state).toBe('archived');
    const sequences = await catalog.database.prisma.clipFact.findMany({ where: { clipId } });
    expect(sequences).toHaveLength(story.length);
    for (const row of sequences) expect(row.sequence).toBe(row.firstSequence);
  });

  it('applies nothing when somebody else has moved the position', async () => {
    const store = new ProjectionStore(catalog.database);
    const before = await picture(catalog.database);
    expect(await store.apply([], (await store.position()).sequence + 5)).toBeUndefined();
    expect(await picture(catalog.database)).toEqual(before);
  });

  it('is the same after it was dropped and replayed, while the service runs', async () => {
    await catalog.send('POST', '/procedures', { stationId: 'or-1', emergency: { name: 'Rebuild^Test' } });
    const clipId = newId();
    await catalog.send('POST', '/clips', { clipId, stationId: 'or-1', lastSeconds: 30, description: 'kept' });
    const { procedureId } = await clipRow(clipId);
    await catalog.applied(await tell(catalog.config, eventsOfClip({ clipId, ...twoSources, procedureId })));
    await quiet();
    const before = await picture(catalog.database);
    expect(before.clips.length).toBeGreaterThan(3);

    expect(await rebuild(1)).toBeGreaterThan(40);
    expect(await picture(catalog.database)).toEqual(before);

    // Facts whose events have expired from the stream stay: here everything before the last clip's.
    const firstOfLast = before.facts.filter((f) => f.clipId === clipId).map((f) => Number(f.firstSequence));
    await rebuild(Math.min(...firstOfLast));
    expect(await picture(catalog.database)).toEqual(before);

    const next = newId();
    await catalog.applied(await tell(catalog.config, eventsOfClip({ clipId: next, ...twoSources })));
    expect((await clip(next)).state).toBe('archived');
  });

  it('keeps the database as schema.prisma says, and migrates twice without harm', async () => {
    expect(await applyMigrations(servers.postgres.url)).toEqual([]);
    expect(await driftSql(servers.postgres.url)).toBe('-- This is an empty migration.');
  });
});

const clipRow = (clipId: string) => catalog.database.prisma.clip.findUniqueOrThrow({ where: { clipId } });

/** Until the service has applied every event there is. */
async function quiet(): Promise<void> {
  await until(async () => (await catalog.database.prisma.outbox.count({ where: { publishedAt: null } })) === 0);
  const voice = await Messaging.connect({ service: 'catalog', ...catalog.config.nats });
  const { lastSequence } = await voice.eventsState();
  await voice.close();
  await catalog.applied(lastSequence);
}

/** As src/rebuild.ts does, in a database connection of its own. */
async function rebuild(fromSequence: number): Promise<number> {
  const voice = await Messaging.connect({ service: 'catalog', ...catalog.config.nats });
  const database = new Database(catalog.config.databaseUrl);
  try {
    const events: AsyncIterable<StoredEvent> = voice.readEvents({ fromSequence, follow: false });
    return await new ProjectionStore(database).rebuild(fromSequence, inBatches(events, 50));
  } finally {
    await database.close();
    await voice.close();
  }
}

async function publishRaw(subject: string, text: string): Promise<void> {
  const voice = await Messaging.connect({ service: 'buffer', ...catalog.config.nats });
  voice.publishLive(subject, new TextEncoder().encode(text));
  await voice.flush();
  await voice.close();
}
