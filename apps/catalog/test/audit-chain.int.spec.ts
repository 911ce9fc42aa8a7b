import { readdir, readFile } from 'node:fs/promises';
import type { AlarmView, AuditChainView, AuditCheck, AuditEntryView } from '@smartbox/contracts';
import { newId } from '@smartbox/kernel';
import { startPostgres, until } from '@smartbox/testing';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AuditStore } from '../src/outbound/audit-store.ts';
import { Database } from '../src/outbound/database.ts';
import { schemaFaults } from './audit-schema.ts';
import { ok, settings, startCatalog, startEmergency, startServers, type Catalog, type Servers } from './catalog.ts';
import { firstAdmin, newPerson, withToken, type Person } from './people.ts';

let servers: Servers;
let catalog: Catalog;
let admin: Person;
let sql: pg.Client;

beforeAll(async () => {
  servers = await startServers();
  catalog = await startCatalog(settings(servers));
  sql = new pg.Client({ connectionString: servers.postgres.url });
  await sql.connect();
});
afterAll(async () => {
  await sql?.end();
  await catalog?.close();
  await servers?.stop();
});

const chain = async () => ok(await admin.send<AuditChainView>('GET', '/audit/chain'));
const store = () => catalog.app.get(AuditStore);
const check = (anchors?: { sequence: number; hash: string }[]): Promise<AuditCheck> =>
  store().check(new Date(), anchors);

