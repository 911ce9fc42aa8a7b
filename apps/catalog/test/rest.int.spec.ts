import { createHash, randomBytes } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import {
  buckets,
  ClipDetail,
  ClipView,
  ProcedureEntry,
  ProcedureView,
  StationPresence,
  StationProcedure,
  StationView,
  WorklistView,
  type WorklistItem,
} from '@smartbox/contracts';
import { deterministicId, newId, verifyLiveToken } from '@smartbox/kernel';
import { Messaging, type StoredEvent } from '@smartbox/messaging';
import { until } from '@smartbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { objectStore, settings, startCatalog, startServers, tell, type Catalog, type Servers } from './catalog.ts';
import { eventsOfClip } from './clip-story.ts';

let servers: Servers;
let catalog: Catalog;
let gateway: Messaging;
/** What the worklist server answers; undefined: it is away. */
let scheduled: WorklistItem[] | undefined = [];

beforeAll(async () => {
  servers = await startServers();
  catalog = await startCatalog(settings(servers));
  gateway = await Messaging.connect({ service: 'pacs-gateway', ...catalog.config.nats });
  gateway.serve('pacs-gateway.find-worklist', () => {
    if (!scheduled) throw new Error('the RIS refuses the association');
    return { items: scheduled, truncated: false };
  });
});
afterAll(async () => {
  await gateway?.close();
  await catalog?.close();
  await servers?.stop();
});

const item = (name: string, id: string): WorklistItem => ({
  itemId: deterministicId('item', id),
  patient: { name, id, birthDate: '19600229', sex: 'F' },
  accessionNumber: `A-${id}`,
  studyInstanceUid: '1.2.276.0.1',
  scheduledProcedureStepDescription: 'Koloskopie',
  scheduledAt: '2026-11-23T08:00:00',
});
const ok = <T>(answer: { status: number; body: T }, status = 200): T => {
  expect(answer.status, JSON.stringify(answer.body)).toBe(status);
  return answer.body;
};
async function startEmergency(): Promise<ProcedureView> {
  return ProcedureView.parse(ok(await catalog.send('POST', '/procedures', { stationId: 'or-1', emergency: {} }), 201));
}
async function drained(): Promise<void> {
  await until(async () => (await catalog.database.prisma.outbox.count({ where: { publishedAt: null } })) === 0);
}
async function stored(names: string[]): Promise<StoredEvent[]> {
  const found: StoredEvent[] = [];
  for await (const event of gateway.readEvents({ fromSequence: 1, follow: false })) {
    if (event.name && names.includes(event.name)) found.push(event);
  }
  return found;
}

