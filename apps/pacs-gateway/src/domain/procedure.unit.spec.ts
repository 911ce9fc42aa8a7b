import { newId } from '@smartbox/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeActionStatus, judgeRefusal } from './commitment.ts';
import { ObjectGathering, type objectEvents } from './procedure-objects.ts';
import { corrected, endingWindow, judgeStepStatus, newStep, over, stepIdOf, stepUidOf } from './procedure-step.ts';

type Told = [name: (typeof objectEvents)[number], data: unknown];
const procedureId = newId();
const [clip, recording, still, foreign] = [newId(), newId(), newId(), newId()];
const recipe = { renditions: ['pacs'] };

function instance(id: string, sourceId: string, uid: string, more: object = {}): Told {
  const origin = { id, sourceId, procedureId };
  const data = {
    origin,
    sopInstanceUid: uid,
    sopClassUid: '1.2',
    seriesInstanceUid: '2.25.1',
    procedureVersion: 0,
    ...more,
  };
  return ['dicomizer.instance.created', data];
}

const story: Told[] = [
  ['buffer.recording.started', { clipId: recording, procedureId }],
  [
    'buffer.clip.saved',
    {
      clipId: clip,
      procedureId,
      recipe,
      sources: [
        { sourceId: 'a', pacs: true },
        { sourceId: 'room', pacs: false },
      ],
    },
  ],
  ['buffer.clip.saved', { clipId: recording, procedureId, recipe, sources: [{ sourceId: 'a', pacs: true }] }],
  ['buffer.still.captured', { stillId: still, sourceId: 'a', procedureId }],
  ['buffer.still.captured', { stillId: foreign, sourceId: 'a', procedureId: foreign }],
  instance(clip, 'a', '2.25.11'),
  instance(recording, 'a', '2.25.12', { seriesInstanceUid: '2.25.2' }),
  ['dicomizer.instance.failed', { origin: { id: still, sourceId: 'a' }, what: 'still' }],
];
const gathered = (told: readonly Told[]) => {
  const gathering = new ObjectGathering(procedureId);
  for (const [name, data] of told) gathering.hear(name, data);
  const { series, ...rest } = gathering.result();
  return { ...rest, uids: series.flatMap((one) => one.instances.map(({ sopInstanceUid }) => sopInstanceUid)).sort() };
};

describe('the objects of a procedure', () => {
  it('are complete when each that is to be made was made or given up, whatever the order and however often', () => {
    const all = { instances: 2, outstanding: 0, uids: ['2.25.11', '2.25.12'] };
    const arbitrary = fc.shuffledSubarray([...story, ...story], { minLength: story.length * 2 });
    fc.assert(
      fc.property(arbitrary, (told) => {
        expect(gathered(told)).toEqual(all);
      }),
    );
    expect(gathered(story.slice(0, 4)).outstanding).toBe(3);
    expect(gathered(story.slice(0, 2)).outstanding).toBe(2); // the recording still runs
  });

  it('of an outdated patient do not count', () => {
    const corrected = instance(clip, 'a', '2.25.21', { procedureVersion: 1 });
    expect(gathered([...story, corrected])).toMatchObject({ instances: 1, uids: ['2.25.21'] });
  });

  it("are another one's once their clip was moved there, and count here when it comes from there", () => {
    const move = (clipId: string, to: string, assignment: number): Told => [
      'catalog.clip.reassigned',
      { clipId, stationId: 'or-1', from: procedureId, to, assignment },
    ];
    const away = move(clip, foreign, 1);
    expect(gathered([...story, away])).toMatchObject({ instances: 1, outstanding: 0, uids: ['2.25.12'] });
    // it had not been made yet: nothing is waited for
    expect(gathered([...story.slice(0, 4), away]).outstanding).toBe(2);
    const back = instance(clip, 'a', '2.25.13', { assignment: 2 });
    const all = [...story, back, move(clip, procedureId, 2), away];
    expect(gathered(all)).toMatchObject({ instances: 2, uids: ['2.25.12', '2.25.13'] });
  });

  it('are looked at by version: what was made for the wrong patient, and what is still to be made for the right one', () => {
    const gathering = new ObjectGathering(procedureId);
    for (const [name, data] of [...story, instance(clip, 'a', '2.25.21', { procedureVersion: 2 })])
      gathering.hear(name, data);
    expect(gathering.result({ below: 2 })).toMatchObject({ instances: 2, outstanding: 0 });
    expect(gathering.result({ from: 2 })).toMatchObject({ instances: 1, outstanding: 1 }); // the recording's
  });
});

