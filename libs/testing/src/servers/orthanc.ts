import { mkdir, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { inputError } from '@smartbox/kernel';
import { viewPacs, type PacsAccess, type PacsView } from '../dicom/pacs-view.ts';
import { freePort } from '../ports.ts';
import { startConfined } from './confined.ts';
import { prepareDataDir, randomSecret, removeDir } from './launch.ts';
import { versionOnPath } from './path-binary.ts';
import type { LaunchOptions, ServerControl, ServerInfo } from './server.ts';

const pluginFolders = ['/usr/share/orthanc/plugins', '/usr/local/share/orthanc/plugins'];

export interface OrthancOptions extends LaunchOptions {
  aeTitle?: string;
  httpPort?: number;
  password?: string;
  /** Modalities it knows by AE title; it dials them on loopback (commitment reports). */
  peers?: Readonly<Record<string, number>>;
}

/** `port` is the DICOM port; REST is at `access.httpUrl`, DICOMweb below it at `/dicom-web`. */
export interface Orthanc extends ServerInfo, ServerControl {
  aeTitle: string;
  access: PacsAccess;
  httpPort: number;
  view: PacsView;
}

/** The command of an installed Orthanc with its version; undefined when there is none. */
export async function findOrthanc(): Promise<{ command: string; version: string } | undefined> {
  for (const command of ['Orthanc', '/usr/sbin/Orthanc']) {
    const version = await versionOnPath(command, ['--version'], '1.0', () => undefined);
    if (version !== undefined) return { command, version };
  }
  return undefined;
}

/**
 * Orthanc (a real PACS) with DICOM, REST and DICOMweb, reachable from loopback only.
 * @throws SmartBoxError `orthanc-missing` where it is not installed.
 */
export async function startOrthanc(options: OrthancOptions = {}): Promise<Orthanc> {
  const found = await findOrthanc();
  if (!found)
    throw inputError('orthanc-missing', 'Orthanc is not installed (Debian: apt install orthanc orthanc-dicomweb)');
  const aeTitle = options.aeTitle ?? 'ORTHANC';
  const data = await prepareDataDir(options.dataDir, 'orthanc');
  const [port, httpPort] = [await freePort(options.port), await freePort(options.httpPort)];
  const access: PacsAccess = {
    kind: 'orthanc',
    httpUrl: `http://127.0.0.1:${httpPort}`,
    user: 'smartbox',
    password: options.password ?? randomSecret(),
  };
  const peers = Object.entries(options.peers ?? {});
  await mkdir(join(data.dir, 'db'), { recursive: true });
  const configuration = {
    Name: 'SmartBox test PACS',
    StorageDirectory: join(data.dir, 'db'),
    IndexDirectory: join(data.dir, 'db'),
    Plugins: pluginFolders.map((folder) => join(folder, 'libOrthancDicomWeb.so')).filter((file) => existsSync(file)),
    DicomAet: aeTitle,
    DicomPort: port,
    DicomCheckCalledAet: true,
    DicomAlwaysAllowEcho: true,
    DicomAlwaysAllowStore: true,
    HttpPort: httpPort,
    RemoteAccessAllowed: false,
    AuthenticationEnabled: true,
    RegisteredUsers: { [access.user ?? '']: access.password },
    DicomModalities: Object.fromEntries(peers.map(([ae, peerPort]) => [ae, [ae, '127.0.0.1', peerPort]])),
    DicomWeb: { Enable: true, Root: '/dicom-web/' },
    OverwriteInstances: true,
    SynchronousCMove: true,
    DefaultEncoding: 'Utf8',
  };
  const config = join(data.dir, 'orthanc.json');
  await writeFile(config, JSON.stringify(configuration, null, 2), { mode: 0o600 });
  const authorization = `Basic ${Buffer.from(`${access.user}:${access.password}`).toString('base64')}`;
  const local = await startConfined({
    name: 'Orthanc',
    command: found.command,
    args: [config],
    ports: [port, httpPort],
    outgoing: peers.map(([, peerPort]) => peerPort),
    logFile: options.logFile ?? join(data.dir, 'orthanc.log'),
    ready: async () => (await fetch(`${access.httpUrl}/system`, { headers: { authorization } })).ok,
    ...(options.progress ? { progress: options.progress } : {}),
    ...(data.temporary ? { temporaryDir: data.dir, cleanUp: () => removeDir(data.dir) } : {}),
  });
  return {
    name: 'orthanc',
    url: `dicom://127.0.0.1:${port}`,
    host: '127.0.0.1',
    port,
    get pid() {
      return local.pid();
    },
    version: found.version,
    origin: 'path',
    aeTitle,
    access,
    httpPort,
    view: viewPacs(access),
    start: local.start,
    stop: local.stop,
    kill: local.kill,
    restart: local.restart,
  };
}
