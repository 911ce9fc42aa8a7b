import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startOrthanc, startStorescp, startWlmscpfs } from '../src/index.ts';
import { makeImage } from './fixtures/image.ts';
import { worklistItem } from './fixtures/worklist-item.ts';

const run = promisify(execFile);

/** Listening sockets of a port, over all interfaces, as the kernel shows them. */
async function bound(port: number): Promise<string[]> {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const tables = await Promise.all(['/proc/net/tcp', '/proc/net/tcp6'].map((table) => readFile(table, 'utf8')));
  return tables
    .flatMap((table) => table.split('\n').map((line) => line.trim().split(/\s+/)))
    .filter((columns) => columns[3] === '0A' && columns[1]?.endsWith(`:${hex}`))
    .map((columns) => columns[1] ?? '');
}

describe('DICOM peers from Debian', () => {
  let dir: string;
  let image: { path: string; uid: string };
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'smartbox-peers-'));
    image = await makeImage(dir);
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));

  it('storescp stores what it is sent, on loopback only', async () => {
    const storescp = await startStorescp();
    await run('storescu', ['127.0.0.1', String(storescp.port), image.path]);
    const [file, ...others] = await storescp.files();
    expect(others).toEqual([]);
    expect((await run('dcmdump', ['+P', 'SOPInstanceUID', file ?? ''])).stdout).toContain(image.uid);
    expect(await bound(storescp.port)).toEqual([expect.stringMatching(/^0100007F:/)]);
    await storescp.stop();
    expect(await bound(storescp.port)).toEqual([]);
  });

  it('Orthanc stores what it is sent and hands it out again, on loopback only, also after kill -9', async () => {
    const orthanc = await startOrthanc();
    await run('storescu', ['-aec', orthanc.aeTitle, '127.0.0.1', String(orthanc.port), image.path]);
    await orthanc.restart('SIGKILL');
    expect(await orthanc.view.instances()).toMatchObject([
      { sopInstanceUid: image.uid, sopClassUid: '1.2.840.10008.5.1.4.1.1.7', transferSyntaxUid: '1.2.840.10008.1.2.1' },
    ]);
    const copy = join(dir, 'copy.dcm');
    await writeFile(copy, await buffer(await orthanc.view.open(image.uid)));
    const dump = async (path: string) =>
      (await run('dcmdump', ['-q', '+P', 'PatientName', '+P', 'PixelData', path])).stdout;
    expect(await dump(copy)).toBe(await dump(image.path));
    expect(await orthanc.view.find('2.25.404')).toBeUndefined();
    expect((await fetch(orthanc.access.httpUrl)).status).toBe(401);
    expect(await bound(orthanc.port)).toEqual([expect.stringMatching(/^0100007F:/)]);
    expect(await bound(orthanc.httpPort)).toEqual([expect.stringMatching(/^0100007F:/)]);
    await orthanc.stop();
  });

  it('wlmscpfs serves our worklist items', async () => {
    const wlm = await startWlmscpfs([worklistItem(1, 'Müller^Jürgen'), worklistItem(2, 'Öztürk^Ayşe')]);
    const { stdout, stderr } = await run('findscu', [
      ...['-W', '-v', '-aec', wlm.aeTitle, '127.0.0.1', String(wlm.port)],
      ...[
        '-k',
        'PatientName',
        '-k',
        'PatientID=P-2',
        '-k',
        'ScheduledProcedureStepSequence[0].ScheduledStationAETitle',
      ],
    ]);
    expect(stdout + stderr).toContain('Öztürk^Ayşe');
    expect(stdout + stderr).not.toContain('Müller');
    await wlm.stop();
  });
});