describe('procedures', () => {
  it('start from the worklist, which is kept for when the RIS is away', async () => {
    const hostile = '=cmd|/C calc!A0^<img src=x onerror=alert(1)>';
    scheduled = [item('Müller^Änne', 'P-1'), item(hostile, 'P-2')];
    const fresh = WorklistView.parse(ok(await catalog.send('GET', '/worklist?station=or-1')));
    expect(fresh).toMatchObject({ stale: false, items: [{ patient: { id: 'P-1' } }, { patient: { name: hostile } }] });
    const found = WorklistView.parse(ok(await catalog.send('GET', '/worklist?station=or-1&q=m%C3%BCl%20p-1')));
    expect(found.items.map((i) => i.patient.id)).toEqual(['P-1']);

    scheduled = undefined;
    const stale = WorklistView.parse(ok(await catalog.send('GET', '/worklist?station=or-1')));
    expect(stale).toMatchObject({ stale: true, asOf: found.asOf, items: [{ patient: { id: 'P-1' } }, {}] });
    expect(stale.reason).toMatch(/find-worklist/);

    const body = { stationId: 'or-1', worklistItemId: item('', 'P-1').itemId };
    const started = ProcedureView.parse(ok(await catalog.send('POST', '/procedures', body), 201));
    expect(started).toMatchObject({
      patient: { name: 'Müller^Änne', id: 'P-1', birthDate: '19600229', sex: 'F' },
      accessionNumber: 'A-P-1',
      description: 'Koloskopie',
      emergency: false,
      version: 1,
    });
    // A second press is the same procedure, not the end of it.
    const again = ProcedureView.parse(ok(await catalog.send('POST', '/procedures', body), 201));
    expect(again.procedureId).toBe(started.procedureId);
  });

  it('end the one before, and say so in order: events, then the KV entries', async () => {
    const first = await startEmergency();
    const second = await startEmergency();
    expect(second.patient.id).not.toBe(first.patient.id);
    expect(second.patient).toMatchObject({ name: expect.stringMatching(/^Notfall\^OR 1\^\d{4}$/) as string });
    expect(second.patient.id).toMatch(/^NOTFALL-\d{8}-\d+$/);
    await drained();
    const told = await stored(['catalog.procedure.started', 'catalog.procedure.ended']);
    const about = told.map((e) => [e.name, (e.event?.data as { procedureId: string }).procedureId]);
    expect(about.slice(-3)).toEqual([
      ['catalog.procedure.started', first.procedureId],
      ['catalog.procedure.ended', first.procedureId],
      ['catalog.procedure.started', second.procedureId],
    ]);
    expect(JSON.stringify(told)).not.toContain('NOTFALL');
    const running = await (await gateway.kv(buckets.procedures.name, StationProcedure)).get('station.or-1');
    expect(running?.value.procedureId).toBe(second.procedureId);
    const entries = await gateway.kv(buckets.procedures.name, ProcedureEntry);
    expect((await entries.get(`procedure.${first.procedureId}`))?.value.endedAt).toBeDefined();

    const ended = ProcedureView.parse(ok(await catalog.send('POST', `/procedures/${second.procedureId}/end`)));
    expect(ended.endedAt).toBeDefined();
    const twice = ProcedureView.parse(ok(await catalog.send('POST', `/procedures/${second.procedureId}/end`)));
    expect(twice.endedAt).toBe(ended.endedAt);
    await drained();
    const free = await (await gateway.kv(buckets.procedures.name, StationProcedure)).get('station.or-1');
    expect(free?.value.procedureId).toBeNull();
  });

  it('are corrected: a new version and study, the clips carry the right patient, the dicomizer is told', async () => {
    const procedure = await startEmergency();
    const { procedureId } = procedure;
    const clipId = newId();
    await catalog.send('POST', '/clips', { clipId, stationId: 'or-1' });
    const before = await gateway.call('catalog.get-procedure', { procedureId });
    await catalog.applied(
      await tell(catalog.config, eventsOfClip({ clipId, sources: ['cam-a'], destinations: ['pacs'], procedureId })),
    );
    const sent = ClipView.parse(ok(await catalog.send('GET', `/clips/${clipId}`)));
    expect(sent.state).toBe('archived');

    const change = { worklistItemId: item('', 'P-1').itemId, reason: 'identified' };
    const corrected = ProcedureView.parse(ok(await catalog.send('PATCH', `/procedures/${procedureId}`, change)));
    expect(corrected).toMatchObject({ version: 2, emergency: false, patient: { id: 'P-1' } });
    const after = await gateway.call('catalog.get-procedure', { procedureId });
    expect([before.version, after.version]).toEqual([1, 2]);
    expect(after.study.studyInstanceUid).toBe('1.2.276.0.1');
    expect(before.study.studyInstanceUid).not.toBe(after.study.studyInstanceUid);

    const clip = ClipView.parse(ok(await catalog.send('GET', `/clips/${clipId}`)));
    expect(clip.patient.id).toBe('P-1');
    // The archive holds objects of the wrong patient: that is not "archived".
    expect(clip.state).toBe('prepared');
    await drained();
    const [told] = (await stored(['catalog.procedure.corrected'])).slice(-1);
    expect(told?.event?.data).toEqual({ procedureId, stationId: 'or-1', version: 2 });
    const audits = await catalog.database.prisma.auditEntry.findMany({
      where: { subject: `procedure/${procedureId}` },
    });
    expect(audits.map((a) => a.action)).toContain('procedure.correct');

    const renewed = eventsOfClip({
      clipId,
      sources: ['cam-a'],
      destinations: ['pacs'],
      procedureId,
      procedureVersion: 2,
    });
    const anew = renewed.filter((e) => e.name === 'dicomizer.instance.created' || e.name.startsWith('pacs-gateway'));
    const fresh = anew.map((e) => ({ ...e, id: `${e.id}/v2` }));
    await catalog.applied(await tell(catalog.config, fresh));
    expect(ClipView.parse(ok(await catalog.send('GET', `/clips/${clipId}`))).state).toBe('archived');
  });
});

