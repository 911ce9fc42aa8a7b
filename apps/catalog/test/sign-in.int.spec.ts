import { InvalidConfiguration, type AccountView, type OpenSession } from '@smartbox/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { checkDoor } from '../src/app.access.ts';
import { Doorkeeper } from '../src/application/access/doorkeeper.ts';
import { SetUpCode } from '../src/application/access/sign-in.ts';
import { ok, settings, startCatalog, startServers, type Catalog, type Servers } from './catalog.ts';
import { firstAdmin, newPerson, PASSWORD, pairedPanel, Person, withToken } from './people.ts';

let servers: Servers;
let catalog: Catalog;
let admin: Person;

beforeAll(async () => {
  servers = await startServers();
  catalog = await startCatalog(settings(servers));
});
afterAll(async () => {
  await catalog?.close();
  await servers?.stop();
});

const refused = async (answer: Promise<{ status: number; body: unknown }>) => {
  const { status, body } = await answer;
  return [status, (body as { code?: string }).code];
};
const audited = async (action: string) => {
  const rows = await catalog.database.prisma.auditEntry.findMany({ where: { action }, orderBy: { sequence: 'asc' } });
  return rows.map(({ actor, subject, outcome, address, detail }) => ({ actor, subject, outcome, address, detail }));
};

describe('while nobody has an account', () => {
  it('whoever is at this machine may do everything, and nobody by another name or through a proxy', async () => {
    const here = new Person(catalog);
    expect(await here.session()).toMatchObject({ access: 'open', caller: { kind: 'local', actor: 'local' } });
    expect((await here.send('GET', '/stations')).status).toBe(200);
    const proxied = new Person(catalog, { 'x-forwarded-for': '192.0.2.1' });
    expect(await refused(proxied.send('GET', '/stations'))).toEqual([401, 'sign-in-needed']);
    expect((await proxied.session()).caller).toBeUndefined();
    const guess = new Person(catalog, { authorization: 'Bearer sbx_guessed' });
    expect(await refused(guess.send('GET', '/stations'))).toEqual([401, 'sign-in-needed']);
  });

  it('a service that others reach does not begin without a way to say who they are', async () => {
    const config = { ...catalog.config, host: '0.0.0.0' };
    const open = { access: () => Promise.resolve('set-up') } as unknown as Doorkeeper;
    const complaint = await checkDoor(open, config).catch((error: unknown) => error);
    expect(complaint).toBeInstanceOf(InvalidConfiguration);
    for (const named of ['HOST', 'FIRST_ACCOUNT=code', 'CONFIG_DIR', 'accounts add']) {
      expect((complaint as Error).message).toContain(named);
    }
    await checkDoor(open, { ...config, firstAccount: 'code' });
    const elsewhere = await startCatalog(settings(servers, { HOST: '0.0.0.0', FIRST_ACCOUNT: 'code' }));
    try {
      const stranger = new Person(elsewhere);
      expect(await stranger.session()).toMatchObject({ access: 'set-up' });
      expect(await refused(stranger.send('GET', '/stations'))).toEqual([401, 'sign-in-needed']);
      const body = { name: 'thief', displayName: 'T', password: PASSWORD, code: 'BCDF-BCDF-BCDF-BCDF' };
      expect(await refused(stranger.send('POST', '/set-up', body))).toEqual([403, 'set-up-code-wrong']);
      expect(elsewhere.app.get(SetUpCode).value).toMatch(/^([A-Z2-9]{4}-){3}[A-Z2-9]{4}$/);
    } finally {
      await elsewhere.close();
    }
  });
});

describe('the first account', () => {
  it('is an admin, made once, and closes the door at once, also of another process', async () => {
    const other = await startCatalog(settings(servers));
    const short = { name: 'chef', displayName: 'Chefin', password: 'kurz' };
    expect(await refused(new Person(catalog).send('POST', '/set-up', short))).toEqual([422, 'password-too-short']);
    const [first, second] = await Promise.all([
      firstAdmin(catalog),
      refused(new Person(catalog).send('POST', '/set-up', { ...short, name: 'zweit', password: PASSWORD })),
    ]).catch(() => []);
    // One of both was first; let it be known which.
    if (first) expect(second).toEqual([409, 'accounts-exist']);
    admin = first ?? new Person(catalog);
    if (!first) await admin.signIn('zweit', PASSWORD);
    expect(await admin.session()).toMatchObject({ access: 'accounts', caller: { kind: 'person', roles: ['admin'] } });
    expect(await refused(new Person(catalog).send('GET', '/stations'))).toEqual([401, 'sign-in-needed']);
    try {
      const stranger = new Person(other);
      const closes = async () => (await stranger.send('GET', '/stations')).status;
      for (const until = Date.now() + 5000; (await closes()) !== 401 && Date.now() < until;);
      expect(await closes()).toBe(401);
    } finally {
      await other.close();
    }
  });

  it('sets a cookie that no script reads and no other site sends', async () => {
    const cookie = admin.setCookies.at(-1) ?? '';
    expect(cookie).toMatch(/^smartbox-session=[\w-]{43};/);
    for (const part of ['Path=/', 'HttpOnly', 'SameSite=Strict']) expect(cookie).toContain(part);
    const stored = await catalog.database.prisma.session.findMany();
    expect(JSON.stringify(stored)).not.toContain(admin.cookies.get('smartbox-session'));
    const tls = await startCatalog(settings(servers, { PUBLIC_URL: 'https://or.example' }));
    try {
      const person = new Person(tls);
      await person.signIn((await admin.session()).caller?.actor ?? '', PASSWORD);
      expect(person.setCookies.at(-1)).toMatch(/^__Host-smartbox-session=.*; Secure/);
    } finally {
      await tls.close();
    }
  });
});

