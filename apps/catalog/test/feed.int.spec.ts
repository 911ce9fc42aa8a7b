import {
  buckets,
  StationPresence,
  type AlarmView,
  type AuditView,
  type ClipView,
  type DevicesReply,
  type StationView,
} from '@smartbox/contracts';
import { newId, transientError } from '@smartbox/kernel';
import { Messaging } from '@smartbox/messaging';
import { until } from '@smartbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ok,
  settings,
  startCatalog,
  startEmergency,
  startServers,
  tell,
  type Catalog,
  type Servers,
} from './catalog.ts';
import { eventsOfClip, type Happened } from './clip-story.ts';

let servers: Servers;
let catalog: Catalog;
let gateway: Messaging;

/** As a station with one frame grabber and a device that it may not open answers. */
const found: DevicesReply = {
  devices: [
    {
      path: '/dev/video0',
      name: 'Grabber 4K',
      driver: 'uvcvideo',
      bus: 'usb-0000:00:14.0-4',
      busy: false,
      input: { name: 'HDMI 0', noSignal: 'HDMI 0 has no signal' },
      modes: [{ pixelFormat: 'NV12', width: 3840, height: 2160, frameRates: [{ num: 30, den: 1 }] }],
    },
  ],
  problems: ['/dev/video2 may not be opened by this user: make it a member of the group "video"'],
};

beforeAll(async () => {
  servers = await startServers();
  catalog = await startCatalog(settings(servers));
  gateway = await Messaging.connect({ service: 'pacs-gateway', ...catalog.config.nats });
});
afterAll(async () => {
  await gateway?.close();
  await catalog?.close();
  await servers?.stop();
});

describe('the feed', () => {
  it('beats each second, tells changes, resumes, and shows a room that went silent as offline', async () => {
    await startEmergency(catalog);
    const presence = await gateway.kv(buckets.stations.name, StationPresence, { history: 1 });
    const at = new Date().toISOString();
    const sources = [
      { sourceId: 'cam-a', name: 'Endoscope', kind: 'synthetic', state: 'live' as const, since: at, droppedFrames: 0 },
    ];
    const alive = { stationId: 'or-1', name: 'OR 1', at, software: 'test', windowMs: 900_000, procedureId: null };
    await presence.put('or-1', { ...alive, brokerOk: true, spooledFragments: 0, sources });

    const first = await listen();
    await first.until((m) => m.kind === 'station' && m.station.online && m.station.sources[0]?.state === 'live');
    await first.until((m) => m.kind === 'heartbeat');
    await first.until(
      (m) => m.kind === 'station' && !m.station.online && m.station.sources[0]?.state === 'offline',
      6000,
    );
    const away = await catalog.send('POST', '/stations/or-1/sources/cam-a/test');
    expect(away.body).toMatchObject({ ok: false, state: 'offline' });
    expect(await catalog.send('GET', '/stations/or-1/devices')).toMatchObject({
      status: 503,
      body: { code: 'station-silent', detail: expect.stringContaining('"or-1" does not answer') as string },
    });
    expect(await catalog.send('GET', '/stations/or-99/devices')).toMatchObject({
      status: 404,
      body: { code: 'station-unknown' },
    });
    const edge = await Messaging.connect({ service: 'capture-edge', ...catalog.config.nats });
    edge.serve('capture-edge.idr', () => ({ sources: ['cam-a'] }), { station: 'or-1' });
    const asked: string[] = [];
    edge.serve(
      'capture-edge.list-devices',
      ({ stationId }) => {
        asked.push(stationId);
        return found;
      },
      { station: 'or-1' },
    );
    await edge.flush();
    expect(await catalog.send('GET', '/stations/or-1/devices')).toMatchObject({ status: 200, body: found });
    expect(asked).toEqual(['or-1']);
    const taken = { jpeg: '/9j/2Q==', width: 1920, height: 1080, pixelFormat: 'NV12', firstPictureMs: 240 };
    edge.serve(
      'capture-edge.take-device-picture',
      ({ path, frameRate }) => {
        if (path === '/dev/video0' && frameRate === 30) return taken;
        throw transientError('device-busy', `${path} is in use by another program`);
      },
      { station: 'or-1' },
    );
    await edge.flush();
    const look = (path: string) => catalog.send('POST', '/stations/or-1/device-picture', { path });
    expect(await look('/dev/video0')).toMatchObject({ status: 200, body: taken });
    expect(await look('/dev/video2')).toMatchObject({ status: 409, body: { code: 'device-busy' } });
    expect(await look('/dev/watchdog')).toMatchObject({ status: 400 });
    const looks = await catalog.database.prisma.auditEntry.findMany({ where: { action: 'device.look' } });
    expect(looks).toMatchObject([{ stationId: 'or-1', detail: { device: '/dev/video0' } }]);
    const telling = setInterval(() => {
      // its clock is ahead by seven seconds
      const now = new Date(Date.now() + 7000).toISOString();
      const own = sources.map((source) => ({ ...source, lastFrameAt: now }));
      void presence.put('or-1', { ...alive, at: now, brokerOk: true, spooledFragments: 0, sources: own });
    }, 100);
    const there = await catalog.send('POST', '/stations/or-1/sources/cam-a/test');
    expect(there.body).toMatchObject({ ok: true, state: 'live', pictureMs: expect.any(Number) as number });
    const room = (await catalog.send('GET', '/stations/or-1')).body as StationView;
    expect(room.clockOffsetMs).toBeGreaterThan(6000);
    expect(room.clockOffsetMs).toBeLessThan(7001);
    clearInterval(telling);
    await edge.close();
    const clipId = newId();
    await catalog.send('POST', '/clips', { clipId, stationId: 'or-1' });
    await first.until((m) => m.kind === 'clip' && m.clip.clipId === clipId && m.clip.state === 'requested');
    const story = eventsOfClip({ clipId, sources: ['cam-a'], destinations: ['pacs'] });
    await tell(catalog.config, story.slice(0, 1));
    await first.until((m) => m.kind === 'clip' && m.clip.clipId === clipId && m.clip.state === 'saved');
    first.close();
    expect(first.lastId()).toBeGreaterThan(0);

    await catalog.applied(await tell(catalog.config, story.slice(1)));
    const second = await listen(first.lastId());
    await second.until((m) => m.kind === 'clip' && m.clip.clipId === clipId && m.clip.state === 'archived');
    second.close();
  });
});

