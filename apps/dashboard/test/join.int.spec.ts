import type { ClipDetail } from '@smartbox/contracts';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { accessibilityFaults } from './browser.ts';
import { counterOf } from './counter.ts';
import { EditDesk } from './editor-fixture.ts';
import { EditorStage, FRAMES, LATE, eventually, film } from './editor-stage.ts';

const stage = new EditorStage('25', 'late');
const first = film('25');
/** Of the same procedure; its pictures are numbered from 1000. */
const second: ClipDetail = { ...film('late', FRAMES, 2), description: 'Nach der Spülung' };

const open = async (options: BrowserContextOptions = {}): Promise<Page> => {
  stage.desk = new EditDesk(first, second);
  const page = await stage.visit(`/clips/${first.clipId}/join`, options);
  await page.getByTestId('join').waitFor();
  return page;
};
const add = async (page: Page, clip: ClipDetail, parts: number) => {
  await page.getByTestId(`add-${clip.clipId}`).getByTestId('add-clip').click();
  await page.getByTestId(`block-${parts}`).waitFor();
};
const shown = (page: Page) => page.getByTestId('join-stage').getAttribute('data-film-frame').then(Number);
/** The film's frame and the number on the picture that is in sight. */
const at = async (page: Page, filmFrame: number, counter: number) => {
  await eventually(() => shown(page)).toBe(filmFrame);
  await eventually(() => counterOf(page.getByTestId('join-video'))).toBe(counter);
};
const part = (page: Page, number: number) => page.getByTestId(`join-part-${number}`);
const source = (clip: ClipDetail) => `${clip.clipId}/${clip.sources[0]!.sourceId}`;

