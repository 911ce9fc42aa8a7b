import { DevicePicture, DevicesReply, type EventData, type SourceState } from '@smartbox/contracts';
import { systemClock, type Clock } from '@smartbox/kernel';
import { TIMESCALE } from '@smartbox/media';
import { decodeFrames } from '@smartbox/media/native';
import { createLogger } from '@smartbox/telemetry';
import { startMachine, until, type Machine } from '@smartbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Station } from '../src/application/station.ts';
import { loadConfig } from '../src/config.ts';
import { DiskSpool } from '../src/outbound/disk-spool.ts';
import { NatsBroker } from '../src/outbound/nats-broker.ts';
import type { FromWorker } from '../src/worker/protocol.ts';
import { burntInSequence, type Numbered } from './burnt-in-sequence.ts';
import { decodeJpeg } from './jpeg.ts';
import { MachineLauncher } from './machine-launcher.ts';
import { TestStation, type RingFragment } from './station.ts';

/** Small: the machine may have to translate its instructions. */
const CAMERA = { width: 320, height: 180, frameRate: 15 };
const camera = { id: 'cam', name: 'Camera', kind: 'v4l2', url: '/dev/video0', bitrate: 1_000_000, ...CAMERA };
const SLOW = { timeoutMs: 100_000, intervalMs: 200 };
const modules = {
  capture: 'apps/capture-edge/src/worker/capture.ts',
  'list-devices': 'apps/capture-edge/src/worker/list-devices.ts',
  'take-device-picture': 'apps/capture-edge/src/worker/take-device-picture.ts',
};

let rig: TestStation;
let machine: Machine<keyof typeof modules>;
let stop: (() => Promise<void>) | undefined;

/** Sets controls of a virtual device. */
const set = (device: string, controls: string) => machine.run(`v4l2-ctl -d ${device} -c ${controls}`);

/** A webcam, a frame grabber whose cable is out, and a webcam to spare, of the kernel's virtual video driver. */
async function plugIn(): Promise<void> {
  await machine.run('busybox modprobe vivid n_devs=3 num_inputs=1,1,1 input_types=0,3,0 node_types=1,1,1');
  await set('/dev/video0', 'osd_text_mode=1');
  await machine.run('v4l2-ctl -d /dev/video1 --set-dv-bt-timings cvt,width=640,height=480,fps=40');
  await set('/dev/video1', 'dv_timings_signal_mode=1');
}

/** The service as it is, but for its capture processes: they run where the devices are, and by that machine's clock. */
async function startStation(): Promise<() => Promise<void>> {
  const clock: Clock = { ...systemClock, monotonicNs: () => systemClock.monotonicNs() + machine.clockAheadNs };
  const log = createLogger('capture-edge');
  const config = loadConfig(rig.environment);
  const broker = new NatsBroker(config.station.id, config.nats, log);
  const spool = new DiskSpool(config.spoolDir, log);
  const options = { software: 'test', maxSpoolBytes: config.maxSpoolBytes };
  const station = new Station(config.station, broker, spool, new MachineLauncher(machine), clock, log, options);
  await station.start();
  broker.start();
  return async () => {
    await station.stop();
    await broker.close();
  };
}

beforeAll(async () => {
  [rig, machine] = await Promise.all([
    TestStation.create({
      sources: [camera, { ...camera, id: 'grabber', name: 'Grabber', url: '/dev/video1', width: 160, height: 90 }],
    }),
    startMachine({ modules }),
  ]);
  await plugIn();
  stop = await startStation();
});
afterAll(async () => {
  await stop?.();
  await machine?.stop();
  await rig?.close();
});

type StateChange = EventData<'capture-edge.source.state-changed'>;

/** Waits for a change of a source's state, after the first `seen` ones. */
function untilState(source: string, state: SourceState, seen = 0, why = /^/): Promise<StateChange> {
  return until(
    async () =>
      (await rig.events('capture-edge.source.state-changed'))
        .slice(seen)
        .find((data) => data.sourceId === source && data.state === state && why.test(data.reason ?? '')),
    { what: `${source} ${state}`, ...SLOW },
  );
}
const seen = async (): Promise<number> => (await rig.events('capture-edge.source.state-changed')).length;

