import 'reflect-metadata';
import { createHash } from 'node:crypto';
import { EditView, ExportView, FeedMessage, PreviewFrameRequest, QualityView } from '@smartbox/contracts';
import { newId } from '@smartbox/kernel';
import { Messaging } from '@smartbox/messaging';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drained, objectStore, ok, type Catalog } from './catalog.ts';
import { factsOf, FilmRig } from './film-rig.ts';

let rig: FilmRig;
let catalog: Catalog;
let clipId: string;
let procedureId: string;

beforeAll(async () => {
  rig = await FilmRig.start();
  ({ catalog, clipId, procedureId } = rig);
});
afterAll(() => rig?.close());

const edits = () => `/clips/${clipId}/edits`;

const cut = (renditionId: string) => ({
  manifestKey: `clips/${clipId}/cam-a/renditions/${renditionId}/manifest.json`,
  frames: 60,
  copiedFrames: 45,
  reencodedFrames: 15,
  durationMs: 2000,
  audio: false,
});
const summary = {
  psnr: { average: 30.5, min: 28 },
  ssim: { average: 0.99, min: 0.98 },
  xpsnr: { average: null, min: null },
  frames: { reference: 15, distorted: 15, compared: 15 },
  identicalFrames: 0,
  repeatedFrames: 0,
  blackFrames: 0,
  worstFrame: 3,
  thresholds: { psnr: 35, ssim: 0.95 },
  passed: false,
  notes: ['PSNR is 30.5 dB, below 35 dB'],
};

