import { AccountRole, type Role } from '@smartbox/contracts';
import { newId } from '@smartbox/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { permissionsOf } from '../src/domain/access/roles.ts';
import { permissionsIn, type Needs } from '../src/inbound/http/operation.ts';
import { operations, type Operation } from '../src/inbound/http/operations.ts';
import { settings, startCatalog, startServers, type Catalog, type Servers } from './catalog.ts';
import { firstAdmin, pairedPanel, Person, withToken } from './people.ts';

let servers: Servers;
let catalog: Catalog;
const people = new Map<Role, Person>();

beforeAll(async () => {
  servers = await startServers();
  catalog = await startCatalog(settings(servers));
  const admin = await firstAdmin(catalog);
  for (const role of AccountRole.options) {
    people.set(role, await withToken(catalog, admin, { name: `as-${role}`, roles: [role] }));
  }
  people.set('panel', await pairedPanel(catalog, admin, 'or-1'));
});
afterAll(async () => {
  await catalog?.close();
  await servers?.stop();
});

/** The verdict on who asks, whatever becomes of what is asked: nothing of it exists here. */
async function verdict(
  person: Person,
  method: string,
  path: string,
): Promise<'not signed in' | 'not allowed' | 'allowed'> {
  const leave = new AbortController();
  const response = await person.fetch(path, { method: method.toUpperCase(), signal: leave.signal });
  // the answer to HEAD has no words
  if (method === 'head') return response.status === 401 ? 'not signed in' : response.status === 403 ? 'not allowed' : 'allowed'; // prettier-ignore
  const isProblem = response.headers.get('content-type')?.startsWith('application/problem+json') ?? false;
  const { code } = isProblem ? ((await response.json()) as { code: string }) : { code: '' };
  leave.abort();
  if (code === 'sign-in-needed') return 'not signed in';
  return code === 'permission-missing' ? 'not allowed' : 'allowed';
}

const examples: Readonly<Record<string, string>> = {
  stationId: 'or-1',
  sourceId: 'cam-a',
  name: 'pacs',
  uid: '1.2.3',
  code: 'BCDF-BCDF',
};
const pathOf = ({ path }: Operation) =>
  `/api/v1${path.replace(/:(\w+)/g, (_, name: string) => examples[name] ?? newId())}`;
const roles: readonly Role[] = [...AccountRole.options, 'panel'];
const may = (role: Role, needs: Needs) => permissionsIn(needs).every((p) => permissionsOf[role].includes(p));

describe('every operation, for every role', () => {
  it.each(Object.entries<Operation>(operations))('%s', async (_name, operation) => {
    const { method, needs } = operation;
    const wanted: Record<string, string> = { nobody: needs === 'public' ? 'allowed' : 'not signed in' };
    const found: Record<string, string> = { nobody: await verdict(new Person(catalog), method, pathOf(operation)) };
    for (const role of roles) {
      wanted[role] = needs === 'public' || needs === 'signed-in' || may(role, needs) ? 'allowed' : 'not allowed';
      found[role] = await verdict(people.get(role) as Person, method, pathOf(operation));
    }
    expect(found).toEqual(wanted);
  });

  it('DICOMweb', async () => {
    const needs = ['clip.read', 'patient.read'] as const;
    for (const path of ['/dicomweb/studies', '/dicomweb/studies/1.2/metadata', '/dicomweb/studies/1.2/series/1.3']) {
      expect(await verdict(new Person(catalog), 'get', path)).toBe('not signed in');
      for (const role of roles) {
        const wanted = may(role, needs) ? 'allowed' : 'not allowed';
        expect(await verdict(people.get(role) as Person, 'get', path), `${role} ${path}`).toBe(wanted);
      }
    }
  });

  it('what is nobody in particular stays open: the web app, its description, probes', async () => {
    for (const path of ['/', '/recordings', '/api/v1/openapi.json', '/healthz', '/readyz']) {
      expect((await new Person(catalog).fetch(path)).status, path).toBe(200);
    }
    const unknown = await new Person(catalog).send<{ code: string }>('GET', '/no-such-thing');
    expect([unknown.status, unknown.body.code]).toEqual([404, 'not-found']);
  });

  it('each refusal stands in the audit, once in a while', async () => {
    const rows = await catalog.database.prisma.auditEntry.findMany({ where: { action: 'access.refused' } });
    const viewers = rows.filter(({ actor }) => actor === 'token:as-viewer');
    expect(viewers.length).toBeGreaterThan(20);
    expect(new Set(viewers.map(({ subject }) => subject)).size).toBe(viewers.length);
    expect(viewers.every(({ outcome }) => outcome === 'failure')).toBe(true);
  });
});

describe('what an operation needs only with some inputs', () => {
  const ask = async (role: Role, path: string, body: object) => {
    const { status, body: answer } = await (people.get(role) as Person).send<{ code?: string }>('POST', path, body);
    return answer.code ?? status;
  };

  it('to save at a desk is more than to save in the room', async () => {
    const save = (pressedAt: string) => ({ clipId: newId(), stationId: 'or-1', pressedAt });
    expect(await ask('panel', '/clips', save('desk'))).toBe('no-procedure');
    expect(await ask('integrator', '/clips', save('room'))).toBe('no-procedure');
    expect(await ask('viewer', '/clips', save('room'))).toBe('permission-missing');
  });

  it('to send pictures is more than to watch', async () => {
    const grant = { stationId: 'or-1', sourceId: 'cam-a' };
    expect(await ask('viewer', '/live-grants', grant)).toBe(201);
    expect(await ask('viewer', '/live-grants', { ...grant, publish: true })).toBe('permission-missing');
    expect(await ask('panel', '/live-grants', { ...grant, publish: true })).toBe('permission-missing');
    expect(await ask('nurse', '/live-grants', { ...grant, publish: true })).toBe('source-not-publishable');
  });
});