describe('clips', () => {
  it('are saved once however often the button is pressed', async () => {
    const { procedureId } = await startEmergency();
    const clipId = newId();
    const body = { clipId, stationId: 'or-1', sources: ['cam-a'], lastSeconds: 60, description: 'Polyp' };
    const answers = await Promise.all(Array.from({ length: 5 }, () => catalog.send('POST', '/clips', body)));
    for (const answer of answers) {
      expect(ClipView.parse(ok(answer, 202))).toMatchObject({
        clipId,
        state: 'requested',
        procedureId,
        requestedMs: 60_000,
      });
    }
    const commands = await catalog.database.prisma.outbox.findMany({ where: { name: 'buffer.save-clip' } });
    expect(commands.filter((c) => (c.data as { clipId: string }).clipId === clipId)).toHaveLength(1);
    const other = await catalog.send('POST', '/clips', { ...body, lastSeconds: 30 });
    expect(ok<{ code: string }>(other, 409).code).toBe('id-in-use');
    // Even when the procedure has ended meanwhile.
    await catalog.send('POST', `/procedures/${procedureId}/end`);
    expect((await catalog.send('POST', '/clips', body)).status).toBe(202);
  });

  it('refuse what cannot be, quoting it', async () => {
    const problem = async (method: string, path: string, body?: unknown) => {
      const answer = await catalog.send(method, path, body);
      return {
        status: answer.status,
        ...(answer.body as { code: string; detail: string; errors?: { path: string; message: string }[] }),
      };
    };
    const none = await problem('POST', '/clips', { clipId: newId(), stationId: 'or-1' });
    expect(none).toMatchObject({ status: 409, code: 'no-procedure' });
    await startEmergency();
    const unknown = await problem('POST', '/clips', { clipId: newId(), stationId: 'or-9' });
    expect(unknown).toMatchObject({
      status: 404,
      code: 'station-unknown',
      detail: expect.stringContaining('"or-9"') as string,
    });
    const source = await problem('POST', '/clips', { clipId: newId(), stationId: 'or-1', sources: ['cam-z'] });
    expect(source).toMatchObject({
      status: 422,
      code: 'source-unknown',
      detail: expect.stringContaining('cam-a, cam-b') as string,
    });
    const [from, to] = [new Date().toISOString(), new Date(Date.now() + 3_600_000).toISOString()];
    const future = await problem('POST', '/clips', { clipId: newId(), stationId: 'or-1', from, to });
    expect(future).toMatchObject({
      status: 422,
      code: 'range-in-future',
      detail: expect.stringContaining(to) as string,
    });
    const wrong = await problem('POST', '/clips', { clipId: 'nonsense', stationId: 'OR 1', lastSeconds: 0 });
    expect(wrong).toMatchObject({ status: 400, code: 'invalid-request' });
    expect(wrong.errors?.map((e) => e.path)).toEqual(['body.clipId', 'body.stationId', 'body.lastSeconds']);
    expect(wrong.errors?.[0]?.message).toContain('"nonsense"');
    expect(await problem('GET', '/clips?cursor=abc')).toMatchObject({ status: 400, code: 'invalid-cursor' });
    expect(await problem('GET', `/clips/${newId()}`)).toMatchObject({ status: 404, code: 'clip-not-found' });
    expect(await problem('POST', `/clips/${newId()}/retry`)).toMatchObject({ status: 404 });
    const large = await catalog.get('/api/v1/clips', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ description: 'x'.repeat(1_100_000) }),
    });
    expect(large.status).toBe(413);
    expect(large.headers.get('content-type')).toContain('application/problem+json');
    const broken = await catalog.get('/api/v1/clips', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: '{"clipId":',
    });
    expect([broken.status, broken.headers.get('content-type')]).toEqual([
      400,
      'application/problem+json; charset=utf-8',
    ]);
  });

  it('are recorded, kept as stills, marked, described, taken back and retried', async () => {
    await startEmergency();
    const clipId = newId();
    const recording = ClipView.parse(ok(await catalog.send('POST', '/stations/or-1/recording', { clipId }), 202));
    expect(recording).toMatchObject({ kind: 'recording', state: 'requested' });
    const busy = await catalog.send('POST', '/stations/or-1/recording', { clipId: newId() });
    expect(ok<{ code: string }>(busy, 409).code).toBe('recording-runs');
    const view = StationView.parse(ok(await catalog.send('GET', '/stations/or-1')));
    expect(view.recording?.clipId).toBe(clipId);
    expect(ClipView.parse(ok(await catalog.send('POST', '/stations/or-1/recording/stop'), 202)).clipId).toBe(clipId);
    expect(StationView.parse(ok(await catalog.send('GET', '/stations/or-1'))).recording).toBeUndefined();

    const stillId = newId();
    const still = await catalog.send('POST', '/stations/or-1/stills', { clipId: stillId, sources: ['cam-a'] });
    expect(ClipView.parse(ok(still, 202))).toMatchObject({ clipId: stillId, kind: 'still', state: 'requested' });
    ok(await catalog.send('POST', '/stations/or-1/markers', { markerId: newId(), label: 'Zökum' }), 202);
    await drained();

    const patched = ClipView.parse(
      ok(await catalog.send('PATCH', `/clips/${stillId}`, { description: 'Zökum', keep: true })),
    );
    expect(patched).toMatchObject({ description: 'Zökum', keep: true });
    const found = ok<{ items: ClipView[] }>(await catalog.send('GET', '/clips?q=z%C3%B6kum'));
    expect(found.items.map((c) => c.clipId)).toEqual([stillId]);
    expect((await catalog.send('DELETE', `/clips/${stillId}`)).status).toBe(204);
    expect((await catalog.send('GET', `/clips/${stillId}`)).status).toBe(404);

    // Given up by a destination: the retry becomes a command for exactly that delivery.
    const sentId = newId();
    const story = eventsOfClip({ clipId: sentId, sources: ['cam-a'], destinations: ['pacs'], trouble: true });
    const failed = story.slice(0, story.findIndex((e) => e.name === 'pacs-gateway.delivery.failed') + 1);
    await catalog.applied(await tell(catalog.config, failed));
    const dead = ClipDetail.parse(ok(await catalog.send('GET', `/clips/${sentId}`)));
    expect(dead).toMatchObject({ state: 'failed', failure: { code: 'a900', reason: 'does not match SOP class' } });
    const queue = ok<{ items: { deliveryId: string }[] }>(await catalog.send('GET', '/deliveries?state=failed'));
    expect(queue.items[0]).toMatchObject({
      clipId: sentId,
      destination: 'pacs',
      reason: 'does not match SOP class',
      attempt: 8,
    });
    ok(await catalog.send('POST', `/clips/${sentId}/retry`), 202);
    const [command] = await catalog.database.prisma.outbox.findMany({ where: { name: 'pacs-gateway.retry-delivery' } });
    expect(command?.data).toMatchObject({ deliveryId: queue.items[0]?.deliveryId, destination: 'pacs' });
  });

  it('are listed page by page while new ones arrive, and exported without formulas', async () => {
    await startEmergency();
    const mine: string[] = [];
    const save = async () => {
      const clipId = newId();
      ok(
        await catalog.send('POST', '/clips', {
          clipId,
          stationId: 'or-1',
          description: '=HYPERLINK("http://x","paged")',
        }),
        202,
      );
      return clipId;
    };
    for (let i = 0; i < 7; i++) mine.unshift(await save());
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const path: string = `/clips?q=paged&limit=3${cursor === undefined ? '' : `&cursor=${cursor}`}`;
      const page = ok<{ items: ClipView[]; nextCursor?: string }>(await catalog.send('GET', path));
      seen.push(...page.items.map((clip) => clip.clipId));
      cursor = page.nextCursor;
      await save();
    } while (cursor !== undefined);
    expect(seen).toEqual(mine);
    for (const sort of ['requestedAt', '-duration', 'size']) {
      const all = ok<{ items: ClipView[] }>(await catalog.send('GET', `/clips?q=paged&sort=${sort}&limit=200`));
      expect(all.items).toHaveLength(10);
    }
    const csv = await (await catalog.get('/api/v1/clips.csv?q=paged')).text();
    expect(csv.trim().split('\r\n')).toHaveLength(11);
    expect(csv).toContain(`"'=HYPERLINK(""http://x"",""paged"")"`);
  });
});