/** The numbers that the driver has written into the pictures of the ring, epoch after epoch. */
async function numbers(ring: readonly RingFragment[]): Promise<Numbered[]> {
  const files = await rig.files(ring);
  return (await Promise.all(files.map((file) => burntInSequence(file)))).flat();
}

/** How many pictures follow each other without a missing number, at best. */
function longestRun(pictures: readonly Numbered[]): number {
  let [longest, run] = [0, 0];
  for (const [i, { sequence }] of pictures.entries()) {
    run = i > 0 && sequence === (pictures[i - 1]?.sequence ?? 0) + 1 ? run + 1 : 1;
    longest = Math.max(longest, run);
  }
  return longest;
}

/** In order, each once, and what the driver has left out is there as time. */
function expectInTime(pictures: readonly Numbered[]): void {
  const { frameRate } = CAMERA;
  const steps = pictures.slice(1).map(({ sequence, pts }, i) => ({
    numbers: (sequence ?? 0) - (pictures[i]?.sequence ?? 0),
    ticks: pts - (pictures[i]?.pts ?? 0),
  }));
  expect(Math.min(...steps.map((step) => step.numbers))).toBeGreaterThan(0);
  expect(Math.min(...steps.map((step) => step.ticks))).toBeGreaterThan(0);
  const sum = (of: 'numbers' | 'ticks') => steps.reduce((all, step) => all + step[of], 0);
  expect(Math.abs(sum('ticks') / TIMESCALE - sum('numbers') / frameRate)).toBeLessThan(0.5);
}

