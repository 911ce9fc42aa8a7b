import { availableParallelism, loadavg } from 'node:os';
import { Player } from '../live/player.ts';
import { Receivers } from '../live/receivers.ts';
import { LiveRoom, type Format } from '../live/room.ts';
import { spread, stagesOf, type Spread, type Stages } from '../live/stages.ts';
import type { Benchmark } from '../pairs.ts';

const HEADLINE: Format = { name: '1080p30', width: 1920, height: 1080, frameRate: 30, bitrate: 8_000_000 };
const OTHERS: readonly Format[] = [
  { name: '720p60', width: 1280, height: 720, frameRate: 60, bitrate: 6_000_000 },
  { name: '1080p60', width: 1920, height: 1080, frameRate: 60, bitrate: 8_000_000 },
];
const VIEWERS = [1, 5, 20] as const;
const WINDOW_MS = 4_000;
const JOINS = 12;

/** Glass to glass in a real Chromium against what capture and encoding alone take in the same seconds. */
export const live: Benchmark = {
  name: 'live',
  unit: 'ms',
  peer: 'capture + encode of the same pictures',
  target: { atMost: 1.3 },
  async setUp(report) {
    const load = loadavg()[0] ?? 0;
    const notes: string[] = [
      `Load of the machine when the run began: ${load.toFixed(1)} on ${availableParallelism()} cores. What waits for a core, waits in these figures.`,
    ];
    for (const format of OTHERS) {
      const room = await LiveRoom.start(format, report);
      try {
        notes.push(...(await withViewers(room, report)));
      } finally {
        await room.stop();
      }
    }
    const room = await LiveRoom.start(HEADLINE, report);
    notes.unshift(...(await withViewers(room, report)));
    notes.push(await joins(room, report));
    const player = await Player.start(room);
    // Both figures come from the same pictures: whoever is asked first measures for both.
    let waiting: Stages | undefined;
    const measure = async (): Promise<Stages> => {
      if (waiting) {
        const stages = waiting;
        waiting = undefined;
        return stages;
      }
      waiting = stagesOf(room, await player.watch(WINDOW_MS));
      return waiting;
    };
    const capture = 1000 / HEADLINE.frameRate;
    return {
      ours: async () => capture + (await measure()).total.p50,
      peer: async () => capture + (await measure()).encode.p50,
      tearDown: async () => {
        await player.stop();
        await room.stop();
      },
      notes: () => [
        `The pairs: ${HEADLINE.name}, one viewer, medians over ${WINDOW_MS / 1000} s; both sides contain one frame of ${capture.toFixed(1)} ms, the time a camera exposes.`,
        'Method: the picture is stamped with a counter before the encoder; a real headless Chromium plays it by WHEP, reads the counter back from every decoded picture (`requestVideoFrameCallback`) and takes the time at which the display is expected to show it. Stamps, broker and browser are on one monotonic clock; exposure and panel are not contained in the figures below.',
        'With 5 and 20 viewers one is that Chromium; the others receive all packets and do not decode, as their own machines would do that.',
        ...notes,
      ],
    };
  },
};

async function withViewers(room: LiveRoom, report: (line: string) => void): Promise<string[]> {
  const notes: string[] = [];
  for (const viewers of VIEWERS) {
    const others = viewers > 1 ? await Receivers.join(room, viewers - 1) : undefined;
    const player = await Player.start(room);
    try {
      await player.watch(1_000);
      const stages = stagesOf(room, await player.watch(WINDOW_MS));
      const line = `${room.format.name}, ${viewers} viewer${viewers > 1 ? 's' : ''}: ${text(stages)}`;
      report(`  ${line}`);
      notes.push(line);
    } finally {
      await player.stop();
      await others?.leave();
    }
  }
  return notes;
}

function text({ total, encode, network, decode, display, shown, captured }: Stages): string {
  const two = ({ p50, p95 }: Spread) => `${p50.toFixed(0)} / ${p95.toFixed(0)}`;
  return `stamp to display **${two(total)} ms** (p50 / p95) = paint and encode ${two(encode)} + service and network ${two(network)} + jitter buffer and decoder ${two(decode)} + display ${two(display)}; ${shown} of ${captured} pictures read`;
}

async function joins(room: LiveRoom, report: (line: string) => void): Promise<string> {
  const times: number[] = [];
  for (let i = 0; i < JOINS; i++) {
    const player = await Player.start(room);
    times.push(player.joinMs);
    await player.stop();
  }
  const { p50, p95 } = spread(times);
  const line = `Join to first frame (from the POST of the offer, browser just started), ${JOINS} times: p50 ${p50.toFixed(0)} ms, p95 ${p95.toFixed(0)} ms (wanted < 700)`;
  report(`  ${line}`);
  return line;
}