describe('the audit', () => {
  it('holds what happened before and after accounts, each entry once, however many write at once', async () => {
    const { procedureId, patient } = await startEmergency(catalog);
    const clipId = newId();
    ok(await catalog.send('POST', '/clips', { clipId, stationId: 'or-1' }), 202);
    admin = await firstAdmin(catalog);
    await Promise.all(Array.from({ length: 25 }, (_, n) => store().write(`test/${n}`, { actor: 'many', action: 'clip.open' }, new Date()))); // prettier-ignore
    const rows = await catalog.database.prisma.auditEntry.findMany({ orderBy: { sequence: 'asc' } });
    expect(rows.map(({ sequence }) => Number(sequence))).toEqual(rows.map((_, n) => n + 1));
    expect(rows.filter(({ actor }) => actor === 'many')).toHaveLength(25);
    expect(await check()).toMatchObject({ entries: rows.length, intact: true, faults: [] });
    expect(rows.find(({ action }) => action === 'system.start')).toMatchObject({ actor: 'system', subject: 'catalog' });
    const saved = rows.find(({ subject }) => subject === `clip/${clipId}`);
    expect(saved).toMatchObject({ actor: 'local', action: 'clip.save', stationId: 'or-1', patientId: patient.id });
    expect(rows.find(({ subject }) => subject === `procedure/${procedureId}`)).toMatchObject({ patientId: patient.id });
  });

  it('says nothing of what did not happen', async () => {
    const before = (await store().head()).sequence;
    const accounts = ok(await admin.send<{ items: { accountId: string }[] }>('GET', '/accounts')).items;
    expect((await admin.send('PATCH', `/accounts/${accounts[0]?.accountId}`, { roles: ['viewer'] })).status).toBe(409);
    expect((await store().head()).sequence).toBe(before);
  });

  it('is changed by nobody who does not take it apart', async () => {
    const statements = [
      `UPDATE audit_entry SET actor = 'x' WHERE sequence = 1`,
      `DELETE FROM audit_entry WHERE sequence = 1`,
      `SET smartbox.audit_prune = 'on'; DELETE FROM audit_entry WHERE sequence = 1`,
      'TRUNCATE audit_entry',
      `UPDATE audit_head SET sequence = 0`,
      'DELETE FROM audit_head',
      'TRUNCATE audit_head',
    ];
    for (const statement of statements) await expect(sql.query(statement), statement).rejects.toThrow(/audit/);
  });

  /** As somebody does who owns the database: takes the triggers away, changes something, puts it back afterwards. */
  async function tampered(change: string, undo: string): Promise<AuditCheck> {
    const asOwner = async (statement: string) => {
      await sql.query('ALTER TABLE audit_entry DISABLE TRIGGER ALL');
      await sql.query(statement);
      await sql.query('ALTER TABLE audit_entry ENABLE TRIGGER ALL');
    };
    await asOwner('DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT * FROM audit_entry');
    await asOwner(change);
    const found = await check();
    await asOwner(undo);
    await sql.query('DROP TABLE kept');
    expect((await check()).intact).toBe(true);
    return found;
  }

  it('shows which row was changed, is missing, or was put in', async () => {
    const restore = (sequence: number) => `DELETE FROM audit_entry WHERE sequence = ${sequence}; INSERT INTO audit_entry SELECT * FROM kept WHERE sequence = ${sequence}`; // prettier-ignore
    const columns = [
      'actor',
      'action',
      'subject',
      'outcome',
      'address',
      '"patientId"',
      '"stationId"',
      'hash',
      '"previousHash"',
    ];
    for (const column of columns) {
      const found = await tampered(`UPDATE audit_entry SET ${column} = coalesce(${column}, '') || 'x' WHERE sequence = 3`, restore(3)); // prettier-ignore
      expect(found.faults[0], column).toMatchObject({ what: 'changed', sequence: 3 });
    }
    const detail = await tampered(`UPDATE audit_entry SET detail = detail || '{"more": 1}' WHERE sequence = 2`, restore(2)); // prettier-ignore
    expect(detail.faults).toMatchObject([{ what: 'changed', sequence: 2 }]);
    const later = await tampered(`UPDATE audit_entry SET at = at + interval '1 ms' WHERE sequence = 2`, restore(2));
    expect(later.faults).toMatchObject([{ what: 'changed', sequence: 2 }]);
    const missing = await tampered('DELETE FROM audit_entry WHERE sequence = 4', restore(4));
    expect(missing.faults).toMatchObject([{ what: 'missing', sequence: 4 }]);
    const { sequence } = await store().head();
    const cut = await tampered(`DELETE FROM audit_entry WHERE sequence = ${sequence}`, restore(sequence));
    expect(cut.faults).toMatchObject([{ what: 'missing', sequence }]);
    const copy = (at: string) => `INSERT INTO audit_entry SELECT 'forged', at, actor, action, subject, detail, "traceId", address, hash, outcome, "patientId", "previousHash", ${at}, "stationId", "studyUid" FROM audit_entry WHERE sequence = 5`; // prettier-ignore
    const gone = `DELETE FROM audit_entry WHERE id = 'forged'`;
    for (const at of [`${sequence + 1}`, '0', '-7']) {
      const found = await tampered(copy(at), gone);
      const inserted = found.faults.find(({ what }) => what === 'inserted');
      expect(inserted ?? found.faults[0], at).toMatchObject({ entryId: 'forged' });
    }
  });

  it('convicts by an anchor also who writes the end of it anew with right hashes', async () => {
    const head = await store().head();
    expect((await check([head])).intact).toBe(true);
    const forged = await check([{ ...head, hash: 'f'.repeat(64) }]);
    expect(forged.faults).toMatchObject([{ what: 'changed', sequence: head.sequence }]);
    expect((await check([{ sequence: head.sequence + 5, hash: head.hash }])).faults[0]).toMatchObject({
      what: 'missing',
    });
  });

  it('is searched by person, object, kind and time, and says that it was', async () => {
    const anna = await newPerson(catalog, admin, { name: 'anna', roles: ['nurse'] });
    const { procedureId } = ok(await anna.send<{ procedureId: string }>('POST', '/procedures', { stationId: 'or-1', emergency: {} }), 201); // prettier-ignore
    const find = async (query: string) =>
      ok(await admin.send<{ items: AuditEntryView[]; nextCursor?: string }>('GET', `/audit?${query}`));
    const actions = async (query: string) => (await find(query)).items.map(({ action }) => action);
    expect(await actions(`object=${procedureId}`)).toEqual(['procedure.start']);
    expect(await actions('person=ANN&kind=sign-in')).toEqual(['session.sign-in']);
    expect(new Set(await actions('kind=administration'))).toContain('account.create');
    const [newest] = (await find('limit=1')).items;
    expect(await actions(`from=${newest?.at}&person=nobody`)).toEqual([]);
    const pages: number[] = [];
    for (let cursor: string | undefined = ''; cursor !== undefined;) {
      const page = await find(`limit=20&to=${newest?.at}${cursor === '' ? '' : `&cursor=${cursor}`}`);
      pages.push(...page.items.map(({ sequence }) => sequence));
      cursor = page.nextCursor;
    }
    expect(pages).toEqual(pages.toSorted((a, b) => b - a));
    expect(new Set(pages).size).toBe(pages.length);
    expect(pages.length).toBeGreaterThan(25);
    const auditor = await withToken(catalog, admin, { name: 'auditor', roles: ['auditor'] });
    expect((await auditor.send('GET', '/audit')).status).toBe(200);
    expect(await actions('person=token:auditor')).toEqual(['audit.read']);
  });

  it('is exported as audit messages of the standard, and as a table', async () => {
    const xml = await admin.fetch('/api/v1/audit/export?format=atna');
    expect(xml.headers.get('content-type')).toBe('application/xml; charset=utf-8');
    expect(xml.headers.get('content-disposition')).toMatch(/^attachment; filename="smartbox-audit-.*\.xml"$/);
    const lines = (await xml.text()).trimEnd().split('\n');
    const messages = lines.slice(2, -1);
    expect(messages.length).toBeGreaterThan(35);
    expect(await schemaFaults(messages)).toEqual([]);
    expect(messages[0]).toContain('csd-code="110100"');
    const csv = await (await admin.fetch('/api/v1/audit/export?format=csv&person=anna')).text();
    const rows = csv.trim().split('\r\n');
    expect(rows[0]).toMatch(/^sequence,id,at,actor,action,kind,outcome,.*,detail,traceId,previousHash,hash$/);
    expect(rows.slice(1).every((row) => row.includes(',anna,'))).toBe(true);
    const exported = await catalog.database.prisma.auditEntry.findMany({ where: { action: 'audit.export' } });
    expect(exported.map(({ detail }) => detail)).toContainEqual({ format: 'csv', person: 'anna' });
  });

  it('tells the administrators when it is not what was written', async () => {
    expect(ok(await admin.send<AuditCheck>('POST', '/audit/chain/check')).intact).toBe(true);
    expect(await chain()).toMatchObject({ retentionDays: 3653, check: { intact: true }, first: { sequence: 1 } });
    await sql.query('ALTER TABLE audit_entry DISABLE TRIGGER ALL');
    await sql.query(`UPDATE audit_entry SET actor = 'somebody else' WHERE sequence = 6`);
    const found = ok(await admin.send<AuditCheck>('POST', '/audit/chain/check'));
    expect(found).toMatchObject({ intact: false, faults: [{ what: 'changed', sequence: 6 }] });
    const alarm = async () => ok(await admin.send<{ items: AlarmView[] }>('GET', '/alarms')).items.find(({ code }) => code === 'audit-broken'); // prettier-ignore
    expect((await until(alarm)).reason).toContain('changed at 6');
  });
});

