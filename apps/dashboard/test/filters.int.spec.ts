import type { BrowserContextOptions, Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { eventually, ScreenStage, shoot } from './screen-stage.ts';

const stage = new ScreenStage();

const open = (options: BrowserContextOptions = {}) =>
  stage.open('/recordings', { viewport: { width: 1920, height: 1080 }, ...options });
/** The first day of the list, as its address has it. */
const firstDay = (page: Page) => new URL(page.url()).searchParams.get('from');

describe('a day of a filter', () => {
  it.each([
    ['de-DE', 'Von', '3.11.2026', '03.11.2026', 'TT.MM.JJJJ'],
    ['de-DE', 'Von', '03112026', '03.11.2026', 'TT.MM.JJJJ'],
    ['en-GB', 'From', '3/11/2026', '03/11/2026', 'DD/MM/YYYY'],
    ['en-GB', 'From', '2026-11-03', '03/11/2026', 'DD/MM/YYYY'],
  ])('is written as %s writes it: %s %s', async (locale, label, typed, shown, pattern) => {
    const page = await open({ locale });
    const field = page.getByLabel(label, { exact: true });
    expect(await field.getAttribute('placeholder')).toBe(pattern);
    await field.fill(typed);
    await field.blur();
    await eventually(() => field.inputValue()).toBe(shown);
    await eventually(() => firstDay(page)).toBe('2026-11-03');
  });

  it('is none where it cannot be: the field goes back, nothing is asked', async () => {
    const page = await open({ locale: 'de-DE' });
    await page.getByTestId('recordings').waitFor();
    const field = page.getByLabel('Von', { exact: true });
    await field.fill('31.02.2026');
    await field.blur();
    await eventually(() => field.inputValue()).toBe('');
    expect(firstDay(page)).toBeNull();
  });

  it('is picked by keys alone out of a calendar whose weeks begin on Monday, in both languages', async () => {
    for (const [locale, label, monday, colorScheme] of [
      ['de-DE', 'Von', 'Mo', 'light'],
      ['en-GB', 'From', 'Mo', 'dark'],
    ] as const) {
      const day = '15 November 2026';
      const page = await open({ locale, colorScheme });
      const field = page.getByLabel(label, { exact: true });
      await field.fill('03112026'.replace(/(..)(..)/, locale === 'de-DE' ? '$1.$2.' : '$1/$2/'));
      await field.press('ArrowDown');
      await page.getByRole('button', { name: day }).waitFor();
      expect(
        await page
          .locator('table', { has: page.getByRole('button', { name: day }) })
          .locator('th')
          .first()
          .innerText(),
      ).toBe(monday);
      await shoot(page, `filter-calendar-${locale.slice(0, 2)}`);
      await page.getByRole('button', { name: day }).click();
      await eventually(() => firstDay(page)).toBe('2026-11-15');
    }
  });
});

it('the button that shows all again has all of its words', async () => {
  const page = await open({ locale: 'de-DE' });
  await page.getByTestId('search').fill('Müller');
  const button = page.getByRole('button', { name: 'Filter zurücksetzen' });
  await button.waitFor();
  const cut = await button.evaluate((root) =>
    [root, ...root.querySelectorAll('*')].some(
      (each) => each.scrollWidth > each.clientWidth + 1 && each.clientWidth > 0,
    ),
  );
  expect(cut).toBe(false);
});
