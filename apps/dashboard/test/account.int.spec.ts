import type { BrowserContextOptions, Page } from 'playwright-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { Door, PASSWORD } from './door.ts';
import { auditor, caller, hospital, nobody, open, signedIn, viewer } from './fixture-access.ts';
import { clips } from './fixture-data.ts';
import type { FixtureServer } from './fixture-server.ts';
import { eventually, ScreenStage, shoot } from './screen-stage.ts';

const phone = { viewport: { width: 390, height: 844 } };
const desk = { viewport: { width: 1440, height: 900 } };

const stage = new ScreenStage();
let server: FixtureServer;
beforeEach(() => void ({ server } = stage));

async function visit(path: string, options: BrowserContextOptions = desk): Promise<Page> {
  await stage.close();
  return stage.open(path, options);
}
const asked = (method: string, path: string) => stage.asked(method, path);

describe('signing in', () => {
  it('by keyboard alone, says in words what is wrong, and goes on to the page that was asked for', async () => {
    new Door(server, nobody);
    const page = await visit('/recordings?state=saved');
    await page.getByTestId('sign-in-name').waitFor();
    expect(await page.locator('h1').innerText()).toBe('Anmelden');
    await shoot(page, 'sign-in');
    await page.keyboard.press('Tab');
    while (await page.evaluate<boolean>(`document.activeElement.dataset.testid !== 'sign-in-name'`)) {
      await page.keyboard.press('Tab');
    }
    await page.keyboard.type('anna');
    await page.keyboard.press('Tab');
    await page.keyboard.type('falsch geraten');
    await page.keyboard.press('Enter');
    await page.getByTestId('refused').waitFor();
    expect(await page.getByTestId('refused').innerText()).toContain('Name oder Passwort stimmt nicht');
    expect(await page.getByTestId('sign-in-password').inputValue()).toBe('');
    await page.getByTestId('sign-in-password').fill(PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByTestId('csv').waitFor();
    expect(new URL(page.url()).search).toBe('?state=saved');
    await page.getByTestId('account-menu').click();
    await page.getByTestId('sign-out').click();
    await page.getByTestId('sign-in-name').waitFor();
    expect(await page.locator('body').innerText()).not.toContain('Lüdenscheidt');
  });

  it('offers the hospital first, and says what went wrong there', async () => {
    new Door(server, { ...nobody, signIn: { password: true, provider: hospital } });
    const page = await visit('/recordings?sign-in=no-role&kind=still', { ...phone, locale: 'en-GB' });
    const button = page.getByTestId('sign-in-provider');
    await button.waitFor();
    expect(await button.innerText()).toBe('Sign in with Klinikum Nord');
    const returnTo = new URLSearchParams({ returnTo: '/recordings?kind=still' });
    expect(await button.getAttribute('href')).toBe(`/api/v1/session/provider?${returnTo.toString()}`);
    expect(await page.getByTestId('refused').innerText()).toMatch(/none of your groups has a role/);
    await shoot(page, 'sign-in-phone');
  });

  it('asks for a password of one’s own after a one-time one', async () => {
    const door = new Door(server, nobody);
    door.person = caller({ permissions: [], passwordChangeNeeded: true });
    const page = await visit('/');
    await page.getByTestId('sign-in-name').fill('anna');
    await page.getByTestId('sign-in-password').fill(PASSWORD);
    await page.getByTestId('sign-in').click();
    // What was just typed is not asked for again.
    await page.getByTestId('password-next').fill('kurz');
    expect(await page.getByTestId('password-current').inputValue()).toBe(PASSWORD);
    await page.getByTestId('password-again').fill('kürzer');
    await page.getByTestId('change-password').click();
    await page.getByText('Die beiden Passwörter sind verschieden.').waitFor();
    expect(asked('POST', '/session/password')).toEqual([]);
    await page.getByTestId('password-again').fill('kurz');
    await page.getByTestId('change-password').click();
    await page.getByText('Das Passwort ist zu kurz').waitFor();
    door.person = caller();
    await page.getByTestId('password-next').fill('vier Fliegen im Honig');
    await page.getByTestId('password-again').fill('vier Fliegen im Honig');
    await page.getByTestId('change-password').click();
    await page.getByTestId('rooms').waitFor();
    expect(asked('POST', '/session/password').at(-1)?.body).toEqual({ current: PASSWORD, next: 'vier Fliegen im Honig' }); // prettier-ignore
  });
});

describe('before there is an account', () => {
  it('everything is open and says so, and the first account closes it', async () => {
    new Door(server, open);
    const page = await visit('/');
    const notice = page.getByTestId('no-accounts');
    await notice.waitFor();
    expect(await notice.innerText()).toMatch(/^Noch keine Konten: Wer an diesem Rechner sitzt, darf alles\.\s+Konten anlegen$/); // prettier-ignore
    expect(await page.getByTestId('account-menu').count()).toBe(0);
    await page.getByTestId('rooms').waitFor();
    await shoot(page, 'no-accounts');
    await notice.getByRole('link').click();
    await page.getByTestId('set-up-display').fill('Anna Berger');
    await page.getByTestId('set-up-name').fill('a');
    await page.getByTestId('set-up-password').fill(PASSWORD);
    await page.getByTestId('set-up-again').fill(PASSWORD);
    await page.getByTestId('set-up').click();
    await page.locator('[aria-invalid=true]').first().waitFor();
    expect(asked('POST', '/set-up')).toEqual([]);
    await page.getByTestId('set-up-name').fill('anna');
    await shoot(page, 'set-up');
    await page.getByTestId('set-up').click();
    await page.getByTestId('accounts').waitFor();
    expect(asked('POST', '/set-up')[0]?.body).toEqual({ name: 'anna', displayName: 'Anna Berger', password: PASSWORD });
    expect(await page.getByTestId('no-accounts').count()).toBe(0);
  });

  it('a server in a network asks for the code of its log', async () => {
    new Door(server, { access: 'set-up', signIn: { password: true } });
    const page = await visit('/recordings', { ...desk, locale: 'en-GB' });
    await page.getByTestId('set-up-code').fill(' 7F3K-99QX ');
    await page.getByTestId('set-up-display').fill('Anna Berger');
    await page.getByTestId('set-up-name').fill('anna');
    await page.getByTestId('set-up-password').fill(PASSWORD);
    await page.getByTestId('set-up-again').fill(PASSWORD);
    await page.getByTestId('set-up').click();
    await page.getByTestId('accounts').waitFor();
    expect(asked('POST', '/set-up')[0]?.body).toMatchObject({ code: '7F3K-99QX' });
  });
});

describe('a session that ends in the middle of work', () => {
  it('keeps what was typed, takes no key meanwhile, and goes on where it stopped', async () => {
    const door = new Door(server);
    const page = await visit(`/recordings/${clips[0]!.clipId}`);
    const field = page.getByTestId('description');
    await field.fill('Clip an der Arteria cystica');
    door.end();
    await page.getByTestId('save-description').click();
    const overlay = page.getByTestId('session-ended');
    await overlay.waitFor();
    await shoot(page, 'session-ended');
    await page.keyboard.press('Escape');
    expect(await page.getByTestId('sign-in-name').inputValue()).toBe('anna');
    await page.getByTestId('sign-in-password').fill('falsch');
    await page.keyboard.press('Enter');
    await page.getByTestId('refused').waitFor();
    const patches = () => asked('PATCH', `/clips/${clips[0]!.clipId}`);
    expect(patches().length).toBe(1);
    await page.getByTestId('sign-in-password').fill(PASSWORD);
    await page.keyboard.press('Enter');
    await overlay.waitFor({ state: 'detached' });
    await eventually(() => patches().length).toBe(2);
    expect(patches().at(-1)?.body).toEqual({ description: 'Clip an der Arteria cystica' });
    expect(await field.inputValue()).toBe('Clip an der Arteria cystica');
  });

  it('at the hospital in a window of its own; somebody else begins anew', async () => {
    const start = { ...hospital, startUrl: '/signed-in' };
    const door = new Door(server, { ...signedIn(caller({ hasPassword: false })), signIn: { password: true, provider: start } }); // prettier-ignore
    door.person = caller({ hasPassword: false });
    const page = await visit('/deliveries');
    await page.getByTestId('deliveries').waitFor();
    door.end();
    await page.evaluate('document.dispatchEvent(new Event("visibilitychange"))');
    await page.getByTestId('session-ended').waitFor();
    const { signIn } = server.session;
    server.session = { ...signedIn(door.person), signIn };
    const [window] = await Promise.all([page.waitForEvent('popup'), page.getByTestId('sign-in-provider').click()]);
    await eventually(() => window.isClosed()).toBe(true);
    await page.getByTestId('session-ended').waitFor({ state: 'detached' });
    door.end();
    await page.evaluate('document.dispatchEvent(new Event("visibilitychange"))');
    await page.getByTestId('session-ended').waitFor();
    server.session = { ...server.session, caller: caller({ actor: 'm.okafor', displayName: 'Dr. Okafor' }) };
    await page.evaluate('document.dispatchEvent(new Event("visibilitychange"))');
    await page.waitForURL(`${server.url}/`);
    await page.getByTestId('rooms').waitFor();
  });
});

describe('a role', () => {
  it('is not shown what it may not do, and no patient', async () => {
    server.session = signedIn(caller(viewer));
    const hidden = { name: '', id: '' };
    server.clips = clips.map((clip) => ({ ...clip, patient: hidden }));
    server.station = { ...server.station, procedure: { ...server.procedure, patient: hidden } };
    const page = await visit('/');
    await page.getByTestId('room-or-1').getByText('Patient verborgen').waitFor();
    for (const absent of ['save-or-1', 'open-or-1', 'nav-deliveries', 'nav-admin', 'acknowledge-delivery-failed']) {
      expect(await page.getByTestId(absent).count(), absent).toBe(0);
    }
    await page.goto(`${server.url}/recordings/${clips[0]!.clipId}`);
    await page.getByTestId('clip-page').waitFor();
    for (const absent of ['open-editor', 'description', 'correct-patient', 'retry', 'audit', 'download']) {
      expect(await page.getByTestId(absent).count(), absent).toBe(0);
    }
    expect(await page.getByTestId('keep').isDisabled()).toBe(true);
    await page.goto(`${server.url}/admin/audit`);
    await page.getByText('Das gehört nicht zu Ihren Rechten.').waitFor();
    expect(server.requests.filter(({ path }) => /audit|accounts|deliveries|destinations/.test(path))).toEqual([]);
  });

  it('begins where its work is, and asks for nothing that would be refused', async () => {
    new Door(server, signedIn(caller(auditor)));
    const page = await visit('/');
    await page.getByTestId('audit-entries').waitFor();
    expect(await page.getByTestId('nav-accounts').count()).toBe(0);
    expect(new Set(server.requests.map(({ path }) => path))).toEqual(new Set(['/session', '/audit', '/audit/chain']));
  });
});
