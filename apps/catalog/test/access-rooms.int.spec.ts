import type { AlarmView, ClipView, ProcedureView, SessionView } from '@smartbox/contracts';
import { newId, verifyLiveToken } from '@smartbox/kernel';
import { Messaging } from '@smartbox/messaging';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ok, tell, type Catalog } from './catalog.ts';
import { eventsOfClip } from './clip-story.ts';
import { startArchive, type Archive } from './dicomweb-archive.ts';
import { firstAdmin, newPerson, withToken, type Person } from './people.ts';
import { openScreen } from './screen.ts';

/** Whatever says who any of the patients is: of the archive, of the procedures that run, of the worklist. */
const IDENTIFYING =
  /Müller|M\\u00fcller|Doe|Roe|Jürgen|P-1|P_2|P-3|19610503|19800101|A-1|A-2|A-3|Geheim|GEHEIM|NOTFALL/;

let archive: Archive;
let catalog: Catalog;
let gateway: Messaging;
let admin: Person;
/** A nurse of room or-1, a guest who sees pictures only, a surgeon of everywhere. */
let anna: Person & { accountId: string };
let guest: Person;
let running: Record<'or-1' | 'or-2', { procedure: ProcedureView; clipId: string }>;

beforeAll(async () => {
  archive = await startArchive({ doeIn: 'or-2' });
  ({ catalog } = archive);
  gateway = await Messaging.connect({ service: 'pacs-gateway', ...catalog.config.nats });
  const pacs = { name: 'pacs', title: 'PACS', aeTitle: 'PACS', host: '127.0.0.1', port: 104, parked: false };
  gateway.serve('pacs-gateway.list-destinations', async () => ({ destinations: [pacs] }));
  gateway.serve('pacs-gateway.find-worklist', async ({ stationAe }) => ({
    truncated: false,
    items: ['OR1', 'or-2']
      .filter((ae) => stationAe === undefined || ae === stationAe)
      .map((ae) => ({
        itemId: newId(),
        patient: { name: `Geheim^${ae}`, id: `GEHEIM-${ae}` },
        scheduledStationAe: ae,
      })),
  }));
  admin = await firstAdmin(catalog);
  anna = await newPerson(catalog, admin, { name: 'anna', roles: ['nurse'], stations: ['or-1'] });
  guest = await newPerson(catalog, admin, { name: 'guest', roles: ['viewer'] });
  const run = async (stationId: 'or-1' | 'or-2') => {
    const emergency = { name: `Geheim^${stationId}` };
    const procedure = ok(await admin.send<ProcedureView>('POST', '/procedures', { stationId, emergency }), 201);
    const clipId = newId();
    ok(await admin.send('POST', '/clips', { clipId, stationId, description: `of ${stationId}` }), 202);
    const { procedureId } = procedure;
    const story = eventsOfClip({ clipId, sources: ['cam-a'], destinations: ['pacs'], procedureId, stationId });
    // Without objects, which nobody has stored; what is told of their deliveries is enough.
    const told = story.filter(({ name }) => !/^dicomizer|committed$/.test(name));
    await catalog.applied(await tell(catalog.config, told));
    return { procedure, clipId };
  };
  running = { 'or-1': await run('or-1'), 'or-2': await run('or-2') };
});
afterAll(async () => {
  await gateway?.close();
  await archive?.stop();
});

const itemsOf = async <T>(person: Person, path: string): Promise<T[]> =>
  ok(await person.send<{ items: T[] }>('GET', path)).items;
/** Status and code; the id that was asked for stands in the text, so the text is compared without it. */
const refusal = async (person: Person, method: string, path: string, body?: unknown) => {
  const { status, body: problem } = await person.send<{ code: string; detail: string }>(method, path, body);
  return [status, problem.code, problem.detail?.replaceAll(/[0-9A-Z]{26}|2\.25\.\d+|or-\d/g, 'ID')];
};

