import type { ConversationNews, ConversationRequest, ConversationRight } from '@smartbox/contracts';
import { beforeEach, describe, expect, it } from 'vitest';
import { ConversationRoom } from './conversation-room.ts';

const idOf = (name: string) => name.padEnd(22, '-');

/** Instances of the service with one room, joined by what they publish. */
describe('a conversation as the instances have it', () => {
  let now: number;
  let journal: string[];
  let told: Map<string, ConversationNews[]>;
  let heard: string[];
  let silenced: string[];
  let sentAway: string[];
  let rooms: ConversationRoom[];

  function instance(): ConversationRoom {
    const room = new ConversationRoom('or-1', {
      host: {
        say: (person, text) => {
          told.set(person, [...(told.get(person) ?? []), JSON.parse(text) as ConversationNews]);
        },
        voice: (_room, from) => void heard.push(from),
        silent: (_room, from) => void silenced.push(from),
        leave: (person) => void sentAway.push(person),
      },
      publish: (bytes) => {
        for (const each of rooms) each.take(bytes);
      },
      journal: {
        joined: ({ personId }) => void journal.push(`${personId} joined`),
        left: ({ personId }, ms) => void journal.push(`${personId} left ${ms}`),
        began: (what, { personId }, act) => void journal.push(`${personId} ${what} ${act}`),
        ended: (what, { personId }, act, ms) => void journal.push(`${personId} ${what} ${act} over ${ms}`),
      },
      now: () => now,
    });
    rooms.push(room);
    return room;
  }

  const enter = (room: ConversationRoom, name: string, rights: ConversationRight[] = ['speak', 'draw']) => {
    const side = name === 'room' ? ('room' as const) : ('desk' as const);
    const present = { stationId: 'or-1', procedureId: 'p', personId: idOf(name), who: name, name, side };
    room.enter(present, rights);
    return (request: ConversationRequest) => room.said(idOf(name), request);
  };
  const people = (name: string) => {
    const last = told.get(idOf(name))?.findLast((one) => one.t === 'people');
    return last?.t === 'people' ? last.people.map((one) => one.name).sort() : [];
  };
  const refusals = (name: string) =>
    (told.get(idOf(name)) ?? []).flatMap((one) => (one.t === 'refused' ? [`${one.what} ${one.code}`] : []));
  const tick = (ms: number) => {
    now += ms;
    for (const room of rooms) room.tick();
  };

  beforeEach(() => {
    now = 0;
    [journal, heard, silenced, sentAway, rooms] = [[], [], [], [], []];
    told = new Map();
  });

  it('know each other’s people, and forget those of an instance that is gone', () => {
    const [here, there] = [instance(), instance()];
    enter(here, 'room');
    enter(there, 'a');
    tick(1_000);
    expect([people('room'), people('a')]).toEqual([
      ['a', 'room'],
      ['a', 'room'],
    ]);
    // It says nothing any more: killed.
    rooms = [here];
    for (let i = 0; i < 4; i++) {
      here.said(idOf('room'), { t: 'here' });
      tick(1_000);
    }
    expect(people('room')).toEqual(['room']);
    expect(silenced).toContain(idOf('a'));
  });

  it('let three speak at once; a fourth waits until one has ended', () => {
    const room = instance();
    const speakers = ['a', 'b', 'c', 'd'].map((name) => enter(room, name));
    for (const say of speakers) say({ t: 'speak', on: true });
    expect(refusals('d')).toEqual(['speak too-many']);
    room.spoken(idOf('d'), Uint8Array.from([1]));
    room.spoken(idOf('a'), Uint8Array.from([1]));
    expect(heard).toEqual([idOf('a')]);
    speakers[0]?.({ t: 'speak', on: false });
    speakers[3]?.({ t: 'speak', on: true });
    expect(refusals('d')).toEqual(['speak too-many']);
  });

  it('send away who says nothing for eight seconds, and tell how long each act took', () => {
    const room = instance();
    const say = enter(room, 'a');
    now = 500;
    say({ t: 'speak', on: true });
    say({ t: 'speak', on: true });
    now = 2_000;
    say({ t: 'speak', on: false });
    say({ t: 'line', source: 'scope', line: 0, places: [[0, 0]] });
    now = 9_000;
    tick(0);
    expect(sentAway).toEqual([]);
    tick(1_500);
    expect(sentAway).toEqual([idOf('a')]);
    room.leave(idOf('a'));
    room.leave(idOf('a'));
    expect(journal).toEqual([
      `${idOf('a')} joined`,
      `${idOf('a')} speech 0`,
      `${idOf('a')} speech 0 over 1500`,
      `${idOf('a')} drawing 0`,
      `${idOf('a')} drawing 0 over 7000`,
      `${idOf('a')} left 10500`,
    ]);
  });

  it('pass on no more than eighty messages a second of one person', () => {
    const room = instance();
    enter(room, 'room');
    const say = enter(room, 'a');
    for (let i = 0; i < 200; i++) say({ t: 'point', source: 'scope', at: [0.5, i / 200] });
    const drawn = () => (told.get(idOf('room')) ?? []).filter(({ t }) => t === 'drawn').length;
    expect(drawn()).toBe(80);
    tick(1_000);
    say({ t: 'point', source: 'scope', at: null });
    expect(drawn()).toBe(81);
  });
});
