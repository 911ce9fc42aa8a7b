import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deliveryOf, eventsOfClip, type Happened } from '../../test/clip-story.ts';
import { deriveClip, type ClipNote } from './clip.ts';
import { collectFacts, factOf, type Fact } from './facts.ts';
import { journeyOf } from './journey.ts';

const clipId = '01HZZZZZZZZZZZZZZZZZZZZZZ1';
const note: ClipNote = {
  kind: 'clip',
  stationId: 'or-1',
  procedureId: '01HZZZZZZZZZZZZZZZZZZZZZP1',
  requestedAt: new Date('2026-11-23T10:00:00.000Z'),
  requestedMs: 120_000,
  stopRequestedAt: null,
  assignment: 0,
};
const facts = (events: readonly Happened[]): Fact[] =>
  collectFacts(events.flatMap((e) => factOf(e.name, e.data, e)?.fact ?? []));
const dataOf = (event: Happened | undefined) => (event?.data ?? {}) as Record<string, unknown>;
const stateAfter = (events: readonly Happened[], version = 1, own: ClipNote | undefined = note) =>
  deriveClip(own, facts(events), version).clip?.state;
const story = eventsOfClip({ clipId, sources: ['cam-a', 'cam-b'], destinations: ['pacs'] });

describe('the state of a clip', () => {
  it('follows the line, and only says what is true of every source', () => {
    const seen = story.map((_, i) => stateAfter(story.slice(0, i)));
    expect([...new Set(seen.concat(stateAfter(story)))]).toEqual([
      'requested',
      'saved',
      'prepared',
      'sending',
      'sent',
      'archived',
    ]);
    const oneStored = story.filter((e) => !(e.name.startsWith('pacs-gateway') && deliveryOf(e).sourceId === 'cam-b'));
    expect(stateAfter(oneStored)).toBe('sending');
  });

  it('waits for what is made in place of what a destination does not take', () => {
    const renditionId = '01HZZZZZZZZZZZZZZZZZZZZZR1';
    const at = { time: '2026-11-23T12:00:00.000Z' };
    const isOfA = (e: Happened) => e.name.startsWith('pacs-gateway') && deliveryOf(e).sourceId === 'cam-a';
    const started = story.find((e) => isOfA(e) && e.name === 'pacs-gateway.delivery.started');
    const original = story.find((e) => e.name === 'dicomizer.instance.created');
    const reason = 'pacs does not take it in H.264';
    const facts = { ...dataOf(started), renditionId, transferSyntaxUid: '1.2.840.10008.1.2.4.101', reason };
    const replaced = { ...at, id: 'r', name: 'pacs-gateway.delivery.replaced', data: facts } as unknown as Happened;
    const before = [...story.filter((e) => !isOfA(e)), replaced];
    expect(stateAfter(before)).toBe('sending');
    const failed = {
      origin: dataOf(original)['origin'],
      what: 'fallback',
      renditionId,
      code: 'x',
      reason: 'no keyframe',
    };
    const failure = { ...at, id: 'f', name: 'transcoder.rendition.failed', data: failed } as unknown as Happened;
    expect(stateAfter([...before, failure])).toBe('failed');
    const instanceId = '01HZZZZZZZZZZZZZZZZZZZZZN1';
    const own = { ...dataOf(original), instanceId, rendition: 'fallback', renditionId };
    const made = { ...at, id: 'i', name: 'dicomizer.instance.created', data: own } as unknown as Happened;
    expect(stateAfter([...before, made])).toBe('sending');
    const done = story.find((e) => isOfA(e) && e.name === 'pacs-gateway.instance.committed');
    const sent = { ...dataOf(done), instanceId };
    const deliveryId = '01HZZZZZZZZZZZZZZZZZZZZZD1';
    const committed = { ...at, id: 'c', name: 'pacs-gateway.instance.committed', data: { ...sent, deliveryId } };
    expect(stateAfter([...before, made, committed as unknown as Happened])).toBe('archived');
    const half = { ...own, part: { set: renditionId, number: 1, of: 2, firstFrame: 0, allFrames: 9 } };
    const piece = { ...made, data: half };
    expect(stateAfter([...before, piece, committed as unknown as Happened])).toBe('sending');
  });

  it('follows the same line for a record of another system, which counts as imported', () => {
    const imported = { sha256: 'b'.repeat(64), bytes: 500, codec: 'vp8', copiedFrames: 0, reencodedFrames: 3600, psnr: 41, notes: [] }; // prettier-ignore
    const originalKey = `clips/${clipId}/imported/original`;
    const brought = story.map((e): Happened => {
      if (e.name !== 'buffer.clip.saved') return e;
      return { ...e, name: 'transcoder.clip.imported', data: { ...(e.data as object), imported: { ...imported, originalKey } } }; // prettier-ignore
    });
    const { clip, sources } = deriveClip(note, facts(brought), 1);
    expect(clip).toMatchObject({ state: 'archived', imported });
    const captured = deriveClip(note, facts(story), 1);
    expect(captured.clip?.imported).toBeNull();
    // the record is kept beside what was made of it
    expect(sources[0]?.storedBytes).toBe((captured.sources[0]?.storedBytes ?? 0) + 500);
    const refused = { clipId, stationId: 'or-1', code: 'media-error', reason: 'the record ends in the middle' };
    const failed: Happened = {
      name: 'transcoder.clip.refused',
      id: 'f',
      time: '2026-11-23T10:00:01.000Z',
      data: refused,
    };
    expect(deriveClip(note, facts([failed]), 1).clip).toMatchObject({ state: 'failed', failureReason: refused.reason });
  });

  it('is the same whatever the order, and however often each fact is heard', () => {
    const troubled = eventsOfClip({
      clipId,
      sources: ['cam-a', 'cam-b'],
      destinations: ['pacs', 'cloud'],
      trouble: true,
    });
    const expected = deriveClip(note, facts(troubled), 1);
    expect(expected.clip?.state).toBe('archived');
    const heard = fc
      .tuple(
        fc.shuffledSubarray(troubled, { minLength: troubled.length }),
        fc.array(fc.constantFrom(...troubled), { maxLength: 10 }),
      )
      .map(([all, again]) => [...all, ...again]);
    fc.assert(
      fc.property(heard, (events) => {
        expect(deriveClip(note, facts(events), 1)).toEqual(expected);
      }),
    );
  });

  it('is the same for every permutation of any part of the story', () => {
    const part = fc
      .subarray(story)
      .chain((some) => fc.tuple(fc.constant(some), fc.shuffledSubarray(some, { minLength: some.length })));
    fc.assert(
      fc.property(part, ([some, shuffled]) => {
        expect(deriveClip(undefined, facts(shuffled), 1)).toEqual(deriveClip(undefined, facts(some), 1));
      }),
    );
  });

  it('says failed when nothing was kept, and forgets it when a second attempt is saved', () => {
    const at = '2026-11-23T10:00:01.000Z';
    const failed: Happened = {
      name: 'buffer.clip.failed',
      id: 'f1',
      time: at,
      data: { clipId, stationId: 'or-1', code: 'range-not-available', reason: 'the ring begins at 10:00:00' },
    };
    expect(deriveClip(note, facts([failed]), 1).clip).toMatchObject({
      state: 'failed',
      failureCode: 'range-not-available',
      failureReason: 'the ring begins at 10:00:00',
    });
    expect(stateAfter([...story.slice(0, 1), failed])).toBe('saved');
  });

  it('is archived when every archive that is asked has committed, and never where none is asked', () => {
    const name = 'pacs-gateway.instance.stored';
    const none = story.map((e) =>
      e.name === name ? { ...e, data: { ...(e.data as object), commitment: 'none' } } : e,
    );
    const isCommitted = (e: Happened) => e.name === 'pacs-gateway.instance.committed';
    expect(stateAfter(none.filter((e) => !isCommitted(e)))).toBe('sent');
    const destinationOf = (e: Happened) => (e.data as { destination: string }).destination;
    const two = eventsOfClip({
      clipId: '01HZZZZZZZZZZZZZZZZZZZZZC2',
      sources: ['cam-1'],
      destinations: ['pacs', 'cloud'],
    });
    const half = two.filter((e) => !isCommitted(e) || destinationOf(e) === 'pacs');
    expect(stateAfter(half)).toBe('sent');
    const cloudOffersNone = half.map((e) =>
      e.name === name && destinationOf(e) === 'cloud'
        ? { ...e, data: { ...(e.data as object), commitment: 'none' } }
        : e,
    );
    expect(stateAfter(cloudOffersNone)).toBe('archived');
  });

  it('is archived without the copies of a teaching archive, and never by them', () => {
    const destinations = ['pacs', 'teaching'];
    const all = eventsOfClip({ clipId: '01HZZZZZZZZZZZZZZZZZZZZZC3', sources: ['cam-1'], destinations });
    const copy = (e: Happened) => (e.data as { destination?: string }).destination === 'teaching';
    const told = all
      .filter((e) => !(copy(e) && e.name === 'pacs-gateway.instance.committed'))
      .map((e) => (copy(e) ? { ...e, data: { ...(e.data as object), deidentified: true, commitment: 'none' } } : e));
    expect(stateAfter(told)).toBe('archived');
    const {
      destination: _d,
      transferSyntaxUid: _t,
      status: _s,
      ...base
    } = told.find((e) => copy(e) && e.name === 'pacs-gateway.instance.stored')!.data as Record<string, unknown>;
    const refused: Happened = {
      name: 'pacs-gateway.delivery.failed',
      id: 'refused',
      time: '2026-11-23T10:05:00.000Z',
      data: { ...base, destination: 'teaching', attempt: 1, code: 'burned-in-annotation', reason: 'text' },
    };
    const withoutCopy = told.filter((e) => !(copy(e) && e.name === 'pacs-gateway.instance.stored'));
    expect(stateAfter([...withoutCopy, refused])).toBe('archived');
    const { deliveries } = deriveClip(undefined, facts([...withoutCopy, refused]), 1);
    expect(deliveries.find((d) => d.destination === 'teaching')).toMatchObject({
      state: 'failed',
      code: 'burned-in-annotation',
    });
    // the copy alone archives nothing
    expect(stateAfter(told.filter((e) => copy(e) || !e.name.startsWith('pacs-gateway')))).not.toBe('archived');
  });

  it('is sent, not committed, where a site does not ask any more', () => {
    const committed = story.filter((e) => e.name === 'pacs-gateway.instance.committed');
    const waived = committed.map((e): Happened => ({
      ...e,
      name: 'pacs-gateway.instance.commitment-waived',
      id: `${e.id}/waived`,
      data: { ...(e.data as object), reason: 'not asked for any more' },
    }));
    const sent = [...story.filter((e) => !committed.includes(e)), ...waived];
    expect(stateAfter(sent)).toBe('sent');
    expect(stateAfter([...sent, ...committed])).toBe('archived'); // a report that comes all the same
  });

  it('says failed when an archive does not commit, sent while it is asked again, archived when it does after all', () => {
    const committed = story.find((e) => e.name === 'pacs-gateway.instance.committed');
    if (!committed) throw new Error('the story commits to nothing');
    const { deliveryId } = committed.data as { deliveryId: string };
    const others = story.filter((e) => e !== committed);
    const refused = (final: boolean): Happened => ({
      name: 'pacs-gateway.instance.commitment-failed',
      id: `refused/${final}`,
      time: '2026-11-23T10:05:00.000Z',
      data: {
        ...(committed.data as object),
        deliveryId,
        attempt: 1,
        code: 'commitment-refused-0122',
        reason: 'no',
        final,
      },
    });
    expect(stateAfter([...others, refused(false)])).toBe('sent');
    expect(stateAfter([...others, refused(true)])).toBe('failed');
    expect(stateAfter([...story, refused(true)])).toBe('archived');
  });

  it('says failed when a delivery was given up, and stops saying so when it is stored after a retry', () => {
    const upToSending = story.filter(
      (e) => e.name !== 'pacs-gateway.instance.stored' && e.name !== 'pacs-gateway.instance.committed',
    );
    const started = upToSending.find((e) => e.name === 'pacs-gateway.delivery.started');
    if (!started) throw new Error('the story starts no delivery');
    const dead: Happened = {
      name: 'pacs-gateway.delivery.failed',
      id: 'dead',
      time: '2026-11-23T10:05:00.000Z',
      data: { ...(started.data as object), attempt: 8, code: 'sop-class-refused', reason: 'A900' },
    };
    expect(stateAfter([...upToSending, dead])).toBe('failed');
    expect(stateAfter([...story, dead])).toBe('archived');
  });

  it('does not count objects that carry an outdated patient', () => {
    expect(stateAfter(story, 2)).toBe('prepared');
  });

  it('goes from recording to requested when it is stopped', () => {
    const base = { clipId, stationId: 'or-1', procedureId: note.procedureId };
    const started: Happened = {
      name: 'buffer.recording.started',
      id: 'r1',
      time: '2026-11-23T10:00:00.500Z',
      data: { ...base, startedAt: '2026-11-23T10:00:00.500Z', sources: ['cam-a'] },
    };
    const stopped: Happened = {
      name: 'buffer.recording.stopped',
      id: 'r2',
      time: '2026-11-23T10:01:00.000Z',
      data: { ...base, stoppedAt: '2026-11-23T10:01:00.000Z' },
    };
    expect(stateAfter([started], 1, undefined)).toBe('recording');
    expect(stateAfter([stopped, started], 1, undefined)).toBe('requested');
  });
});

describe('the journey', () => {
  it('has each stage with the times of its events', () => {
    const clip = deriveClip(note, facts(story), 1).clip;
    if (!clip) throw new Error('no clip');
    const steps = journeyOf(clip, facts(story));
    expect(steps.map((s) => s.stage)).toEqual([
      'save',
      ...Array<string>(6).fill('prepare'),
      'dicom',
      'dicom',
      'send',
      'send',
      'archive',
      'archive',
    ]);
    for (const s of steps) expect(Date.parse(s.endedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(s.startedAt));
    expect(steps[0]).toMatchObject({ startedAt: '2026-11-23T10:00:00.000Z', endedAt: '2026-11-23T10:00:02.000Z' });
  });
});
