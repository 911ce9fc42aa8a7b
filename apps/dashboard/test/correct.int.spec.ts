import type { BrowserContextOptions } from 'playwright-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { accessibilityFaults, smallTargets } from './browser.ts';
import { clips, procedure, station, worklistItems } from './fixture-data.ts';
import type { FixtureServer } from './fixture-server.ts';
import { eventually, ScreenStage, shoot } from './screen-stage.ts';

const [first] = clips;
const clipPath = `/recordings/${first!.clipId}`;

const stage = new ScreenStage((server) => void (server.clips = clips.filter((c) => c.state !== 'failed')));
let server: FixtureServer;
beforeEach(() => void ({ server } = stage));

const open = (path: string, options: BrowserContextOptions = {}) => stage.open(path, options);
const patches = () => server.requests.filter((r) => r.method === 'PATCH').map(({ path, body }) => [path, body]);
const path = `/procedures/${procedure.procedureId}`;

describe('a patient who was not known', () => {
  it('is matched with the worklist from the clip’s page; what was sent goes out anew', async () => {
    server.procedure = { ...procedure, emergency: true };
    const page = await open(clipPath);
    await page.getByTestId('correct-patient').click();
    await page.getByTestId(`correct-${worklistItems[1]!.itemId}`).click();
    expect(await page.getByTestId('correct-confirm').innerText()).toContain('Großkopf, Prof. Dr. Jürgen');
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.getByTestId('confirm-correct').click();
    const corrected = page.getByTestId('corrected');
    await corrected.waitFor();
    expect(patches()).toEqual([[path, { worklistItemId: worklistItems[1]!.itemId }]]);
    expect(await corrected.innerText()).toContain('neu gesendet');
    await page.getByRole('heading', { name: /Großkopf/ }).waitFor();
    server.send({ kind: 'clip', clip: { ...server.clips[0]!, state: 'archived' } });
    server.clips = server.clips.map((c) => ({ ...c, state: 'archived' }));
    await eventually(() => corrected.innerText()).toBe('Patient korrigiert (Fassung 2). Neu gesendet.');
  });

  it('is entered by hand where no list knows him; delimiters of the name are taken out', async () => {
    const page = await open(clipPath);
    await page.getByTestId('correct-patient').click();
    await page.getByTestId('correct-manual').click();
    await page.getByLabel('Nachname').fill('Ab^cd=');
    await page.getByLabel('Patienten-ID').fill('P-77');
    await page.getByLabel('Geburtsdatum').fill('1970-05-06');
    await page.getByTestId('manual-next').click();
    await page.getByTestId('confirm-correct').click();
    await eventually(patches).toEqual([[path, { patient: { name: 'Ab cd', id: 'P-77', birthDate: '19700506' } }]]);
  });

  it.each([
    ['at the desk', clipPath, { locale: 'en-GB' }],
    ['at the panel', '/console/or-1', { viewport: { width: 1920, height: 1080 } }],
  ] as const)('is found in the RIS where he is not on today’s list, %s', async (where, start, options) => {
    server.station = station({ procedure: { ...procedure, emergency: true } });
    const planned = { ...worklistItems[2]!, itemId: '01K0000000000000000000RX17', scheduledAt: '2026-12-24T08:15:00', modality: 'ES', scheduledStationAe: 'OR7' }; // prettier-ignore
    const asked: unknown[] = [];
    server.more = ({ path: at, query }) => {
      if (at !== '/worklist/search') return undefined;
      asked.push(Object.fromEntries(query));
      return { status: 200, body: { items: [planned], stale: false } };
    };
    const page = await open(start, options);
    await page.getByTestId('correct-patient').click();
    await page.getByTestId('correct-ris').click();
    await page.getByTestId('ris-name').fill('Nowak');
    await page.getByTestId('ris-close').click();
    await page.getByTestId('ris-search').waitFor({ state: 'detached' });
    await page.getByTestId('correct-ris').click();
    await page.getByTestId('ris-name').fill('Nowak');
    await page.keyboard.press('Enter');
    const found = page.getByTestId(`correct-${planned.itemId}`);
    await found.waitFor();
    expect(await found.innerText()).toMatch(/24[./]12[./]2026\s+08:15[\s\S]*Nowak[\s\S]*ES · OR7/);
    expect(asked).toEqual([{ name: 'Nowak', limit: '25' }]);
    if (where === 'at the panel') expect(await smallTargets(page)).toEqual([]);
    await shoot(page, `correct-ris-${where === 'at the desk' ? 'desk' : 'panel'}`);
    await found.click();
    await page.getByTestId('confirm-correct').click();
    await eventually(patches).toEqual([[path, { worklistItemId: planned.itemId }]]);
  });

  it('is matched at the panel with two taps', async () => {
    server.station = station({ procedure: { ...procedure, emergency: true } });
    const page = await open('/console/or-1');
    await page.getByTestId('correct-patient').click();
    await page.getByTestId(`correct-${worklistItems[0]!.itemId}`).click();
    await page.getByTestId('confirm-correct').click();
    await eventually(patches).toEqual([[path, { worklistItemId: worklistItems[0]!.itemId }]]);
  });
});

