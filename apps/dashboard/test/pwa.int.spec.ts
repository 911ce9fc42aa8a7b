import { expect, it } from 'vitest';
import { builtDashboard, launchBrowser, openPage } from './browser.ts';
import { FixtureServer } from './fixture-server.ts';

it('the app can be installed, starts while the server is away and says so, and keeps nothing of a patient', async () => {
  const server = new FixtureServer(await builtDashboard());
  await server.start();
  await using browser = await launchBrowser();
  const { page } = await openPage(browser, `${server.url}/console/or-1`);
  await page.getByTestId('save-last').waitFor();
  const session = await page.context().newCDPSession(page);
  await page.evaluate('navigator.serviceWorker.ready.then(() => undefined)');
  const manifest = await session.send('Page.getAppManifest');
  expect(manifest.errors).toEqual([]);
  const { installabilityErrors } = await session.send('Page.getInstallabilityErrors');
  // A window without a profile cannot install anything; nothing else is missing.
  expect(installabilityErrors.map(({ errorId }) => errorId).filter((id) => id !== 'in-incognito')).toEqual([]);

  const kept = await page.evaluate<string[]>(
    'caches.keys().then(async (names) => (await Promise.all(names.map(async (name) => (await (await caches.open(name)).keys()).map((request) => new URL(request.url).pathname)))).flat())',
  );
  expect(kept).toContain('/index.html');
  expect(
    kept.filter((path) => !/^\/(index\.html|favicon\.svg|manifest\.webmanifest|assets\/|icons\/)/.test(path)),
  ).toEqual([]);

  await server.stop();
  await page.reload();
  await page.getByTestId('feed-lost').waitFor();
  expect(await page.getByTestId('feed-lost').innerText()).toContain('Die Aufzeichnung im Saal hängt nicht');
  await page.getByTestId('failed').waitFor();
  expect(await page.locator('body').innerText()).not.toContain('Lüdenscheidt');
});
