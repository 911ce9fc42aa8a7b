import 'reflect-metadata';
import type { RetentionRule } from '@smartbox/contracts';
import { newId } from '@smartbox/kernel';
import { startPostgres, type PostgresServer } from '@smartbox/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Database } from '../src/outbound/database.ts';
import { judged } from '../src/outbound/retention/units.ts';
import { applyMigrations } from '../src/outbound/schema-engine.ts';

/** What the database says of rules, against the plainest reading of them. */
let postgres: PostgresServer;
let database: Database;

const kinds = ['clip', 'recording', 'still'] as const;
const consents = ['unknown', 'given', 'refused', 'withdrawn'] as const;
const states = ['saved', 'prepared', 'sending', 'sent', 'archived', 'failed'] as const;
const stations = ['or-1', 'or-2'];
const sources = ['cam-a', 'cam-b'];
const recipes = ['endoscopy', 'surgery'];
const now = new Date('2026-11-28T12:00:00Z');
const DAY = 86_400_000;

const some = <T>(values: readonly T[]) => fc.constantFrom(...values);
const listed = <T>(values: readonly T[]) => fc.option(fc.subarray([...values], { minLength: 1 }), { nil: undefined });

const clipArbitrary = fc.record({
  kind: some(kinds),
  state: some(states),
  station: some(stations),
  source: some(sources),
  recipe: fc.option(some(recipes)),
  consent: some(consents),
  keep: fc.boolean(),
  held: fc.boolean(),
  hidden: fc.boolean(),
  pacs: fc.boolean(),
  seconds: fc.integer({ min: 0, max: 4000 }),
  ageDays: fc.integer({ min: 0, max: 60 }),
});
type Given = typeof clipArbitrary extends fc.Arbitrary<infer T> ? T : never;

const ruleArbitrary: fc.Arbitrary<Omit<RetentionRule, 'name'>> = fc
  .record({
    kinds: listed(kinds),
    stations: listed(stations),
    sources: listed(sources),
    recipes: listed(recipes),
    consent: listed(consents),
    pacs: fc.option(fc.boolean(), { nil: undefined }),
    takenBack: fc.boolean(),
    longerThanSeconds: fc.option(fc.integer({ min: 1, max: 4000 }), { nil: undefined }),
    needs: some(['archived', 'sent', 'saved'] as const),
    days: fc.oneof(fc.integer({ min: 0, max: 60 }), fc.constant('never' as const)),
  })
  .map((rule) => Object.fromEntries(Object.entries(rule).filter(([, value]) => value !== undefined)) as typeof rule);

/** The first rule that fits decides; kept and held stay; nothing goes before it is as far as the rule wants. */
function read(given: Given, rules: readonly RetentionRule[]) {
  const within = (list: readonly string[] | undefined, value: string | null) =>
    list === undefined || (value !== null && list.includes(value));
  const index = rules.findIndex(
    (rule) =>
      rule.takenBack === given.hidden &&
      within(rule.kinds, given.kind) &&
      within(rule.stations, given.station) &&
      within(rule.sources, given.source) &&
      within(rule.recipes, given.recipe) &&
      within(rule.consent, given.consent) &&
      (rule.pacs === undefined || rule.pacs === given.pacs) &&
      (rule.longerThanSeconds === undefined || given.seconds > rule.longerThanSeconds),
  );
  const rule = rules[index];
  if (!rule) return { rule: null, due: null, blocked: given.keep ? 'keep' : given.held ? 'hold' : null };
  const reached = !given.pacs ? 0 : given.state === 'archived' ? 2 : given.state === 'sent' ? 1 : 0;
  const enough = reached >= { saved: 0, sent: 1, archived: 2 }[rule.needs];
  const due = rule.days === 'never' ? null : now.getTime() - given.ageDays * DAY + rule.days * DAY;
  return { rule: index, due, blocked: given.keep ? 'keep' : given.held ? 'hold' : enough ? null : 'not-yet' };
}

beforeAll(async () => {
  postgres = await startPostgres();
  await applyMigrations(postgres.url);
  database = new Database(postgres.url);
});
afterAll(async () => {
  await database?.close();
  await postgres?.stop();
});

async function store(given: readonly Given[]): Promise<string[]> {
  await database.prisma.clip.deleteMany({});
  await database.prisma.clipSource.deleteMany({});
  const ids = given.map(() => newId());
  const savedAt = (g: Given) => new Date(now.getTime() - g.ageDays * DAY);
  await database.prisma.clip.createMany({
    data: given.map((g, i) => ({
      clipId: ids[i] ?? '',
      kind: g.kind,
      state: g.state,
      stationId: g.station,
      procedureId: newId(),
      patientName: '',
      patientId: '',
      recipeName: g.recipe,
      search: '',
      requestedAt: savedAt(g),
      savedAt: savedAt(g),
      keep: g.keep,
      held: g.held,
      hidden: g.hidden,
      consent: g.consent,
    })),
  });
  await database.prisma.clipSource.createMany({
    data: given.map((g, i) => ({
      clipId: ids[i] ?? '',
      sourceId: g.source,
      key: `clips/${ids[i]}/${g.source}/source.mp4`,
      bytes: 1000n,
      storedBytes: 3000n,
      sha256: '',
      frames: 1,
      durationMs: g.seconds * 1000,
      startedAt: savedAt(g),
      width: 1,
      height: 1,
      codec: '',
      encoder: '',
      frameRate: {},
      gaps: [],
      formats: 1,
      pacs: g.pacs,
    })),
  });
  return ids;
}

describe('retention rules', () => {
  it('say the same in the database as when they are read out', async () => {
    const cases = fc.tuple(
      fc.array(clipArbitrary, { minLength: 40, maxLength: 60 }),
      fc.array(ruleArbitrary, { maxLength: 6 }),
    );
    await fc.assert(
      fc.asyncProperty(cases, async ([given, bare]) => {
        const rules = bare.map((rule, i) => ({ ...rule, name: `rule-${i}` }));
        const ids = await store(given);
        const rows = await database.prisma.$queryRaw<
          { clipId: string; rule: number | null; due: Date | null; blocked: string | null; bytes: bigint }[]
        >(judged(rules));
        expect(rows).toHaveLength(given.length);
        for (const [i, g] of given.entries()) {
          const row = rows.find(({ clipId }) => clipId === ids[i]);
          expect({ rule: row?.rule, due: row?.due?.getTime() ?? null, blocked: row?.blocked }).toEqual(read(g, rules));
          expect(row?.bytes).toBe(3000n);
        }
      }),
      { numRuns: 15 },
    );
  });
});
