import 'reflect-metadata';
import { HoldView, PlannedDay, RemovalView, RetentionFile, RetentionItem } from '@smartbox/contracts';
import { newId, systemClock } from '@smartbox/kernel';
import { createLogger } from '@smartbox/telemetry';
import { until } from '@smartbox/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { Sweeper } from '../src/application/retention/sweeper.ts';
import { ProjectionStore } from '../src/outbound/projection-store.ts';
import { RetentionStore } from '../src/outbound/retention/retention-store.ts';
import { drained, ok } from './catalog.ts';
import { ago, DAY_MS, RetentionStage, uidOf, videoOf } from './retention-stage.ts';

let stage: RetentionStage;

const rules: z.input<typeof RetentionFile>['rules'] = [
  { name: 'withdrawn', consent: ['withdrawn'], needs: 'saved', days: 1 },
  { name: 'room-camera', pacs: false, needs: 'saved', days: 7 },
  { name: 'exports', kinds: ['export'], needs: 'saved', days: 3 },
  { name: 'edits', kinds: ['edit'], days: 'never' },
  { name: 'clips', kinds: ['clip'], days: 30 },
];

beforeAll(async () => {
  stage = await RetentionStage.start();
});
afterAll(() => stage?.stop());
beforeEach(async () => {
  await stage.restart({ mode: 'dry-run', rules });
  await stage.procedure();
});
afterEach(() => stage.setAside());

describe('a dry run', () => {
  it('says what would go on which day, how much it sets free, and what stays why; and removes nothing', async () => {
    const gone = await stage.clip({ days: 40 });
    const soon = await stage.clip({ days: 25 });
    const sent = await stage.clip({ days: 41, until: 'stored' });
    const marked = await stage.clip({ days: 42 });
    ok(await stage.catalog.send('PATCH', `/clips/${marked}`, { keep: true }));
    expect(await stage.sweep()).toBe(0);

    const seen = await until(async () => {
      const now = await stage.view();
      return now.store.used.items === 8 ? now : undefined;
    });
    const each = 1000 + 2 * 500 + 500 + 2000; // source, pictures, the archive's rendition, its DICOM object
    expect(seen).toMatchObject({ mode: 'dry-run', due: { items: 2, bytes: 2 * each } });
    expect(seen.blocked).toEqual([
      { by: 'keep', items: 2, bytes: 2 * each },
      { by: 'not-yet', items: 2, bytes: 2 * each },
    ]);
    expect(seen.rules.find(({ name }) => name === 'clips')?.matched).toEqual({ items: 8, bytes: 8 * each });
    expect(seen.store.used).toEqual({ items: 8, bytes: 8 * each });

    const [today, later] = await stage.list(PlannedDay, '/retention/plan?days=30');
    expect(today).toMatchObject({ rule: 'clips', items: 4, notYet: { items: 2, bytes: 2 * each } });
    expect(later).toMatchObject({ rule: 'clips', items: 2, bytes: 2 * each });
    const dayOf = (text: string | undefined) => Date.parse(`${text}T00:00:00Z`);
    expect((dayOf(later?.date) - dayOf(today?.date)) / DAY_MS).toBeCloseTo(5, 0);

    const planned = await stage.list(RetentionItem, `/retention/items?date=${later?.date}&rule=clips`);
    expect(planned.map(({ clipId, sourceId }) => [clipId, sourceId])).toEqual([
      [soon, 'cam-a'],
      [soon, 'cam-b'],
    ]);
    const waiting = await stage.list(RetentionItem, '/retention/items?blocked=not-yet');
    expect(new Set(waiting.map(({ clipId, needs }) => `${clipId} ${needs}`))).toEqual(new Set([`${sent} archived`]));
    for (const clipId of [gone, soon, sent, marked]) expect(await stage.keys(`clips/${clipId}/`)).toHaveLength(11);
  });

  it('is all there is without a file', async () => {
    await stage.restart({ rules: [] });
    await stage.clip({ days: 400 });
    expect(await stage.sweep()).toBe(0);
    expect(await stage.view()).toMatchObject({ mode: 'dry-run', due: { items: 0 }, rules: [] });
  });
});

