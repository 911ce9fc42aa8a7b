import type { Page } from 'playwright-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { smallTargets } from './browser.ts';
import { freeStation, ulidOf, worklistItems } from './fixture-data.ts';
import type { Asked, FixtureServer } from './fixture-server.ts';
import { eventually, ScreenStage, shoot } from './screen-stage.ts';

/** Of another day, in another room. */
const others = Array.from({ length: 30 }, (_, n) => ({
  ...worklistItems[n % worklistItems.length]!,
  itemId: ulidOf(500 + n),
  patient: { name: `Søndergård^Åse${n}`, id: `RIS-${n}`, birthDate: '19671130', sex: 'F' as const },
  modality: 'ES',
  scheduledStationAe: 'OR7',
  scheduledAt: `2026-12-24T08:${String(n).padStart(2, '0')}:00`,
}));
type Found = { items: unknown[]; stale: boolean; truncated?: boolean; asOf?: string; reason?: string };

let server: FixtureServer;
/** What the information system was asked, and what it says. */
let asked: Record<string, string>[];
let ris: (query: Asked['query']) => Found;
const stage = new ScreenStage();
beforeEach(() => {
  ({ server } = stage);
  server.station = freeStation();
  asked = [];
  ris = (query) => {
    const limit = Number(query.get('limit'));
    return { items: others.slice(0, limit), stale: false, truncated: limit < others.length };
  };
  server.more = ({ path, query }) => {
    if (path !== '/worklist/search') return undefined;
    asked.push(Object.fromEntries(query));
    return { status: 200, body: ris(query) };
  };
});

async function opened(locale = 'de-DE'): Promise<Page> {
  const page = await stage.open('/console/or-1', { locale, viewport: { width: 1920, height: 1080 } });
  await page.getByTestId('ris-open').click();
  await page.getByTestId('ris-search').waitFor();
  return page;
}
const focused = (page: Page) => page.evaluate('document.activeElement?.dataset.testid');

describe('a search in the RIS', () => {
  it('asks live for what was typed, loads more where there is more, and starts whoever is chosen', async () => {
    const page = await opened();
    await eventually(() => focused(page)).toBe('ris-name');
    await shoot(page, 'worklist-search');
    await page.keyboard.type('Søndergård, Å');
    await page.getByTestId('ris-modality').selectOption('ES');
    await page.getByTestId('ris-date').fill('2026-12-24');
    await page.getByTestId('ris-submit').click();
    await eventually(() => page.getByTestId('ris-count').innerText()).toBe('25 Treffer');
    const first = { name: 'Søndergård, Å', modality: 'ES', date: '2026-12-24' };
    expect(asked).toEqual([{ ...first, limit: '25' }]);
    const row = page.getByTestId(`worklist-item-${others[0]!.itemId}`);
    expect(await row.innerText()).toMatch(/Søndergård, Åse0[\s\S]*24\.12\.2026[\s\S]*ES[\s\S]*OR7/);
    expect(await page.getByTestId('ris-cut').innerText()).toBe('Das RIS hat noch mehr Treffer.');
    expect(await smallTargets(page)).toEqual([]);
    await shoot(page, 'worklist-search-found');
    await page.getByTestId('ris-more').click();
    await eventually(() => page.getByTestId('ris-count').innerText()).toBe('30 Treffer');
    expect(asked.at(-1)).toEqual({ ...first, limit: '50' });
    await page.getByTestId('ris-more').waitFor({ state: 'detached' });
    await page.getByTestId('ris-cut').waitFor({ state: 'detached' });

    await page.getByTestId(`worklist-item-${others[29]!.itemId}`).click();
    await page.getByTestId('patient-banner').waitFor();
    expect(stage.asked('POST', '/procedures')).toMatchObject([{ body: { worklistItemId: others[29]!.itemId } }]);
  });

  it('works with the keyboard alone: Enter asks, Escape goes back to the list and to where it was opened', async () => {
    const page = await stage.open('/console/or-1', { locale: 'en-GB' });
    await page.getByTestId('worklist').waitFor();
    await page.getByTestId('ris-open').focus();
    await page.keyboard.press('Enter');
    await eventually(() => focused(page)).toBe('ris-name');
    await page.keyboard.press('Enter');
    await eventually(() => page.getByTestId('ris-hint').innerText()).toBe('Fill in at least one field.');
    expect(await focused(page)).toBe('ris-name');
    expect(asked).toEqual([]);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    expect(await focused(page)).toBe('ris-accession');
    await page.keyboard.type('A-17');
    ris = () => ({ items: others.slice(0, 1), stale: false, truncated: true });
    await page.keyboard.press('Enter');
    await eventually(() => page.getByTestId('ris-count').innerText()).toBe('1 match');
    expect(asked).toEqual([{ accession: 'A-17', limit: '25' }]);
    // it has more and gives no more: nothing that could be pressed
    expect(await page.getByTestId('ris-cut').innerText()).toContain('It gives no more at once');
    expect(await page.getByTestId('ris-more').count()).toBe(0);
    await page.keyboard.press('Escape');
    await page.getByTestId('ris-search').waitFor({ state: 'detached' });
    expect(await focused(page)).toBe('ris-open');
  });

  it('says that it asks, that nobody was found, and that the RIS does not answer and what is known from when', async () => {
    server.overrides.set('GET /worklist/search', 'hang');
    const page = await opened();
    await page.keyboard.type('Nowak');
    await page.keyboard.press('Enter');
    await eventually(() => page.getByTestId('ris-asking').innerText()).toBe('Das RIS wird gefragt …');
    server.overrides.clear();
    ris = () => ({ items: [], stale: false, truncated: false });
    await page.keyboard.press('Enter');
    await eventually(() => page.getByTestId('empty').innerText()).toContain('Das RIS hat niemanden gefunden.');

    const asOf = '2026-11-20T06:05:00.000Z';
    ris = () => ({ items: worklistItems.slice(2, 3), stale: true, asOf, reason: 'refused' });
    await page.keyboard.press('Enter');
    const away = page.getByTestId('ris-away');
    await eventually(() => away.innerText()).toContain('Das RIS antwortet nicht. Stand 20.11.26, 07:05.');
    expect(await page.getByTestId(`worklist-item-${worklistItems[2]!.itemId}`).innerText()).toContain('Nowak');
    await shoot(page, 'worklist-search-away');
    ris = () => ({ items: worklistItems.slice(2, 3), stale: false, truncated: false });
    await page.getByTestId('ris-again').click();
    await away.waitFor({ state: 'detached' });
    expect(asked).toHaveLength(3);

    server.overrides.set('GET /worklist/search', { status: 503, body: { title: 'x', status: 503, code: 'internal' } });
    await page.getByTestId('ris-submit').click();
    await page.getByTestId('failed').waitFor();
    server.overrides.clear();
    await page.getByTestId('failed').getByRole('button').click();
    await page.getByTestId('ris-count').waitFor();
  });
});