describe('edits', () => {
  const renditionId = newId();
  const body = {
    renditionId,
    sources: [{ sourceId: 'cam-a' }],
    steps: [{ kind: 'trim', from: 100, to: 160 }],
    enhance: { recipe: 'surgery', parameters: { gamma: 1.2 } },
    name: 'Müller, polyp',
    destinations: ['pacs'],
  };

  it('become one durable command, without the name that people gave them', async () => {
    const view = EditView.parse(ok(await catalog.send('POST', edits(), body), 202));
    expect(view).toMatchObject({ renditionId, state: 'waiting', percent: 0, name: 'Müller, polyp', steps: body.steps });
    ok(await catalog.send('POST', edits(), body), 202);
    await drained(catalog);
    const [command, ...more] = await rig.commands('transcoder.edit-clip');
    expect(more).toEqual([]);
    expect(command).toMatchObject({
      renditionId,
      origin: { id: clipId, sourceId: 'cam-a', procedureId, recipe: { name: 'endoscopy' }, durationMs: 120_000 },
      sources: [{ clipId, sourceId: 'cam-a', key: `clips/${clipId}/cam-a/source.mp4`, frames: 3600 }],
      destinations: ['pacs'],
    });
    expect(JSON.stringify(command)).not.toContain('Müller');
    const other = await catalog.send('POST', edits(), { ...body, steps: [] });
    expect(other).toMatchObject({ status: 409, body: { code: 'id-in-use' } });
  });

  it('are refused at once where the timeline refuses them', async () => {
    const wrong = { ...body, renditionId: newId(), steps: [{ kind: 'trim', from: 0, to: 3601 }] };
    const refused = await catalog.send('POST', edits(), wrong);
    expect(refused).toMatchObject({ status: 422, body: { code: 'bad-frame-range' } });
    expect((refused.body as { detail: string }).detail).toContain('3600 frames');
    const foreign = { ...body, renditionId: newId(), sources: [{ sourceId: 'cam-x' }] };
    expect(await catalog.send('POST', edits(), foreign)).toMatchObject({ status: 409, body: { code: 'not-saved' } });
    const empty = { ...body, renditionId: newId(), steps: [{ kind: 'trim', from: 9, to: 9 }] };
    expect(await catalog.send('POST', edits(), empty)).toMatchObject({ status: 400 });
  });

  it('show their progress, also on the feed, then the film, its proof and its quality', async () => {
    const feed = new AbortController();
    const stream = await catalog.get('/api/v1/feed', { signal: feed.signal });
    await rig.heard('transcoder.job.progressed', renditionId, { rendition: 'edit', percent: 40, remainingMs: 9000 });
    const [running] = (ok(await catalog.send('GET', edits())) as { items: unknown[] }).items.map((e) =>
      EditView.parse(e),
    );
    expect(running).toMatchObject({ state: 'running', percent: 40, remainingMs: 9000 });
    let text = '';
    for await (const chunk of stream.body ?? []) {
      text += Buffer.from(chunk).toString('utf8');
      if (text.includes('event: edit')) break;
    }
    feed.abort();
    const line = text.slice(text.indexOf('event: edit')).split('\n').find((each) => each.startsWith('data: ')); // prettier-ignore
    expect(FeedMessage.parse(JSON.parse(line?.slice(6) ?? ''))).toMatchObject({ kind: 'edit', edit: { percent: 40 } });

    const film = Buffer.from('the film '.repeat(100));
    await rig.made(renditionId, 'edit', film, { cut: cut(renditionId), notes: ['said'] });
    const report = { ...summary, curve: [{ frame: 3, psnr: 28, ssim: 0.98, xpsnr: null }], scenes: [] };
    const reportKey = `clips/${clipId}/cam-a/renditions/${renditionId}/quality.json`;
    await objectStore(catalog.config).putJson(reportKey, report);
    const stored = { reportKey, reportBytes: 1, reportSha256: 'a'.repeat(64), summary };
    await rig.heard('transcoder.quality.measured', renditionId, {
      qualityId: renditionId,
      rendition: 'edit',
      ...stored,
    });
    const warning = { qualityId: renditionId, rendition: 'edit', code: 'quality-low', reason: summary.notes[0] };
    await rig.heard('transcoder.quality.warned', renditionId, warning);

    const [ready] = (ok(await catalog.send('GET', edits())) as { items: unknown[] }).items.map((e) =>
      EditView.parse(e),
    );
    expect(ready).toMatchObject({
      state: 'ready',
      percent: 100,
      copiedFrames: 45,
      reencodedFrames: 15,
      notes: ['said'],
    });
    const part = await catalog.get(ready?.videoUrl ?? '', { headers: { Range: 'bytes=4-7' } });
    expect([part.status, await part.text()]).toEqual([206, 'film']);
    const quality = ok(await catalog.send('GET', `/clips/${clipId}/quality`)) as { items: unknown[] };
    expect(QualityView.parse(quality.items[0])).toMatchObject({ warning: { code: 'quality-low' }, summary });
    expect(await (await catalog.get(ready?.qualityUrl ?? '')).json()).toEqual(report);
    const alarms = ok(await catalog.send('GET', '/alarms')) as { items: { code: string }[] };
    expect(alarms.items.map(({ code }) => code)).toContain('quality-low');
    // the clip itself is untouched by all that
    expect(ok(await catalog.send('GET', `/clips/${clipId}`))).toMatchObject({ state: 'saved', renditions: [] });
  });

  it('are cancelled', async () => {
    const second = newId();
    ok(await catalog.send('POST', edits(), { ...body, renditionId: second }), 202);
    const stopping = ok(await catalog.send('POST', `${edits()}/${second}/cancel`), 202) as { state: string };
    expect(stopping.state).toBe('stopping');
    const sent = await rig.commands('transcoder.cancel-job');
    expect(sent).toEqual([{ clipId, renditionId: second }]);
    await rig.heard('transcoder.rendition.failed', second, {
      what: 'edit',
      code: 'cancelled',
      reason: 'the job was cancelled',
    });
    const all = (ok(await catalog.send('GET', edits())) as { items: EditView[] }).items;
    expect(all.find((each) => each.renditionId === second)?.state).toBe('cancelled');
    ok(await catalog.send('POST', `${edits()}/${second}/cancel`), 202);
    expect(await rig.commands('transcoder.cancel-job')).toHaveLength(1);
  });
});

