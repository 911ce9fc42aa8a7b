import { describe, expect, it } from 'vitest';
import { PastGroup, type PastMember } from './past-group.ts';

const T0 = Date.parse('2026-01-05T08:00:00Z');

/** A tile whose picture is of a moment, painted now; what it is told is noted. */
function tile(momentMs: number | undefined, reachMs = 60_000) {
  const told: string[] = [];
  const video = {
    paused: false,
    seeking: false,
    playbackRate: 1,
    play: () => ((video.paused = false), Promise.resolve()),
    pause: () => void (video.paused = true),
  };
  const member: PastMember = {
    sourceId: 'scope',
    video: video as unknown as HTMLVideoElement,
    shown: () => (momentMs === undefined ? undefined : { momentMs, at: 0 }),
    behindMs: () => 10_000,
    reachMs: () => reachMs,
    back: () => true,
    goBack: (behindMs) => void told.push(`back ${behindMs}`),
    goLive: () => void told.push('live'),
    seekTo: (at) => void told.push(`to ${at - T0}`),
  };
  return { member, video, told };
}

function groupOf(...tiles: ReturnType<typeof tile>[]): PastGroup {
  const group = new PastGroup();
  for (const { member } of tiles) group.join(member);
  return group;
}

describe('tiles that look back together', () => {
  it('begin at the same distance, reach as far as the shortest, and are live together', () => {
    const [one, other] = [tile(T0), tile(T0, 40_000)];
    const group = groupOf(one, other);
    group.goBack(12_000);
    expect(group.reachMs).toBe(40_000);
    group.goLive();
    expect([one.told, other.told]).toEqual([
      ['back 12000', 'live'],
      ['back 12000', 'live'],
    ]);
  });

  it('follow the first: by their speed where they are near, by a seek where they are far', () => {
    const tiles = [tile(T0), tile(T0 + 10), tile(T0 + 100), tile(T0 - 100), tile(T0 + 3_000)];
    groupOf(...tiles).follow(50);
    const [lead, near, ahead, behind, far] = tiles.map(({ video, told }) => `${video.playbackRate} ${told.join()}`);
    expect([lead, near, far]).toEqual(['1 ', '1 ', '1 to 50']);
    expect(Number(ahead?.split(' ')[0])).toBeCloseTo(0.8);
    expect(Number(behind?.split(' ')[0])).toBeCloseTo(1.2);
  });

  it('follow nobody who stands still or has no picture', () => {
    const [lead, other] = [tile(T0), tile(T0 + 3_000)];
    groupOf(lead, other).follow(900);
    expect(other.told).toEqual([]);
    const [none, leads] = [tile(undefined), tile(T0 + 3_000)];
    groupOf(none, leads).follow(50);
    expect([none.told, leads.told]).toEqual([[], []]);
  });

  it('are held at the moment of the first, go picture by picture, and play on', () => {
    const tiles = [tile(T0), tile(T0 + 20)];
    const group = groupOf(...tiles);
    group.hold();
    group.step(1, 40);
    group.step(-2, 40);
    expect(group.held).toBe(true);
    for (const { told, video } of tiles) expect([told, video.paused]).toEqual([['to 4', 'to 44', 'to -36'], true]);
    group.follow(50);
    group.play();
    expect([group.held, ...tiles.map(({ video }) => video.paused)]).toEqual([false, false, false]);
  });

  it('forget a tile that is gone', () => {
    const one = tile(T0);
    const group = new PastGroup();
    group.join(one.member)();
    group.goBack(12_000);
    expect([group.back, one.told, group.reachMs]).toEqual([[], [], undefined]);
  });
});
