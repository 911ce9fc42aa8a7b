import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AccountView, SessionView } from '@smartbox/contracts';
import { freePort, until } from '@smartbox/testing';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { hashSecret } from '../src/domain/access/secrets.ts';
import { ok, settings, startCatalog, startServers, type Catalog, type Servers } from './catalog.ts';
import { AtProvider, Hospital } from './hospital.ts';
import { Person } from './people.ts';

let servers: Servers;
let catalog: Catalog;
let hospital: Hospital;

beforeAll(async () => {
  servers = await startServers();
  const port = await freePort();
  const publicUrl = `http://127.0.0.1:${port}`;
  hospital = await Hospital.start(publicUrl);
  const provider = {
    name: 'Klinikum Musterstadt',
    issuer: hospital.issuer,
    clientId: 'smartbox',
    clientSecret: { file: 'oidc-secret' },
    roles: { claim: 'groups', map: { 'or-doctors': ['surgeon'], 'or-it': ['admin'] } },
    stationsClaim: 'rooms',
  };
  await writeFile(join(servers.folder, 'config/oidc-secret'), 'the secret of the spec\n');
  await writeFile(join(servers.folder, 'config/sign-in.yaml'), stringify({ provider }));
  catalog = await startCatalog(settings(servers, { PUBLIC_URL: publicUrl, PORT: String(port) }));
});
afterAll(async () => {
  await catalog?.close();
  await hospital?.stop();
  await servers?.stop();
});
beforeEach(() => {
  hospital.forge = undefined;
  hospital.people.clear();
  hospital.people.set('anna', { name: 'Anna Berger', groups: ['or-doctors', 'canteen'], rooms: ['or-1'] });
  hospital.people.set('boss', { name: 'The Boss', groups: ['or-it'], rooms: ['or-1'] });
});

/** To the provider and back: where the browser ends up here. */
async function signIn(
  person: Person,
  login: string,
  at = new AtProvider(),
  change = (back: URL) => back,
): Promise<string> {
  const begun = await person.fetch('/api/v1/session/provider?returnTo=/recordings?q=x');
  expect(begun.status).toBe(303);
  const back = change(await at.signIn(begun.headers.get('location') ?? '', login));
  const finished = await person.fetch(back.pathname + back.search);
  expect(finished.status).toBe(303);
  return finished.headers.get('location') ?? '';
}

describe('people of the hospital', () => {
  it('sign in there: with PKCE, state and nonce; the account is made, roles and rooms are what the claims say', async () => {
    const person = new Person(catalog);
    expect((await person.session()).signIn).toEqual({
      password: true,
      provider: { name: 'Klinikum Musterstadt', startUrl: '/api/v1/session/provider' },
    });
    // Nobody has an account, but nobody is let in for that.
    expect((await person.send('GET', '/stations')).status).toBe(401);
    const begun = await person.fetch('/api/v1/session/provider');
    const asked = new URL(begun.headers.get('location') ?? '').searchParams;
    expect([asked.get('code_challenge_method'), asked.get('response_type')]).toEqual(['S256', 'code']);
    expect(person.setCookies.at(-1)).toMatch(/^smartbox-flow=[\w-]{43};.*HttpOnly; SameSite=Lax/);

    expect(await signIn(person, 'anna')).toBe('/recordings?q=x');
    expect(person.setCookies.at(-1)).toMatch(/^smartbox-session=[\w-]{43};.*SameSite=Strict/);
    expect((await person.session()).caller).toMatchObject({
      actor: 'anna',
      displayName: 'Anna Berger',
      roles: ['surgeon'],
      stations: ['or-1'],
      hasPassword: false,
    });
    hospital.people.set('anna', { name: 'Anna Berger-Maier', groups: ['or-it'], rooms: ['or-1', 'or-2'] });
    const again = new Person(catalog);
    await signIn(again, 'anna');
    expect((await again.session()).caller).toMatchObject({ displayName: 'Anna Berger-Maier', roles: ['admin'] });
    // Also where they were signed in before.
    expect((await person.session()).caller).toMatchObject({ roles: ['admin'], stations: ['or-1', 'or-2'] });
    const accounts = ok(await again.send<{ items: AccountView[] }>('GET', '/accounts')).items;
    expect(accounts.filter(({ name }) => name === 'anna')).toMatchObject([{ origin: 'provider', openSessions: 2 }]);
    const [{ accountId } = { accountId: '' }] = accounts;
    expect((await again.send('PATCH', `/accounts/${accountId}`, { roles: ['viewer'] })).status).toBe(409);
    expect((await again.send('POST', `/accounts/${accountId}/password`)).status).toBe(409);
    const audit = await catalog.database.prisma.auditEntry.findMany({
      where: { actor: 'anna' },
      orderBy: { sequence: 'asc' },
    });
    expect(audit.map(({ action }) => action).slice(0, 4)).toEqual(['account.create', 'session.sign-in', 'account.change', 'session.sign-in']); // prettier-ignore
  });

  it('are sent nowhere else afterwards', async () => {
    for (const returnTo of ['//evil.example', 'https://evil.example', '/\\evil.example', 'evil']) {
      const person = new Person(catalog);
      const begun = await person.fetch(`/api/v1/session/provider?${new URLSearchParams({ returnTo }).toString()}`);
      const back = await new AtProvider().signIn(begun.headers.get('location') ?? '', 'anna');
      const finished = await person.fetch(back.pathname + back.search);
      expect(finished.headers.get('location'), returnTo).toBe('/');
    }
  });

  it('do not get in without a role, or with an account that is disabled here', async () => {
    hospital.people.set('cook', { groups: ['canteen'] });
    const cook = new Person(catalog);
    expect(await signIn(cook, 'cook')).toBe('/?sign-in=no-role');
    expect((await cook.session()).caller).toBeUndefined();
    const boss = new Person(catalog);
    await signIn(boss, 'boss');
    hospital.people.set('carla', { groups: ['or-doctors'], rooms: [] });
    const carla = new Person(catalog);
    await signIn(carla, 'carla');
    // The claim names no room: no room.
    expect((await carla.session()).caller).toMatchObject({ stations: [] });
    const { items } = ok(await boss.send<{ items: AccountView[] }>('GET', '/accounts'));
    const { accountId } = items.find(({ name }) => name === 'carla') ?? { accountId: '' };
    ok(await boss.send('PATCH', `/accounts/${accountId}`, { disabled: true }));
    expect((await carla.send('GET', '/stations')).status).toBe(401);
    expect(await signIn(carla, 'carla')).toBe('/?sign-in=account-disabled');
  });
});