describe('alarms', () => {
  const lost = (id: string): Happened => ({
    name: 'capture-edge.source.state-changed',
    id,
    time: new Date().toISOString(),
    data: { stationId: 'or-1', sourceId: 'cam-a', state: 'no-signal', previous: 'live', reason: 'cable out' },
  });
  const alarms = async () => ok<{ items: AlarmView[] }>(await catalog.send('GET', '/alarms')).items;

  it('stand until somebody has seen them, survive a restart, and come back when they happen again', async () => {
    const screen = await listen();
    await catalog.applied(await tell(catalog.config, [lost('a1')]));
    await catalog.applied(await tell(catalog.config, [lost('a2')]));
    const [open] = await alarms();
    expect(open).toMatchObject({
      code: 'source-no-signal',
      stationId: 'or-1',
      sourceId: 'cam-a',
      times: 2,
      over: false,
    });
    expect(open?.acknowledged).toBeUndefined();
    const back = {
      ...lost('a3'),
      data: { stationId: 'or-1', sourceId: 'cam-a', state: 'live', previous: 'no-signal' },
    };
    await catalog.applied(await tell(catalog.config, [back]));
    expect((await alarms()).map(({ code, over }) => [code, over])).toEqual([['source-no-signal', true]]);

    await catalog.close();
    catalog = await startCatalog(catalog.config);
    const [kept] = await alarms();
    expect(kept?.times).toBe(2);
    const again = await listen();
    const body = { code: 'source-no-signal', stationId: 'or-1', sourceId: 'cam-a', upTo: kept?.at };
    const seen = ok<{ items: AlarmView[] }>(await catalog.send('POST', '/alarms/acknowledge', body));
    expect(seen.items[0]?.acknowledged).toMatchObject({ by: 'local' });
    await again.until((m) => m.kind === 'alarm-acknowledged');
    const audit = await catalog.database.prisma.auditEntry.findMany({ where: { action: 'alarm.acknowledge' } });
    expect(audit.map((entry) => entry.subject)).toEqual(['alarm/source-no-signal']);

    await catalog.applied(await tell(catalog.config, [lost('a4')]));
    const [fresh] = await alarms();
    expect(fresh).toMatchObject({ times: 1, over: false });
    expect(fresh?.acknowledged).toBeUndefined();
    screen.close();
    again.close();
  });
});

describe('the audit trail of a clip', () => {
  it('names what was done to it and to its procedure, and where the button was pressed', async () => {
    const { procedureId } = await startEmergency(catalog);
    const clipId = newId();
    ok(await catalog.send('POST', '/clips', { clipId, stationId: 'or-1', pressedAt: 'desk' }), 202);
    ok(await catalog.send('PATCH', `/clips/${clipId}`, { keep: true }));
    const { items } = ok<{ items: AuditView[] }>(await catalog.send('GET', `/clips/${clipId}/audit`));
    expect(items.map(({ action }) => action)).toEqual(['clip.annotate', 'clip.save', 'procedure.start']);
    expect(items[1]).toMatchObject({ actor: 'local', detail: { stationId: 'or-1', pressedAt: 'desk' } });
    expect(procedureId).toBeDefined();
    expect((await catalog.send('GET', `/clips/${newId()}/audit`)).status).toBe(404);
  });
});

type Message =
  | { kind: 'clip'; clip: ClipView }
  | { kind: 'station'; station: StationView }
  | { kind: 'heartbeat' | 'clip-removed' | 'procedure' | 'marker' | 'alarm' | 'alarm-acknowledged' };

/** A screen: reads the feed as EventSource does. */
async function listen(lastEventId?: number) {
  const leave = new AbortController();
  const headers = lastEventId === undefined ? {} : { 'Last-Event-ID': String(lastEventId) };
  const response = await catalog.get('/api/v1/feed', { signal: leave.signal, headers });
  expect(response.headers.get('content-type')).toContain('text/event-stream');
  const messages: Message[] = [];
  let id = 0;
  const read = async () => {
    let text = '';
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk as Uint8Array).toString('utf8');
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        id = Number(/^id: (\d+)$/m.exec(block)?.[1] ?? id);
        const data = /^data: (.*)$/m.exec(block)?.[1];
        if (data !== undefined) messages.push(JSON.parse(data) as Message);
      }
    }
  };
  read().catch(() => undefined);
  return {
    lastId: () => id,
    close: () => leave.abort(),
    until: (wanted: (message: Message) => boolean, timeoutMs = 10_000) =>
      until(() => messages.find(wanted), { timeoutMs, what: `a message that fits ${wanted.toString()}` }),
  };
}