describe('a station with V4L2 devices', () => {
  let procedure: string;
  beforeAll(async () => {
    await untilState('cam', 'live');
    procedure = await rig.procedure();
  });

  it('knows its devices, their signals and what they offer', async () => {
    await machine.run('mkdir -p /dev/v4l/by-id && ln -s ../../video0 /dev/v4l/by-id/usb-Maker_Camera-video-index0');
    const { devices, problems } = DevicesReply.strict().parse(await listDevices());
    expect(problems).toEqual([]);
    expect(devices.map(({ path }) => path)).toEqual(['/dev/video0', '/dev/video1', '/dev/video2']);
    expect(devices[0]).toMatchObject({
      stablePath: '/dev/v4l/by-id/usb-Maker_Camera-video-index0',
      name: 'vivid',
      driver: 'vivid',
      bus: 'platform:vivid-000',
      busy: true,
      input: { name: 'Webcam 0' },
    });
    const rates = (width: number) =>
      devices[0]?.modes
        .find((mode) => mode.width === width && mode.pixelFormat === 'YUYV')
        ?.frameRates.map(({ num, den }) => num / den);
    expect(rates(320)).toEqual([60, 50, 40, 30, 25, 15, 12.5, 10, 5, 4, 2, 1]);
    expect(rates(3840)).toEqual([2, 1]);
    expect(devices[1]).toMatchObject({ busy: false, input: { name: 'HDMI 0', noSignal: 'HDMI 0 has no signal' } });
    expect(devices[1]?.modes).toContainEqual(expect.objectContaining({ pixelFormat: 'YUYV', largest: { width: 16384, height: 8640 } })); // prettier-ignore
  });

  it('captures a camera at the size and rate that are asked for, picture by picture', async () => {
    const pictures = await until(
      async () => {
        const read = await numbers(await rig.ring('cam', procedure));
        return longestRun(read) >= 30 && read;
      },
      { what: 'thirty pictures in a row', ...SLOW, intervalMs: 1000 },
    );
    expect(pictures.every(({ sequence }) => sequence !== null)).toBe(true);
    expectInTime(pictures);
    const { sources } = (await rig.presence()) ?? {};
    expect(sources?.[0]).toMatchObject({ sourceId: 'cam', state: 'live', width: 320, height: 180, frameRate: '15/1' });
    const [first] = await rig.ring('cam', procedure);
    expect(first?.headers).toMatchObject({ width: 320, height: 180, frameRate: '15/1', keyframe: true });
  });

  it('shows as time what the driver drops, and goes on after damaged buffers', async () => {
    await rig.messaging.ring.purge('RING_or-1');
    await set('/dev/video0', 'percentage_of_dropped_buffers=40');
    const ring = await rig.untilRing('cam', (all) => all.length >= 5, 'fragments with drops', procedure);
    await set('/dev/video0', 'percentage_of_dropped_buffers=0,inject_v4l2_buf_flag_error=1');
    const pictures = await numbers(ring.slice(1));
    const missing = (pictures.at(-1)?.sequence ?? 0) - (pictures[0]?.sequence ?? 0) + 1 - pictures.length;
    expect(missing).toBeGreaterThan(pictures.length / 10);
    expectInTime(pictures);
    await rig.untilRing('cam', (all) => all.length >= ring.length + 3, 'fragments after that', procedure);
  });

  it('alarms a picture that does not change, and no longer when it does', async () => {
    let before = await seen();
    await set('/dev/video0', 'osd_text_mode=2');
    const frozen = await untilState('cam', 'frozen', before);
    expect(frozen).toMatchObject({ previous: 'live', reason: 'the picture does not change' });
    before = await seen();
    await set('/dev/video0', 'osd_text_mode=1');
    await untilState('cam', 'live', before);
  });

  it('captures a grabber only while it has a signal, in epochs of one format', async () => {
    expect((await rig.presence())?.sources[1]).toMatchObject({ state: 'no-signal', reason: 'HDMI 0 has no signal' });
    expect(await rig.ring('grabber')).toEqual([]);
    await set('/dev/video1', 'dv_timings_signal_mode=0');
    await untilState('grabber', 'live');
    const first = await rig.untilRing('grabber', (all) => all.length >= 3, 'the signal', procedure);
    expect(first[0]?.headers).toMatchObject({ width: 160, height: 90, frameRate: '39221/1000', gapBefore: 0 });

    let before = await seen();
    await set('/dev/video1', 'dv_timings_signal_mode=1');
    await untilState('grabber', 'no-signal', before, /^HDMI 0 has no signal$/);
    before = await seen();
    await set('/dev/video1', 'dv_timings_signal_mode=0');
    await untilState('grabber', 'live', before);
    const gap = (all: RingFragment[]) => all.some(({ headers }) => headers.gapReason === 'no-signal');
    await rig.untilRing('grabber', gap, 'the gap', procedure);

    // 640x480 at 59.94/s
    await set('/dev/video1', 'dv_timings=0,dv_timings_signal_mode=4');
    const rate = ({ headers }: RingFragment) => headers.frameRate;
    const ring = await rig.untilRing('grabber', (all) => all.filter((one) => rate(one) === '60000/1001').length >= 2, 'the other signal', procedure); // prettier-ignore
    await set('/dev/video1', 'dv_timings_signal_mode=1');
    const epochs = new Map(ring.map((one) => [one.headers.epoch, rate(one)]));
    expect([...epochs.values()].at(-1)).toBe('60000/1001');
    expect([...epochs.values()].slice(0, -1)).toEqual(['39221/1000']);
    const [changed] = (await rig.events('capture-edge.source.format-changed')).filter(
      ({ sourceId }) => sourceId === 'grabber',
    );
    expect(changed).toMatchObject({ epoch: [...epochs.keys()].at(-1), frameRate: '60000/1001' });
    for (const file of await rig.files(ring))
      expect(await decodeFrames(file, ({ width, height }) => void expect([width, height]).toEqual([160, 90]))).toBeGreaterThan(10); // prettier-ignore
  });

  it.each([
    ['does not exist', { url: '/dev/video9' }, /^there is no device \/dev\/video9; found: \/dev\/video0 \(vivid\), /],
    [
      'is in use',
      { url: '/dev/video0' },
      /^\/dev\/video0 \(vivid\) is in use by another program; wanted 320x180 at 15\/s$/,
    ],
    ['is none', { url: '/dev/null' }, /^\/dev\/null captures no video$/],
    [
      'does not offer that',
      { url: '/dev/video2', width: 1920, height: 1080 },
      /^\/dev\/video2 \(vivid\) does not offer 1920x1080 at 15\/s; it offers 320x180 at 60, .*1920x1080 at 5, 4, 2, 1 \(YUYV, /,
    ],
  ])('says so when a device %s', async (_, job, message) => {
    expect(await failure({ ...camera, ...job })).toMatch(message);
  });

  it('takes a picture of a device that no source captures from, and lets go of it', async () => {
    // 100 % red, then blue
    for (const [pattern, colour] of [
      [7, [76, 85, 255]],
      [9, [29, 255, 107]],
    ] as const) {
      await set('/dev/video2', `osd_text_mode=2,test_pattern=${pattern}`);
      const { jpeg, ...facts } = DevicePicture.parse(await picture({ path: '/dev/video2', ...CAMERA }));
      expect(facts).toMatchObject({ width: 320, height: 180, pixelFormat: 'YUYV' });
      expect(facts.firstPictureMs).toBeLessThan(5000);
      const { size, middle } = await decodeJpeg(jpeg);
      expect(size).toEqual([320, 180]);
      for (const [i, value] of colour.entries()) expect(Math.abs((middle[i] ?? NaN) - value)).toBeLessThan(8);
    }
    expect(DevicesReply.parse(await listDevices()).devices[2]).toMatchObject({ path: '/dev/video2', busy: false });
  });

  it.each([
    ['is in use', { path: '/dev/video0' }, 'device-busy', /^\/dev\/video0 \(vivid\) is in use by another program/],
    ['has no signal', { path: '/dev/video1' }, 'device-no-signal', /^\/dev\/video1 \(vivid\): HDMI 0 has no signal$/],
    ['is not there', { path: '/dev/video9' }, 'device-missing', /^there is no device \/dev\/video9; found: /],
    ['does not offer that', { path: '/dev/video2', width: 1920, height: 1080 }, 'mode-not-offered', /does not offer 1920x1080 at 15\/s/], // prettier-ignore
    ['delivers nothing', { path: '/dev/video2', lost: 100 }, 'device-silent', /^\/dev\/video2 \(vivid\) delivered no picture within 5000 ms$/], // prettier-ignore
  ])('says so when the device of a picture %s', async (_, fault: { path: string; lost?: number }, code, message) => {
    const { lost = 0, ...wish } = fault;
    await set('/dev/video2', `percentage_of_dropped_buffers=${lost}`);
    const refused = picture({ ...CAMERA, ...wish });
    await expect(refused).rejects.toMatchObject({ code, message: expect.stringMatching(message) as string });
    await set('/dev/video2', 'percentage_of_dropped_buffers=0');
  });

  it('alarms a device that is unplugged, and takes it again', async () => {
    const before = await seen();
    const driver = '/sys/bus/platform/drivers/vivid';
    await machine.run(`echo vivid.0 >${driver}/unbind`);
    await untilState('cam', 'offline', before, /^\/dev\/video0 \(vivid\) has been unplugged$/);
    const there = () => rig.presence().then((presence) => presence?.sources[0]?.reason);
    await until(async () => (await there()) === 'there is no device /dev/video0; found: none', SLOW);
    await machine.run(`echo vivid.0 >${driver}/bind; v4l2-ctl -d /dev/video1 -c dv_timings_signal_mode=1`);
    const epochs = (all: RingFragment[]) => [...new Set(all.map(({ headers }) => headers.epoch))];
    const ring = await rig.untilRing('cam', (all) => epochs(all).length >= 2, 'another epoch', procedure);
    const head = ring.find(({ headers }) => headers.epoch === epochs(ring)[1]);
    expect(head?.headers).toMatchObject({ sequence: 0, gapReason: 'source-restarted' });
    expect(head?.headers.gapBefore).toBeGreaterThan(TIMESCALE / 2);
    await untilState('cam', 'live', before);
  });
});

const listDevices = (): Promise<unknown> => askProcess('list-devices', null);
const picture = (wish: object): Promise<unknown> => askProcess('take-device-picture', wish);

/** What the service's own process for that answers, or its error. */
async function askProcess(module: 'list-devices' | 'take-device-picture', request: unknown): Promise<unknown> {
  const child = machine.fork(module);
  const answer = Promise.withResolvers<unknown>();
  child.onMessage((message) => {
    const { type, result, error } = message as { type: string; result?: unknown; error?: { message: string } };
    if (type === 'ready') child.send({ type: 'run', request });
    else if (type === 'done') answer.resolve(result);
    else answer.reject(Object.assign(new Error(error?.message), error));
  });
  void child.exited.then((how) => answer.reject(new Error(how)));
  return answer.promise.finally(() => child.kill());
}

/** Why a capture process gives up. */
async function failure(job: object): Promise<string> {
  const child = machine.fork('capture', [JSON.stringify(job)]);
  let said = '';
  child.onMessage((message) => {
    const { type, message: why } = message as FromWorker & { message?: string };
    if (type === 'failed') said = why ?? '';
  });
  const how = await child.exited;
  return said === '' ? how : said;
}