describe('exports', () => {
  const exportId = newId();
  const exports = () => `/clips/${clipId}/exports`;

  it('are one command for several profiles; what is hidden is audited', async () => {
    const redactions = [{ how: 'blur', region: { x: 0, y: 0, width: 0.5, height: 0.5 } }];
    const body = { exportId, profiles: ['mobile', 'archive'], of: { sourceId: 'cam-a' }, redactions };
    const { items } = ok(await catalog.send('POST', exports(), body), 202) as { items: unknown[] };
    expect(items.map((item) => ExportView.parse(item).profile)).toEqual(['mobile', 'archive']);
    ok(await catalog.send('POST', exports(), body), 202);
    expect(await rig.commands('transcoder.export-clip')).toMatchObject([{ exportId, redactions, outputs: [{ profile: 'mobile' }, { profile: 'archive' }] }]); // prettier-ignore
    const audit = ok(await catalog.send('GET', `/clips/${clipId}/audit`)) as {
      items: { action: string; detail: object }[];
    };
    expect(audit.items.find(({ action }) => action === 'clip.export')?.detail).toMatchObject({ redactions });
    const original = { ...body, exportId: newId(), profiles: ['original'] };
    expect(await catalog.send('POST', exports(), original)).toMatchObject({ status: 422, body: { code: 'redaction-impossible' } }); // prettier-ignore
  });

  it('are saved under a name without the patient, go on where a download broke, and are audited', async () => {
    const { items } = ok(await catalog.send('GET', exports())) as { items: ExportView[] };
    const mobile = items.find(({ profile }) => profile === 'mobile');
    await rig.made(mobile?.renditionId ?? '', 'export', Buffer.from('0123456789'), {
      profile: 'mobile',
      lossless: false,
    });
    const url = `/api/v1${exports()}/${mobile?.renditionId}/file`;
    const whole = await catalog.get(url);
    expect(whole.headers.get('content-disposition')).toBe(`attachment; filename="smartbox-${clipId}-mobile.mp4"`);
    const etag = whole.headers.get('etag') ?? '';
    expect(await whole.text()).toBe('0123456789');
    const rest = await catalog.get(url, { headers: { Range: 'bytes=6-', 'If-Range': etag } });
    expect([rest.status, await rest.text()]).toEqual([206, '6789']);
    const audit = ok(await catalog.send('GET', `/clips/${clipId}/audit`)) as { items: { action: string }[] };
    expect(audit.items.filter(({ action }) => action === 'clip.export.download')).toHaveLength(1);
  });
});

describe('copies for teaching', () => {
  it('leave only with the consent of the patient, and not any more when it is withdrawn', async () => {
    const exports = `/clips/${clipId}/exports`;
    const say = async (state: string) =>
      ok(await catalog.send('POST', `/procedures/${procedureId}/consent`, { state }));
    const body = () => ({ exportId: newId(), profiles: ['mobile'], of: { sourceId: 'cam-a' }, purpose: 'teaching' });
    for (const state of ['unknown', 'refused', 'withdrawn']) {
      await say(state);
      expect(await catalog.send('POST', exports, body())).toMatchObject({
        status: 409,
        body: { code: 'consent-needed' },
      });
    }
    await say('given');
    const { items } = ok(await catalog.send('POST', exports, body()), 202) as { items: ExportView[] };
    const [one] = items;
    expect(one).toMatchObject({ purpose: 'teaching' });
    await rig.made(one?.renditionId ?? '', 'export', Buffer.from('lesson'), { profile: 'mobile', lossless: false });
    const file = `/api/v1${exports}/${one?.renditionId}/file`;
    expect(await (await catalog.get(file)).text()).toBe('lesson');
    await say('withdrawn');
    expect((await catalog.get(file)).status).toBe(409);
    const sendOn = (what: string, to: object) => catalog.send('POST', `${exports}/${one?.renditionId}/${what}`, to);
    const denied = { status: 409, body: { code: 'consent-needed' } };
    expect(await sendOn('archive', { destinations: ['pacs'] })).toMatchObject(denied);
    expect(await sendOn('copies', { copyId: newId(), target: 'share' })).toMatchObject(denied);
    // those who treat the patient get theirs
    ok(await catalog.send('POST', exports, { ...body(), purpose: 'care' }), 202);
  });
});

describe('a preview', () => {
  it('is asked of the transcoder with the very settings', async () => {
    const transcoder = await Messaging.connect({ service: 'transcoder', ...catalog.config.nats });
    const asked: unknown[] = [];
    transcoder.serve('transcoder.preview-frame', (request) => {
      asked.push(PreviewFrameRequest.parse(request));
      return { jpeg: Buffer.from('a picture').toString('base64'), width: 2, height: 2, filters: 'eq=gamma=1.3' };
    });
    const at = `/api/v1/clips/${clipId}/sources/cam-a/preview`;
    const answer = await catalog.get(`${at}?frame=17&recipe=surgery&gamma=1.3&width=640`);
    expect([answer.status, answer.headers.get('content-type'), await answer.text()]).toEqual([
      200,
      'image/jpeg',
      'a picture',
    ]);
    await catalog.get(`${at}?frame=17`);
    const key = `clips/${clipId}/cam-a/source.mp4`;
    expect(asked).toEqual([
      { key, frame: 17, width: 640, redactions: [], enhance: { recipe: 'surgery', parameters: { gamma: 1.3 } } },
      { key, frame: 17, redactions: [] },
    ]);
    expect((await catalog.get(`${at}?frame=3600`)).status).toBe(422);
    expect((await catalog.get(`${at}?frame=1&gamma=9`)).status).toBe(400);
    await transcoder.close();
  });
});

