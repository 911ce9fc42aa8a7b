import { ClipDetail, ClipView, PrepareAgain, StationView } from '@smartbox/contracts';
import { newId } from '@smartbox/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { piecesOf } from '../src/domain/search-text.ts';
import {
  drained,
  ok,
  settings,
  startCatalog,
  startEmergency,
  startServers,
  tell,
  type Catalog,
  type Servers,
} from './catalog.ts';
import { eventsOfClip, eventsOfStill, type Happened } from './clip-story.ts';

let servers: Servers;
let catalog: Catalog;

beforeAll(async () => {
  servers = await startServers();
  catalog = await startCatalog(settings(servers));
});
afterAll(async () => {
  await catalog?.close();
  await servers?.stop();
});

describe('clips', () => {
  it('are saved once however often the button is pressed', async () => {
    const { procedureId } = await startEmergency(catalog);
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
    await startEmergency(catalog);
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
    const { procedureId } = await startEmergency(catalog);
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
    await catalog.applied(
      await tell(catalog.config, eventsOfStill({ clipId: stillId, sources: ['cam-a'], procedureId })),
    );
    expect(ok(await catalog.send('GET', `/clips/${stillId}`))).toMatchObject({
      state: 'saved',
      sources: [{ sourceId: 'cam-a', frames: 1, durationMs: 0, width: 1280 }],
    });
    ok(await catalog.send('POST', '/stations/or-1/markers', { markerId: newId(), label: 'Zökum' }), 202);
    await drained(catalog);

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

  it('that could not be prepared are prepared again, from what was saved', async () => {
    const { procedureId, recipe } = await startEmergency(catalog);
    const clipId = newId();
    const story = eventsOfClip({ clipId, sources: ['cam-a'], destinations: ['pacs'], procedureId });
    const [saved] = story;
    if (!saved) throw new Error('no story');
    const origin = { kind: 'clip', id: clipId, sourceId: 'cam-a' };
    const failed: Happened = {
      name: 'transcoder.rendition.failed',
      id: `${clipId}/failed`,
      time: new Date().toISOString(),
      data: { origin, what: 'pacs', code: 'media-error', reason: 'the disk was full' },
    };
    await catalog.applied(await tell(catalog.config, [saved, failed]));
    const dead = ClipDetail.parse(ok(await catalog.send('GET', `/clips/${clipId}`)));
    expect(dead).toMatchObject({ state: 'failed', failure: { code: 'media-error' } });

    ok(await catalog.send('POST', `/clips/${clipId}/retry`), 202);
    const [command] = await catalog.database.prisma.outbox.findMany({ where: { name: 'transcoder.prepare-again' } });
    const { clip } = PrepareAgain.parse(command?.data);
    expect(clip).toEqual({ ...(saved.data as object), recipe });
  });

  it('are found by size and by whether they are complete', async () => {
    const [whole, short] = [newId(), newId()];
    const story = eventsOfClip({ clipId: whole, sources: ['cam-a'], destinations: ['pacs'] });
    const cut = eventsOfClip({ clipId: short, sources: ['cam-a', 'cam-b'], destinations: ['pacs'] });
    Object.assign(cut[0]?.data as object, { truncated: true });
    await catalog.applied(await tell(catalog.config, [...story.slice(0, 1), ...cut.slice(0, 1)]));
    const found = async (query: string) => {
      const { items } = ok<{ items: ClipView[] }>(await catalog.send('GET', `/clips?limit=200&${query}`));
      return items.map((clip) => clip.clipId).filter((clipId) => clipId === whole || clipId === short);
    };
    expect(await found('quality=complete')).toEqual([whole]);
    expect(await found('quality=incomplete')).toEqual([short]);
    expect(await found('minBytes=1001')).toEqual([short]);
    expect(await found('maxBytes=1000')).toEqual([whole]);
  });

  it('are found by parts of words; by what is very short, at the beginning of a word', async () => {
    await startEmergency(catalog);
    const clipId = newId();
    ok(await catalog.send('POST', '/clips', { clipId, stationId: 'or-1', description: 'Ng Ösophagus 50%_x' }), 202);
    const found = async (q: string) => {
      const path = `/clips?q=${encodeURIComponent(q)}`;
      return ok<{ items: ClipView[] }>(await catalog.send('GET', path)).items.some((clip) => clip.clipId === clipId);
    };
    expect(await Promise.all(['ng', 'NG öso', 'sophag', '50%_', 'n'].map(found))).toEqual([
      true,
      true,
      true,
      true,
      true,
    ]);
    expect(await Promise.all(['gu', '%%', '0__x', 'ng nowhere'].map(found))).toEqual([false, false, false, false]);
  });

  it('are listed page by page while new ones arrive, and exported without formulas', async () => {
    await startEmergency(catalog);
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

  it('are found however far back they lie, page by page, in every order', async () => {
    const many = 6000;
    const rows = Array.from({ length: many }, (_, n) => {
      const rare = n >= many - 5;
      const search = rare
        ? ` selten rara p-${n} a2026-${String(n).padStart(6, '0')} bogenförmig`
        : ` häufig anna p-${n} a2026-${String(n).padStart(6, '0')} bogen`;
      return {
        clipId: newId(),
        kind: 'clip',
        state: 'archived',
        stationId: 'or-1',
        procedureId: '01HZZZZZZZZZZZZZZZZZZZZZP2',
        patientName: rare ? 'Selten^Rara' : 'Häufig^Anna',
        patientId: `P-${n}`,
        search,
        pieces: piecesOf(search),
        // The rare ones are the oldest, and neither the longest nor the largest.
        requestedAt: new Date(Date.UTC(2020, 0, 1) - n * 1000),
        savedMs: rare ? 1 : 1000 + n,
        bytes: rare ? 1n : BigInt(1000 + n),
      };
    });
    await catalog.database.prisma.clip.createMany({ data: rows });
    const rare = rows.slice(-5).map((row) => row.clipId);
    const all = async (query: string) => {
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const path: string = `/clips?${query}&limit=2${cursor === undefined ? '' : `&cursor=${cursor}`}`;
        const page = ok<{ items: ClipView[]; nextCursor?: string }>(await catalog.send('GET', path));
        seen.push(...page.items.map((clip) => clip.clipId));
        cursor = page.nextCursor;
      } while (cursor !== undefined);
      return seen;
    };
    expect(await all('q=selten')).toEqual(rare);
    expect(await all('q=rara%20selten&sort=requestedAt')).toEqual(rare.toReversed());
    expect((await all('patient=Selten%5ERara&sort=-size')).toSorted()).toEqual(rare.toSorted());
    expect((await all('q=ra&sort=-duration')).toSorted()).toEqual(rare.toSorted());
    expect(await all('q=selten%20anna')).toEqual([]);
    expect(await all('patient=P-5999')).toEqual(rare.slice(-1));
    // Long words by their pieces: whole, from their middle, with others, and where only the pieces are there.
    expect(await all('q=a2026-005999')).toEqual(rare.slice(-1));
    expect(await all('q=rara%202026-00599')).toEqual(rare);
    expect(await all('q=ogenf%C3%B6rm%20RARA')).toEqual(rare);
    expect(await all('q=bogenf%C3%B6rmig%20h%C3%A4ufig')).toEqual([]);
    expect(await all('q=bogenf%C3%B6rmig-bogenf%C3%B6rmig')).toEqual([]);
    expect(await all('q=%25%25%25%25%25%25%25')).toEqual([]);
    expect(await all('q=______%5C_')).toEqual([]);
  });
});
