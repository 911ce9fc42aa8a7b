import type { BrowserContextOptions } from 'playwright-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { Door, PASSWORD } from './door.ts';
import { caller, nobody, signedIn, viewer } from './fixture-access.ts';
import { clips, ulidOf } from './fixture-data.ts';
import type { FixtureServer } from './fixture-server.ts';
import { eventually, ScreenStage, shoot } from './screen-stage.ts';

const phone = { viewport: { width: 390, height: 844 } };
const desk = { viewport: { width: 1440, height: 900 } };
const english = { ...desk, locale: 'en-GB', colorScheme: 'dark' } as const;

let door: Door;

const stage = new ScreenStage((server) => void (door = new Door(server)));
let server: FixtureServer;
beforeEach(() => void ({ server } = stage));

const visit = (path: string, options: BrowserContextOptions = desk) => stage.open(path, options);
const asked = (method: string, path: string) => stage.asked(method, path);

describe('accounts', () => {
  it('are made with a one-time password that is shown once, changed, reset and disabled', async () => {
    const page = await visit('/');
    await page.getByTestId('nav-admin').click();
    await page.getByTestId('nav-accounts').click();
    await page.getByTestId('account-m.okafor').waitFor();
    await shoot(page, 'accounts');
    await page.getByTestId('new-account').click();
    await page.getByTestId('account-name').fill('h.weber');
    await page.getByTestId('account-save').click();
    // Nothing is sent without a name and a role.
    await page.locator('[aria-invalid=true]').first().waitFor();
    await page.getByTestId('account-display').fill('Hanna Weber');
    await page.getByTestId('role-nurse').check();
    await page.getByTestId('rooms').click();
    await page.getByRole('option', { name: 'OP 2' }).click();
    await page.keyboard.press('Tab');
    await shoot(page, 'account-new');
    // What was filled in goes on after the session has ended.
    door.end();
    await page.getByTestId('account-save').click();
    await page.getByTestId('sign-in-password').fill(PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByTestId('secret-text').waitFor();
    expect(asked('POST', '/accounts').at(-1)?.body).toEqual({
      name: 'h.weber',
      displayName: 'Hanna Weber',
      roles: ['nurse'],
      stations: ['or-2'],
    });
    expect(await page.getByTestId('secret-text').innerText()).toBe('ABCD-EFGH-JKLM-NPQR');
    await page.getByTestId('secret-done').click();
    await page.getByTestId('account-h.weber').waitFor();
    await page.getByTestId('secret-text').waitFor({ state: 'detached' });

    await page.getByTestId('actions-pflege-op1').click();
    await page.getByRole('menuitem', { name: 'Bearbeiten' }).click();
    await page.getByTestId('role-auditor').uncheck();
    await page.getByTestId('account-save').click();
    await eventually(() => asked('PATCH', `/accounts/${ulidOf(712)}`)[0]?.body).toEqual({
      displayName: 'Jutta Kern',
      roles: ['nurse'],
      stations: ['or-1', 'or-2'],
    });
    await page.getByTestId('actions-pflege-op1').click();
    await page.getByRole('menuitem', { name: 'Passwort zurücksetzen' }).click();
    expect(await page.getByTestId('secret-text').innerText()).toBe('WXYZ-2345-6789-ABCD');
    await page.getByTestId('secret-done').click();
    await page.getByTestId('actions-m.okafor').click();
    // Whoever signs in at the hospital has neither a password nor roles of ours.
    expect(await page.getByRole('menuitem').allInnerTexts()).toEqual(['Überall abmelden', 'Sperren']);
    await page.getByRole('menuitem', { name: 'Sperren' }).click();
    await page.getByTestId('account-m.okafor').getByText('Gesperrt').waitFor();
  });

  it('say in words why something is refused, and fit a phone', async () => {
    const page = await visit('/admin/accounts', phone);
    const problem = { type: 'about:blank', title: 'No', status: 409, code: 'last-admin', detail: 'anna is the last' };
    server.overrides.set(`PATCH /accounts/${ulidOf(710)}`, { status: 409, body: problem });
    await page.getByTestId('actions-anna').click();
    await page.getByRole('menuitem', { name: 'Sperren' }).click();
    await page.getByText('Das ist das letzte Administrator-Konto mit Passwort.').waitFor();
    const wide = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
    expect(await page.evaluate<number>(wide)).toBeLessThanOrEqual(0);
    await shoot(page, 'accounts-phone');
  });

  it('the own one: another password, and where one is signed in', async () => {
    const page = await visit('/account', english);
    await page.getByTestId('own-sessions').waitFor();
    expect(await page.getByTestId('own-sessions').innerText()).toContain('Safari 18, iOS');
    await shoot(page, 'account');
    await page.getByTestId('password-current').fill(PASSWORD);
    await page.getByTestId('password-next').fill('vier Fliegen im Honig');
    await page.getByTestId('password-again').fill('vier Fliegen im Honig');
    await page.getByTestId('change-password').click();
    await page.getByText('Password changed. Other sessions have ended.').waitFor();
    expect(await page.getByTestId('password-current').inputValue()).toBe('');
    await page.getByRole('button', { name: 'Sign out: Safari 18, iOS' }).click();
    await eventually(() => asked('DELETE', `/sessions/${ulidOf(702)}`).length).toBe(1);
  });
});

describe('tokens and panels', () => {
  it('a token is shown once, and revoked only after a question', async () => {
    const page = await visit('/admin/tokens', english);
    await page.getByTestId('token-his-export').waitFor();
    await shoot(page, 'tokens');
    await page.getByTestId('new-token').click();
    await page.getByTestId('token-name').fill('No Blanks');
    await page.getByTestId('token-create').click();
    await page.locator('[aria-invalid=true]').first().waitFor();
    await page.getByTestId('token-name').fill('ris-bridge');
    await page.getByTestId('token-create').click();
    await page.getByTestId('secret-text').waitFor();
    expect(asked('POST', '/tokens')[0]?.body).toEqual({ name: 'ris-bridge', roles: ['integrator'], stations: null });
    expect(await page.getByTestId('secret-text').innerText()).toMatch(/^sbx_/);
    await page.getByTestId('secret-done').click();
    await page.getByRole('button', { name: 'Revoke his-export' }).click();
    await page.keyboard.press('Escape');
    await page.getByTestId('confirm-yes').waitFor({ state: 'detached' });
    expect(asked('DELETE', `/tokens/${ulidOf(720)}`)).toEqual([]);
    await page.getByRole('button', { name: 'Revoke his-export' }).click();
    await page.getByTestId('confirm-yes').click();
    await page.getByTestId('token-his-export').getByText('Revoked').waitFor();
  });

  it('a panel shows a code, a desk confirms it, and the panel goes on by itself to its room', async () => {
    const { session } = server;
    server.session = nobody;
    const touch = await visit('/console/or-1', { viewport: { width: 1920, height: 1080 }, hasTouch: true });
    await touch.getByTestId('pair-panel').click();
    await touch.getByTestId('panel-code').waitFor();
    expect(await touch.getByTestId('panel-code').innerText()).toBe('K7QF-2M');
    await shoot(touch, 'panel-pairing');

    server.session = session;
    const page = await visit('/admin/panels');
    await page.getByTestId('pair').click();
    await page.getByTestId('pair-code').fill('K7QF-2X');
    await page.getByTestId('pair-next').click();
    await page.getByText('Diesen Code zeigt gerade kein Bildschirm.').waitFor();
    await page.getByTestId('pair-code').fill('K7QF-2M');
    await page.getByTestId('pair-next').click();
    await page.getByTestId('pair-asks').waitFor();
    expect(await page.getByTestId('pair-name').inputValue()).toBe('OP 1');
    await shoot(page, 'panel-confirm');
    // From here on it is the panel that asks.
    await page.getByTestId('pair-next').click();
    await page.getByTestId('pair-done').waitFor();
    expect(asked('POST', '/panels')[0]?.body).toEqual({ code: 'K7QF-2M', stationId: 'or-1', name: 'OP 1' });
    await page.context().close();
    const panel = caller({ kind: 'panel', actor: 'panel:OP 1', roles: ['panel'], stations: ['or-1'], hasPassword: false }); // prettier-ignore
    server.session = signedIn(panel);
    await touch.getByTestId('save-last').waitFor();
    // Wherever else it is sent to, it is its room's panel.
    await touch.goto(`${server.url}/recordings`);
    await touch.waitForURL(`${server.url}/console/or-1`);
    await touch.goto(`${server.url}/clips/${clips[0]!.clipId}/edit`);
    await touch.getByTestId('back-to-clip').click();
    await touch.waitForURL(`${server.url}/console/or-1`);
  });
});

describe('emergency access', () => {
  it('asks for a reason and an answer to the warning, and cannot be overlooked until it is over', async () => {
    door.person = caller({ ...viewer, actor: 'gast' });
    server.session = signedIn(door.person);
    const page = await visit('/');
    await page.getByTestId('account-menu').click();
    await page.getByTestId('break-glass').click();
    await page.getByTestId('glass-reason').fill('zu kurz');
    await page.getByTestId('glass-open').click();
    await page.getByText('Bitte ausfüllen.').nth(1).waitFor();
    expect(await page.getByTestId('glass-reason').getAttribute('aria-invalid')).toBe('true');
    await page.getByTestId('glass-room').click();
    await page.getByRole('option', { name: 'OP 1' }).click();
    await page.getByTestId('glass-reason').fill('Nachblutung, der Kollege ist nicht erreichbar');
    await shoot(page, 'break-glass');
    await page.getByTestId('glass-open').click();
    expect(asked('POST', '/break-glass')).toEqual([]);
    await page.getByTestId('glass-confirm').check();
    await page.getByTestId('glass-open').click();
    const banner = page.getByTestId('glass-banner');
    await banner.waitFor();
    expect(await banner.innerText()).toMatch(/Notfallzugriff auf OP 1 bis \d\d:\d\d/);
    expect(asked('POST', '/break-glass')[0]?.body).toEqual({
      stationId: 'or-1',
      reason: 'Nachblutung, der Kollege ist nicht erreichbar',
      confirmed: true,
    });
    await page.getByTestId('rooms').waitFor();
    await shoot(page, 'break-glass-open');
    await page.getByTestId('glass-end').click();
    await banner.waitFor({ state: 'detached' });
  });
});

describe('the audit', () => {
  it('is searched by person, object, time and kind in the address, and taken away as it is shown', async () => {
    const page = await visit('/admin/audit');
    await page.getByTestId('entry-1998').waitFor();
    expect(await page.getByTestId('entry-1995').innerText()).toMatch(/Bedienplatz or-1\/3k7qf2[^]*Gespeichert/);
    await page.getByTestId('entry-1998').locator('summary').click();
    expect(await page.getByTestId('entry-1998').innerText()).toContain('Nachblutung, Kollege ist nicht erreichbar');
    await shoot(page, 'audit');
    await page.getByTestId('audit-person').fill('okafor');
    await page.getByTestId('entry-1995').waitFor({ state: 'detached' });
    await page.getByTestId('audit-object').fill('P-4711-0815');
    await page.getByTestId('audit-kind').click();
    await page.getByRole('option', { name: 'Zugriff', exact: true }).click();
    const filters = { person: 'okafor', object: 'P-4711-0815', kind: 'access' };
    await eventually(() => Object.fromEntries(new URL(page.url()).searchParams)).toEqual(filters);
    const exported = async () => {
      const href = (await page.getByTestId('audit-atna').getAttribute('href')) ?? '';
      return Object.fromEntries(new URL(href, server.url).searchParams);
    };
    await eventually(exported).toEqual({ ...filters, format: 'atna' });
  });

  it('says loudly that it was tampered with, and where', async () => {
    const faults = [{ what: 'changed' as const, sequence: 1995, entryId: ulidOf(2795), reason: 'another hash' }];
    door.chain = { ...door.chain, check: { at: new Date().toISOString(), entries: 1998, intact: false, faults } };
    const page = await visit('/admin/audit', english);
    await page.locator('[data-testid=chain][data-state=broken]').waitFor();
    await page.getByTestId('check-chain').click();
    await eventually(() => asked('POST', '/audit/chain/check').length).toBe(1);
    expect(await page.getByTestId('chain').innerText()).toMatch(/NOT intact[^]*Changed: entry 1995 – another hash/);
    await shoot(page, 'audit-broken');
  });
});
