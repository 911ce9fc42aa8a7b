import { hostname } from 'node:os';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AlarmView } from '@smartbox/contracts';
import { tlsOptions } from '@smartbox/dimse';
import { makeCertificate, startRsyslog, until, type Rsyslog } from '@smartbox/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { atnaMessage } from '../src/domain/audit/atna.ts';
import { syslogFrame } from '../src/domain/audit/syslog.ts';
import { AuditRepository } from '../src/outbound/audit-repository.ts';
import { AuditStore } from '../src/outbound/audit-store.ts';
import { schemaFaults } from './audit-schema.ts';
import { ok, settings, startCatalog, startEmergency, startServers, type Catalog, type Servers } from './catalog.ts';

let servers: Servers;
let repository: Rsyslog;
let catalog: Catalog;
const file = (name: string) => join(servers.folder, 'config', name);

beforeAll(async () => {
  servers = await startServers();
  const folder = join(servers.folder, 'config');
  for (const name of ['arr', 'catalog']) await makeCertificate(folder, name);
  repository = await startRsyslog(folder, { server: 'arr', client: 'catalog' });
  const tls = { ca: 'arr.pem', cert: 'catalog.pem', key: 'catalog.key' };
  const where = { host: '127.0.0.1', port: repository.port, tls, alarmMinutes: 10 };
  await writeFile(file('audit.yaml'), stringify({ repository: where }));
  catalog = await startCatalog(settings(servers, { SITE_INSTITUTION: 'Klinikum Müller & Söhne' }));
});
afterAll(async () => {
  await catalog?.close();
  await repository?.stop();
  await servers?.stop();
});

async function write(count: number, at = new Date()): Promise<void> {
  const store = catalog.app.get(AuditStore);
  for (let n = 0; n < count; n++) await store.write(`test/${n}`, { actor: 'Jürgen "<&>"', action: 'clip.open' }, at);
}
/** Every entry as the message that it is, in the order of the chain. */
async function written(): Promise<string[]> {
  const source = { id: `smartbox-catalog@${hostname()}`, enterprise: 'Klinikum Müller & Söhne' };
  const messages: string[] = [];
  for await (const entry of catalog.app.get(AuditStore).each({})) messages.push(atnaMessage(entry, source));
  return messages;
}
const HEADER = /^<85>1 \d{4}-\d\d-\d\dT[\d:.]+Z \S+ smartbox-catalog \d+ DICOM\+RFC3881 - \u{FEFF}<\?xml version="1\.0" encoding="UTF-8"\?>/u; // prettier-ignore
const received = async () =>
  (await repository.messages()).map((message) => {
    expect(message).toMatch(HEADER);
    return message.replace(HEADER, '');
  });
const allThere = () =>
  until(
    async () => {
      const [has, wants] = [new Set(await received()), await written()];
      return wants.every((message) => has.has(message)) && wants;
    },
    { timeoutMs: 60_000, what: 'every entry in the repository' },
  );
const alarm = async () =>
  ok<{ items: AlarmView[] }>(await catalog.send('GET', '/alarms')).items.find(({ code }) => code === 'audit-behind');

it('has every entry as a message of the standard, once and in order', async () => {
  await startEmergency(catalog);
  await write(30);
  const wanted = await allThere();
  expect(wanted.length).toBeGreaterThan(31);
  expect(await received()).toEqual(wanted);
  expect(await schemaFaults((await received()).slice(0, 10))).toEqual([]);
});

it('that is away is waited for: nothing is lost or sent twice, and the administrators are told while it takes long', async () => {
  await repository.kill('SIGKILL');
  expect(await alarm()).toBeUndefined();
  await write(1, new Date(Date.now() - 11 * 60_000));
  await write(450);
  const told = await until(alarm, { timeoutMs: 90_000, what: 'the alarm' });
  expect(told).toMatchObject({ over: false, times: 1, reason: expect.stringMatching(/^\d+ entries wait since .*127\.0\.0\.1/) }); // prettier-ignore
  await repository.start();
  const wanted = await allThere();
  expect(await received()).toEqual(wanted);
  await until(async () => (await alarm())?.over, { timeoutMs: 30_000, what: 'the end of the alarm' });
}, 120_000);

it('that dies in the middle of a delivery gets it again', async () => {
  // It takes the connection, as its system does that, and reads nothing any more.
  await repository.kill('SIGSTOP');
  await write(200);
  await until(async () => (await waitingSockets(repository.port)) > 0, { timeoutMs: 30_000, what: 'a delivery on its way' }); // prettier-ignore
  await repository.kill('SIGKILL');
  await repository.start();
  await allThere();
}, 120_000);

it('goes on where it stood when the service starts anew', async () => {
  const before = await received();
  await catalog.close();
  catalog = await startCatalog(settings(servers, { SITE_INSTITUTION: 'Klinikum Müller & Söhne' }));
  const wanted = await allThere();
  const since = (await received()).slice(before.length);
  expect(since).toEqual(wanted.slice(-since.length));
  expect(since).toHaveLength(2); // its end and its start
});

it('is nobody whose certificate another one signed, and takes nobody without one', async () => {
  const folder = join(servers.folder, 'config');
  const frame = syslogFrame('<AuditMessage/>', new Date(), { host: 'x', processId: 1 });
  const count = (await repository.messages()).length;
  const to = (files: object) =>
    new AuditRepository({ ...tlsOptions(files, folder), host: '127.0.0.1', port: repository.port }).deliver([frame], new AbortController().signal); // prettier-ignore
  for (const files of [{ ca: 'arr.pem' }, { ca: 'catalog.pem', cert: 'catalog.pem', key: 'catalog.key' }]) {
    await expect(to(files)).rejects.toMatchObject({ code: 'audit-repository-away', retryable: true });
  }
  expect(await repository.messages()).toHaveLength(count);
});

/** Connections to the port that the system has taken for a process. */
async function waitingSockets(port: number): Promise<number> {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const table = await readFile('/proc/net/tcp', 'utf8');
  return table.split('\n').filter((line) => line.includes(`0100007F:${hex} 0100007F:`) && / 01 /.test(line)).length;
}
