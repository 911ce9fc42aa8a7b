import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inputError } from '@smartbox/kernel';
import { ExplicitLittleEndian, writeDataSet } from '../dicom/dataset.ts';
import { dicomAnswers } from '../dicom/echo.ts';
import { part10Header } from '../dicom/store.ts';
import { worklistDataSet, type WorklistItem } from '../dicom/worklist.ts';
import { freePort } from '../ports.ts';
import { startConfined } from './confined.ts';
import { prepareDataDir, removeDir } from './launch.ts';
import { versionOnPath } from './path-binary.ts';
import type { LaunchOptions, ServerControl, ServerInfo } from './server.ts';

interface DcmtkOptions extends LaunchOptions {
  /** Arguments added to the command line: `--refuse`, `--abort-during`, `--sleep-during 5`, `+xa` ... */
  extraArguments?: readonly string[];
}

/** DCMTK's storescp: `directory` fills with one Part 10 file per object. */
export interface Storescp extends ServerInfo, ServerControl {
  aeTitle: string;
  directory: string;
  /** Paths of the files it has written. */
  files: () => Promise<string[]>;
}

async function installed(command: string): Promise<string> {
  const version = await versionOnPath(command, ['--version'], '3.0', () => undefined);
  if (version === undefined)
    throw inputError('dcmtk-missing', `${command} is not installed (Debian: apt install dcmtk)`);
  return version;
}

async function startDcmtk(
  command: string,
  arguments_: (port: number, dir: string) => Promise<string[]> | string[],
  aeTitle: string,
  options: DcmtkOptions,
): Promise<ServerInfo & ServerControl & { dir: string }> {
  const version = await installed(command);
  const data = await prepareDataDir(options.dataDir, command);
  const port = await freePort(options.port);
  const local = await startConfined({
    name: command,
    command,
    args: [...(options.extraArguments ?? []), ...(await arguments_(port, data.dir))],
    ports: [port],
    logFile: options.logFile ?? join(data.dir, `${command}.log`),
    ready: () => dicomAnswers(port, aeTitle),
    ...(options.progress ? { progress: options.progress } : {}),
    ...(data.temporary ? { temporaryDir: data.dir, cleanUp: () => removeDir(data.dir) } : {}),
  });
  return {
    name: command,
    url: `dicom://127.0.0.1:${port}`,
    host: '127.0.0.1',
    port,
    get pid() {
      return local.pid();
    },
    version,
    origin: 'path',
    dir: data.dir,
    start: local.start,
    stop: local.stop,
    kill: local.kill,
    restart: local.restart,
  };
}

/** DCMTK's C-STORE server, all transfer syntaxes unless `accepts` names an option such as `+xh`, reachable from loopback only; objects are written as received. */
export async function startStorescp(options: DcmtkOptions & { accepts?: string } = {}): Promise<Storescp> {
  const aeTitle = 'STORESCP';
  const server = await startDcmtk(
    'storescp',
    async (port, dir) => {
      await mkdir(join(dir, 'objects'), { recursive: true });
      return ['-v', '-aet', aeTitle, options.accepts ?? '+xa', '+B', '-od', join(dir, 'objects'), String(port)];
    },
    aeTitle,
    options,
  );
  const directory = join(server.dir, 'objects');
  const files = async (): Promise<string[]> => (await readdir(directory)).map((file) => join(directory, file));
  return Object.assign(server, { aeTitle, directory, files });
}

/** DCMTK's worklist server with the given items as worklist files, reachable from loopback only. */
export async function startWlmscpfs(
  items: readonly WorklistItem[],
  options: DcmtkOptions = {},
): Promise<ServerInfo & ServerControl & { aeTitle: string }> {
  const aeTitle = 'WORKLIST';
  const server = await startDcmtk(
    'wlmscpfs',
    async (port, dir) => {
      const folder = join(dir, 'items', aeTitle);
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, 'lockfile'), '');
      for (const item of items) {
        const header = part10Header('1.2.840.10008.5.1.4.31', item.studyInstanceUid, ExplicitLittleEndian);
        const dataSet = writeDataSet(worklistDataSet(item), ExplicitLittleEndian);
        await writeFile(join(folder, `${item.stepId}.wl`), Buffer.concat([header, dataSet]));
      }
      return ['-v', '-dfr', '-dfp', join(dir, 'items'), String(port)];
    },
    aeTitle,
    options,
  );
  return Object.assign(server, { aeTitle });
}