describe('bytes', () => {
  const bytes = randomBytes(3_000_000);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  let path: string;

  beforeAll(async () => {
    const clipId = newId();
    const story = eventsOfClip({ clipId, sources: ['cam-a'], destinations: ['pacs'] });
    const saved = story[0]?.data as { sources: { key: string; bytes: number; sha256: string }[] };
    const [source] = saved.sources;
    if (!source) throw new Error('no source');
    Object.assign(source, { bytes: bytes.length, sha256 });
    await objectStore(catalog.config).put(source.key, bytes, { size: bytes.length, contentType: 'video/mp4' });
    await catalog.applied(await tell(catalog.config, story));
    path = `/api/v1/clips/${clipId}/sources/cam-a/video`;
  });

  it('come whole, by range, or not at all when they are known', async () => {
    const whole = await catalog.get(path);
    expect([whole.status, whole.headers.get('content-type'), whole.headers.get('accept-ranges')]).toEqual([
      200,
      'video/mp4',
      'bytes',
    ]);
    expect(Buffer.from(await whole.arrayBuffer()).equals(bytes)).toBe(true);
    const etag = whole.headers.get('etag') ?? '';
    expect(etag).toBe(`"${sha256}"`);

    const ranges: [string, number, number][] = [
      ['bytes=0-0', 0, 1],
      ['bytes=1000-1999', 1000, 2000],
      ['bytes=2999990-', 2_999_990, 3_000_000],
      ['bytes=-10', 2_999_990, 3_000_000],
      ['bytes=2999990-9999999', 2_999_990, 3_000_000],
    ];
    for (const [range, from, to] of ranges) {
      const part = await catalog.get(path, { headers: { Range: range } });
      expect(part.status, range).toBe(206);
      expect(part.headers.get('content-range')).toBe(`bytes ${from}-${to - 1}/3000000`);
      expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(from, to))).toBe(true);
    }
    const beyond = await catalog.get(path, { headers: { Range: 'bytes=3000000-' } });
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, 'bytes */3000000']);
    const old = await catalog.get(path, { headers: { Range: 'bytes=0-9', 'If-Range': '"other"' } });
    expect([old.status, (await old.arrayBuffer()).byteLength]).toEqual([200, 3_000_000]);
    const same = await catalog.get(path, { headers: { Range: 'bytes=0-9', 'If-Range': etag } });
    expect([same.status, (await same.arrayBuffer()).byteLength]).toEqual([206, 10]);
    expect((await catalog.get(path, { headers: { 'If-None-Match': etag } })).status).toBe(304);
    const head = await catalog.get(path, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '3000000']);
  });

  it('leave the service well when viewers go away', async () => {
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        const leave = new AbortController();
        const response = await catalog.get(path, { signal: leave.signal });
        await response.body?.getReader().read();
        leave.abort();
      }),
    );
    const after = await catalog.get(path);
    expect(Buffer.from(await after.arrayBuffer()).equals(bytes)).toBe(true);
  });
});

