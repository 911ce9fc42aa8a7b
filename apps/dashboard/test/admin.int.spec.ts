import type { BrowserContextOptions } from 'playwright-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { accessibilityFaults } from './browser.ts';
import { deadLetters, retention, webhookLog } from './fixture-admin.ts';
import { clips, station, ulidOf } from './fixture-data.ts';
import type { FixtureServer } from './fixture-server.ts';
import { eventually, ScreenStage, shoot } from './screen-stage.ts';

const stage = new ScreenStage();
let server: FixtureServer;
beforeEach(() => void ({ server } = stage));

const open = (path: string, options: BrowserContextOptions = {}) =>
  stage.open(path, { viewport: { width: 1440, height: 900 }, ...options });
const posts = (path: string) => stage.asked('POST', path);

describe('stations and sources', () => {
  it('show what is there beside what is set, say what is wrong, and are tested', async () => {
    server.station = station({ clockOffsetMs: 7300, spool: { bytes: 2_900_000_000, maxBytes: 4_000_000_000 } });
    const page = await open('/admin/stations');
    const room = page.getByTestId('station-or-1');
    await room.waitFor();
    await page.getByTestId('config-files').waitFor(); // what is set comes after what is there
    expect(await room.innerText()).toContain('geht 7,3 s vor');
    expect(await room.innerText()).toMatch(/heiß: 2,9 GB warten \(73\s%\)/);
    expect(await page.getByTestId('station-or-2').innerText()).toMatch(/Mikroskop srt\s+Der Station unbekannt/);
    expect(await page.getByTestId('station-endo-1').innerText()).toContain('Nicht erreichbar');
    expect(await page.getByTestId('config-files').innerText()).toContain('sources.0.kind is "vhs"');
    expect(await accessibilityFaults(page)).toEqual([]);
    await room.getByRole('link', { name: 'OP 1' }).click();
    await page.getByTestId('station-page').waitFor();
    await page.getByTestId('test-endoscope').click();
    await page.getByText('Station antwortet in 4 ms, Bild nach 420 ms').waitFor();
    expect(posts('/stations/or-1/sources/endoscope/test')).toHaveLength(1);
    expect(await page.locator('main').innerText()).toContain('rtsp://***@10.20.0.7/live');
    expect(await accessibilityFaults(page)).toEqual([]);
  });

  it('say so where there are none, and where the list cannot be had', async () => {
    server.overrides.set('GET /stations', { status: 200, body: [] });
    server.heartbeats = false;
    const page = await open('/admin/stations');
    await page.getByText('Noch keine Station meldet sich.').waitFor();
    server.overrides.set('GET /stations', { status: 400, body: { type: 'x', title: 'Bad', status: 400, code: 'bad', detail: 'so nicht' } }); // prettier-ignore
    await page.reload();
    await page.getByTestId('failed').waitFor();
  });
});