describe('a frame of a film', () => {
  it('is a picture in full size, made by the transcoder and audited', async () => {
    const transcoder = await Messaging.connect({ service: 'transcoder', ...catalog.config.nats });
    const asked: unknown[] = [];
    const bytes = Buffer.from('a PNG');
    const key = `clips/${clipId}/cam-a/frames/000017.png`;
    await objectStore(catalog.config).put(key, bytes, { size: bytes.length, contentType: 'image/png' });
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    transcoder.serve('transcoder.take-frame', (request) => {
      asked.push(request);
      return { key, contentType: 'image/png', bytes: bytes.length, sha256, width: 2, height: 2 };
    });
    const at = `/api/v1/clips/${clipId}/sources/cam-a/frames`;
    const answer = await catalog.get(`${at}/17?format=png`);
    expect([answer.status, answer.headers.get('content-type'), await answer.text()]).toEqual([200, 'image/png', 'a PNG']); // prettier-ignore
    expect(answer.headers.get('content-disposition')).toBe(`attachment; filename="${clipId}-cam-a-frame-17.png"`);
    expect(asked).toEqual([{ key: `clips/${clipId}/cam-a/source.mp4`, frame: 17, format: 'png' }]);
    expect((await catalog.get(`${at}/3600`)).status).toBe(422);
    expect((await catalog.get(`${at}/17?format=bmp`)).status).toBe(400);
    const audit = await catalog.database.prisma.auditEntry.findMany({ where: { action: 'clip.frame.download' } });
    expect(audit.map(({ subject, detail }) => ({ subject, detail }))).toEqual([
      { subject: `clip/${clipId}`, detail: { sourceId: 'cam-a', frame: 17, format: 'png' } },
    ]);
    await transcoder.close();
  });

  it('becomes a still of its own, once', async () => {
    const ask = { clipId: newId(), of: { sourceId: 'cam-a' }, frame: 30, format: 'htj2k', description: 'the polyp' };
    for (let i = 0; i < 2; i++)
      expect(ok(await catalog.send('POST', `/clips/${clipId}/stills`, ask), 202)).toMatchObject({
        ...{ clipId: ask.clipId, kind: 'still', state: 'requested', procedureId, description: 'the polyp' },
      });
    const [command, ...more] = (await rig.commands('buffer.capture-still')).filter(
      (each) => each['stillId'] === ask.clipId,
    );
    expect(more).toEqual([]);
    const key = `clips/${clipId}/cam-a/source.mp4`;
    expect(command).toMatchObject({
      ...{ stillId: ask.clipId, stationId: 'or-1', procedureId, format: 'htj2k' },
      of: { clipId, sourceId: 'cam-a', key, startedAt: expect.any(String), frame: 30 },
    });
    const stills = `/clips/${clipId}/stills`;
    expect(await catalog.send('POST', stills, { ...ask, frame: 31 })).toMatchObject({ body: { code: 'id-in-use' } });
    const beyond = { ...ask, clipId: newId(), frame: 9999 };
    expect(await catalog.send('POST', stills, beyond)).toMatchObject({
      status: 422,
      body: { code: 'bad-frame-range' },
    });
  });

  it('of an edit was captured when the frame of its source was', async () => {
    const renditionId = newId();
    const steps = [{ kind: 'trim', from: 300, to: 360 }];
    ok(await catalog.send('POST', edits(), { renditionId, sources: [{ sourceId: 'cam-a' }], steps }), 202);
    await rig.made(renditionId, 'edit', Buffer.from('a film'), { cut: cut(renditionId), video: factsOf(60) });
    const ask = { clipId: newId(), of: { renditionId }, frame: 15 };
    ok(await catalog.send('POST', `/clips/${clipId}/stills`, ask), 202);
    const command = (await rig.commands('buffer.capture-still')).find((each) => each['stillId'] === ask.clipId);
    const source = await catalog.database.prisma.clipSource.findFirstOrThrow({ where: { clipId } });
    const startedAt = new Date(source.startedAt.getTime() + 10_000).toISOString(); // 300 frames of 30 per second
    const key = `clips/${clipId}/cam-a/renditions/${renditionId}/film.mp4`;
    expect(command?.['of']).toEqual({ clipId, sourceId: 'cam-a', key, startedAt, frame: 15 });
  });
});
