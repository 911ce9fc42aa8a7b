import { AxeBuilder } from '@axe-core/playwright';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { fakePeerScript } from './fake-peer.ts';

/**
 * The app as it is shipped, built once for all specs of the same sources. The folder to serve.
 */
export async function builtDashboard(): Promise<string> {
  const root = join(import.meta.dirname, '..');
  const hash = createHash('sha256').update('production');
  for (const folder of [
    'src',
    'public',
    '../../libs/contracts/src',
    '../../libs/api-client/src',
    '../../libs/recording/src',
  ]) {
    for (const file of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
      if (file.isFile()) hash.update(file.name).update(readFileSync(join(file.parentPath, file.name)));
    }
  }
  for (const file of ['index.html', 'vite.config.ts', '../../package-lock.json'])
    hash.update(readFileSync(join(root, file)));
  const folder = join(tmpdir(), `smartbox-dashboard-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(folder)) return folder;
  const outDir = mkdtempSync(join(tmpdir(), 'smartbox-dashboard-'));
  // In a process of its own: under the test runner it would be the development build, without its service worker.
  const vite = join(root, '../../node_modules/vite/bin/vite.js');
  const options = ['build', '--outDir', outDir, '--emptyOutDir', '--sourcemap', 'false', '--logLevel', 'error'];
  const env = { ...process.env, NODE_ENV: 'production' };
  await promisify(execFile)(process.execPath, [vite, ...options], { cwd: root, env });
  try {
    renameSync(outDir, folder);
  } catch {
    // Another spec was faster.
    rmSync(outDir, { recursive: true, force: true });
  }
  return folder;
}

/** Debian's Chromium; `CHROMIUM_PATH` names another one. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

export interface Screen {
  page: Page;
  /** What the page complained about: errors, violations of the content security policy. */
  complaints: string[];
}

/** A fresh German full-HD page with the fake peer connection. */
export async function openPage(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Screen> {
  const context = await browser.newContext({
    viewport: { width: 1920, height: 1080 },
    locale: 'de-DE',
    timezoneId: 'Europe/Berlin',
    reducedMotion: 'reduce',
    ...options,
  });
  await context.addInitScript(fakePeerScript);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
      complaints.push(message.text());
    }
  });
  await page.goto(url);
  return { page, complaints };
}

/** WCAG 2.2 AA, as far as a machine can tell. Empty when nothing is wrong. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'])
    .analyze();
  return violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target.join(' ')} ${n.failureSummary ?? ''}`));
}

/** At arm's length and with gloves, operator-ui: 20 mm, at 96 px an inch. */
const GLOVE_PX = (20 / 25.4) * 96;

/** Everything that can be touched, in the dialog that is open or on the page, and is less than 20 mm wide or high. */
export function smallTargets(page: Page): Promise<string[]> {
  return page.evaluate((least) => {
    const root = document.querySelector('[role=dialog]') ?? document.body;
    const all = root.querySelectorAll<HTMLElement>('button, a[href], input, select, textarea, [role=slider]');
    return [...all].flatMap((element) => {
      if (!element.checkVisibility()) return [];
      // A choice is touched on its label, which may have several parts.
      const labels = element.matches('[type=radio], [type=checkbox]') ? (element as HTMLInputElement).labels : null;
      const boxes = [element, ...(labels ?? [])].map((one) => one.getBoundingClientRect());
      const { width, height } = boxes.reduce((a, b) =>
        Math.min(a.width, a.height) < Math.min(b.width, b.height) ? b : a,
      );
      if (width === 0 || Math.min(width, height) > least - 0.5) return [];
      const name = element.dataset['testid'] ?? element.getAttribute('aria-label') ?? element.textContent;
      return [`${name}: ${Math.round(width)} x ${Math.round(height)} px`];
    });
  }, GLOVE_PX);
}