describe('rules that act', () => {
  it('remove what is archived and old, to the last object; a tombstone, an audit entry and an event stay', async () => {
    const gone = await stage.clip({ days: 40 });
    const young = await stage.clip({ days: 29 });
    const sent = await stage.clip({ days: 40, until: 'stored' });
    await stage.restart({ mode: 'on', rules });
    await until(async () => (await stage.detail(gone)).removed !== undefined);
    await until(async () => (await stage.keys(`clips/${gone}/`)).length === 1, { what: 'only clip.json is left' });

    for (const clipId of [young, sent]) {
      expect(await stage.keys(`clips/${clipId}/`)).toHaveLength(11);
      expect((await stage.detail(clipId)).removed).toBeUndefined();
    }
    for (const sourceId of ['cam-a', 'cam-b']) {
      expect(await stage.keys(`instances/${uidOf(gone, sourceId)}`)).toEqual([]);
      expect(await stage.keys(`instances/${uidOf(sent, sourceId)}`)).toHaveLength(1);
    }
    const clip = await stage.detail(gone);
    expect(clip).toMatchObject({ state: 'archived', removed: { rule: 'clips' } });
    expect(clip.posterUrl).toBeUndefined();
    expect(clip.sources.map(({ removed }) => removed?.rule)).toEqual(['clips', 'clips']);
    const refused = await stage.catalog.send('GET', `/clips/${gone}/sources/cam-a/video`);
    expect(refused).toMatchObject({ status: 410, body: { code: 'removed' } });
    expect(await stage.status(`/api/v1/clips/${gone}/sources/cam-a/renditions/poster`)).toBe(410);
    expect(await stage.status(`/api/v1/instances/${uidOf(gone, 'cam-a')}/file`)).toBe(410);
    expect(await stage.status(videoOf(young, 'cam-a'))).toBe(200);
    expect(await stage.status(`/dicomweb/studies/2.25.1/series/2.25.2/instances/${uidOf(gone, 'cam-a')}`)).toBe(410);
    const found =
      (await (await stage.catalog.get(`/dicomweb/instances?SOPInstanceUID=${uidOf(gone, 'cam-a')}`)).text()) || '[]';
    expect(JSON.parse(found)).toEqual([]);

    const removals = (await stage.list(RemovalView, '/retention/removals')).filter(({ clipId }) => clipId === gone);
    expect(removals).toHaveLength(2);
    expect(removals[0]).toMatchObject({ rule: 'clips', kind: 'clip', objects: 6, bytes: 1000 + 20 + 1500 + 2000 });
    const audit = ok(await stage.catalog.send('GET', `/clips/${gone}/audit`)) as {
      items: { action: string; actor: string }[];
    };
    expect(audit.items.filter(({ action }) => action === 'clip.remove').map(({ actor }) => actor)).toEqual([
      'retention',
      'retention',
    ]);
    await drained(stage.catalog);
    const events = await stage.catalog.database.prisma.outbox.findMany({
      where: { name: 'catalog.clip.removed' },
    });
    expect(events.map(({ data }) => (data as { clipId: string }).clipId).filter((id) => id === gone)).toHaveLength(2);

    // once more, and what was replayed from the events, change nothing
    expect(await stage.sweep()).toBe(0);
    const projection = stage.catalog.app.get(ProjectionStore);
    await projection.rebuild((await projection.position()).sequence + 1, (async function* () {})());
    expect((await stage.detail(gone)).removed?.rule).toBe('clips');
  });

  it('leave alone what is kept, held, on its way, or needed by an edit; and go on when that has ended', async () => {
    const [marked, held, ofProcedure, underWay, edited] = [
      await stage.clip({ days: 40 }),
      await stage.clip({ days: 40 }),
      await stage.clip({ days: 40 }),
      await stage.clip({ days: 40 }),
      await stage.clip({ days: 40, sources: ['cam-a'] }),
    ];
    const all = [marked, held, ofProcedure, underWay, edited];
    ok(await stage.catalog.send('PATCH', `/clips/${marked}`, { keep: true }));
    const hold = { holdId: newId(), clipId: held, reason: 'Anspruch der Krankenkasse' };
    ok(await stage.catalog.send('POST', '/holds', hold), 201);
    ok(await stage.catalog.send('POST', '/holds', hold), 201);
    await stage.catalog.database.prisma.delivery.updateMany({
      where: { clipId: underWay },
      data: { state: 'deferred' },
    });
    const edit = { renditionId: newId(), sources: [{ sourceId: 'cam-a' }], steps: [{ kind: 'trim', from: 0, to: 30 }] };
    ok(await stage.catalog.send('POST', `/clips/${edited}/edits`, edit), 202);
    await stage.catalog.database.prisma.clip.updateMany({ where: { clipId: ofProcedure }, data: { keep: true } });

    await stage.restart({ mode: 'on', rules });
    await stage.sweep();
    for (const clipId of all) expect((await stage.detail(clipId)).removed, clipId).toBeUndefined();
    expect(await stage.detail(held)).toMatchObject({ held: true, holds: [{ of: 'clip', reason: hold.reason }] });

    const released = await stage.catalog.send('POST', `/holds/${hold.holdId}/release`, { reason: 'Verfahren beendet' });
    expect(HoldView.parse(ok(released))).toMatchObject({ clipId: held, released: { reason: 'Verfahren beendet' } });
    expect(await stage.catalog.send('POST', `/holds/${hold.holdId}/release`, { reason: 'noch einmal' })).toMatchObject({
      status: 409,
    });
    await stage.sweep();
    expect((await stage.detail(held)).removed?.rule).toBe('clips');
    expect((await stage.detail(marked)).removed).toBeUndefined();
  });

  it('hold a whole procedure, also clips that come later', async () => {
    const before = await stage.clip({ days: 40 });
    const hold = { holdId: newId(), procedureId: stage.procedureId, reason: 'Gutachten' };
    ok(await stage.catalog.send('POST', '/holds', hold), 201);
    const after = await stage.clip({ days: 40 });
    await stage.restart({ mode: 'on', rules });
    await stage.sweep();
    for (const clipId of [before, after]) {
      expect(await stage.detail(clipId)).toMatchObject({ held: true, holds: [{ of: 'procedure' }] });
      expect((await stage.detail(clipId)).removed).toBeUndefined();
    }
    expect(ok(await stage.catalog.send('GET', `/procedures/${stage.procedureId}`))).toMatchObject({
      hold: { reason: 'Gutachten' },
    });
  });

  it('wait for the objects of a clip that was moved to another patient, and for those of its edits', async () => {
    const strict = rules.map((rule) => (rule.name === 'edits' ? { ...rule, days: 30 } : rule));
    await stage.restart({ mode: 'dry-run', rules: strict });
    const clipId = await stage.clip({ days: 40, sources: ['cam-a'] });
    const editId = await stage.film(clipId, 'edit', 40);
    await stage.archive(clipId, { editId });
    const waiting = async () =>
      (await stage.list(RetentionItem, '/retention/items?blocked=not-yet')).flatMap((item) =>
        item.clipId === clipId ? [item.kind] : [],
      );
    expect(await waiting()).toEqual([]);
    const patient = { name: 'Hand^Helga', id: 'P-8' };
    ok(await stage.catalog.send('POST', `/clips/${clipId}/reassign`, { patient }));
    expect((await waiting()).sort()).toEqual(['clip', 'edit']);
    await stage.archive(clipId, { assignment: 1 });
    expect(await waiting()).toEqual(['edit']);
    await stage.archive(clipId, { editId, assignment: 1 });
    expect(await waiting()).toEqual([]);
  });

  it('remove the room camera by itself, exports before their originals, and no edits', async () => {
    const clipId = await stage.clip({ days: 10, sources: ['cam-a', 'room'], notForPacs: ['room'] });
    const editId = await stage.film(clipId, 'edit', 9);
    const exportId = await stage.film(clipId, 'export', 9);

    await stage.restart({ mode: 'on', rules });
    await until(async () => (await stage.keys(`clips/${clipId}/room/`)).length === 0);
    await stage.sweep();
    expect(await stage.keys(`clips/${clipId}/cam-a/renditions/${exportId}/`)).toEqual([]);
    expect(await stage.keys(`clips/${clipId}/cam-a/renditions/${editId}/`)).toHaveLength(1);
    const clip = await stage.detail(clipId);
    expect(clip.removed).toBeUndefined();
    expect(clip.sources.map(({ sourceId, removed }) => [sourceId, removed?.rule])).toEqual([
      ['cam-a', undefined],
      ['room', 'room-camera'],
    ]);
    const exports = ok(await stage.catalog.send('GET', `/clips/${clipId}/exports`)) as {
      items: { removed?: object }[];
    };
    expect(exports.items).toMatchObject([{ renditionId: exportId, removed: { rule: 'exports' } }]);
    expect(exports.items[0]).not.toHaveProperty('downloadUrl');
    expect(await stage.status(`/api/v1/clips/${clipId}/exports/${exportId}/file`)).toBe(410);
    expect(await stage.status(`/api/v1/clips/${clipId}/edits/${editId}/video`)).toBe(200);

    // the source goes later; what was made of it by hand stays
    await stage.catalog.database.prisma.clip.update({ where: { clipId }, data: { savedAt: ago(60) } });
    await stage.sweep();
    expect((await stage.detail(clipId)).removed?.rule).toBe('clips');
    expect(await stage.status(`/api/v1/clips/${clipId}/edits/${editId}/video`)).toBe(200);
  });

  it('go on where a killed process stopped: decided is decided, and nothing is half there', async () => {
    const clipId = await stage.clip({ days: 40, sources: ['cam-a'] });
    const store = stage.catalog.app.get(RetentionStore);
    const unit = { clipId, sourceId: 'cam-a', what: 'video', renditionId: null, rule: 0 } as const;
    const file = [{ name: 'clips', kinds: ['clip' as const], needs: 'archived' as const, days: 30, takenBack: false }];
    const decided = await store.begin(file, unit, { objects: 6, bytes: 4520 }, new Date());
    expect(decided).toBeDefined();
    // killed here, and once more after the first object: from the decision on nobody gets any of it
    expect(await stage.status(videoOf(clipId, 'cam-a'))).toBe(410);
    await stage.objects().remove(`clips/${clipId}/cam-a/source.mp4`);
    await stage.restart({ mode: 'dry-run', rules });
    await until(async () => (await stage.keys(`clips/${clipId}/`)).length === 1, { what: 'the rest is gone' });
    const removals = await stage.list(RemovalView, '/retention/removals');
    await until(async () => {
      const [removal] = (await stage.list(RemovalView, '/retention/removals')).filter((each) => each.clipId === clipId);
      return removal?.removedAt !== undefined;
    });
    expect(removals.filter((each) => each.clipId === clipId)).toHaveLength(1);
    expect(await store.begin(file, unit, { objects: 6, bytes: 4520 }, new Date())).toBeUndefined();
  });

  it('wait for the notice after a change, and are not faster than they may be', async () => {
    const clips = [
      await stage.clip({ days: 40, sources: ['cam-a'] }),
      await stage.clip({ days: 40, sources: ['cam-a'] }),
    ];
    const changed = [...rules.slice(0, 4), { name: 'clips-2', kinds: ['clip' as const], days: 31 }];
    await stage.restart({ mode: 'on', rules: changed, noticeHours: 24 });
    expect(await stage.sweep()).toBe(0);
    const { actsFrom } = await stage.view();
    expect(Date.parse(actsFrom ?? '')).toBeGreaterThan(Date.now() + 23 * 3_600_000);
    for (const clipId of clips) expect((await stage.detail(clipId)).removed).toBeUndefined();
    // the same rules with the notice over: five thousand in an hour are 0.72 s for each
    const since = Date.now();
    await stage.restart({ mode: 'on', rules: changed, perHour: 5000 });
    await until(async () => (await Promise.all(clips.map(stage.detail))).every(({ removed }) => removed));
    expect(Date.now() - since).toBeGreaterThan(700);
  });

  it('may be stopped after any object: the next run finishes, and the store itself says that all is gone', async () => {
    const clip = { kinds: ['clip' as const], needs: 'archived' as const, days: 30, takenBack: false };
    const file = RetentionFile.parse({
      mode: 'on',
      noticeHours: 0,
      perHour: 100_000,
      rules: [{ name: 'clips', ...clip }],
    });
    const store = stage.catalog.app.get(RetentionStore);
    const changed = { clip: () => undefined, film: () => undefined };
    const log = createLogger('spec');
    for (const after of [0, 1, 3, 5]) {
      const clipId = await stage.clip({ days: 40, sources: ['cam-a'] });
      const real = stage.objects();
      let left = after;
      const dying = {
        list: (prefix: string) => real.list(prefix),
        stat: (key: string) => real.stat(key),
        remove: async (key: string) => {
          if (left-- === 0) throw new Error('killed');
          await real.remove(key);
        },
      };
      await expect(new Sweeper({ file, store, objects: dying, changed, clock: systemClock, log }).sweep()).rejects.toThrow('killed'); // prettier-ignore
      expect((await stage.keys(`clips/${clipId}/cam-a/`)).length + (await stage.keys(`instances/${uidOf(clipId, 'cam-a')}`)).length).toBe(6 - after); // prettier-ignore
      expect(await stage.status(videoOf(clipId, 'cam-a'))).toBe(410);
      await new Sweeper({ file, store, objects: real, changed, clock: systemClock, log }).sweep();
      expect(await stage.keys(`clips/${clipId}/`)).toEqual([`clips/${clipId}/clip.json`]);
      expect(await stage.keys(`instances/${uidOf(clipId, 'cam-a')}`)).toEqual([]);
    }
    // an object store that says yes and keeps the object is found out
    const clipId = await stage.clip({ days: 40, sources: ['cam-a'] });
    const lying = { list: (prefix: string) => stage.objects().list(prefix), stat: (key: string) => stage.objects().stat(key), remove: async () => undefined }; // prettier-ignore
    const sweeper = new Sweeper({ file, store, objects: lying, changed, clock: systemClock, log });
    await expect(sweeper.sweep()).rejects.toMatchObject({ code: 'removal-incomplete', retryable: true });
    const mine = (await stage.list(RemovalView, '/retention/removals')).find((each) => each.clipId === clipId);
    expect(mine?.removedAt).toBeUndefined();
    await stage.catalog.app.get(Sweeper).sweep();
  });

  it('reach what belongs to clips, and neither what is still being recorded nor a ring', async () => {
    const clipId = await stage.clip({ days: 2, until: 'saved' });
    const segment = `recordings/${newId()}/cam-a/0000000000000001.seg`;
    await stage.put(segment, 10);
    await stage.restart({ mode: 'on', rules: [{ name: 'everything', needs: 'saved', days: 0 }] });
    await until(async () => (await stage.keys(`clips/${clipId}/`)).length === 1);
    expect(await stage.keys('recordings/')).toEqual([segment]);
  });
});