describe('destinations and what goes to them', () => {
  const problem = (status: number, code: string, detail: string) => ({
    status,
    body: { type: 'about:blank', title: 'Refused', status, code, detail },
  });

  it('show what was negotiated last, answer a C-ECHO, and say why one does not', async () => {
    const page = await open('/admin/destinations');
    const archive = page.getByTestId('destination-archive');
    const facts = archive.getByTestId('negotiated');
    await facts.waitFor();
    expect(await facts.getByText('OFFIS_DCMTK_367').isVisible()).toBe(false);
    await facts.locator('summary').click();
    await facts.getByText('OFFIS_DCMTK_367').waitFor();
    expect(await facts.innerText()).toMatch(/Video Endoscopic · H\.264 4\.1: angenommen/);
    expect(await facts.innerText()).toMatch(/VL Endoscopic · HTJ2K lossless: abgelehnt/);
    expect(await facts.innerText()).toMatch(/Größte PDU: 131\s+kB/);
    const teaching = page.getByTestId('destination-teaching');
    expect(await teaching.innerText()).toContain('Mit diesem Ziel wurde noch nicht gesprochen.');

    await page.getByTestId('echo-archive').click();
    await archive.getByText('Antwortet in 4 ms').waitFor();
    expect(posts('/destinations/archive/echo')).toHaveLength(1);
    const reason = '127.0.0.1:11113 refused the connection';
    const echo = 'POST /destinations/teaching/echo';
    server.overrides.set(echo, { status: 200, body: { destination: 'teaching', ok: false, reason } });
    await page.getByTestId('echo-teaching').click();
    await teaching.getByText('Antwortet nicht').waitFor();
    expect(await teaching.locator('[aria-live]').innerText()).toContain(reason);
    server.overrides.set(echo, problem(400, 'unknown-destination', 'teaching is not in destinations.yaml'));
    await page.getByTestId('echo-teaching').click();
    await teaching.getByText('teaching is not in destinations.yaml').waitFor();
    expect(await archive.innerText()).toContain('Antwortet in 4 ms');
    expect(await accessibilityFaults(page)).toEqual([]);
  });

  it('a delivery that was given up is sent again, and a refusal of that is said until it is read', async () => {
    const { clipId, patient } = clips[0]!;
    const given = {
      deliveryId: ulidOf(7001),
      instanceId: ulidOf(7002),
      clipId,
      patient,
      sopInstanceUid: '2.25.7',
      destination: 'teaching',
      state: 'failed',
      attempt: 8,
      code: 'store-status-a900',
      reason: 'the archive answered A900: the data set does not match the SOP class',
      updatedAt: new Date().toISOString(),
    };
    const list = (item: object) => server.overrides.set('GET /deliveries', { status: 200, body: { items: [item] } });
    list(given);
    const retry = `POST /clips/${clipId}/retry`;
    server.overrides.set(retry, problem(409, 'nothing-to-retry', 'nothing of this clip failed'));
    const page = await open('/deliveries');
    const row = page.getByTestId(`delivery-${given.deliveryId}`);
    await row.waitFor();
    expect(await row.innerText()).toMatch(/Fehlgeschlagen[^]*Lehrsammlung[^]*A900/);
    const again = row.getByRole('button', { name: 'Wiederholen' });
    await again.click();
    const refusal = page.getByRole('alert').filter({ hasText: 'nothing of this clip failed' });
    await refusal.waitFor();
    expect(await row.innerText()).toContain('Fehlgeschlagen');
    expect(await accessibilityFaults(page)).toEqual([]);
    await refusal.getByRole('button').click();
    await refusal.waitFor({ state: 'detached' });

    server.overrides.delete(retry);
    const { code: _code, reason: _reason, ...rest } = given;
    list({ ...rest, state: 'waiting' });
    await again.click();
    await page.getByText('Wird wiederholt').waitFor();
    await row.getByText('Wartet').waitFor();
    expect(await again.count()).toBe(0);
    expect(posts(`/clips/${clipId}/retry`)).toHaveLength(2);
  });
});

describe('messages that a service gave up', () => {
  it('are shown with who, what and why, delivered again and discarded; none is said, and so is a list that cannot be had', async () => {
    const page = await open('/admin/given-up');
    const letter = page.getByTestId('dead-letter-12');
    await letter.waitFor();
    expect(await letter.innerText()).toMatch(
      /dicomizer[^]*Nr. 48211 in EVENTS[^]*not in the object store[^]*5 Versuche/,
    );
    expect(await page.getByTestId('dead-letter-11').innerText()).toMatch(/transcoder[^]*received 7[^]*1 Versuch\b/);
    await shoot(page, 'given-up');
    expect(await page.getByTestId('again-all-transcoder-commands').count()).toBe(0);
    await page.getByRole('button', { name: 'Alle von dicomizer-renditions nochmals zustellen' }).click();
    await page.getByText('2 Nachrichten sind unterwegs').waitFor();
    expect(posts('/dead-letters/deliver').map(({ body }) => body)).toEqual([{ consumer: 'dicomizer-renditions' }]);

    await letter.getByRole('button', { name: 'Nochmals zustellen' }).click();
    await page.getByText('Unterwegs zu dicomizer-renditions').waitFor();
    expect(posts('/dead-letters/12/deliver')).toHaveLength(1);
    const gone = { type: 'x', title: 'x', status: 409, code: 'consumer-gone', detail: 'transcoder-commands reads COMMANDS no more' }; // prettier-ignore
    server.overrides.set('POST /dead-letters/11/deliver', { status: 409, body: gone });
    await page.getByTestId('dead-letter-11').getByTestId('again').click();
    await page.getByText(gone.detail).waitFor();

    await letter.getByTestId('discard').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('evt.transcoder.rendition.ready für dicomizer-renditions').waitFor();
    expect(await dialog.getByTestId('confirm-reason').isDisabled()).toBe(true);
    await dialog.getByTestId('reason').fill('Clip war ein Test');
    server.overrides.set('GET /dead-letters', { status: 200, body: { items: deadLetters.slice(1) } });
    await dialog.getByTestId('confirm-reason').click();
    await letter.waitFor({ state: 'detached' });
    expect(posts('/dead-letters/12/discard').map(({ body }) => body)).toEqual([{ reason: 'Clip war ein Test' }]);
    server.overrides.set('GET /dead-letters', { status: 200, body: { items: [] } });
    await page.reload();
    await page.getByText('Nichts aufgegeben.').waitFor();
    server.overrides.set('GET /dead-letters', { status: 503, body: { type: 'x', title: 'x', status: 503, code: 'broker-unavailable', detail: 'NATS' } }); // prettier-ignore
    await page.reload();
    await page.getByTestId('failed').waitFor();
  });
});

