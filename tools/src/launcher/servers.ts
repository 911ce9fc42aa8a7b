import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import {
  dicomAnswers,
  findOrthanc,
  freePort,
  startLocal,
  startNats,
  startOrthanc,
  startPostgres,
  startS3,
  viewPacs,
  type NatsServer,
  type PacsAccess,
  type PacsView,
  type PostgresServer,
  type S3Server,
  type ServerControl,
} from '@smartbox/testing';
import type { PeerPlan } from './peer-main.ts';
import type { PacsInfo, WorklistInfo } from './run-info.ts';
import type { Credentials, StateDir } from './state-dir.ts';
import type { StatusBoard } from './status.ts';

interface Peers {
  pacs: PacsInfo & ServerControl & { access: PacsAccess; view: PacsView };
  worklist: WorklistInfo & ServerControl;
}

export interface Servers extends Peers {
  nats: NatsServer;
  postgres: PostgresServer;
  s3: S3Server;
}

export interface ServersPlan {
  state: StateDir;
  credentials: Credentials;
  /** Ids of the rooms. */
  stations: readonly string[];
  ports: Readonly<Record<string, number>>;
  board: StatusBoard;
  /** `auto`: Orthanc where it is installed, else our own. */
  pacs: 'auto' | 'orthanc' | 'test-pacs';
  /** Loopback port that Orthanc reports commitments to; absent: it cannot. */
  reportPort?: number;
  worklist: PeerPlan['worklist'];
  progress: (message: string) => void;
  /** Called with each server as soon as it runs, so that it can be stopped whatever happens next. */
  started: (name: string, server: { pid: number | null; stop: () => Promise<void> }) => Promise<void>;
}

const PACS_AE = 'SMARTBOX_PACS';
const WORKLIST_AE = 'SMARTBOX_WL';

/** Starts one server with its row of the table. */
async function show<
  T extends { version: string; origin?: string; url?: string; pid: number | null; stop: () => Promise<void> },
>(plan: ServersPlan, name: string, start: (progress: (message: string) => void) => Promise<T>): Promise<T> {
  const { board } = plan;
  board.set({ kind: 'server', name, state: 'starting', detail: '' });
  try {
    const server = await start((detail) => board.set({ kind: 'server', name, state: 'starting', detail }));
    await plan.started(name, server);
    const address = server.url?.replace(/\/\/[^@/]*@/, '//') ?? '';
    const detail = `${address}  ${server.version}${server.origin ? ` (${server.origin})` : ''}`;
    board.set({ kind: 'server', name, state: 'ready', detail, pid: server.pid ?? undefined });
    return server;
  } catch (error) {
    board.set({
      kind: 'server',
      name,
      state: 'failed',
      detail: error instanceof Error ? error.message : String(error),
    });
    throw error;
  }
}

/** Our own peer as a process, so that it can be away while everything else runs. */
async function startPeer(plan: ServersPlan, name: string, peer: PeerPlan): Promise<ServerControl & { pid: number }> {
  await mkdir(peer.dataDir, { recursive: true });
  const main = fileURLToPath(new URL('./peer-main.ts', import.meta.url));
  const local = await startLocal({
    name,
    command: () => ({
      command: process.execPath,
      args: ['--conditions=@smartbox/source', main, JSON.stringify(peer)],
      logFile: plan.state.log(name),
    }),
    ready: () => dicomAnswers(peer.port, peer.aeTitle),
  });
  return {
    get pid() {
      return local.pid();
    },
    start: local.start,
    stop: local.stop,
    kill: local.kill,
    restart: local.restart,
  };
}

async function startWorklist(
  plan: ServersPlan,
): Promise<WorklistInfo & ServerControl & { version: string; url: string }> {
  const peer: PeerPlan = {
    aeTitle: WORKLIST_AE,
    port: await freePort(plan.ports['worklist']),
    httpPort: await freePort(plan.ports['worklistHttp']),
    dataDir: plan.state.join('worklist'),
    worklist: plan.worklist,
  };
  const address = { aeTitle: peer.aeTitle, host: '127.0.0.1', port: peer.port };
  const url = `dicom://${peer.aeTitle}@127.0.0.1:${peer.port}`;
  return Object.assign(await startPeer(plan, 'worklist', peer), address, { url, version: 'own test peer' });
}

