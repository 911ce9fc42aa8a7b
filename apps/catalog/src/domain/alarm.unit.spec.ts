import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { alarmKey, alarmOf, groupAlarms, type Alarm } from './alarm.ts';

const alarm = (code: string, at: number, sourceId: string | null = 'cam-a'): Alarm => ({
  code,
  stationId: 'or-1',
  sourceId,
  reason: `at ${at}`,
  at: new Date(at),
});
const seen = (upTo: number) => ({ upTo: new Date(upTo), actor: 'nurse', at: new Date(upTo) });

describe('alarms as a person sees them', () => {
  it('are one for the same trouble at the same place, newest first', () => {
    const all = [alarm('source-no-signal', 1), alarm('ring-gap', 3), alarm('source-no-signal', 2)];
    const groups = groupAlarms(all, new Map());
    expect(groups.map(({ code, times, at, firstAt }) => [code, times, +at, +firstAt])).toEqual([
      ['ring-gap', 1, 3, 3],
      ['source-no-signal', 2, 2, 1],
    ]);
  });

  it('are over when the place is well again, and not any more when it happens once more', () => {
    const over = (alarms: Alarm[]) => groupAlarms(alarms, new Map()).map((group) => group.over);
    expect(over([alarm('source-frozen', 1), alarm('source-back', 2)])).toEqual([true]);
    expect(over([alarm('source-frozen', 1), alarm('source-back', 2, 'cam-b')])).toEqual([false]);
    expect(over([alarm('source-frozen', 1), alarm('source-back', 2), alarm('source-frozen', 3)])).toEqual([false]);
  });

  it('count from what was seen last', () => {
    const all = [1, 2, 3].map((at) => alarm('ring-gap', at));
    const [open] = groupAlarms(all, new Map([[alarmKey(alarm('ring-gap', 0)), seen(2)]]));
    expect(open).toMatchObject({ times: 1, seen: undefined });
    const [closed] = groupAlarms(all, new Map([[alarmKey(alarm('ring-gap', 0)), seen(3)]]));
    expect(closed).toMatchObject({ times: 3, seen: { actor: 'nurse' } });
  });

  it('never lose one that nobody has seen, whatever the order they are read in', () => {
    const codes = fc.constantFrom('source-no-signal', 'source-frozen', 'ring-gap', 'source-back');
    const some = fc.array(fc.tuple(codes, fc.integer({ min: 1, max: 50 })), { maxLength: 30 });
    fc.assert(
      fc.property(some, fc.integer({ min: 0, max: 50 }), (told, upTo) => {
        const all = told.map(([code, at]) => alarm(code, at));
        const seenBy = new Map([...new Set(all.map(alarmKey))].map((key) => [key, seen(upTo)]));
        const groups = groupAlarms(all, seenBy);
        const unseen = all.filter((a) => a.code !== 'source-back' && +a.at > upTo);
        expect(groups.filter((g) => !g.seen).reduce((sum, g) => sum + g.times, 0)).toBe(unseen.length);
        expect(groupAlarms(all.toReversed(), seenBy).map(alarmKey).sort()).toEqual(groups.map(alarmKey).sort());
      }),
    );
  });
});

describe('events that are alarms', () => {
  it('say what, where and until when', () => {
    const ending = { owner: 'destination pacs', field: 'cert', subject: 'CN=or', endsAt: '2026-12-01T00:00:00.000Z' };
    expect(alarmOf('pacs-gateway.certificate.ending', ending)).toMatchObject({
      code: 'certificate-ending',
      reason: 'destination pacs: tls.cert (CN=or) is valid until 2026-12-01T00:00:00.000Z',
    });
    const failed = { stationId: 'or-1', code: 'range-in-future', reason: '12:00 is yet to come' };
    expect(alarmOf('buffer.clip.failed', failed)).toMatchObject({ code: 'clip-failed', stationId: 'or-1' });
  });

  it('are not what only goes on', () => {
    const live = { stationId: 'or-1', sourceId: 'cam-a', state: 'live' };
    expect(alarmOf('capture-edge.source.state-changed', live)).toBeUndefined();
    expect(alarmOf('capture-edge.source.state-changed', { ...live, previous: 'frozen' })?.code).toBe('source-back');
  });
});
