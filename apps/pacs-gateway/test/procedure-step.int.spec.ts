import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { EventData } from '@smartbox/contracts';
import { newId } from '@smartbox/kernel';
import { Messaging } from '@smartbox/messaging';
import { freePort, startTestPacs, until, type DataSet, type TestPacs } from '@smartbox/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { stepUidOf } from '../src/domain/procedure-step.ts';
import { startForeignRis, type JsonDataSet } from './support/foreign-ris.ts';
import { buildGateway, publishInstance, startBed, startGateway, type Bed, type Gateway } from './support/gateway.ts';
import { recipe, snapshot, told } from './support/procedure.ts';

const run = promisify(execFile);
let bed: Bed;
let catalog: Messaging;
let gateway: Gateway | undefined;
const peers: TestPacs[] = [];

beforeAll(async () => {
  buildGateway();
  bed = await startBed();
  const { user, password } = bed.nats.credentials;
  catalog = await Messaging.connect({ service: 'catalog', servers: bed.nats.url, user, pass: password });
  catalog.serve('catalog.get-procedure', ({ procedureId }) => snapshot(procedureId));
});
afterEach(async () => {
  await gateway?.stop();
  gateway = undefined;
  await Promise.all(peers.splice(0).map((peer) => peer.stop()));
});
afterAll(async () => {
  await catalog?.close();
  await bed?.stop();
});

const configured = (port: number, settleSeconds = 0) => told('RIS', port, settleSeconds);

async function ris(port?: number): Promise<TestPacs> {
  const peer = await startTestPacs({ aeTitle: 'RIS', ...(port === undefined ? {} : { port }) });
  peers.push(peer);
  return peer;
}

async function begin(procedureId = newId()): Promise<string> {
  const { stationId, startedAt } = snapshot(procedureId);
  const event = { procedureId, stationId, recipe, emergency: false, startedAt };
  await catalog.publishEvent('catalog.procedure.started', event, { id: `${procedureId}/started` });
  return procedureId;
}

async function end(procedureId: string): Promise<void> {
  const event = { procedureId, stationId: 'or-1', endedAt: new Date().toISOString() };
  await catalog.publishEvent('catalog.procedure.ended', event, { id: `${procedureId}/ended` });
}

const messages = (peer: TestPacs, procedureId: string) =>
  peer.steps.messages.filter(({ sopInstanceUid }) => sopInstanceUid === stepUidOf(procedureId));
const itemsOf = (set: DataSet | undefined, tag: string): DataSet[] => {
  const value = set?.get(tag);
  return typeof value === 'object' ? value : [];
};
/** The DICOM JSON model without its wrapping: a sequence is a list, anything else its first value. */
function plain(set: JsonDataSet | null | undefined): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(set ?? {}).map(([tag, element]) => {
      const values = element?.Value ?? [];
      return [tag, element?.vr === 'SQ' ? values.map((item) => plain(item as JsonDataSet)) : values[0]];
    }),
  );
}
const events = (procedureId: string, name: 'reported' | 'deferred') =>
  bed.events.filter(
    (event) => event.name === `pacs-gateway.procedure-step.${name}` && event.data['procedureId'] === procedureId,
  );

async function instanceOf(procedureId: string): Promise<EventData<'dicomizer.instance.created'>> {
  const { instance } = await publishInstance(bed, [], 1000);
  const own = { ...instance, instanceId: newId(), origin: { ...instance.origin, procedureId } };
  await bed.messaging.publishEvent('dicomizer.instance.created', own, { id: own.instanceId });
  return own;
}