it('a failure reason says whether to ask again, to send again, or to tell a person', () => {
  const verdicts = [0x0110, 0x0112, 0x0119, 0x0122, 0x0131, 0x0213, 0xc001].map((one) => judgeRefusal(one).verdict);
  expect(verdicts).toEqual(['again', 'lost', 'final', 'final', 'again', 'again', 'again']);
  expect(judgeRefusal(0x0112)).toMatchObject({ code: 'commitment-refused-0112' });
  expect([0x0110, 0x0122, 0x0211, 0x0213].map((one) => judgeActionStatus(one).verdict)).toEqual([
    'again',
    'final',
    'final',
    'again',
  ]);
});

describe('a step whose procedure gets another patient', () => {
  const at = new Date('2026-01-05T10:00:00.000Z');
  const started = {
    procedureId,
    stationId: 'or-1',
    recipe: {} as never,
    emergency: false,
    startedAt: at.toISOString(),
  };
  const step = newStep(started, 1, at);

  it('is told anew where nothing was told, discontinued where it is in progress, left where it has ended', () => {
    expect(corrected(step, 2, at)).toMatchObject({ version: 2, state: 'to-create', left: [] });
    expect(corrected({ ...step, state: 'in-progress' }, 2, at)).toMatchObject({
      version: 1,
      state: 'in-progress',
      correctedTo: 2,
    });
    const second = corrected({ ...step, state: 'completed' }, 2, at);
    expect(second).toMatchObject({ version: 2, state: 'to-create', left: [{ version: 1, state: 'completed' }] });
    expect(corrected({ ...second, state: 'completed' }, 3, at).left).toHaveLength(2);
    // the N-CREATE went out, its answer did not come: the step may be there
    expect(corrected({ ...step, creating: true }, 2, at)).toMatchObject({ version: 1, correctedTo: 2 });
    const ending = { ...step, state: 'in-progress' as const, correctedTo: 2 };
    expect(over(ending, 'completed', at)).toMatchObject({
      version: 2,
      state: 'to-create',
      left: [{ state: 'completed' }],
    });
    expect(over(ending, 'failed', at)).toMatchObject({ version: 2, state: 'to-create', left: [] });
    expect(over(step, 'completed', at)).toMatchObject({ version: 1, state: 'completed', left: [] });
  });

  it('is corrected once by the same message, and never back', () => {
    const states = fc.constantFrom('to-create', 'in-progress', 'completed', 'discontinued', 'failed');
    fc.assert(
      fc.property(states, fc.integer({ min: 2, max: 9 }), fc.integer({ min: 1, max: 9 }), (state, version, later) => {
        const once = corrected({ ...step, state: state }, version, at);
        expect(corrected(once, Math.min(version, later), at)).toBe(once);
      }),
    );
  });

  it('has an identity of its own for each version', () => {
    expect(new Set([1, 2, 3].map((version) => stepUidOf(procedureId, version))).size).toBe(3);
    expect(stepUidOf(procedureId)).toBe(stepUidOf(procedureId, 1));
    for (const version of [1, 2, 99]) expect(stepIdOf(procedureId, version).length).toBeLessThanOrEqual(16);
  });
});

it('an answer to a step that was sent before is understood', () => {
  expect(judgeStepStatus('N-CREATE', { status: 0x0111 }, true)).toEqual({ kind: 'done' });
  expect(judgeStepStatus('N-SET', { status: 0x0110, errorId: 0xa710 }, true)).toEqual({ kind: 'done' });
  expect(judgeStepStatus('N-SET', { status: 0x0110, errorId: 0xa710 }, false).kind).toBe('again');
  expect(judgeStepStatus('N-SET', { status: 0x0112 }, false).kind).toBe('create-again');
  const { from, until } = endingWindow('2026-01-05T10:00:00.000Z', 3);
  expect([from, until].map((one) => one.toISOString())).toEqual([
    '2026-01-05T10:00:03.000Z',
    '2026-01-05T10:00:03.000Z',
  ]);
});