describe('webhooks', () => {
  it('are tested, their log shows what was sent, and a message goes once more', async () => {
    const page = await open('/admin/webhooks', { locale: 'en-GB', colorScheme: 'dark' });
    await page.getByTestId('test-ris').click();
    await page.getByText('Taken with HTTP 204 in 38 ms').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.getByTestId('log-teaching-portal').click();
    const [waiting] = webhookLog;
    const row = page.getByTestId(`message-${waiting!.messageId}`);
    await row.getByTestId('show-body').click();
    expect(JSON.parse(await page.getByTestId('body').innerText())).toEqual(JSON.parse(waiting!.body ?? ''));
    expect(await accessibilityFaults(page)).toEqual([]);
    await row.getByTestId('resend').click();
    await eventually(() => posts(`/webhooks/teaching-portal/deliveries/${waiting!.messageId}/resend`).length).toBe(1);
    await page.getByTestId('filter-state').getByText('Given up').click();
    await page.waitForURL(/state=failed/);
  });
});

describe('retention', () => {
  it('shows rules, the plan of each day down to its items, what stays and why, and how long the space will do', async () => {
    const page = await open('/admin/retention');
    await page.getByTestId('retention').waitFor();
    expect(await page.getByTestId('due').innerText()).toMatch(/31\s+58 GB/);
    expect(await page.getByTestId('outlook').innerText()).toMatch(/11 GB am Tag dazu. Voll am/);
    expect(await page.getByTestId('rule-room-camera').innerText()).toContain('Gemeint ist wohl „needs: saved“');
    await page.getByTestId('plan').getByRole('button').first().click();
    await page
      .getByTestId('items')
      .getByRole('link', { name: /Müller-Lüdenscheidt/ })
      .first()
      .waitFor();
    await page.getByTestId('blocked-not-yet').click();
    await eventually(() => server.requests.filter((r) => r.path === '/retention/items').length).toBe(2);
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.getByText('365 Tage').click();
    await eventually(() => page.getByTestId('plan').count()).toBe(1);
  });

  it('says when rules act, since when they wait, and when removing stands still', async () => {
    const actsFrom = new Date(Date.now() + 80_000_000).toISOString();
    const body = { ...retention, mode: 'on', actsFrom, trouble: 'the object store does not answer' };
    server.overrides.set('GET /retention', { status: 200, body });
    const page = await open('/admin/retention', { colorScheme: 'dark' });
    await page.getByTestId('acts-from').waitFor();
    expect(await page.getByRole('alert').innerText()).toContain('the object store does not answer');
    expect(await page.locator('main').innerText()).toContain('höchstens 600 Löschungen in der Stunde');
    expect(await accessibilityFaults(page)).toEqual([]);
  });

  it('is without rules where there is no file', async () => {
    const none = { ...retention, mode: 'none', rules: [], blocked: [], due: { items: 0, bytes: 0 } };
    server.overrides.set('GET /retention', { status: 200, body: none });
    const page = await open('/admin/retention');
    await page.getByText('Ohne config/retention.yaml wird nie etwas gelöscht.').waitFor();
  });
});