describe('the way into the chain', () => {
  it('takes the rows of older versions with it, and gives up those that are over their retention', async () => {
    const postgres = await startPostgres({ database: 'before' });
    const client = new pg.Client({ connectionString: postgres.url });
    await client.connect();
    const database = new Database(postgres.url);
    try {
      const folder = new URL('../prisma/migrations/', import.meta.url);
      const names = (await readdir(folder)).filter((name) => /^\d/.test(name)).sort();
      const ours = names.findIndex((name) => name.endsWith('accounts_and_audit_chain'));
      const apply = async (some: string[]) => {
        for (const name of some) await client.query(await readFile(new URL(`${name}/migration.sql`, folder), 'utf8'));
      };
      await apply(names.slice(0, ours));
      const old = (n: number) => `now() - interval '${800 - n * 200} days' - interval '123 ms'`;
      for (let n = 0; n < 5; n += 1) {
        const values = [
          `id-${n}`,
          'ärztin',
          'clip.save',
          'clip/X',
          JSON.stringify({ b: n, a: [1.5, null, 'ü "quoted"'] }),
        ];
        await client.query(`INSERT INTO audit_entry (id, at, actor, action, subject, detail, "traceId") VALUES ($1, ${old(n)}, $2, $3, $4, $5, ${n % 2 ? `'trace'` : 'NULL'})`, values); // prettier-ignore
      }
      await apply(names.slice(ours));
      const adopted = new AuditStore(database);
      expect(await adopted.check(new Date())).toMatchObject({ entries: 5, intact: true });
      await adopted.write('catalog', { actor: 'system', action: 'system.start' }, new Date());
      expect(await adopted.check(new Date())).toMatchObject({ entries: 6, intact: true });
      const days = (count: number) => new Date(Date.now() - count * 24 * 3_600_000);
      // 800, 600, 400, 200 and 0 days old.
      expect(await adopted.prune(days(500), new Date())).toBe(2);
      expect(await adopted.check(new Date())).toMatchObject({ entries: 5, intact: true });
      expect((await adopted.head()).base.sequence).toBe(2);
      await expect(adopted.prune(days(100), new Date())).rejects.toThrow(/append-only/);
      expect(await adopted.prune(days(366), new Date())).toBe(1);
      expect(await adopted.check(new Date())).toMatchObject({ entries: 5, intact: true });
      const noted = await database.prisma.auditEntry.findMany({ where: { action: 'audit.prune' } });
      expect(noted.map(({ detail }) => (detail as { entries: number }).entries)).toEqual([2, 1]);
    } finally {
      await client.end();
      await database.close();
      await postgres.stop();
    }
  });
});
