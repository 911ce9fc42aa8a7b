import type { BrowserContextOptions } from 'playwright-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { clip, station } from './fixture-data.ts';
import type { FixtureServer } from './fixture-server.ts';
import { eventually, ScreenStage, shoot } from './screen-stage.ts';

const stage = new ScreenStage();
let server: FixtureServer;
beforeEach(() => void ({ server } = stage));

const open = (path: string, options: BrowserContextOptions = {}) => stage.open(path, options);
const posts = (path: string) => stage.asked('POST', path);

describe('the rooms page', () => {
  it('saves what another room has shown, says so only on the server’s word, and takes it back', async () => {
    const page = await open('/');
    await page.getByTestId('save-or-1').click();
    await eventually(() => posts('/clips').length).toBe(1);
    const { clipId } = posts('/clips')[0]!.body as { clipId: string };
    expect(posts('/clips')[0]?.body).toEqual({ clipId, stationId: 'or-1', lastSeconds: 120, pressedAt: 'desk' });
    const outcome = page.getByTestId('room-save');
    await outcome.waitFor();
    expect(await outcome.getAttribute('data-phase')).toBe('saving');
    const saved = clip(0, { clipId, state: 'saved', savedMs: 72_000 });
    server.clips = [saved, ...server.clips.filter((c) => c.clipId !== clipId)];
    server.send({ kind: 'clip', clip: saved });
    await page.locator('[data-testid=room-save][data-phase=saved]').waitFor();
    expect(await outcome.innerText()).toContain('1:12');
    await page.getByTestId('undo').click();
    await eventually(() => server.requests.some((r) => r.method === 'DELETE' && r.path === `/clips/${clipId}`)).toBe(
      true,
    );
  });

  it('looks back with all pictures of one room, while the others stay live', async () => {
    server.others = [station({ stationId: 'or-2', name: 'OP 2' })];
    // asked for and on its way: what it shows is another spec's (e2e/room-past)
    server.overrides.set('GET /hls/index.m3u8', 'hang');
    const page = await open('/', { locale: 'en-GB' });
    const room = (id: string) => page.getByTestId(`room-${id}`);
    const states = (id: string) =>
      page.evaluate<string[]>(
        `[...document.querySelectorAll('[data-testid="room-${id}"] [data-testid^="live-"]')].map((tile) => tile.dataset.state)`,
      );
    await eventually(() => states('or-1')).toEqual(['live', 'live']);
    await room('or-1').getByTestId('room-past-back').click();
    await eventually(() => states('or-1')).toEqual(['past', 'past']);
    expect(await room('or-1').getByTestId('past-strip').count()).toBe(0);
    expect(await room('or-1').getByTestId('room-past-strip').innerText()).toContain('Not live · 0:10 ago');
    await eventually(() => states('or-2')).toEqual(['live', 'live']);
    await shoot(page, 'rooms-past');
    await room('or-1').getByTestId('room-past-live').click();
    await eventually(() => states('or-1')).toEqual(['live', 'live']);
  });

  it('says when a save from afar was refused, until it was seen', async () => {
    const problem = { type: 'about:blank', title: 'No', status: 409, code: 'no-procedure', detail: 'kein Eingriff' };
    server.overrides.set('POST /clips', { status: 409, body: problem });
    const page = await open('/');
    await page.getByTestId('save-other-or-1').click();
    await page.getByTestId('length-300').click();
    const outcome = page.locator('[data-testid=room-save][data-phase=failed]');
    await outcome.waitFor();
    expect(await outcome.innerText()).toContain('kein Eingriff');
    expect(posts('/clips')[0]?.body).toMatchObject({ lastSeconds: 300 });
    await page.getByTestId('acknowledge').click();
    await outcome.waitFor({ state: 'detached' });
  });

  it('shows alarms after a reload too, until somebody has seen them', async () => {
    const page = await open('/');
    await page.getByTestId('alarm-source-no-signal').waitFor();
    expect(await page.getByTestId('open-alarms').innerText()).toContain('2');
    await page.getByTestId('acknowledge-source-no-signal').click();
    await page.getByTestId('alarm-source-no-signal').waitFor({ state: 'detached' });
    expect(posts('/alarms/acknowledge')[0]?.body).toMatchObject({ stationId: 'or-2', sourceId: 'endoscope' });
    await page.reload();
    await page.getByTestId('alarm-delivery-failed').waitFor();
    expect(await page.getByTestId('alarm-source-no-signal').count()).toBe(0);
    await page.getByTestId('show-seen').click();
    expect(await page.getByTestId('alarm-source-no-signal').innerText()).toContain('gesehen von diesem Arbeitsplatz');
  });

  it('hides names where everybody passes by', async () => {
    const page = await open('/');
    await page.getByText('Müller-Lüdenscheidt').waitFor();
    await page.getByTestId('hide-names').click();
    await page.getByText('M. A.').waitFor();
    expect(await page.locator('main').innerText()).not.toContain('Lüdenscheidt');
    expect(await page.locator('main').innerText()).not.toContain('1961');
  });

  it('joins live pictures only of the rooms on the screen', async () => {
    server.others = Array.from({ length: 15 }, (_, n) =>
      station({ stationId: `or-${n + 2}`, name: `OP ${String(n + 2).padStart(2, '0')}` }),
    );
    const page = await open('/', { viewport: { width: 1440, height: 900 } });
    await page.getByTestId('room-or-16').waitFor();
    expect(await page.locator('[data-testid^="room-or-"]').count()).toBe(16);
    await page.locator('[data-testid=room-or-1] [data-state=live]').waitFor();
    const joined = () => page.locator('[data-joined=true]').count();
    expect(await joined()).toBeLessThan(13);
    expect(await page.locator('[data-testid=room-or-16] [data-joined=true]').count()).toBe(0);
    await page.getByTestId('room-or-16').scrollIntoViewIfNeeded();
    await page.locator('[data-testid=room-or-16] [data-state=live]').waitFor();
  });
});