describe('an answer of the provider', () => {
  const refusedWith = async (code: string, act: (person: Person) => Promise<string>) => {
    const person = new Person(catalog);
    expect(await act(person)).toBe(`/?sign-in=${code}`);
    expect((await person.session()).caller).toBeUndefined();
  };
  const now = () => Math.floor(Date.now() / 1000);

  it('is refused with another state, or in another browser, or twice, or too late', async () => {
    const otherState = (back: URL) => {
      back.searchParams.set('state', 'another-state');
      return back;
    };
    await refusedWith('provider-answer-invalid', (person) => signIn(person, 'anna', new AtProvider(), otherState));
    const victim = new Person(catalog);
    await refusedWith('flow-unknown', async (person) => {
      const begun = await person.fetch('/api/v1/session/provider');
      const back = await new AtProvider().signIn(begun.headers.get('location') ?? '', 'anna');
      return (await victim.fetch(back.pathname + back.search)).headers.get('location') ?? '';
    });
    const person = new Person(catalog);
    let seen = '';
    await signIn(person, 'anna', new AtProvider(), (back) => {
      seen = back.pathname + back.search;
      return back;
    });
    const flow = person.setCookies.find((line) => line.startsWith('smartbox-flow='))?.split(';')[0] ?? '';
    const replay = await fetch(`${catalog.url}${seen}`, { redirect: 'manual', headers: { cookie: flow } });
    expect(replay.headers.get('location')).toBe('/?sign-in=flow-unknown');
    await refusedWith('flow-unknown', async (late) => {
      const begun = await late.fetch('/api/v1/session/provider');
      await catalog.database.prisma.signInFlow.updateMany({ data: { expiresAt: new Date(Date.now() - 1) } });
      const back = await new AtProvider().signIn(begun.headers.get('location') ?? '', 'anna');
      return (await late.fetch(back.pathname + back.search)).headers.get('location') ?? '';
    });
  });

  it.each([
    ['another nonce', (claims: object) => ({ ...claims, nonce: 'another' })],
    ['no nonce', (claims: object) => ({ ...claims, nonce: undefined })],
    ['a token that is over', (claims: object) => ({ ...claims, iat: now() - 3600, exp: now() - 120 })],
    ['a token of tomorrow', (claims: object) => ({ ...claims, nbf: now() + 3600 })],
    ['another audience', (claims: object) => ({ ...claims, aud: 'another-client' })],
    ['another issuer', (claims: object) => ({ ...claims, iss: 'https://evil.example' })],
  ])('is refused with %s', async (_what, forge) => {
    hospital.forge = forge;
    await refusedWith('provider-answer-invalid', (person) => signIn(person, 'anna'));
  });

  it('may be signed by a clock that differs a little', async () => {
    hospital.forge = (claims) => ({ ...claims, iat: now() - 300, exp: now() - 15 });
    const person = new Person(catalog);
    expect(await signIn(person, 'anna')).toBe('/recordings?q=x');
  });

  it('is refused when the code was stolen: without the verifier it is worth nothing', async () => {
    await refusedWith('provider-answer-invalid', async (person) => {
      const begun = await person.fetch('/api/v1/session/provider');
      await catalog.database.prisma.signInFlow.updateMany({ data: { verifier: 'x'.repeat(43) } });
      const back = await new AtProvider().signIn(begun.headers.get('location') ?? '', 'anna');
      return (await person.fetch(back.pathname + back.search)).headers.get('location') ?? '';
    });
  });

  it('that says no is said, and each failure stands in the audit', async () => {
    await refusedWith('provider-refused', async (person) => {
      const begun = await person.fetch('/api/v1/session/provider');
      const back = await new AtProvider().signIn(begun.headers.get('location') ?? '', 'anna', 'refuses');
      return (await person.fetch(back.pathname + back.search)).headers.get('location') ?? '';
    });
    const where = { action: 'session.sign-in', outcome: 'failure' };
    const rows = await catalog.database.prisma.auditEntry.findMany({ where });
    const codes = new Set(rows.map(({ detail }) => (detail as { code: string }).code));
    expect(codes).toEqual(new Set(['no-role', 'account-disabled', 'provider-answer-invalid', 'flow-unknown', 'provider-refused'])); // prettier-ignore
  });
});