describe('an account of one room', () => {
  it('finds only what is of that room: lists, tables, counts', async () => {
    const clips = await itemsOf<ClipView>(anna, '/clips');
    expect(clips.length).toBe(4);
    expect(new Set(clips.map(({ stationId }) => stationId))).toEqual(new Set(['or-1']));
    expect((await itemsOf<ClipView>(admin, '/clips')).length).toBe(6);
    expect(await itemsOf(anna, '/clips?station=or-2')).toEqual([]);
    expect(await itemsOf(anna, '/clips?patient=P_2')).toEqual([]);
    expect(await itemsOf(anna, `/clips?procedure=${running['or-2'].procedure.procedureId}`)).toEqual([]);
    expect((await itemsOf<{ stationId: string }>(anna, '/stations')).map((s) => s.stationId)).toEqual(['or-1']);
    type Delivery = { stationId: string; state: string };
    const [own, all] = [await itemsOf<Delivery>(anna, '/deliveries'), await itemsOf<Delivery>(admin, '/deliveries')];
    expect([own.length, all.length]).toEqual([4, 6]);
    expect(own.every(({ stationId }) => stationId === 'or-1')).toBe(true);
    const waiting = (some: Delivery[]) => some.filter(({ state }) => state === 'waiting').length;
    const counted = async (person: Person) => (await itemsOf<{ waiting: number }>(person, '/destinations'))[0]?.waiting;
    expect([await counted(anna), await counted(admin)]).toEqual([waiting(own), waiting(all)]);
    expect(waiting(own)).toBeLessThan(waiting(all));
    const worklist = await itemsOf<{ patient: { id: string } }>(anna, '/worklist');
    expect(worklist.map(({ patient }) => patient.id)).toEqual(['GEHEIM-OR1']);
    const found = await itemsOf<{ patient: { id: string } }>(anna, '/worklist/search?name=Geheim');
    expect(found.map(({ patient }) => patient.id)).toEqual(['GEHEIM-OR1']);
    const everywhere = await itemsOf<{ patient: { id: string } }>(admin, '/worklist/search?name=Geheim');
    expect(everywhere.map(({ patient }) => patient.id).sort()).toEqual(['GEHEIM-OR1', 'GEHEIM-or-2']);
    const surgeon = await withToken(catalog, admin, { name: 'csv', roles: ['surgeon'], stations: ['or-1'] });
    const csv = await (await surgeon.fetch('/api/v1/clips.csv')).text();
    expect(csv.trim().split('\r\n')).toHaveLength(5);
    expect(csv).not.toMatch(/or-2|Doe/);
  });

  it('gets the same answer for things of other rooms as for things that there are not', async () => {
    const { procedure, clipId } = running['or-2'];
    const { other } = archive.made;
    const uid = other.instance.sopInstanceUid;
    const pairs: [string, string, string, unknown?][] = [
      ['GET', `/clips/${clipId}`, `/clips/${newId()}`],
      ['PATCH', `/clips/${clipId}`, `/clips/${newId()}`, { keep: true }],
      ['DELETE', `/clips/${clipId}`, `/clips/${newId()}`],
      ['POST', `/clips/${clipId}/retry`, `/clips/${newId()}/retry`],
      ['GET', `/clips/${clipId}/audit`, `/clips/${newId()}/audit`],
      ['GET', `/procedures/${procedure.procedureId}`, `/procedures/${newId()}`],
      ['POST', `/procedures/${procedure.procedureId}/end`, `/procedures/${newId()}/end`],
      ['POST', '/stations/or-2/recording', '/stations/or-9/recording', { clipId: newId() }],
      ['GET', '/stations/or-2', '/stations/or-9'],
      ['GET', '/worklist?station=or-2', '/worklist?station=or-9'],
    ];
    for (const [method, theirs, nobodys, body] of pairs) {
      const [given, wanted] = [await refusal(anna, method, theirs, body), await refusal(anna, method, nobodys, body)];
      expect(given.slice(0, 1), theirs).toEqual([404]);
      if (!theirs.startsWith('/stations')) expect(given, theirs).toEqual(wanted);
    }
    for (const path of [`/clips/${clipId}/sources/cam-a/video`, `/clips/${clipId}/edits`, `/clips/${clipId}/quality`]) {
      expect((await refusal(anna, 'GET', path))[0], path).toBe(404);
    }
    const tokenOf = (role: 'surgeon') =>
      withToken(catalog, admin, { name: 'one-room', roles: [role], stations: ['or-1'] });
    const surgeon = await tokenOf('surgeon');
    expect((await refusal(surgeon, 'GET', `/instances/${uid}/file`)).slice(0, 2)).toEqual([404, 'instance-not-found']);
    expect((await surgeon.fetch(`/api/v1/instances/${archive.made.film.instance.sopInstanceUid}/file`)).status).toBe(
      200,
    );
    // A film of one's own room, with a piece of another's.
    const edit = { renditionId: newId(), sources: [{ sourceId: 'cam-a' }, { clipId, sourceId: 'cam-a' }] };
    expect((await refusal(anna, 'POST', `/clips/${running['or-1'].clipId}/edits`, edit)).slice(0, 2)).toEqual([404, 'clip-not-found']); // prettier-ignore
    const save = (stationId: string) => ({ clipId: newId(), stationId });
    expect((await refusal(anna, 'POST', '/clips', save('or-2')))[0]).toBe(404);
    expect((await anna.send('POST', '/clips', save('or-1'))).status).toBe(202);
  });

  it('watches its room, by a link that says who it is', async () => {
    const grant = (stationId: string) =>
      anna.send<{ token: string }>('POST', '/live-grants', { stationId, sourceId: 'cam-a' });
    expect((await grant('or-2')).status).toBe(404);
    const { token } = ok(await grant('or-1'), 201);
    expect(verifyLiveToken(token, catalog.config.liveTokenSecret)).toMatchObject({ who: 'anna', use: 'watch' });
  });

  it('is told of its room only', async () => {
    const screen = await openScreen(anna);
    const all = await openScreen(admin);
    for (const stationId of ['or-2', 'or-1'] as const) {
      ok(await admin.send('PATCH', `/clips/${running[stationId].clipId}`, { description: 'changed' }));
    }
    const ofRoom = (stationId: string) => (m: { kind: string; clip?: ClipView }) => m.kind === 'clip' && m.clip?.stationId === stationId; // prettier-ignore
    await screen.until(ofRoom('or-1'));
    await all.until(ofRoom('or-2'));
    await screen.until((m) => m.kind === 'heartbeat');
    expect(JSON.stringify(screen.messages)).not.toContain('or-2');
    screen.close();
    all.close();
  });

  it('finds and reads only objects of its room by DICOMweb', async () => {
    const json = { headers: { accept: 'application/dicom+json' } };
    const studies = (await (await anna.fetch('/dicomweb/studies', json)).json()) as Record<
      string,
      { Value?: string[] }
    >[];
    expect(studies.map((study) => study['00100020']?.Value?.[0]).sort()).toContain('P-1');
    expect(JSON.stringify(studies)).not.toMatch(/Doe|P_2/);
    const { film, other } = archive.made;
    expect((await anna.fetch(`${film.path}/metadata`, json)).status).toBe(200);
    for (const path of [other.path, `${other.path}/metadata`, `${other.path}/frames/1`, `${other.path}/rendered`]) {
      expect((await anna.fetch(path)).status, path).toBe(404);
    }
  });
});