describe('legal hold and consent', () => {
  const { clipId } = clips[0]!;

  it('a hold is set with a reason, for the clip or its procedure, and released', async () => {
    const page = await open(`/recordings/${clipId}`);
    await page.getByTestId('set-hold').click();
    await page.getByTestId('hold-scope').getByText('Ganzer Eingriff').click();
    expect(await page.getByTestId('confirm-reason').isDisabled()).toBe(true);
    await page.getByTestId('reason').fill('Gutachten');
    expect(await accessibilityFaults(page)).toEqual([]);
    server.overrides.set('POST /holds', {
      status: 201,
      body: { holdId: clipId, procedureId: clipId, stationId: 'or-1', patient: { name: 'A', id: '1' }, reason: 'Gutachten', by: 'local', at: new Date().toISOString() }, // prettier-ignore
    });
    await page.getByTestId('confirm-reason').click();
    await eventually(() => posts('/holds').length).toBe(1);
    const { procedureId } = server.procedure;
    expect(posts('/holds')[0]?.body).toMatchObject({ procedureId, reason: 'Gutachten' });
    await page.getByText('Vorbehalt gesetzt').waitFor();
  });

  it('consent is one touch at the panel, and can be changed there and at the desk', async () => {
    const panel = await open('/console/or-1', { viewport: { width: 1920, height: 1080 }, hasTouch: true });
    await panel.getByTestId('consent-given').tap();
    await eventually(() => panel.getByTestId('consent').getAttribute('data-state')).toBe('given');
    const said = posts(`/procedures/${server.procedure.procedureId}/consent`);
    expect(said.map(({ body }) => body)).toEqual([{ state: 'given', setAt: 'room' }]);
    await panel.getByTestId('change-consent').tap();
    const box = await panel.getByTestId('say-withdrawn').boundingBox();
    expect(box?.height).toBeGreaterThanOrEqual(76);
    expect(await accessibilityFaults(panel)).toEqual([]);
    await panel.getByTestId('say-refused').tap();
    await eventually(() => panel.getByTestId('consent').getAttribute('data-state')).toBe('refused');
    await panel.context().close();

    const page = await open(`/recordings/${clipId}`);
    await page.getByTestId('consent-given').click();
    await eventually(() => page.getByTestId('consent').getAttribute('data-state')).toBe('given');
    await page.getByTestId('consent-withdrawn').click();
    await page.getByTestId('reason').fill('am Telefon');
    await page.getByTestId('confirm-reason').click();
    await eventually(() => page.getByTestId('consent').getAttribute('data-state')).toBe('withdrawn');
    expect(posts(`/procedures/${server.procedure.procedureId}/consent`).at(-1)?.body).toEqual({
      state: 'withdrawn',
      setAt: 'desk',
      reason: 'am Telefon',
    });
  });

  it('where nothing is kept of who refuses, the panel says so and no key saves', async () => {
    const consent = { teaching: 'given' as const, destinations: [], refusedKeeps: 'nothing' as const };
    const refused = { ...server.procedure, consent: { state: 'refused' as const }, recipe: { ...server.procedure.recipe, consent } }; // prettier-ignore
    server.station = station({ procedure: refused });
    const page = await open('/console/or-1');
    await page.getByTestId('keeps-nothing').waitFor();
    expect(await page.getByTestId('save-last').isDisabled()).toBe(true);
    await page.keyboard.press('s');
    await page.keyboard.press('p');
    expect(posts('/clips')).toHaveLength(0);
    expect(posts('/stations/or-1/stills')).toHaveLength(0);
  });

  it('what a rule removed is a tombstone with its facts', async () => {
    const removed = { at: new Date().toISOString(), rule: 'long-recordings' };
    server.clips = server.clips.map((c) => (c.clipId === clipId ? { ...c, removed, held: true } : c));
    const page = await open('/recordings');
    expect(await page.getByTestId(`row-${clipId}`).innerText()).toContain('Gelöscht');
    await page.getByTestId(`row-${clipId}`).getByRole('link').click();
    await page.getByTestId('tombstone').waitFor();
    expect(await page.getByTestId('tombstone').innerText()).toContain('long-recordings');
    expect(await page.getByTestId('player-video').count()).toBe(0);
    expect(await accessibilityFaults(page)).toEqual([]);
  });
});
