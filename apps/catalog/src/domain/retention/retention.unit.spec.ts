import { RetentionFile, type ConsentState, type Recipe, type RetentionRule } from '@smartbox/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deniedBy, keepsNothing, withheldDestinations } from '../consent.ts';
import { forecastOf, isFilling, nextDay, type StoreFacts } from './forecast.ts';
import { folderOf, goesWith, isObjectKey } from './place.ts';
import { actsFrom, neverOf, rulesHash } from './rules.ts';

const clip = '01JD0000000000000000000001';
const film = '01JD0000000000000000000002';

describe('what is removed as one', () => {
  it('lies in a folder of its own, and edits and exports lie in folders within', () => {
    const source = { clipId: clip, sourceId: 'cam-a', what: 'video', renditionId: null } as const;
    expect(folderOf(source)).toBe(`clips/${clip}/cam-a/`);
    const films = new Set([film]);
    expect(goesWith(source, `clips/${clip}/cam-a/source.mp4`, films)).toBe(true);
    expect(goesWith(source, `clips/${clip}/cam-a/renditions/poster.jpg`, films)).toBe(true);
    expect(goesWith(source, `clips/${clip}/cam-a/renditions/${film}/film.mp4`, films)).toBe(false);
    // what one destination needed belongs to the source
    expect(goesWith(source, `clips/${clip}/cam-a/renditions/${film}/film.mp4`, new Set())).toBe(true);
    expect(goesWith(source, `clips/${clip}/cam-b/source.mp4`, films)).toBe(false);
    const edit = { ...source, what: 'edit', renditionId: film } as const;
    expect(folderOf(edit)).toBe(`clips/${clip}/cam-a/renditions/${film}/`);
    expect(goesWith(edit, `clips/${clip}/cam-a/source.mp4`, films)).toBe(false);
  });

  it('is never wider than that, whatever the names are', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.string(),
        fc.option(fc.string()),
        fc.boolean(),
        (clipId, sourceId, renditionId, video) => {
          const unit = { clipId, sourceId, what: video ? ('video' as const) : ('edit' as const), renditionId };
          let folder: string;
          try {
            folder = folderOf(unit);
          } catch (error) {
            expect(error).toMatchObject({ code: 'retention-place' });
            return;
          }
          expect(folder).toMatch(/^clips\/[0-9A-Z]{26}\/[a-z0-9-]+\/(renditions\/[0-9A-Z]{26}\/)?$/);
        },
      ),
    );
    for (const key of ['instances/../clips/x.dcm', 'clips/1.2.dcm', 'instances/1.2.3.dcm/x', 'recordings/1.2.dcm'])
      expect(isObjectKey(key)).toBe(false);
    expect(isObjectKey('instances/2.25.123.dcm')).toBe(true);
  });
});

const rule = (more: Partial<RetentionRule>): RetentionRule => ({
  name: 'rule',
  takenBack: false,
  needs: 'archived',
  days: 30,
  ...more,
});

describe('rules', () => {
  it('that can never remove anything say why', () => {
    const rules = [
      rule({ kinds: ['clip', 'still'] }),
      rule({ kinds: ['still'], stations: ['or-1'] }),
      rule({ kinds: ['recording'], pacs: false }),
      rule({ kinds: ['recording'], pacs: false, needs: 'saved' }),
      rule({ kinds: ['clip'], takenBack: true, needs: 'saved' }),
      rule({ pacs: false, days: 'never' }),
    ];
    expect(rules.map((_, i) => neverOf(rules, i))).toEqual([
      undefined,
      'hidden-by-earlier-rule',
      'not-archived-by-design',
      'hidden-by-earlier-rule',
      undefined,
      undefined,
    ]);
  });

  it('need the mode to be said, act after their notice, and are others when mode or rules change', () => {
    const file = RetentionFile.parse({ rules: [{ name: 'a', days: 1 }] });
    expect(file).toMatchObject({ mode: 'dry-run', noticeHours: 24, rules: [{ needs: 'archived', takenBack: false }] });
    expect(actsFrom(file, new Date('2026-11-28T10:00:00Z'))).toEqual(new Date('2026-11-29T10:00:00Z'));
    expect(rulesHash({ ...file, mode: 'on' })).not.toBe(rulesHash(file));
    expect(rulesHash({ ...file, perHour: 5 })).toBe(rulesHash(file));
    const twice = RetentionFile.safeParse({
      rules: [
        { name: 'a', days: 1 },
        { name: 'a', days: 2 },
      ],
    });
    expect(twice.error?.issues[0]).toMatchObject({ path: ['rules'], message: 'two rules have the same name' });
  });
});