describe('who may not know the patients', () => {
  const reads = (clipId: string, procedureId: string) => [
    ...['/stations', '/stations/or-1', '/clips', `/clips/${clipId}`, `/procedures/${procedureId}`, '/alarms'],
    ...[`/clips/${clipId}/edits`, `/clips/${clipId}/exports`, `/clips/${clipId}/quality`, '/config', '/session'],
  ];

  it('gets every answer without them: nothing to be found in a list, a room, the feed', async () => {
    const { clipId, procedure } = running['or-1'];
    for (const path of reads(clipId, procedure.procedureId)) {
      const { status, body } = await guest.send('GET', path);
      expect([path, status]).toEqual([path, 200]);
      expect(JSON.stringify(body), path).not.toMatch(IDENTIFYING);
    }
    expect(JSON.stringify((await admin.send('GET', '/clips')).body)).toMatch(IDENTIFYING);
    const [shown] = await itemsOf<ClipView>(guest, '/clips');
    expect(shown?.patient).toEqual({ name: '', id: '' });
    const screen = await openScreen(guest);
    await admin.send('PATCH', `/clips/${clipId}`, { description: 'again' });
    await screen.until((m) => m.kind === 'clip' && m.clip.clipId === clipId);
    await screen.until((m) => m.kind === 'station' && m.station.procedure !== undefined);
    expect(JSON.stringify(screen.messages)).not.toMatch(IDENTIFYING);
    screen.close();
  });

  it('cannot ask by their names either, nor read what holds them', async () => {
    const refused = [403, 'permission-missing'];
    for (const query of ['patient=Doe', 'accession=A-2', 'q=doe']) {
      expect((await refusal(guest, 'GET', `/clips?${query}`)).slice(0, 2), query).toEqual(refused);
    }
    const { clipId } = running['or-1'];
    for (const path of [
      '/worklist',
      '/worklist/search?name=Geheim',
      '/clips.csv',
      '/deliveries',
      `/clips/${clipId}/audit`,
      '/audit',
    ]) {
      expect((await refusal(guest, 'GET', path)).slice(0, 2), path).toEqual(refused);
    }
    for (const path of ['/dicomweb/studies', archive.made.film.path]) {
      expect((await guest.fetch(path)).status, path).toBe(403);
    }
  });
});

