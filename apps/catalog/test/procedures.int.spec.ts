import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  buckets,
  ClipView,
  ProcedureEntry,
  ProcedureView,
  StationProcedure,
  WorklistView,
  type RpcRequest,
  type WorklistItem,
} from '@smartbox/contracts';
import { deterministicId, newId } from '@smartbox/kernel';
import { Messaging, type StoredEvent } from '@smartbox/messaging';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
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
import { eventsOfClip, recipe } from './clip-story.ts';

let servers: Servers;
let catalog: Catalog;
let gateway: Messaging;
/** What the worklist server answers; undefined: it is away. */
let scheduled: WorklistItem[] | undefined = [];
let more = false;
const queries: RpcRequest<'pacs-gateway.find-worklist'>[] = [];

beforeAll(async () => {
  servers = await startServers();
  const consent = { destinations: ['teaching'], refusedKeeps: 'nothing' };
  const strict = { ...recipe, name: 'strict', destinations: ['pacs', 'teaching'], consent };
  await writeFile(join(servers.folder, 'config/recipes/strict.yaml'), stringify(strict));
  catalog = await startCatalog(settings(servers));
  gateway = await Messaging.connect({ service: 'pacs-gateway', ...catalog.config.nats });
  gateway.serve('pacs-gateway.find-worklist', (query) => {
    queries.push(query);
    if (!scheduled) throw new Error('the RIS refuses the association');
    return { items: scheduled, truncated: more };
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
  ...planned,
});
/** What comes out of the cache of worklist answers as it went in. */
const planned = {
  requestedProcedureCodes: [{ code: '73761001', scheme: 'SCT', meaning: 'Koloskopie' }],
  scheduledProtocolCodes: [{ code: 'K-2', scheme: '99KLINIK', version: '2026', meaning: 'Koloskopie mit Prüfung' }],
  referencedStudies: [{ sopClassUid: '1.2.840.10008.3.1.2.3.1', sopInstanceUid: '2.25.7' }],
  performingPhysician: 'Weiß^Jörg',
};
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
    const snapshot = await gateway.call('catalog.get-procedure', { procedureId: started.procedureId });
    expect(snapshot.request).toMatchObject({ ...planned, accessionNumber: 'A-P-1', studyInstanceUid: '1.2.276.0.1' });
    // A second press is the same procedure, not the end of it.
    const again = ProcedureView.parse(ok(await catalog.send('POST', '/procedures', body), 201));
    expect(again.procedureId).toBe(started.procedureId);
  });

  it('start from a search of the RIS itself, which is asked anew each time; from what is known while it is away', async () => {
    scheduled = [item('Søndergård^Åse', 'P-77')];
    more = true;
    const search = (query: string) => catalog.send('GET', `/worklist/search?${query}`);
    const asked = 'name=S%C3%B8nder,%20%C3%85&modality=ES&date=2026-12-24&limit=2';
    const found = WorklistView.parse(ok(await search(asked)));
    more = false;
    expect(found).toMatchObject({ stale: false, truncated: true, items: [{ patient: { id: 'P-77' } }] });
    expect(queries.at(-1)).toEqual({ patientName: 'Sønder*^Å*', modality: 'ES', date: '20261224', limit: 2 });
    const body = { stationId: 'or-1', worklistItemId: item('', 'P-77').itemId };
    const started = ProcedureView.parse(ok(await catalog.send('POST', '/procedures', body), 201));
    expect(started.patient).toMatchObject({ name: 'Søndergård^Åse', id: 'P-77' });

    ok(await catalog.send('GET', '/worklist')); // today's, of every room
    scheduled = undefined;
    const known = WorklistView.parse(ok(await search('name=s%C3%B8nder')));
    expect(known).toMatchObject({
      stale: true,
      asOf: expect.any(String) as string,
      items: [{ patient: { id: 'P-77' } }],
    });
    expect(known.reason).toMatch(/find-worklist/);
    expect(WorklistView.parse(ok(await search('name=nobody'))).items).toEqual([]);
    const otherDay = WorklistView.parse(ok(await search('name=s%C3%B8nder&date=2026-12-24')));
    expect(otherDay).toMatchObject({ stale: true, items: [] });
    expect(otherDay).not.toHaveProperty('asOf');

    const before = queries.length;
    for (const wrong of ['', 'limit=5', 'name=a%5Cb', 'accession=12345678901234567', 'date=today'])
      expect((await search(wrong)).status, wrong).toBe(400);
    expect(queries.length).toBe(before);
    scheduled = [];
  });

  it('show how far the information system was told, asked of the gateway; of no procedure that is not there', async () => {
    const { procedureId } = await startEmergency(catalog);
    const step = { sopInstanceUid: '2.25.1', state: 'in-progress' as const };
    const server = gateway.serve('pacs-gateway.get-procedure-step', () => ({ configured: true, step }));
    await gateway.flush();
    expect(ok(await catalog.send('GET', `/procedures/${procedureId}/step`))).toEqual({ configured: true, step });
    expect((await catalog.send('GET', `/procedures/${newId()}/step`)).status).toBe(404);
    await server.close();
    expect((await catalog.send('GET', `/procedures/${procedureId}/step`)).status).toBe(503);
  });

  it('end the one before, and say so in order: events, then the KV entries', async () => {
    const first = await startEmergency(catalog);
    const second = await startEmergency(catalog);
    expect(second.patient.id).not.toBe(first.patient.id);
    expect(second.patient).toMatchObject({ name: expect.stringMatching(/^Notfall\^OR 1\^\d{4}$/) as string });
    expect(second.patient.id).toMatch(/^NOTFALL-\d{8}-\d+$/);
    await drained(catalog);
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
    await drained(catalog);
    const free = await (await gateway.kv(buckets.procedures.name, StationProcedure)).get('station.or-1');
    expect(free?.value.procedureId).toBeNull();
  });

  it('are corrected: a new version and study, the clips carry the right patient, the dicomizer is told', async () => {
    const procedure = await startEmergency(catalog);
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
    await drained(catalog);
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

describe('one clip', () => {
  const moves = async (clipId: string) => {
    await drained(catalog);
    return (await stored(['catalog.clip.reassigned'])).flatMap(({ event }) => {
      const data = event?.data as { clipId: string } | undefined;
      return data?.clipId === clipId ? [data] : [];
    });
  };
  const reassign = (clipId: string, body: object) => catalog.send('POST', `/clips/${clipId}/reassign`, body);

  it('goes to another procedure alone: told once, audited, found under its new patient, and on its way again', async () => {
    const before = await startEmergency(catalog);
    const [clipId, other] = [newId(), newId()];
    for (const id of [clipId, other]) ok(await catalog.send('POST', '/clips', { clipId: id, stationId: 'or-1' }), 202);
    const { procedureId } = before;
    const story = { clipId, sources: ['cam-a'], destinations: ['pacs'], procedureId };
    await catalog.applied(await tell(catalog.config, eventsOfClip(story)));
    const next = await startEmergency(catalog);

    for (let again = 0; again < 2; again++) {
      const moved = ClipView.parse(ok(await reassign(clipId, { procedureId: next.procedureId, reason: 'saved late' })));
      expect(moved).toMatchObject({ procedureId: next.procedureId, patient: { id: next.patient.id } });
      // the archive holds it under the wrong patient
      expect(moved.state).toBe('prepared');
    }
    expect(await moves(clipId)).toEqual([
      { clipId, stationId: 'or-1', from: procedureId, to: next.procedureId, assignment: 1 },
    ]);
    const audits = await catalog.database.prisma.auditEntry.findMany({ where: { subject: `clip/${clipId}` } });
    expect(audits.filter((each) => each.action === 'clip.reassign').map((each) => each.detail)).toEqual([
      { from: procedureId, to: next.procedureId, reason: 'saved late' },
    ]);
    expect(await gateway.call('catalog.get-procedure', { procedureId, clipId })).toMatchObject({
      procedureId: next.procedureId,
      assignment: 1,
      patient: { id: next.patient.id },
    });
    const stays = await gateway.call('catalog.get-procedure', { procedureId, clipId: other });
    expect(stays).toMatchObject({ procedureId, patient: { id: before.patient.id } });
    expect(stays.assignment).toBeUndefined();

    // the old procedure's correction is nothing to it; its own procedure's is
    ok(await catalog.send('PATCH', `/procedures/${procedureId}`, { patient: { name: 'Alt^Anna', id: 'P-ALT' } }));
    expect(ClipView.parse(ok(await catalog.send('GET', `/clips/${clipId}`))).patient.id).toBe(next.patient.id);
    expect(ClipView.parse(ok(await catalog.send('GET', `/clips/${other}`))).patient.id).toBe('P-ALT');

    const anew = eventsOfClip({ ...story, procedureId: next.procedureId, assignment: 1 })
      .filter((e) => e.name === 'dicomizer.instance.created' || e.name.startsWith('pacs-gateway'))
      .map((e) => ({ ...e, id: `${e.id}/moved` }));
    await catalog.applied(await tell(catalog.config, anew));
    expect(ClipView.parse(ok(await catalog.send('GET', `/clips/${clipId}`))).state).toBe('archived');
  });

  it('goes to a worklist item or to a patient named by hand: a procedure is written for it, once, and nobody hears that it began', async () => {
    scheduled = [item('Meier^Max', 'P-7')];
    ok(await catalog.send('GET', '/worklist?station=or-1'));
    const { procedureId } = await startEmergency(catalog);
    const [first, second] = [newId(), newId()];
    for (const id of [first, second]) ok(await catalog.send('POST', '/clips', { clipId: id, stationId: 'or-1' }), 202);
    await drained(catalog);
    const begun = (await stored(['catalog.procedure.started'])).length;
    const worklistItemId = item('', 'P-7').itemId;
    const places = await Promise.all(
      [first, second, first].map(async (id) => ClipView.parse(ok(await reassign(id, { worklistItemId })))),
    );
    expect(new Set(places.map((each) => each.procedureId)).size).toBe(1);
    expect(places[0]).toMatchObject({ patient: { id: 'P-7' } });
    expect(places[0]?.procedureId).not.toBe(procedureId);
    expect(await moves(first)).toHaveLength(1);

    const patient = { name: 'Hand^Helga', id: 'P-8' };
    for (let again = 0; again < 2; again++) ok(await reassign(first, { patient }));
    expect(await moves(first)).toMatchObject([{ assignment: 1 }, { from: places[0]?.procedureId, assignment: 2 }]);
    const snapshot = await gateway.call('catalog.get-procedure', { procedureId, clipId: first });
    expect(snapshot).toMatchObject({ patient, stationId: 'or-1', assignment: 2 });
    expect((await stored(['catalog.procedure.started'])).length).toBe(begun);
    const { items } = ok(await catalog.send('GET', '/procedures?station=or-1')) as { items: unknown[] };
    expect(items.map((each) => ProcedureView.parse(each).patient.id).slice(0, 3)).toContain('P-8');
  });

  it('is refused where it is told to go nowhere, to two places, or to one there is not', async () => {
    await startEmergency(catalog);
    const clipId = newId();
    ok(await catalog.send('POST', '/clips', { clipId, stationId: 'or-1' }), 202);
    const codes = [
      {},
      { procedureId: newId(), patient: { name: 'A^B', id: '1' } },
      { procedureId: newId() },
      { worklistItemId: newId() },
    ].map(async (body) => {
      const answer = (await reassign(clipId, body)) as { status: number; body: { code: string } };
      return answer.body.code;
    });
    expect(await Promise.all(codes)).toEqual([
      'invalid-request',
      'invalid-request',
      'procedure-not-found',
      'worklist-item-unknown',
    ]);
    expect(await moves(clipId)).toEqual([]);
  });
});

describe('consent', () => {
  it('is set in one call, carried by the clips, audited; withheld destinations get nothing', async () => {
    const start = { stationId: 'or-1', emergency: {}, recipe: 'strict' };
    const { procedureId, consent } = ProcedureView.parse(ok(await catalog.send('POST', '/procedures', start), 201));
    expect(consent).toEqual({ state: 'unknown' });
    const clipId = newId();
    const [saved] = eventsOfClip({ clipId, sources: ['cam-a'], destinations: ['pacs'], procedureId });
    if (saved) await catalog.applied(await tell(catalog.config, [saved]));
    const say = async (body: object) =>
      ProcedureView.parse(ok(await catalog.send('POST', `/procedures/${procedureId}/consent`, body)));
    const snapshot = () => gateway.call('catalog.get-procedure', { procedureId });
    expect((await snapshot()).withheld).toEqual(['teaching']);

    const given = await say({ state: 'given', setAt: 'room' });
    expect(given.consent).toMatchObject({ state: 'given', by: 'local' });
    expect((await snapshot()).withheld).toBeUndefined();
    expect(await say({ state: 'given', setAt: 'room' })).toEqual(given);
    expect(ok(await catalog.send('GET', `/clips/${clipId}`))).toMatchObject({ consent: 'given' });

    await say({ state: 'withdrawn', setAt: 'desk', reason: 'am Telefon' });
    expect(ok(await catalog.send('GET', `/clips/${clipId}`))).toMatchObject({ consent: 'withdrawn' });
    const audit = ok(await catalog.send('GET', `/clips/${clipId}/audit`)) as {
      items: { action: string; detail: Record<string, unknown> }[];
    };
    expect(audit.items.filter(({ action }) => action === 'procedure.consent').map(({ detail }) => detail)).toEqual([
      { setAt: 'desk', reason: 'am Telefon', from: 'given', to: 'withdrawn' },
      { setAt: 'room', from: 'unknown', to: 'given' },
    ]);
  });

  it('refused, keeps nothing where the recipe says so: a recording ends, and nothing more is saved', async () => {
    const start = { stationId: 'or-1', emergency: {}, recipe: 'strict' };
    const { procedureId } = ProcedureView.parse(ok(await catalog.send('POST', '/procedures', start), 201));
    const clipId = newId();
    ok(await catalog.send('POST', '/stations/or-1/recording', { clipId }), 202);
    ok(await catalog.send('POST', `/procedures/${procedureId}/consent`, { state: 'refused' }));
    const stops = await catalog.database.prisma.outbox.findMany({ where: { name: 'buffer.stop-recording' } });
    expect(stops.map(({ data }) => (data as { clipId: string }).clipId)).toContain(clipId);
    const refused = { status: 409, body: { code: 'consent-refused' } };
    expect(await catalog.send('POST', '/clips', { clipId: newId(), stationId: 'or-1' })).toMatchObject(refused);
    expect(await catalog.send('POST', '/stations/or-1/stills', { clipId: newId() })).toMatchObject(refused);
    ok(await catalog.send('POST', `/procedures/${procedureId}/consent`, { state: 'given' }));
    ok(await catalog.send('POST', '/clips', { clipId: newId(), stationId: 'or-1' }), 202);
  });
});
