import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Locator } from 'playwright-core';
import { remux, writeSyntheticVideo } from '@smartbox/media/native';
import { expect, it } from 'vitest';
import { accessibilityFaults, builtDashboard, launchBrowser, openPage } from './browser.ts';
import { counterOf } from './counter.ts';
import { filmed } from './editor-fixture.ts';
import { FixtureServer } from './fixture-server.ts';

const FRAMES = 240;
/** The room camera began 200 ms later: six frames at 30 per second. */
const BEHIND = 6;

it('the sources of a clip play side by side, frame for frame, with one play head', async () => {
  const videos = mkdtempSync(join(tmpdir(), 'smartbox-together-'));
  const raw = join(videos, 'raw.mp4');
  await writeSyntheticVideo(raw, { width: 640, height: 360, frames: FRAMES, fps: 30, gop: 30 });
  await remux(raw, join(videos, 'endoscope.mp4'));
  await remux(raw, join(videos, 'room.mp4'));
  const detail = filmed(FRAMES, { num: 30, den: 1 });
  const first = detail.sources[0]!;
  const second: typeof first = {
    ...first,
    sourceId: 'room',
    startedAt: '2026-11-23T09:00:00.200Z',
    videoUrl: '/video/room.mp4',
    gaps: [{ atMs: 1_000, durationMs: 820, reason: 'no-signal' }],
  };
  const server = new FixtureServer(await builtDashboard(), videos);
  server.more = ({ method, path }) =>
    method === 'GET' && path === `/clips/${detail.clipId}`
      ? { status: 200, body: { ...detail, sources: [first, second] } }
      : undefined;
  await server.start();
  const browser = await launchBrowser();
  try {
    const { page, complaints } = await openPage(browser, `${server.url}/recordings/${detail.clipId}`);
    // One source: what was marked in the room two seconds after it began is frame 60.
    const mark = page.getByTestId(`mark-${detail.markers![0]!.markerId}`);
    const goesTo = async (frame: number, video: Locator) => {
      await mark.click();
      await expect.poll(() => counterOf(video), { timeout: 20_000 }).toBe(frame);
    };
    await goesTo(60, page.getByTestId('player-video'));
    expect(await mark.innerText()).toMatch(/0:02\s*Ductus cysticus/);
    const place = (testId: string) =>
      page.getByTestId(testId).evaluate((element) => parseFloat((element as HTMLElement).style.left));
    expect(await place('timeline-mark')).toBeCloseTo((2_000 / 8_000) * 100, 1);

    await page.getByText('Nebeneinander').click();
    const player = page.getByTestId('together');
    await player.waitFor();
    const shown = () => Promise.all(['endoscope', 'room'].map((id) => counterOf(page.getByTestId(`together-${id}`))));
    const together = async (frame: number) =>
      expect.poll(shown, { timeout: 20_000 }).toEqual([frame, Math.max(0, frame - BEHIND)]);
    await goesTo(60, page.getByTestId('together-endoscope'));
    await together(60);
    // On the common time line, 200 ms further on than on the room camera's own.
    expect(await place('timeline-mark')).toBeCloseTo((2_000 / 8_200) * 100, 1);
    expect(await place('timeline-gap')).toBeCloseTo((1_200 / 8_200) * 100, 1);
    expect(await page.getByTestId('timeline-gap').getAttribute('title')).toBe('Raumkamera: Lücke 820 ms: kein Signal');
    await page.keyboard.press('Home');
    await together(0);
    await page.keyboard.press('.');
    await together(1);
    for (let i = 0; i < 9; i += 1) await page.getByTestId('together-forward').click();
    await together(10);
    await page.getByTestId('together-back').click();
    await together(9);

    await page.getByTestId('together-play').click();
    await expect.poll(async () => (await shown())[0] ?? 0, { timeout: 20_000 }).toBeGreaterThan(45);
    const drift = Number(await player.getAttribute('data-drift-ms'));
    expect(drift).toBeLessThan(400);
    await page.getByTestId('together-play').click();
    await player.and(page.locator('[data-playing=false]')).waitFor();
    // Whatever the machine did meanwhile: paused, both show the same moment.
    await expect
      .poll(
        async () => {
          const [leader, follower] = await shown();
          return (leader ?? 0) - (follower ?? 0);
        },
        { timeout: 20_000 },
      )
      .toBe(BEHIND);
    await page.getByTestId('timeline').focus();
    await page.keyboard.press('Home');
    await together(0);
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(complaints).toEqual([]);
  } finally {
    await browser.close();
    await server.stop();
    rmSync(videos, { recursive: true, force: true });
  }
});