describe('the feed', () => {
  it('beats each second, tells changes, resumes, and shows a room that went silent as offline', async () => {
    await startEmergency();
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

describe('the door', () => {
  it('is open to this machine only', async () => {
    const ask = (headers: Record<string, string>) =>
      new Promise<number>((resolve, reject) => {
        httpRequest(`${catalog.url}/api/v1/config`, { headers }, (r) => resolve(r.resume().statusCode ?? 0))
          .on('error', reject)
          .end();
      });
    const own = new URL(catalog.url).host;
    expect(await ask({})).toBe(200);
    expect(await ask({ Host: 'evil.example' })).toBe(403);
    expect(await ask({ Host: `evil.example:${new URL(catalog.url).port}` })).toBe(403);
    expect(await ask({ Host: own, Origin: 'http://evil.example' })).toBe(403);
    expect(await ask({ Host: own, Origin: 'null' })).toBe(403);
    expect(await ask({ Host: own, Origin: 'http://127.0.0.1:1' })).toBe(403);
    expect(await ask({ Host: own, Origin: catalog.url })).toBe(200);
    expect(await ask({ Host: own, 'Sec-Fetch-Site': 'cross-site' })).toBe(403);
  });

  it('serves the web app with a strict policy, and nothing beside its folder', async () => {
    for (const path of ['/', '/recordings', '/clips/01ABC']) {
      const page = await catalog.get(path);
      expect([page.status, page.headers.get('content-type')], path).toEqual([200, 'text/html; charset=utf-8']);
      const policy = page.headers.get('content-security-policy') ?? '';
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("script-src 'self';");
      expect(policy).toContain("connect-src 'self' http://127.0.0.1:8084 ws://127.0.0.1:8084");
      expect(page.headers.get('x-content-type-options')).toBe('nosniff');
    }
    const script = await catalog.get('/assets/app-1.js');
    expect([script.status, script.headers.get('cache-control')]).toEqual([200, 'public, max-age=31536000, immutable']);
    expect((await catalog.get('/assets/none.js')).status).toBe(404);
    for (const path of ['/..%2fconfig%2frecipes%2fendoscopy.yaml', '/%2e%2e/config/stations/or-1.yaml', '/a%00b.js']) {
      expect((await catalog.get(path)).status, path).toBe(404);
    }
    expect((await catalog.get('/%zz')).status).toBeLessThan(500);
  });

  it('gives links to one live picture', async () => {
    const body = { stationId: 'or-1', sourceId: 'cam-a' };
    const grant = ok<{ whepUrl: string; hlsUrl: string; token: string }>(
      await catalog.send('POST', '/live-grants', body),
      201,
    );
    expect(grant.whepUrl).toBe('http://127.0.0.1:8084/whep/or-1/cam-a');
    expect(grant.hlsUrl).toBe('http://127.0.0.1:8084/hls/or-1/cam-a/index.m3u8');
    expect(verifyLiveToken(grant.token, catalog.config.liveTokenSecret)).toMatchObject(body);
    expect((await catalog.send('POST', '/live-grants', { ...body, sourceId: 'cam-z' })).status).toBe(422);
  });
});

type Message =
  | { kind: 'clip'; clip: ClipView }
  | { kind: 'station'; station: StationView }
  | { kind: 'heartbeat' | 'clip-removed' | 'procedure' | 'marker' | 'alarm' };

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
