import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startTestPacs, until, type TestPacs } from '../src/index.ts';
import { makeImage } from './fixtures/image.ts';
import { worklistItem as item } from './fixtures/worklist-item.ts';

const run = promisify(execFile);

describe('the test PACS', () => {
  let pacs: TestPacs;
  let dir: string;
  let image: { path: string; uid: string };
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'smartbox-dcmtk-'));
    image = await makeImage(dir);
    pacs = await startTestPacs({ limits: { artimMs: 500, idleMs: 1000 } });
  });
  afterEach(() => pacs.behave({}));
  afterAll(async () => {
    await pacs.stop();
    await rm(dir, { recursive: true, force: true });
  });

  const storescu = (...files: string[]) => run('storescu', ['-v', '127.0.0.1', String(pacs.port), ...files]);
  const find = async (...keys: string[]) => {
    const out = await mkdtemp(join(dir, 'find-'));
    await run('findscu', [
      '-W',
      '-X',
      '-od',
      out,
      '127.0.0.1',
      String(pacs.port),
      ...keys.flatMap((key) => ['-k', key]),
    ]);
    const { stdout } = await run('sh', [
      '-c',
      `for f in ${out}/*.dcm; do [ -e $f ] && dcmdump +P PatientName -q $f; done; true`,
    ]);
    return stdout.split('\n').flatMap((line) => /\[(.*)\]/.exec(line)?.[1]?.trim() ?? []);
  };

  it('answers C-ECHO', async () => {
    const { stdout, stderr } = await run('echoscu', ['-v', '127.0.0.1', String(pacs.port)]);
    expect(stdout + stderr).toContain('Received Echo Response (Success)');
  });

  it('stores an object as a Part 10 file whose data set is the one that was sent', async () => {
    await storescu(image.path);
    expect(pacs.instances()).toMatchObject([{ sopInstanceUid: image.uid, sopClassUid: '1.2.840.10008.5.1.4.1.1.7' }]);
    const fetched = Buffer.from(await (await fetch(`${pacs.httpUrl}/instances/${image.uid}/file`)).arrayBuffer());
    expect(fetched).toEqual(await readFile(pacs.file(image.uid)));
    const dump = async (path: string) =>
      (await run('dcmdump', ['-q', '+P', 'PatientName', '+P', 'PixelData', path])).stdout;
    expect(await dump(pacs.file(image.uid))).toBe(await dump(image.path));
    expect((await fetch(`${pacs.httpUrl}/instances/..%2f..%2fetc/file`)).status).toBe(404);
  });

  it('matches a worklist by station, date, name and patient id', async () => {
    pacs.setWorklist([
      item(1, 'Müller^Jürgen'),
      item(2, 'Öztürk^Ayşe', { stationAe: 'OR2' }),
      item(3, 'Møller^Søren', { date: '20260106' }),
    ]);
    const step = 'ScheduledProcedureStepSequence[0].';
    expect(await find('PatientName', `${step}ScheduledStationAETitle=OR1`)).toEqual(['Müller^Jürgen', 'Møller^Søren']);
    expect(await find('PatientName', `${step}ScheduledProcedureStepStartDate=20260105`)).toHaveLength(2);
    expect(await find('PatientName', `${step}ScheduledProcedureStepStartDate=20260106-`)).toEqual(['Møller^Søren']);
    expect(await find('PatientName=m*')).toEqual(['Müller^Jürgen', 'Møller^Søren']);
    expect(await find('PatientName', 'PatientID=P-2')).toEqual(['Öztürk^Ayşe']);
    expect(await find('PatientName', 'PatientID=nobody')).toEqual([]);
  });

  it.each([
    ['rejects for ever', { reject: { result: 1, source: 1, reason: 7 } } as const, /Rejected Permanent/i],
    ['rejects for now', { reject: { result: 2, source: 3, reason: 2 } } as const, /Rejected Transient/i],
    [
      'refuses every transfer syntax',
      { refuseTransferSyntaxes: 'all' } as const,
      /No (Acceptable )?Presentation Context/i,
    ],
    ['aborts inside an object', { abortAfterBytes: 10 }, /abort/i],
    ['cuts the connection', { resetAfterBytes: 10 }, /abort|closed|reset/i],
    ['is out of resources', { storeStatus: 0xa700 }, /OutOfResources|0xa700/i],
    ['does not understand', { storeStatus: 0xc000 }, /CannotUnderstand|0xc000/i],
  ])('can be a peer that %s', async (_what, rudeness, message) => {
    pacs.behave(rudeness);
    const before = pacs.instances().length;
    const output = await storescu(image.path).then(
      (ok) => ok.stdout + ok.stderr,
      (error: { stdout: string; stderr: string }) => error.stdout + error.stderr,
    );
    expect(output).toMatch(message);
    expect(pacs.instances()).toHaveLength(before);
  });

  const talk = async (bytes: Buffer): Promise<Buffer> => {
    const socket = connect({ host: '127.0.0.1', port: pacs.port });
    socket.write(bytes);
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  };

  it('answers a PDU that claims 2 GB with A-ABORT and takes nothing of it', async () => {
    const header = Buffer.from([1, 0, 0x7f, 0xff, 0xff, 0xff]);
    expect([...(await talk(header))]).toEqual([7, 0, 0, 0, 0, 4, 0, 0, 2, 6]);
  });

  it('answers a P-DATA without an association with A-ABORT', async () => {
    expect([...(await talk(Buffer.from([4, 0, 0, 0, 0, 0])))]).toEqual([7, 0, 0, 0, 0, 4, 0, 0, 2, 2]);
  });

  it('closes a connection that says nothing when the ARTIM timer is over', async () => {
    expect(await talk(Buffer.alloc(0))).toHaveLength(0);
  });

  it('stays in good health after all that', async () => {
    const before = pacs.associations();
    await storescu(image.path);
    await until(() => pacs.associations() === before + 1);
    expect(pacs.instances()).toHaveLength(1);
  });
});