describe('accounts', () => {
  it('begin with a one-time password that opens nothing but its own change', async () => {
    const wanted = { name: 'anna', displayName: 'Anna', roles: ['nurse'] };
    const made = await admin.send<{ oneTimePassword: string; account: AccountView }>('POST', '/accounts', wanted);
    expect(made.status).toBe(201);
    expect(await refused(admin.send('POST', '/accounts', wanted))).toEqual([409, 'name-taken']);
    expect((await admin.send('POST', '/accounts', { ...wanted, name: 'System' })).status).toBe(400);
    const anna = new Person(catalog);
    const { oneTimePassword } = made.body;
    expect((await anna.signIn(' Anna ', oneTimePassword)).body.caller).toMatchObject({ passwordChangeNeeded: true, permissions: [] }); // prettier-ignore
    expect(await refused(anna.send('GET', '/stations'))).toEqual([403, 'permission-missing']);
    const change = (next: string) => anna.send('POST', '/session/password', { current: oneTimePassword, next });
    expect(await refused(change('Anna Anna Anna'))).toEqual([422, 'password-has-name']);
    const before = anna.cookies.get('smartbox-session');
    expect((await change(PASSWORD)).status).toBe(200);
    expect(anna.cookies.get('smartbox-session')).not.toBe(before);
    expect((await anna.send('GET', '/stations')).status).toBe(200);
    expect(await refused(new Person(catalog).signIn('anna', oneTimePassword))).toEqual([401, 'sign-in-failed']);
    const old = new Person(catalog);
    old.cookies.set('smartbox-session', before ?? '');
    expect(await refused(old.send('GET', '/stations'))).toEqual([401, 'sign-in-needed']);
    expect(JSON.stringify(await catalog.database.prisma.account.findMany())).not.toContain(oneTimePassword);
  });

  it('change from the next request on: roles, rooms, disabled; the last administrator stays', async () => {
    const berta = await newPerson(catalog, admin, { name: 'berta', roles: ['viewer'] });
    expect(await refused(berta.send('GET', '/worklist'))).toEqual([403, 'permission-missing']);
    const patch = (body: object) => admin.send<AccountView>('PATCH', `/accounts/${berta.accountId}`, body);
    expect((await patch({ roles: ['surgeon'], stations: ['or-1'] })).body).toMatchObject({ stations: ['or-1'] });
    expect((await berta.session()).caller).toMatchObject({ roles: ['surgeon'], stations: ['or-1'] });
    expect((await patch({ disabled: true })).body).toMatchObject({ disabled: true, openSessions: 0 });
    expect(await refused(berta.send('GET', '/stations'))).toEqual([401, 'sign-in-needed']);
    expect(await refused(new Person(catalog).signIn('berta', PASSWORD))).toEqual([401, 'sign-in-failed']);
    const own = ok(await admin.send<{ items: AccountView[] }>('GET', '/accounts')).items.find((a) => a.roles.includes('admin')); // prettier-ignore
    const demote = admin.send('PATCH', `/accounts/${own?.accountId}`, { roles: ['nurse'] });
    expect(await refused(demote)).toEqual([409, 'last-admin']);
    expect(await refused(admin.send('PATCH', `/accounts/${own?.accountId}`, { disabled: true }))).toEqual([409, 'last-admin']); // prettier-ignore
  });

  it('are signed out where their owner, an administrator or the clock says so', async () => {
    const clara = await newPerson(catalog, admin, { name: 'clara', roles: ['nurse'] });
    const elsewhere = [new Person(catalog, { 'user-agent': 'Phone' }), new Person(catalog), new Person(catalog)];
    for (const one of elsewhere) await one.signIn('clara', PASSWORD);
    const [phone, idle, old] = elsewhere as [Person, Person, Person];
    const list = ok(await clara.send<{ items: z.infer<typeof OpenSession>[] }>('GET', '/sessions')).items;
    expect(list.filter(({ current }) => current)).toHaveLength(1);
    const onPhone = list.find(({ device }) => device === 'Phone');
    expect((await clara.send('DELETE', `/sessions/${onPhone?.sessionId}`)).status).toBe(204);
    expect(await refused(phone.send('GET', '/stations'))).toEqual([401, 'sign-in-needed']);

    const of = async (person: Person) => {
      const items = ok(await person.send<{ items: z.infer<typeof OpenSession>[] }>('GET', '/sessions')).items;
      return items.find(({ current }) => current)?.sessionId ?? '';
    };
    const age = (sessionId: string, data: object) =>
      catalog.database.prisma.session.update({ where: { sessionId }, data });
    await age(await of(idle), { lastSeenAt: new Date(Date.now() - 61 * 60_000) });
    await age(await of(old), { createdAt: new Date(Date.now() - 12.1 * 3_600_000) });
    expect(await refused(idle.send('GET', '/stations'))).toEqual([401, 'sign-in-needed']);
    await catalog.app.get(Doorkeeper).sweep();
    expect(await catalog.database.prisma.session.count({ where: { accountId: clara.accountId } })).toBe(1);

    // What a page asks by itself keeps nobody signed in.
    const current = await of(clara);
    const lastSeenAt = new Date(Date.now() - 30 * 60_000);
    await age(current, { lastSeenAt });
    await clara.fetch('/api/v1/stations', { headers: { 'smartbox-idle': '1790' } });
    await clara.fetch('/api/v1/stations', { headers: { 'sec-fetch-dest': 'image' } });
    const seen = () => catalog.database.prisma.session.findUniqueOrThrow({ where: { sessionId: current } });
    expect(Date.now() - (await seen()).lastSeenAt.getTime()).toBeGreaterThan(29 * 60_000);
    await clara.send('GET', '/stations');
    expect(Date.now() - (await seen()).lastSeenAt.getTime()).toBeLessThan(60_000);

    expect((await admin.send('DELETE', `/accounts/${clara.accountId}/sessions`)).status).toBe(204);
    expect(await refused(clara.send('GET', '/stations'))).toEqual([401, 'sign-in-needed']);
    await clara.signIn('clara', PASSWORD);
    expect((await clara.send('DELETE', '/session')).status).toBe(200);
    expect(await refused(clara.send('GET', '/stations'))).toEqual([401, 'sign-in-needed']);
    const ended = (await audited('session.end')).filter(({ actor }) => actor === 'clara');
    expect(ended.map(({ detail }) => (detail as { why?: string }).why)).toEqual([undefined, 'its time was over', 'its time was over']); // prettier-ignore
  });
});

