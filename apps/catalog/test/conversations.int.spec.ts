import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buckets, StationConversation, StationView } from '@smartbox/contracts';
import { verifyLiveToken } from '@smartbox/kernel';
import { Messaging, type KvStore } from '@smartbox/messaging';
import { until } from '@smartbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { ok, settings, startCatalog, startEmergency, startServers, type Catalog, type Servers } from './catalog.ts';

interface Grant {
  url: string;
  token: string;
  rights: string[];
}

describe('conversations', () => {
  let servers: Servers;
  let catalog: Catalog;
  let streaming: Messaging;
  let store: KvStore<StationConversation>;

  beforeAll(async () => {
    servers = await startServers();
    const sources = [{ id: 'cam-a', name: 'Endoscope', kind: 'synthetic' }];
    const talking = { id: 'or-2', name: 'OR 2', aeTitle: 'OR2', sources, conversation: { rights: ['draw'] } };
    await writeFile(join(servers.folder, 'config/stations/or-2.yaml'), stringify(talking));
    catalog = await startCatalog(settings(servers));
    streaming = await Messaging.connect({ service: 'streaming', ...catalog.config.nats });
    store = await streaming.kv(buckets.procedures.name, StationConversation, { history: 1 });
  });
  afterAll(async () => {
    await streaming?.close();
    await catalog?.close();
    await servers?.stop();
  });

  const set = (station: string, open: boolean) => catalog.send('PUT', `/stations/${station}/conversation`, { open });
  const grant = (stationId: string, side = 'desk', name?: string) =>
    catalog.send('POST', '/conversation-grants', { stationId, side, name });
  const codeOf = ({ status, body }: { status: number; body: unknown }) =>
    `${status} ${(body as { code: string }).code}`;
  const told = async () => (await store.get('conversation.or-2'))?.value.procedureId ?? null;
  const audit = () =>
    catalog.database.prisma.auditEntry.findMany({
      where: { action: { startsWith: 'conversation.' } },
      orderBy: { at: 'asc' },
    });

  it('are off where the configuration does not allow them, without a procedure, and until the room opens one', async () => {
    expect(codeOf(await set('or-9', true))).toBe('404 station-unknown');
    expect(codeOf(await set('or-1', true))).toBe('403 conversation-not-allowed');
    expect(codeOf(await grant('or-1'))).toBe('403 conversation-not-allowed');
    expect(codeOf(await set('or-2', true))).toBe('409 no-procedure');
    expect(codeOf(await grant('or-2'))).toBe('409 no-procedure');
    await startEmergency(catalog, 'or-2');
    expect(codeOf(await grant('or-2'))).toBe('409 conversation-closed');
  });

  it('opened by the room: a grant carries account, name, side and rights; both are audited', async () => {
    const view = StationView.parse(ok(await set('or-2', true)));
    expect(view.conversation).toEqual({ rights: ['draw'] });
    expect(view.procedure?.conversationSince).toBeDefined();
    await set('or-2', true);
    const procedureId = view.procedure?.procedureId;
    await until(async () => (await told()) === procedureId);
    const given = ok<Grant>(await grant('or-2', 'desk', 'Dr. Baum'), 201);
    expect(given).toMatchObject({ url: 'http://127.0.0.1:8084/conversation/or-2', rights: ['draw'] });
    expect(verifyLiveToken(given.token, catalog.config.liveTokenSecret)).toMatchObject({
      stationId: 'or-2',
      sourceIds: [],
      use: 'converse',
      who: 'local',
      conversation: { side: 'desk', rights: ['draw'], name: 'Dr. Baum' },
    });
    expect((await grant('or-2', 'nobody')).status).toBe(400);
    await set('or-2', false);
    await until(async () => (await told()) === null);
    expect(codeOf(await grant('or-2'))).toBe('409 conversation-closed');
    const noted = await audit();
    expect(noted.map(({ action, subject }) => `${action} ${subject}`)).toEqual([
      `conversation.open procedure/${procedureId}`,
      `conversation.close procedure/${procedureId}`,
    ]);
  });

  it('end with the procedure, also when the next patient follows at once', async () => {
    await set('or-2', true);
    await until(async () => (await told()) !== null);
    await startEmergency(catalog, 'or-2');
    await until(async () => (await told()) === null);
    expect(codeOf(await grant('or-2'))).toBe('409 conversation-closed');
  });
});