async function startOwnPacs(plan: ServersPlan): Promise<Peers['pacs'] & { url: string }> {
  const peer: PeerPlan = {
    aeTitle: PACS_AE,
    port: await freePort(plan.ports['pacs']),
    httpPort: await freePort(plan.ports['pacsHttp']),
    dataDir: plan.state.join('pacs'),
    worklist: { items: [] },
  };
  const access: PacsAccess = { kind: 'test-pacs', httpUrl: `http://127.0.0.1:${peer.httpPort}` };
  return Object.assign(await startPeer(plan, 'pacs', peer), {
    kind: access.kind,
    aeTitle: peer.aeTitle,
    host: '127.0.0.1',
    port: peer.port,
    httpUrl: access.httpUrl,
    url: `dicom://${peer.aeTitle}@127.0.0.1:${peer.port}`,
    version: 'own test peer',
    access,
    view: viewPacs(access),
  });
}

async function startPacs(
  plan: ServersPlan,
  progress: (message: string) => void,
): Promise<Peers['pacs'] & { url: string }> {
  const wanted = plan.pacs === 'auto' ? ((await findOrthanc()) ? 'orthanc' : 'test-pacs') : plan.pacs;
  if (wanted === 'test-pacs') {
    if (plan.pacs === 'auto') plan.progress('Orthanc is not installed: our own small test PACS is used');
    return startOwnPacs(plan);
  }
  const orthanc = await startOrthanc({
    aeTitle: PACS_AE,
    dataDir: plan.state.join('orthanc'),
    logFile: plan.state.log('pacs'),
    password: plan.credentials.pacsPassword,
    progress,
    ...(plan.reportPort === undefined ? {} : { peers: { SMARTBOX: plan.reportPort } }),
    ...(plan.ports['pacs'] === undefined ? {} : { port: plan.ports['pacs'] }),
    ...(plan.ports['pacsHttp'] === undefined ? {} : { httpPort: plan.ports['pacsHttp'] }),
  });
  const { kind, httpUrl } = orthanc.access;
  const version = `Orthanc ${orthanc.version}`;
  const url = `dicom://${orthanc.aeTitle}@127.0.0.1:${orthanc.port}`;
  return Object.assign(Object.create(orthanc) as typeof orthanc, { kind, httpUrl, version, url });
}

/** Starts all servers at once. Whatever was started is reported to `started`, also when another one fails. */
export async function startServers(plan: ServersPlan): Promise<Servers> {
  const { state, credentials, ports } = plan;
  const common = (name: string) => ({
    logFile: state.log(name),
    dataDir: state.join(name),
    ...(ports[name] === undefined ? {} : { port: ports[name] }),
  });
  const starting = {
    nats: show(plan, 'nats', (progress) =>
      startNats({
        ...common('nats'),
        credentials: credentials.nats,
        line: { stations: plan.stations, passwords: credentials.natsUsers },
        progress,
      }),
    ),
    postgres: show(plan, 'postgres', (progress) =>
      startPostgres({ ...common('postgres'), credentials: credentials.postgres, progress }),
    ),
    s3: show(plan, 's3', (progress) => startS3({ ...common('s3'), credentials: credentials.s3, progress })),
    pacs: show(plan, 'pacs', (progress) => startPacs(plan, progress)),
    worklist: show(plan, 'worklist', () => startWorklist(plan)),
  };
  await Promise.allSettled(Object.values(starting));
  return {
    nats: await starting.nats,
    postgres: await starting.postgres,
    s3: await starting.s3,
    pacs: await starting.pacs,
    worklist: await starting.worklist,
  };
}