describe('guessing', () => {
  it('is slowed down for this account and address, the same for an account that there is not', async () => {
    const guesses = async (name: string) => {
      const answers: [number, string | undefined][] = [];
      for (let n = 0; n < 5; n += 1) {
        const { status, body } = await new Person(catalog).signIn(name, `wrong password ${n}`);
        answers.push([status, body.code]);
      }
      // As after ten more: so that the wait outlasts a busy machine.
      const where = { count: 5 };
      await catalog.database.prisma.signInFailure.updateMany({ where, data: { count: 15, lastAt: new Date() } });
      const { status, body, headers } = await new Person(catalog).signIn(name, PASSWORD);
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(500);
      return [...answers, [status, body.code]];
    };
    await newPerson(catalog, admin, { name: 'dora', roles: ['nurse'] });
    await catalog.database.prisma.signInFailure.deleteMany({});
    const known = await guesses('dora');
    await catalog.database.prisma.signInFailure.deleteMany({});
    const unknown = await guesses('nobody-of-that-name');
    const failed = Array.from({ length: 5 }, () => [401, 'sign-in-failed']);
    expect(known).toEqual([...failed, [429, 'too-many-attempts']]);
    expect(unknown).toEqual(known);
    // Another account from here is not locked out by it.
    expect((await new Person(catalog).signIn('anna', PASSWORD)).status).toBe(200);
    const failures = (await audited('session.sign-in')).filter(({ outcome }) => outcome === 'failure');
    expect(failures.filter(({ subject }) => subject === 'account/dora')).toHaveLength(5);
    expect(failures.filter(({ subject }) => subject === 'account/unknown').length).toBeGreaterThanOrEqual(5);
    expect(JSON.stringify(failures)).not.toContain('nobody-of-that-name');
    expect(failures[0]?.address).toBe('127.0.0.1');
  });

  it('in a burst gets no further than one by one', async () => {
    const burst = await Promise.all(
      Array.from({ length: 15 }, (_, n) => new Person(catalog).signIn('another-nobody', `wrong password ${n}`)),
    );
    expect(burst.filter(({ status }) => status === 401).length).toBeLessThanOrEqual(9);
  });

  it('takes as long for an account that there is not', async () => {
    // Each from an address of its own, so that nobody has to wait.
    const time = async (name: string) => {
      const since = performance.now();
      await new Person(catalog).signIn(name, 'wrong password');
      return performance.now() - since;
    };
    const forget = () => catalog.database.prisma.signInFailure.deleteMany({});
    const [known, unknown]: [number[], number[]] = [[], []];
    for (let n = 0; n < 8; n += 1) {
      await forget();
      known.push(await time('anna'));
      unknown.push(await time('nobody-at-all'));
    }
    // Without the hash it would be some twenty times faster.
    const best = (times: number[]) => Math.min(...times);
    expect(best(unknown)).toBeGreaterThan(best(known) / 4);
    await forget();
  });
});

