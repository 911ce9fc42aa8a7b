import type { ConversationPerson, ConversationRequest } from '@smartbox/contracts';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from '../api/errors.ts';
import { Conversation } from './conversation.ts';
import type { SessionOptions } from './conversation-session.ts';
import { DrawingBoard, freshness } from './drawing-board.ts';
import { MicrophoneError } from './microphone.ts';
import { pictureIn, placeAt, pointAt } from './picture-place.ts';

const person = (over: Partial<ConversationPerson> = {}): ConversationPerson => ({
  personId: 'me-me-me',
  name: 'Dr. Baum',
  side: 'desk',
  colour: 1,
  rights: ['speak', 'draw'],
  speaking: false,
  drawing: false,
  ...over,
});

describe('a place of the picture', () => {
  const box = fc.record({ width: fc.integer({ min: 50, max: 4000 }), height: fc.integer({ min: 50, max: 3000 }) });
  const aspect = fc.constantFrom(16 / 9, 4 / 3, 9 / 16, 1);
  const share = fc.double({ min: 0, max: 1, noNaN: true });

  it('is the same one on every screen', () => {
    fc.assert(
      fc.property(box, box, aspect, share, share, (here, there, shape, x, y) => {
        const [mine, theirs] = [pictureIn(here, shape), pictureIn(there, shape)];
        const at = pointAt(mine, [x, y]);
        // Rounding may put the very edge outside.
        const place = placeAt(mine, at.x, at.y) ?? [x, y];
        const seen = pointAt(theirs, place);
        expect((seen.x - theirs.left) / theirs.width).toBeCloseTo(x, 6);
        expect((seen.y - theirs.top) / theirs.height).toBeCloseTo(y, 6);
      }),
    );
  });

  it('is none in the dark beside the picture', () => {
    const picture = pictureIn({ width: 1000, height: 1000 }, 2);
    expect(picture).toEqual({ left: 0, top: 250, width: 1000, height: 500 });
    expect(placeAt(picture, 500, 100)).toBeUndefined();
    expect(placeAt(picture, 500, 500)).toEqual([0.5, 0.5]);
    expect(placeAt(pictureIn({ width: 0, height: 0 }, 2), 0, 0)).toBeUndefined();
  });
});

describe('what is drawn', () => {
  const line = (id: number, places: [number, number][], source = 'scope') => ({
    t: 'line' as const,
    source,
    line: id,
    places,
  });

  it('grows, fades after its time, and is of one picture only', () => {
    const board = new DrawingBoard();
    board.take('a', 1, line(0, [[0, 0]]), 0);
    board.take('a', 1, line(0, [[0.5, 0.5]]), 1_000);
    board.take('b', 2, line(0, [[1, 1]], 'room'), 1_000);
    expect(board.seen('scope', 1_000).lines).toMatchObject([
      {
        personId: 'a',
        places: [
          [0, 0],
          [0.5, 0.5],
        ],
      },
    ]);
    expect(freshness({ at: 0 }, 7_000)).toBe(1);
    expect(freshness({ at: 0 }, 7_500)).toBeCloseTo(0.5);
    expect(board.seen('scope', 9_001).lines).toEqual([]);
    expect(board.seen('room', 8_000).lines).toHaveLength(1);
  });

  it('is cleared by who drew it, or all of it', () => {
    const board = new DrawingBoard();
    for (const who of ['a', 'b', 'c']) board.take(who, 1, line(0, [[0, 0]]), 0);
    board.take('a', 1, { t: 'clear', all: false }, 0);
    expect(board.seen('scope', 0).lines.map(({ personId }) => personId)).toEqual(['b', 'c']);
    board.take('b', 1, { t: 'clear', all: true }, 0);
    expect(board.seen('scope', 0).lines).toEqual([]);
  });

  it('is one pointer for each person, wherever it was before', () => {
    const board = new DrawingBoard();
    board.take('a', 1, { t: 'point', source: 'scope', at: [0.1, 0.1] }, 0);
    board.take('a', 1, { t: 'point', source: 'room', at: [0.2, 0.2] }, 10);
    expect(board.seen('scope', 10).pointers).toEqual([]);
    expect(board.seen('room', 10).pointers).toMatchObject([{ place: [0.2, 0.2] }]);
    expect(board.seen('room', 5_000).pointers).toEqual([]);
    board.take('a', 1, { t: 'point', source: 'room', at: [0.2, 0.2] }, 6_000);
    board.take('a', 1, line(0, [[0.2, 0.2]], 'room'), 6_010);
    expect(board.seen('room', 6_010).pointers).toEqual([]);
  });

  it('never grows without bounds', () => {
    const board = new DrawingBoard();
    for (let i = 0; i < 500; i++) board.take('a', 1, line(i, [[0, 0]]), 0);
    expect(board.seen('scope', 0).lines).toHaveLength(60);
    const part = Array.from({ length: 64 }, (_, i): [number, number] => [i / 64, 0]);
    for (let i = 0; i < 100; i++) board.take('b', 2, line(0, part), 0);
    expect(board.seen('scope', 0).lines.at(-1)?.places).toHaveLength(2_000);
  });
});