describe('the forecast', () => {
  const facts = (more: Partial<StoreFacts>): StoreFacts => ({
    used: { items: 10, bytes: 1000 },
    capacityBytes: 1500,
    warnDays: 30,
    addedPerDay: 10,
    freed: new Map(),
    shares: [],
    act: true,
    ...more,
  });

  it('says on which day the store is full, with what the rules set free in between', () => {
    const without = forecastOf(facts({}), '2026-12-01', 3);
    expect(without).toMatchObject({ fullOn: nextDay('2026-12-01', 50), addedPerDayBytes: 10 });
    expect(without.days).toEqual([
      { date: '2026-12-01', withRules: 1000, withoutRules: 1000 },
      { date: '2026-12-02', withRules: 1010, withoutRules: 1010 },
      { date: '2026-12-03', withRules: 1020, withoutRules: 1020 },
    ]);
    const freed = new Map([['2026-12-02', 200]]);
    const rules = forecastOf(facts({ freed }), '2026-12-01', 2);
    expect(rules.days[1]).toEqual({ date: '2026-12-02', withRules: 810, withoutRules: 1010 });
    expect(rules.fullOn).toBe(nextDay('2026-12-01', 70));
    // rules that do not act set nothing free
    expect(forecastOf(facts({ freed, act: false }), '2026-12-01', 2).fullOn).toBe(nextDay('2026-12-01', 50));
    // everything goes after ten days: it never fills
    expect(forecastOf(facts({ shares: [{ afterDays: 10, share: 1 }] }), '2026-12-01', 1).fullOn).toBeUndefined();
  });

  it('warns only of what is near, and of nothing without a capacity', () => {
    expect(isFilling(forecastOf(facts({}), '2026-12-01', 1), '2026-12-01')).toBe(false);
    expect(isFilling(forecastOf(facts({ addedPerDay: 20 }), '2026-12-01', 1), '2026-12-01')).toBe(true);
    expect(isFilling(forecastOf(facts({ capacityBytes: 900 }), '2026-12-01', 1), '2026-12-01')).toBe(true);
    const none = forecastOf(facts({ capacityBytes: undefined }), '2026-12-01', 1);
    expect(none.fullOn).toBeUndefined();
    expect(isFilling(none, '2026-12-01')).toBe(false);
  });
});

describe('consent', () => {
  const consent: Recipe['consent'] = { teaching: 'not-refused', destinations: ['teaching'], refusedKeeps: 'nothing' };
  const of = (state: ConsentState) => ({ consent: state, recipe: { name: 'r', consent } });

  it('decides on copies for teaching, on destinations, and on keeping at all', () => {
    const teaching = (['unknown', 'given', 'refused', 'withdrawn'] as const).map(
      (state) => deniedBy(of(state), 'teaching', [])?.code,
    );
    expect(teaching).toEqual([undefined, undefined, 'consent-needed', 'consent-needed']);
    expect(deniedBy({ consent: 'unknown', recipe: { name: 'plain' } }, 'teaching', [])?.code).toBe('consent-needed');
    expect(deniedBy(of('unknown'), 'care', ['pacs'])).toBeUndefined();
    expect(deniedBy(of('unknown'), 'care', ['pacs', 'teaching'])?.message).toContain('teaching gets nothing');
    expect(withheldDestinations(of('given'))).toEqual([]);
    expect(withheldDestinations(of('unknown'))).toEqual(['teaching']);
    expect([keepsNothing(of('unknown')), keepsNothing(of('withdrawn'))]).toEqual([false, true]);
  });
});
