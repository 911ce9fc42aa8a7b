import { describe, expect, it } from 'vitest';
import { judge, type WorkerFacts } from './source-watch.ts';

const live: WorkerFacts = { startedAt: 0, speaksSince: 500, heardAt: 10_000, pictureAt: 10_000, kind: 'pull' };

describe('judge', () => {
  it.each([
    ['pictures flow', live, 10_100, { state: 'live', restart: false }],
    ['a stopped process is noticed within 2 s', live, 11_700, { state: 'offline', restart: true }],
    [
      'an overloaded machine is no reason to kill',
      { ...live, wantsCpu: true },
      14_000,
      { state: 'no-signal', restart: false },
    ],
    ['a process in an endless loop is', { ...live, wantsCpu: true }, 31_000, { state: 'offline', restart: true }],
    ['the cable is out', { ...live, heardAt: 12_000 }, 12_000, { state: 'no-signal', restart: false }],
    ['the cable stays out', { ...live, heardAt: 26_000 }, 26_000, { state: 'no-signal', restart: true }],
    [
      'a listener waits for ever',
      { ...live, kind: 'listen', heardAt: 99_000 },
      99_000,
      { state: 'no-signal', restart: false },
    ],
    [
      'the synthetic one stands still',
      { ...live, kind: 'synthetic', heardAt: 16_000 },
      16_000,
      { state: 'no-signal', restart: true },
    ],
    ['the picture is frozen', { ...live, frozenSince: 7_900 }, 10_000, { state: 'frozen', restart: false }],
    [
      'it is being opened',
      { startedAt: 9_000, speaksSince: 9_500, heardAt: 9_900, kind: 'pull' },
      10_000,
      { state: 'starting', restart: false },
    ],
    [
      'the device says that there is no signal',
      { ...live, noSignal: 'HDMI 0 has no signal', pictureAt: 9_900 },
      10_000,
      { state: 'no-signal', reason: 'HDMI 0 has no signal', restart: false },
    ],
    [
      'its signal is back after a while, its picture not yet',
      { ...live, pictureAt: 1_000, signalSince: 39_500, heardAt: 40_000 },
      40_000,
      { state: 'starting', restart: false },
    ],
    [
      'its signal is back, and still no picture',
      { ...live, pictureAt: 1_000, signalSince: 39_500, heardAt: 56_000 },
      56_000,
      { state: 'no-signal', restart: true },
    ],
    [
      'nobody sends',
      { startedAt: 0, speaksSince: 500, heardAt: 9_900, kind: 'listen' },
      10_000,
      { state: 'no-signal', restart: false },
    ],
    [
      'modules are being loaded',
      { startedAt: 0, heardAt: 0, kind: 'pull' },
      1_700,
      { state: 'starting', restart: false },
    ],
  ] as const)('%s', (_, facts, now, expected) => {
    expect(judge(facts, now)).toMatchObject(expected);
  });
});