describe('one clip of a wrong patient', () => {
  const other = {
    ...procedure,
    procedureId: '01K0000000000000000000PR0C',
    patient: { name: 'Nächste^Nora', id: 'P-88' },
  };
  const moves = () => server.requests.filter((r) => r.path.endsWith('/reassign')).map(({ body }) => body);

  it('goes to the next procedure of the room, or to a worklist item, alone', async () => {
    server.procedures = [server.procedure, other];
    const page = await open(clipPath);
    await page.getByTestId('correct-patient').click();
    await page.getByText('Nur dieser Clip').click();
    await page.getByTestId('correct-procedure').click();
    const choice = page.getByTestId(`procedure-${other.procedureId}`);
    await choice.waitFor();
    expect(await page.getByTestId(`procedure-${procedure.procedureId}`).count()).toBe(0);
    await choice.click();
    const confirm = page.getByTestId('correct-confirm');
    expect(await confirm.innerText()).toMatch(/Diesen Clip von .* zu Nächste, Nora verschieben/);
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.getByTestId('confirm-correct').click();
    await eventually(() => page.getByTestId('corrected').innerText()).toMatch(/^Dieser Clip wurde .* verschoben/);
    expect(moves()).toEqual([{ procedureId: other.procedureId }]);
    expect(patches()).toEqual([]);
    await page.getByRole('heading', { name: /Nächste/ }).waitFor();

    await page.getByTestId('correct-patient').click();
    await page.getByText('Nur dieser Clip').click();
    await page.getByTestId(`correct-${worklistItems[1]!.itemId}`).click();
    await page.getByTestId('confirm-correct').click();
    await eventually(moves).toEqual([{ procedureId: other.procedureId }, { worklistItemId: worklistItems[1]!.itemId }]);
  });

  it('says what the information system was told, and what a person has to correct there', async () => {
    const left = [
      { sopInstanceUid: '2.25.5', state: 'completed' },
      { sopInstanceUid: '2.25.6', state: 'discontinued' },
    ];
    server.step = { configured: true, step: { sopInstanceUid: '2.25.7', state: 'in-progress', left } };
    const page = await open(clipPath);
    const note = page.getByTestId('procedure-step');
    await note.waitFor();
    const text = await note.innerText();
    expect(text).toContain('Dem Informationssystem gemeldet (MPPS): läuft');
    expect(text).toContain('bitte im Informationssystem korrigieren lassen');
    expect(text).toContain('abgebrochen');
    expect(await accessibilityFaults(page)).toEqual([]);
  });
});

describe('a clip at the panel', () => {
  it('is described and kept, and its trim opens', async () => {
    const page = await open('/console/or-1');
    await page.getByTestId(`clip-${first!.clipId}`).getByRole('button').first().click();
    await page.getByTestId('tool-description').fill('Vor dem Clip');
    // Keys of the console and the player stay out of what is typed.
    await page.getByTestId('tool-save-description').click();
    await eventually(patches).toEqual([[`/clips/${first!.clipId}`, { description: 'Vor dem Clip' }]]);
    await page.getByTestId('tool-keep').click();
    await page.locator('[data-testid=tool-keep][aria-pressed=true]').waitFor();
    expect(patches()[1]).toEqual([`/clips/${first!.clipId}`, { keep: true }]);
    expect(await page.getByTestId('tool-trim').getAttribute('href')).toBe(`/clips/${first!.clipId}/edit`);
    expect(await accessibilityFaults(page)).toEqual([]);
  });
});

describe('the audit trail', () => {
  it('stands on the clip’s page', async () => {
    const page = await open(clipPath);
    const trail = page.getByTestId('audit');
    await trail.waitFor();
    expect(await trail.innerText()).toMatch(
      /Gespeichert von einem anderen Arbeitsplatz[^]*Patient ausgewählt Notfallpatient/,
    );
  });
});
