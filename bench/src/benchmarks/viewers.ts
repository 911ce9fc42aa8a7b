import { setTimeout as delay } from 'node:timers/promises';
import { Receivers } from '../live/receivers.ts';
import { LiveRoom } from '../live/room.ts';
import { median, type Benchmark } from '../pairs.ts';

const VIEWERS = 40;
const WINDOW_MS = 5_000;
/**
 * MediaMTX publishes no figure of its own. The one in its tracker (github.com/bluenviron/mediamtx/issues/4963): 120
 * WebRTC readers on 2 cores, 150 on 3 cores at 99 % CPU, bit rate not said; the better of the two counts.
 */
const MEDIAMTX_PER_CORE = 60;

/** WebRTC viewers that one core serves, extrapolated from the CPU time of the service and its workers. */
export const viewers: Benchmark = {
  name: 'viewers',
  unit: 'viewers per core',
  peer: 'MediaMTX, as reported in its tracker',
  target: { atLeast: 1 },
  async setUp(report) {
    const room = await LiveRoom.start(
      { name: '720p30 at 4 Mbit/s', width: 1280, height: 720, frameRate: 30, bitrate: 4_000_000 },
      report,
    );
    const idle = await cpuShare(room);
    const megabits: number[] = [];
    const receivers = await Receivers.join(room, VIEWERS);
    return {
      ours: async () => {
        const before = room.bytes;
        const share = await cpuShare(room);
        megabits.push(((room.bytes - before) * 8) / WINDOW_MS / 1000);
        const watching = await room.viewers();
        report(`  ${watching} viewers at ${(share * 100).toFixed(0)} % of a core (idle ${(idle * 100).toFixed(0)} %)`);
        return watching / share;
      },
      peer: () => Promise.resolve(MEDIAMTX_PER_CORE),
      tearDown: async () => {
        await receivers.leave();
        await room.stop();
      },
      notes: () => [
        `Ours: ${VIEWERS} WebRTC viewers of 720p30 at ${median(megabits).toFixed(1)} Mbit/s, CPU time of the streaming service and its worker over ${WINDOW_MS / 1000} s (DTLS-SRTP, NACK buffers, sender reports included), divided into one core.`,
        'Peer: MediaMTX publishes no figure of its own; a report in its tracker, https://github.com/bluenviron/mediamtx/issues/4963, names 120 WebRTC readers on 2 cores and 150 on 3 cores at 99 % CPU, without the bit rate: 60 per core is the better of the two. Another machine and another stream: an order of magnitude, not a race.',
      ],
    };
  },
};

async function cpuShare(room: LiveRoom): Promise<number> {
  const [cpu, at] = [room.streamingCpuSeconds(), performance.now()];
  await delay(WINDOW_MS);
  return ((room.streamingCpuSeconds() - cpu) * 1000) / (performance.now() - at);
}