describe('taking part', () => {
  let options: SessionOptions[];
  let said: ConversationRequest[];
  let sent: (string | null)[];
  let level: number;
  let microphone: { track: () => Promise<MediaStreamTrack> };

  beforeEach(() => {
    vi.useFakeTimers();
    [options, said, sent, level] = [[], [], [], 0.5];
    microphone = { track: () => Promise.resolve('voice' as unknown as MediaStreamTrack) };
  });
  afterEach(() => vi.useRealTimers());

  function joined(me = person()): Conversation {
    const conversation = new Conversation({
      grant: () => Promise.reject(new Error('not asked here')),
      session: (given) => {
        options.push(given);
        return {
          start: () => Promise.resolve(),
          stop: () => undefined,
          say: (request) => void said.push(request),
          send: (track) => Promise.resolve(void sent.push(track as unknown as string | null)),
          mute: () => undefined,
          unlock: () => undefined,
        };
      },
      microphone: () => ({
        track: () => microphone.track(),
        level: () => Promise.resolve(level),
        stop: () => undefined,
      }),
    });
    conversation.join('Dr. Baum');
    options[0]?.onJoined(me);
    options[0]?.onPeople([me]);
    return conversation;
  }

  it('speaks with the microphone sent first, and takes it back when it ends', async () => {
    const conversation = joined();
    await conversation.speak(true);
    expect([sent, said, conversation.state.talk]).toEqual([['voice'], [{ t: 'speak', on: true }], 'on']);
    await conversation.speak(false);
    expect([sent, said.at(-1), conversation.state.talk]).toEqual([['voice', null], { t: 'speak', on: false }, 'off']);
  });

  it('stays silent when the button was released while the browser asked', async () => {
    let allow: (track: MediaStreamTrack) => void = () => undefined;
    microphone.track = () => new Promise((resolve) => (allow = resolve));
    const conversation = joined();
    const speaking = conversation.speak(true);
    expect(conversation.state.talk).toBe('asking');
    await conversation.speak(false);
    allow('voice' as unknown as MediaStreamTrack);
    await speaking;
    expect([said, conversation.state.talk, sent]).toEqual([[], 'off', [null]]);
  });

  it('says what is wrong with the microphone, the right or the number of speakers', async () => {
    microphone.track = () => Promise.reject(new MicrophoneError('denied'));
    const conversation = joined();
    await conversation.speak(true);
    expect(conversation.state).toMatchObject({ talk: 'off', trouble: 'denied' });
    microphone.track = () => Promise.resolve('voice' as unknown as MediaStreamTrack);
    await conversation.speak(true);
    options[0]?.onRefused('speak', 'too-many');
    expect(conversation.state).toMatchObject({ talk: 'off', trouble: 'too-many' });
    const listener = joined(person({ rights: ['draw'] }));
    options[1]?.onJoined(person({ rights: ['draw'] }));
    await listener.speak(true);
    expect(listener.state).toMatchObject({ talk: 'off', trouble: 'no-right' });
  });

  it('switches a microphone off that nobody speaks into', async () => {
    const conversation = joined();
    await conversation.speak(true);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(conversation.state.talk).toBe('on');
    level = 0;
    await vi.advanceTimersByTimeAsync(31_000);
    expect(conversation.state).toMatchObject({ talk: 'off', trouble: 'quiet' });
    expect(said.at(-1)).toEqual({ t: 'speak', on: false });
  });

  it('comes back by itself after a lost connection, not after the room has ended it', () => {
    const conversation = joined();
    options[0]?.onEnd(new ApiError(0, 'conversation-ended', ''));
    expect(conversation.state.phase).toBe('again');
    vi.advanceTimersByTime(1_000);
    expect(options).toHaveLength(2);
    options[1]?.onEnd(new ApiError(409, 'conversation-closed', ''));
    expect(conversation.state).toMatchObject({ phase: 'out', error: { code: 'conversation-closed' } });
    vi.advanceTimersByTime(60_000);
    expect(options).toHaveLength(2);
  });

  it('shows one’s own line at once and takes no echo of it for another one', () => {
    const conversation = joined();
    const drawing = { t: 'line' as const, source: 'scope', line: 0, places: [[0.5, 0.5]] as [number, number][] };
    conversation.draw(drawing);
    options[0]?.onDrawn({ t: 'drawn', personId: 'me-me-me', colour: 1, drawing });
    expect(said).toEqual([drawing]);
    expect(conversation.board.seen('scope', performance.now()).lines[0]?.places).toHaveLength(1);
    conversation.leave();
    expect(conversation.board.seen('scope', performance.now()).lines).toEqual([]);
  });
});