describe('joining clips', () => {
  it('shows the joint frame by frame and plays over it; the film has the very frames', async () => {
    const page = await open();
    expect(await page.getByTestId('save-join').isDisabled()).toBe(true);
    await at(page, 0, 0);
    await add(page, second, 2);
    // the first part ends with its frame 39, the second one begins with its frame 10
    await page.getByTestId('strip').focus();
    await part(page, 1).locator('button').first().click();
    await page.keyboard.press('Shift+ArrowRight');
    await at(page, 25, 25);
    for (let i = 0; i < 14; i += 1) await page.keyboard.press('ArrowRight');
    await at(page, 39, 39);
    await page.getByTestId('set-out').click();
    await part(page, 2).locator('button').first().click();
    await at(page, 40, LATE);
    for (let i = 0; i < 10; i += 1) await page.keyboard.press('.');
    await at(page, 50, LATE + 10);
    await page.getByTestId('set-in').click();
    await at(page, 40, LATE + 10);
    expect(await page.getByTestId('film-length').getAttribute('data-frames')).toBe('150');
    await page.keyboard.press(',');
    await at(page, 39, 39);
    await page.keyboard.press('.');
    await at(page, 40, LATE + 10);

    await page.evaluate(() => {
      const seen: number[] = [];
      (globalThis as Record<string, unknown>)['seen'] = seen;
      const element = document.querySelector('[data-testid=join-stage]')!;
      new MutationObserver(() => seen.push(Number(element.getAttribute('data-film-frame')))).observe(element, {
        attributeFilter: ['data-film-frame'],
      });
    });
    await page.getByTestId('joint-1').click();
    // the first part is shorter than the two seconds that would be shown of it; of the second there are 60 frames
    await at(page, 99, LATE + 69);
    await eventually(() => page.getByTestId('join-stage').getAttribute('data-playing')).toBe('false');
    const seen = await page.evaluate(() => (globalThis as unknown as { seen: number[] }).seen);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    // both sides of the joint were in sight, whatever else a busy machine may have left out
    expect(seen).toContain(39);
    expect(seen).toContain(40);
    expect(seen.length).toBeGreaterThan(20);

    await page.getByTestId('edit-name').fill('Vorher und nachher');
    await page.getByTestId('save-join').click();
    await eventually(() => stage.desk.edits.length).toBe(1);
    const [edit] = stage.desk.edits;
    expect(edit).toMatchObject({ clipId: first.clipId, name: 'Vorher und nachher' });
    expect(stage.desk.rangesOf(edit!)).toEqual([
      { source: source(first), from: 0, to: 40 },
      { source: source(second), from: 10, to: 120 },
    ]);
  });

  it('goes to the clip it begins with; a clip may come twice; every step is undone', async () => {
    const page = await open();
    await add(page, second, 2);
    await page.getByTestId('earlier-2').click();
    await eventually(() => part(page, 1).getAttribute('data-clip')).toBe(second.clipId);
    await add(page, second, 3);
    expect(await page.getByTestId(`add-${second.clipId}`).innerText()).toContain('2-mal im Film');
    await page.getByTestId('remove-3').click();
    await page.getByTestId('undo').click();
    await page.getByTestId('block-3').waitFor();
    await page.getByTestId('handle-to').focus();
    await page.keyboard.press('PageDown');
    await page.keyboard.press('PageDown');
    await page.getByTestId('save-join').click();
    await eventually(() => stage.desk.edits.length).toBe(1);
    const [edit] = stage.desk.edits;
    expect(edit!.clipId).toBe(second.clipId);
    // what was in sight when its order changed stayed in sight: the edge that was moved is the first clip's
    expect(stage.desk.rangesOf(edit!)).toEqual([
      { source: source(second), from: 0, to: 120 },
      { source: source(first), from: 0, to: 70 },
      { source: source(second), from: 0, to: 120 },
    ]);
  });

  it('by keyboard alone; tells what was refused, and asks for the very same once more', async () => {
    const path = `/clips/${first.clipId}/edits`;
    stage.server.overrides.set(`POST ${path}`, {
      status: 409,
      body: { type: 'x', title: 'No', status: 409, code: 'consent-refused', detail: 'Keine Einwilligung' },
    });
    const page = await open();
    await page.getByTestId(`add-${second.clipId}`).getByTestId('add-clip').focus();
    await page.keyboard.press('Enter');
    await page.getByTestId('block-2').waitFor();
    await page.keyboard.press('ArrowDown');
    await at(page, 120, LATE);
    await page.keyboard.press('i');
    await page.keyboard.press('End');
    await at(page, 239, LATE + 119);
    await page.keyboard.press(',');
    await page.keyboard.press('o');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowUp');
    await at(page, 0, 0);
    await page.getByTestId('save-join').focus();
    await page.keyboard.press('Enter');
    await page.getByRole('alert').first().waitFor();
    stage.server.overrides.clear();
    await page.getByTestId('save-join').focus();
    await page.keyboard.press('Enter');
    await eventually(() => stage.desk.edits.length).toBe(1);
    const asked = stage.server.requests.filter((r) => r.method === 'POST' && r.path === path).map((r) => r.body);
    expect(asked).toHaveLength(2);
    expect(asked[1]).toEqual(asked[0]);
    const row = page.getByTestId(`edit-${stage.desk.edits[0]!.renditionId}`);
    expect(await row.innerText()).toContain('12 %');
    await row.getByTestId('cancel-work').click();
    await page.locator('[data-testid^="edit-"][data-state=cancelled]').waitFor();
  });

  it('takes over what is being cut', async () => {
    stage.desk = new EditDesk(first, second);
    const page = await stage.open();
    await page.keyboard.press('Shift+ArrowRight');
    await eventually(() => page.getByTestId('film-video').getAttribute('data-frame')).toBe('25');
    await page.keyboard.press('i');
    await page.getByTestId('open-join').click();
    await page.getByTestId('join').waitFor();
    await at(page, 0, 25);
    expect(await page.getByTestId('film-length').getAttribute('data-frames')).toBe('95');
  });

  it.each([
    ['desk-de', 'de-DE', 'light', { width: 1440, height: 900 }],
    ['phone-en', 'en-GB', 'dark', { width: 390, height: 844 }],
  ] as const)('is accessible: %s', async (name, locale, colorScheme, viewport) => {
    const page = await open({ locale, colorScheme, viewport, hasTouch: true });
    await add(page, second, 2);
    await page.getByTestId('joint-1').waitFor();
    const folder = process.env['SCREENS'];
    if (folder) await page.screenshot({ path: `${folder}/join-${name}.png`, fullPage: true });
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(0);
    const small = await page.locator('main button:visible').evaluateAll((all) =>
      all.flatMap((one) => {
        const { width, height } = one.getBoundingClientRect();
        return Math.min(width, height) < 40 ? [one.outerHTML.slice(0, 90)] : [];
      }),
    );
    expect(small).toEqual([]);
  });

  it('says so where there is nothing to join, and where a video is broken', async () => {
    stage.desk = new EditDesk(first);
    const page = await stage.visit(`/clips/${first.clipId}/join`);
    await page.getByText('Von diesem Eingriff ist kein weiterer Clip gespeichert.').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    stage.desk = new EditDesk({ ...first, sources: [{ ...first.sources[0]!, videoUrl: '/video/none.mp4' }] });
    await page.reload();
    await page.getByTestId('join-broken').waitFor();
  });
});
