import type { DeliveryQueueItem } from '@smartbox/contracts';
import { expect, it } from 'vitest';
import type { z } from 'zod';
import { accessibilityFaults, builtDashboard, launchBrowser, openPage } from './browser.ts';
import { ago, clips, procedure, ulidOf } from './fixture-data.ts';
import { FixtureServer } from './fixture-server.ts';

type Delivery = z.infer<typeof DeliveryQueueItem>;

const delivery = (n: number, change: Partial<Delivery>): Delivery => ({
  deliveryId: ulidOf(700 + n),
  instanceId: ulidOf(300 + n),
  sopInstanceUid: `2.25.${n + 1}`,
  clipId: clips[n]!.clipId,
  patient: { name: procedure.patient.name, id: procedure.patient.id },
  destination: 'archive',
  state: 'waiting',
  attempt: 1,
  bytes: 121_004_000,
  updatedAt: ago(60_000),
  ...change,
});
const reason = '127.0.0.1:11112 refused the connection';
const dead = delivery(1, { state: 'failed', attempt: 8, code: 'store-status-a700', reason: 'A700: out of resources' });
const later = delivery(0, { state: 'deferred', attempt: 3, code: 'peer-unreachable', reason, retryAt: ago(-600_000) });
const waits = delivery(2, { destination: 'teaching' });

it('deliveries say why they wait, are filtered by state and archive, and are tried again', async () => {
  const server = new FixtureServer(await builtDashboard());
  let queue = [later, dead, waits];
  let refuses = true;
  server.more = ({ method, path, query }) => {
    if (path === '/deliveries') {
      const [states, destination] = [query.get('state')?.split(','), query.get('destination')];
      const items = queue.filter(
        (one) => (states?.includes(one.state) ?? true) && (!destination || one.destination === destination),
      );
      return { status: 200, body: { items } };
    }
    if (method !== 'POST' || path !== `/clips/${dead.clipId}/retry`) return undefined;
    if (refuses) {
      const problem = { type: 'about:blank', title: 'No', status: 409, code: 'removed', detail: 'Das Objekt ist fort' };
      return { status: 409, body: problem };
    }
    queue = queue.map((one) => (one === dead ? delivery(1, { attempt: 9 }) : one));
    return { status: 202, body: {} };
  };
  await server.start();
  const browser = await launchBrowser();
  try {
    const { page, complaints } = await openPage(browser, `${server.url}/deliveries`);
    const row = ({ deliveryId }: Delivery) => page.getByTestId(`delivery-${deliveryId}`);
    const shown = async () =>
      (await page.locator('tr[data-testid^=delivery-]').evaluateAll((all) => all.map((one) => one.dataset['testid'])))
        .map((id) => id?.replace('delivery-', ''))
        .toSorted();
    const ids = (...of: Delivery[]) => of.map(({ deliveryId }) => deliveryId).toSorted();
    const shows = (...of: Delivery[]) => expect.poll(shown, { timeout: 15_000 }).toEqual(ids(...of));
    await shows(later, dead, waits);
    expect(await row(later).innerText()).toMatch(
      /Zurückgestellt[^]*Zentrales Bildarchiv[^]*Das Ziel ist nicht erreichbar[^]*refused the connection/,
    );
    expect(await row(later).innerText()).toMatch(/\b3\b/);
    expect(await row(dead).innerText()).toMatch(
      /Fehlgeschlagen[^]*Das Ziel hat das Objekt nicht angenommen[^]*A700: out of resources/,
    );
    // What only waits is not tried again by hand.
    expect(await row(waits).getByRole('button').count()).toBe(0);

    const choose = async (filter: string, option: string) => {
      await page.getByTestId(filter).click();
      await page.getByRole('option', { name: option, exact: true }).click();
    };
    await choose('filter-state', 'Fehlgeschlagen');
    await shows(dead);
    await page.waitForURL(/state=failed/);
    await page.reload();
    await shows(dead);
    expect(await page.getByTestId('filter-state').inputValue()).toBe('Fehlgeschlagen');
    await choose('filter-destination', 'Lehrsammlung');
    await page.waitForURL(/destination=teaching/);
    await page.getByText('Nichts in der Warteschlange.').waitFor();
    await page.goto(`${server.url}/deliveries?destination=teaching`);
    await shows(waits);

    await page.goto(`${server.url}/deliveries?state=failed`);
    const retry = page.getByTestId(`retry-${dead.deliveryId}`);
    await retry.click();
    await page.getByText('Das Objekt ist fort').waitFor();
    await shows(dead);
    refuses = false;
    await retry.click();
    await shows();
    await page.goto(`${server.url}/deliveries`);
    await shows(later, dead, waits);
    expect(await row(dead).innerText()).toContain('Wartet');
    expect(await retry.count()).toBe(0);
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(complaints).toEqual([]);
  } finally {
    await browser.close();
    await server.stop();
  }
});