describe('tokens and panels', () => {
  it('open what their role and rooms say, until they are revoked or over', async () => {
    const his = await withToken(catalog, admin, { name: 'his', roles: ['integrator'], stations: ['or-1'] });
    expect((await his.send('GET', '/clips')).status).toBe(200);
    expect(await refused(his.send('GET', '/accounts'))).toEqual([403, 'permission-missing']);
    expect((await his.session()).caller).toMatchObject({ kind: 'token', actor: 'token:his', stations: ['or-1'] });
    const view = ok(
      await admin.send<{ items: { name: string; tokenId: string; lastUsedAt?: string }[] }>('GET', '/tokens'),
    );
    const token = view.items.find(({ name }) => name === 'his');
    expect(token?.lastUsedAt).toBeDefined();
    expect((await admin.send('DELETE', `/tokens/${token?.tokenId}`)).status).toBe(200);
    expect(await refused(his.send('GET', '/clips'))).toEqual([401, 'sign-in-needed']);
    const soon = new Date(Date.now() + 1500).toISOString();
    const brief = await admin.send<{ token: string }>('POST', '/tokens', {
      name: 'brief',
      roles: ['viewer'],
      expiresAt: soon,
    });
    const visitor = new Person(catalog, { authorization: `Bearer ${brief.body.token}` });
    expect((await visitor.send('GET', '/stations')).status).toBe(200);
    while (new Date() < new Date(soon)) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await refused(visitor.send('GET', '/stations'))).toEqual([401, 'sign-in-needed']);
    const stored = JSON.stringify(await catalog.database.prisma.apiToken.findMany());
    expect(stored).not.toContain(brief.body.token);
  });

  it('a panel shows a code, a desk confirms it once, and the panel is its room', async () => {
    const panel = new Person(catalog, { 'user-agent': 'Kiosk' });
    const { body } = await panel.send<{ code: string }>('POST', '/panels/requests', { stationId: 'or-1' });
    expect(await refused(panel.send('GET', '/stations'))).toEqual([401, 'sign-in-needed']);
    const typed = body.code.toLowerCase().replace('-', ' ');
    expect(ok(await admin.send('GET', `/panels/requests/${encodeURIComponent(typed)}`))).toMatchObject({
      stationId: 'or-1',
      device: 'Kiosk',
      address: '127.0.0.1',
    });
    const confirm = () => admin.send('POST', '/panels', { code: typed, stationId: 'or-1', name: 'Wand' });
    const answers = await Promise.all([confirm(), confirm()]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 404]);
    const session = await panel.session();
    expect(session.caller).toMatchObject({ kind: 'panel', roles: ['panel'], stations: ['or-1'] });
    expect(panel.setCookies.at(-1)).toMatch(/^smartbox-panel=.*Max-Age=34560000/);
    expect((await panel.send('GET', '/stations/or-1')).status).toBe(200);
    expect(await refused(panel.send('GET', '/clips.csv'))).toEqual([403, 'permission-missing']);
    const { items } = ok(await admin.send<{ items: { panelId: string; name: string }[] }>('GET', '/panels'));
    await admin.send('DELETE', `/panels/${items[0]?.panelId}`);
    expect(await refused(panel.send('GET', '/stations/or-1'))).toEqual([401, 'sign-in-needed']);
    expect((await audited('panel.pair')).map(({ detail }) => detail)).toMatchObject([
      { name: 'Wand', device: 'Kiosk' },
    ]);
  });

  it('a person at a panel is that person, and then the panel again', async () => {
    const panel = await pairedPanel(catalog, admin, 'or-1');
    await panel.signIn('anna', PASSWORD);
    expect((await panel.session()).caller).toMatchObject({ kind: 'person', actor: 'anna' });
    await panel.send('DELETE', '/session');
    expect((await panel.session()).caller).toMatchObject({ kind: 'panel' });
  });
});