describe('breaking the glass', () => {
  const reason = 'Reanimation in OP 2, Befund von heute früh nötig';
  const open = (person: Person, body: object) =>
    person.send<{ grantId: string; until: string }>('POST', '/break-glass', body);

  it('opens a room for an hour, with a reason, loudly', async () => {
    const { clipId } = running['or-2'];
    const wanted = { stationId: 'or-2', reason, confirmed: true };
    expect(await itemsOf(anna, '/break-glass/rooms')).toEqual([{ stationId: 'or-2', name: 'or-2' }]);
    expect((await open(anna, { ...wanted, reason: 'kurz' })).status).toBe(400);
    expect((await open(anna, { ...wanted, confirmed: false })).status).toBe(400);
    expect((await anna.send('GET', `/clips/${clipId}`)).status).toBe(404);
    const screen = await openScreen(admin);
    const { grantId, until: end } = ok(await open(anna, wanted), 201);
    expect(Date.parse(end) - Date.now()).toBeGreaterThan(59 * 60_000);
    expect(JSON.stringify((await anna.send('GET', `/clips/${clipId}`)).body)).toContain('Geheim^or-2');
    const { caller } = (await anna.session()) satisfies SessionView;
    expect(caller?.opened).toMatchObject([{ stationId: 'or-2', reason }]);
    expect((await open(anna, wanted)).status).toBe(409);

    await screen.until((m) => m.kind === 'alarm' && m.code === 'break-glass');
    screen.close();
    const alarms = (person: Person) => itemsOf<AlarmView>(person, '/alarms');
    expect((await alarms(admin)).find(({ code }) => code === 'break-glass')).toMatchObject({ stationId: 'or-2' });
    expect((await alarms(guest)).filter(({ code }) => code === 'break-glass')).toEqual([]);
    expect((await anna.send('POST', '/alarms/acknowledge', { code: 'break-glass', stationId: 'or-2', upTo: end })).status).toBe(403); // prettier-ignore
    // Why somebody did it may name a patient: it stands in the audit alone.
    expect(JSON.stringify(await alarms(admin))).not.toContain('Reanimation');
    const rows = await catalog.database.prisma.auditEntry.findMany({ where: { action: 'access.break-glass' } });
    expect(rows).toMatchObject([{ actor: 'anna', stationId: 'or-2', detail: { reason } }]);

    expect((await anna.send('DELETE', `/break-glass/${grantId}`)).status).toBe(204);
    expect((await anna.send('GET', `/clips/${clipId}`)).status).toBe(404);
    const again = ok(await open(anna, wanted), 201);
    const past = { until: new Date(Date.now() - 1000) };
    await catalog.database.prisma.breakGlass.update({ where: { grantId: again.grantId }, data: past });
    expect((await anna.send('GET', `/clips/${clipId}`)).status).toBe(404);
  });

  it('tells the patients of that room, and of no other', async () => {
    ok(await open(guest, { stationId: 'or-1', reason, confirmed: true }), 201);
    const clips = await itemsOf<ClipView>(guest, '/clips');
    const named = clips.filter(({ patient }) => patient.name !== '');
    expect(new Set(named.map(({ stationId }) => stationId))).toEqual(new Set(['or-1']));
    expect(clips.some(({ stationId, patient }) => stationId === 'or-2' && patient.name === '')).toBe(true);
    const json = { headers: { accept: 'application/dicom+json' } };
    const studies = await (await guest.fetch('/dicomweb/studies', json)).text();
    expect(studies).toContain('P-1');
    expect(studies).not.toContain('P_2');
    expect((await guest.fetch(archive.made.other.path)).status).toBe(404);
    const { 'or-1': mine, 'or-2': theirs } = running;
    expect((await guest.send('GET', `/clips/${mine.clipId}/audit`)).status).toBe(200);
    expect((await guest.send('GET', `/clips/${theirs.clipId}/audit`)).status).toBe(404);
  });
});

describe('looking', () => {
  it('stands in the audit, with whom it was about, once for many looks', async () => {
    const { clipId, procedure } = running['or-1'];
    for (let n = 0; n < 3; n += 1) await anna.send('GET', `/clips/${clipId}`);
    const where = { action: 'clip.open', actor: 'anna', subject: `clip/${clipId}` };
    const rows = await catalog.database.prisma.auditEntry.findMany({ where });
    expect(rows).toMatchObject([{ stationId: 'or-1', patientId: procedure.patient.id, address: '127.0.0.1' }]);
    expect(rows[0]?.studyUid).toMatch(/^2\.25\./);
    await anna.send('GET', `/clips/${newId()}`);
    expect(await catalog.database.prisma.auditEntry.count({ where: { action: 'clip.open', actor: 'anna', patientId: null } })).toBe(0); // prettier-ignore
    const searched = await catalog.database.prisma.auditEntry.findMany({
      where: { action: 'clip.search', actor: 'anna' },
    });
    expect(searched.map(({ detail }) => detail)).toContainEqual({ patient: 'P_2' });
  });
});

describe('an open screen', () => {
  it('goes dark when its account is disabled', async () => {
    const screen = await openScreen(anna);
    await screen.until((m) => m.kind === 'heartbeat');
    ok(await admin.send('PATCH', `/accounts/${anna.accountId}`, { disabled: true }));
    await screen.ended;
    expect((await anna.fetch('/api/v1/feed')).status).toBe(401);
  });
});