describe('a performed procedure step', () => {
  it('is created at the start and completed with its objects, complete by the standard and readable by DCMTK', async () => {
    const peer = await ris();
    gateway = await startGateway(bed, configured(peer.port));
    const procedureId = await begin();
    await until(() => messages(peer, procedureId).length === 1);
    const instance = await instanceOf(procedureId);
    await end(procedureId);
    await until(() => events(procedureId, 'reported').length === 2);
    const [created, ended] = messages(peer, procedureId);
    expect([created, ended]).toMatchObject([
      { kind: 'create', status: 0, complaints: [] },
      { kind: 'set', status: 0, complaints: [] },
    ]);
    expect(events(procedureId, 'reported')[1]?.data).toMatchObject({ status: 'completed', series: 1, instances: 1 });
    const reported = await catalog.call('pacs-gateway.get-procedure-step', { procedureId });
    await until(async () => {
      const { step } = await catalog.call('pacs-gateway.get-procedure-step', { procedureId });
      return step?.state === 'completed';
    });
    expect(reported).toMatchObject({ configured: true, step: { sopInstanceUid: stepUidOf(procedureId) } });

    const dir = await mkdtemp(join(tmpdir(), 'mpps-'));
    const dump = async (message: typeof created): Promise<string> => {
      const file = join(dir, 'set.bin');
      await writeFile(file, message?.bytes ?? '');
      const { stdout, stderr } = await run('dcmdump', ['-f', '-te', '+U8', '+L', '-Un', file]);
      expect(stderr).not.toMatch(/^[EFW]: /m);
      return stdout;
    };
    const first = await dump(created);
    expect(first).toMatch(/\(0010,0010\) PN \[Müller-Lüdenscheidt\^Jürgen\]/);
    expect(first).toMatch(/\(0040,0244\) DA \[20260106\]/); // local: 22:30 UTC is the next day there
    expect(first).toMatch(/\(0040,0245\) TM \[003000\]/);
    expect(first).toMatch(/\(0040,0254\) LO \[Gastroskopie +"Süd"\]/);
    expect(first).toMatch(/\(0020,000d\) UI \[2\.25\.1001\]/);
    const last = await dump(ended);
    expect(last).toContain(`[${instance.sopInstanceUid}]`);
    expect(last).toContain(`[${instance.seriesInstanceUid}]`);
    expect(last).toMatch(/\(0040,0252\) CS \[COMPLETED\]/);
    await rm(dir, { recursive: true });
    expect(gateway.output()).not.toContain('Müller');

    // What was ordered and planned comes back as what is done (PS3.4 table F.7.2-1).
    const inside = (set: DataSet | undefined, ...tags: string[]): string[][] =>
      itemsOf(set, tags[0] ?? '').flatMap((one) =>
        tags.length > 1 ? inside(one, ...tags.slice(1)) : [[...one.values()].map(String)],
      );
    const ordered = [
      ['76009000', 'SCT', 'Ösophagogastroduodenoskopie'],
      ['SCT', 'Spiegelung, früh', '999000011000001104'], // too long for a Code Value: Long Code Value (0008,0119)
    ];
    const protocol = [['G-2', '99KLINIK', '2026', 'Gastroskopie, Prüfung']];
    const study = [['1.2.840.10008.3.1.2.3.1', '2.25.2001']];
    expect(inside(created?.dataSet, '00081032')).toEqual(ordered);
    expect(inside(created?.dataSet, '00400270', '00321064')).toEqual(ordered);
    expect(inside(created?.dataSet, '00400270', '00400008')).toEqual(protocol);
    expect(inside(created?.dataSet, '00400260')).toEqual(protocol);
    expect(inside(created?.dataSet, '00400270', '00081110')).toEqual(study);
    expect(itemsOf(ended?.dataSet, '00400340').map((series) => series.get('00081050'))).toEqual(['Weiß^Jörg']);
  });

  it('is taken and kept by pynetdicom, from its beginning to its end, with everything that was ordered', async () => {
    const ris = await startForeignRis();
    try {
      gateway = await startGateway(bed, told(ris.aeTitle, ris.port));
      const procedureId = await begin();
      await until(() => ris.taken.length === 1);
      const instance = await instanceOf(procedureId);
      await end(procedureId);
      await until(() => events(procedureId, 'reported').length === 2);
      const uid = stepUidOf(procedureId);
      expect(ris.taken.map(({ kind, uid: of, status }) => [kind, of, status])).toEqual([
        ['create', uid, 0],
        ['set', uid, 0],
      ]);
      const [created, completed] = ris.taken.map(({ step }) => plain(step));
      const code = (CodeValue: string, CodingSchemeDesignator: string, CodeMeaning: string) => ({
        '00080100': CodeValue,
        '00080102': CodingSchemeDesignator,
        '00080104': CodeMeaning,
      });
      const { '00080100': value, ...long } = code('999000011000001104', 'SCT', 'Spiegelung, früh');
      const ordered = [code('76009000', 'SCT', 'Ösophagogastroduodenoskopie'), { ...long, '00080119': value }];
      const protocol = [{ ...code('G-2', '99KLINIK', 'Gastroskopie, Prüfung'), '00080103': '2026' }];
      expect(created).toMatchObject({
        '00080060': 'ES',
        '00081032': ordered,
        '00100010': { Alphabetic: 'Müller-Lüdenscheidt^Jürgen' },
        '00100020': 'P-1',
        '00100030': '19700102',
        '00100040': 'M',
        '00400241': 'SMARTBOX',
        '00400244': '20260106',
        '00400245': '003000',
        '00400252': 'IN PROGRESS',
        '00400260': protocol,
        '00400340': [],
      });
      expect(created?.['00400270']).toEqual([
        {
          '00080050': 'A-1',
          '00081110': [{ '00081150': '1.2.840.10008.3.1.2.3.1', '00081155': '2.25.2001' }],
          '0020000D': '2.25.1001',
          '00321060': undefined,
          '00321064': ordered,
          '00400007': undefined,
          '00400008': protocol,
          '00400009': 'S-1',
          '00401001': 'R-1',
        },
      ]);
      // the N-SET changes what has changed, and nothing else of it
      expect(completed).toMatchObject({
        ...created,
        '00400250': expect.stringMatching(/^\d{8}$/) as string,
        '00400251': expect.stringMatching(/^\d{6}$/) as string,
        '00400252': 'COMPLETED',
        '00400340': [
          {
            '00081050': { Alphabetic: 'Weiß^Jörg' },
            '00081140': [{ '00081150': instance.sopClassUid, '00081155': instance.sopInstanceUid }],
            '00181030': 'Endoscopy',
            '0020000E': instance.seriesInstanceUid,
          },
        ],
      });
    } finally {
      await ris.stop();
    }
  });

  it('without objects is discontinued; waits for those that are still being made, but not for ever', async () => {
    const peer = await ris();
    gateway = await startGateway(bed, configured(peer.port, 2));
    const empty = await begin();
    const late = await begin();
    const still = {
      stillId: newId(), stationId: 'or-1', procedureId: late, recipe, at: new Date().toISOString(), sourceId: 'cam-1',
      key: 'clips/x/still.mp4', sha256: 'a'.repeat(64), bytes: 1, frame: 0, width: 640, height: 480,
    }; // prettier-ignore
    await bed.messaging.publishEvent('buffer.still.captured', still, { id: still.stillId });
    await Promise.all([end(empty), end(late)]);
    await until(() => events(empty, 'reported').length === 2 && events(late, 'reported').length === 2, {
      timeoutMs: 20_000,
    });
    expect(messages(peer, empty)[1]?.dataSet.get('00400252')).toBe('DISCONTINUED');
    expect(messages(peer, empty)[1]?.complaints).toEqual([]);
    expect(events(late, 'reported')[1]?.data).toMatchObject({ status: 'discontinued' });
  });

  it('waits for an information system that is away, and survives a kill -9 meanwhile', async () => {
    const port = await freePort();
    gateway = await startGateway(bed, configured(port));
    const procedureId = await begin();
    await until(() => events(procedureId, 'deferred').length === 1);
    expect(events(procedureId, 'deferred')[0]?.data).toMatchObject({ parked: true, code: 'peer-unreachable' });
    // Told first, kept then: whoever is killed between tells it once more.
    const { step } = await until(async () => {
      const kept = await catalog.call('pacs-gateway.get-procedure-step', { procedureId });
      return kept.step?.problem !== undefined && kept;
    });
    expect(step).toMatchObject({ state: 'to-create', problem: 'peer-unreachable' });
    await instanceOf(procedureId);
    await end(procedureId);
    await gateway.kill();
    const peer = await ris(port);
    gateway = await startGateway(bed, configured(port));
    await until(() => events(procedureId, 'reported').length === 2, { timeoutMs: 30_000 });
    expect(messages(peer, procedureId).map(({ kind, status }) => [kind, status])).toEqual([
      ['create', 0],
      ['set', 0],
    ]);
  });

  it('is one step however often it is told: a lost answer, a duplicate, a forgetful information system', async () => {
    const peer = await ris();
    gateway = await startGateway(bed, configured(peer.port));
    peer.steps.statuses = [0x0110]; // first try
    const procedureId = await begin();
    await begin(procedureId);
    await until(() => events(procedureId, 'reported').length === 1, { timeoutMs: 20_000 });
    expect(messages(peer, procedureId).map(({ status }) => status)).toEqual([0x0110, 0]);
    peer.steps.statuses = [0x0112]; // forgotten: created anew (duplicate), then ended
    await end(procedureId);
    await until(() => events(procedureId, 'reported').some(({ data }) => data['status'] === 'discontinued'), {
      timeoutMs: 30_000,
    });
    expect(messages(peer, procedureId).map(({ kind, status }) => [kind, status])).toEqual([
      ['create', 0x0110],
      ['create', 0],
      ['set', 0x0112],
      ['create', 0x0111],
      ['set', 0],
    ]);
  });

  it('of the wrong patient is discontinued as such, and one for the right patient begins; an ended one stays', async () => {
    const peer = await ris();
    gateway = await startGateway(bed, configured(peer.port));
    const procedureId = await begin();
    await until(() => messages(peer, procedureId).length === 1);
    const wrong = await instanceOf(procedureId);
    const correct = (version: number) =>
      catalog.publishEvent(
        'catalog.procedure.corrected',
        { procedureId, stationId: 'or-1', version },
        { id: `${procedureId}/${version}` },
      );
    const stepsOf = (version: number) =>
      peer.steps.messages.filter(({ sopInstanceUid }) => sopInstanceUid === stepUidOf(procedureId, version));
    await correct(2);
    await until(() => stepsOf(2).length === 1, { timeoutMs: 20_000 });
    const [, ended] = messages(peer, procedureId);
    expect(ended).toMatchObject({ kind: 'set', status: 0, complaints: [] });
    expect(ended?.dataSet.get('00400252')).toBe('DISCONTINUED');
    const [reason] = ended?.dataSet.get('00400281') as unknown as Map<string, unknown>[];
    expect([reason?.get('00080100'), reason?.get('00080102')]).toEqual(['110514', 'DCM']);
    expect(ended?.bytes.includes(wrong.sopInstanceUid)).toBe(true);

    const right = { ...wrong, instanceId: newId(), sopInstanceUid: '2.25.4713', procedureVersion: 2 };
    await bed.messaging.publishEvent('dicomizer.instance.created', right, { id: right.instanceId });
    await end(procedureId);
    await until(() => stepsOf(2).length === 2, { timeoutMs: 20_000 });
    expect(stepsOf(2)[1]?.dataSet.get('00400252')).toBe('COMPLETED');
    expect(stepsOf(2)[1]?.bytes.includes(right.sopInstanceUid)).toBe(true);
    expect(stepsOf(2)[1]?.bytes.includes(wrong.sopInstanceUid)).toBe(false);

    await correct(3); // it has ended: nothing can be said of that step any more
    await until(() => stepsOf(3).length > 0, { timeoutMs: 20_000 });
    expect(stepsOf(2)).toHaveLength(2);
    const { step } = await until(async () => {
      const kept = await catalog.call('pacs-gateway.get-procedure-step', { procedureId });
      return kept.step?.left?.at(-1)?.state === 'completed' && kept;
    });
    expect(step).toMatchObject({
      sopInstanceUid: stepUidOf(procedureId, 3),
      left: [
        { sopInstanceUid: stepUidOf(procedureId), state: 'discontinued' },
        { sopInstanceUid: stepUidOf(procedureId, 2), state: 'completed' },
      ],
    });
  });
});