describe('signing out', () => {
  it('here leads to the provider, which ends its session too', async () => {
    const [person, at] = [new Person(catalog), new AtProvider()];
    await signIn(person, 'anna', at);
    const { providerUrl = '' } = ok(await person.send<{ providerUrl?: string }>('DELETE', '/session'));
    const url = new URL(providerUrl);
    expect(url.origin).toBe(hospital.issuer);
    expect(decodeJwt(url.searchParams.get('id_token_hint') ?? '').sub).toBe('anna');
    expect(url.searchParams.get('post_logout_redirect_uri')).toBe(`${catalog.config.publicUrl}/`);
    expect(((await person.session()) satisfies SessionView).caller).toBeUndefined();
    await at.signOut(providerUrl);
  });

  it('at the provider ends the sessions here, told by the provider itself', async () => {
    const [person, at] = [new Person(catalog), new AtProvider()];
    await signIn(person, 'anna', at);
    const other = new Person(catalog);
    await signIn(other, 'anna', new AtProvider());
    const tokenHash = hashSecret(person.cookies.get('smartbox-session') ?? '');
    const session = await catalog.database.prisma.session.findUniqueOrThrow({ where: { tokenHash } });
    await at.signOut(`${hospital.issuer}/session/end?id_token_hint=${session.idToken}`);
    expect(await until(() => hospital.told[0], { what: 'the provider telling us' })).toBe('taken');
    expect((await person.send('GET', '/stations')).status).toBe(401);
    // Of another browser, another session at the provider.
    expect((await other.send('GET', '/stations')).status).toBe(200);
  });

  it('by a token that the provider has not made, or not for this, ends nothing', async () => {
    const person = new Person(catalog);
    await signIn(person, 'anna');
    const iat = Math.floor(Date.now() / 1000);
    const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
    const right = { iss: hospital.issuer, aud: 'smartbox', sub: 'anna', iat, exp: iat + 60, jti: 'j', events };
    const tell = async (token: string) => {
      const body = new URLSearchParams({ logout_token: token });
      return (await fetch(`${catalog.url}/api/v1/session/provider/back-channel-logout`, { method: 'POST', body }))
        .status;
    };
    const { events: _e, ...noEvent } = right;
    for (const wrong of [
      noEvent,
      { ...right, nonce: 'n' },
      { ...right, aud: 'x' },
      { ...right, iat: iat - 3600 },
      { ...right, sub: undefined },
    ]) {
      // prettier-ignore
      expect(await tell(await hospital.sign(wrong as never)), JSON.stringify(wrong)).toBe(400);
    }
    const other = await Hospital.start('http://127.0.0.1:1');
    expect(await tell(await other.sign(right))).toBe(400);
    await other.stop();
    expect((await person.send('GET', '/stations')).status).toBe(200);
    expect(await tell(await hospital.sign(right, { typ: 'logout+jwt' }))).toBe(200);
    expect((await person.send('GET', '/stations')).status).toBe(401);
  });
});
