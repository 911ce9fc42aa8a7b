import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { services, type Recipe, type Service, type StationConfig } from '@smartbox/contracts';
import { inputError, SmartBoxError, toError } from '@smartbox/kernel';
import { freePort, repoRoot, type WorklistItem } from '@smartbox/testing';
import {
  stationsOf,
  writeConfigDir,
  type DestinationsInput,
  type StationInput,
  testDestinations,
} from './config-dir.ts';
import { defaultStateDir, type RunInfo } from './run-info.ts';
import { startServers, type Servers, type ServersPlan } from './servers.ts';
import { serviceEnvironment } from './service-env.ts';
import { ServiceProcess } from './service-process.ts';
import { StateDir, writeWhole, type Credentials } from './state-dir.ts';
import { StatusBoard, type StatusListener } from './status.ts';

const run = promisify(execFile);
const SERVICE_READY_MS = 60_000;
/** Asked for at the very first start of the checkout's own system, so that its address is easy to remember. */
const FIRST_PORTS: Readonly<Record<string, number>> = { catalog: 8080 };

export interface SmartBoxOptions {
  /** Where everything is kept; `SMARTBOX_STATE` or `.smartbox` of the checkout unless given. */
  stateDir?: string;
  /** Rooms and their sources; else those in `config/stations/`, else one room with two synthetic cameras. */
  stations?: readonly StationInput[];
  recipes?: readonly Recipe[];
  /** More destinations than the PACS that is started. */
  destinations?: DestinationsInput['destinations'];
  /** Which test PACS; `SMARTBOX_PACS`, else `auto`: Orthanc where it is installed, else our own small one. */
  pacs?: ServersPlan['pacs'];
  /** Ask the test PACS to commit to what it stores: clips are archived where it is Orthanc; our own one offers none. */
  commitment?: boolean;
  /** Worklist items; eight sample patients of today unless given. */
  worklist?: WorklistItem[];
  /** Environment variables of single services, over the launcher's own. */
  env?: Partial<Record<Service, NodeJS.ProcessEnv>>;
  /** Which services to start; all unless given. */
  services?: readonly Service[];
  /** Instances of the streaming service (`streaming`, `streaming-2`, …); one unless given. */
  streamingInstances?: number;
  onProgress?: (message: string) => void;
  onStatus?: StatusListener;
  signal?: AbortSignal;
}

interface ProcessPlan {
  name: string;
  service: Service;
  stationId?: string;
}

/** A running system. */
export interface SmartBox {
  info: () => RunInfo;
  /** The dashboard and the REST API. */
  url: string;
  servers: Servers;
  stations: StationConfig[];
  /** By name, as in `run.json`. */
  service: (name: string) => ServiceProcess;
  credentials: Credentials;
  board: StatusBoard;
  /** Stops everything in order; safe to call twice. */
  stop: () => Promise<void>;
}

/** Everything that was started, stopped in the opposite order: nobody loses what it needs. */
class Stack {
  readonly #stops: { name: string; stop: () => Promise<void> }[] = [];
  #stopping: Promise<void> | undefined;

  push(name: string, stop: () => Promise<void>): void {
    this.#stops.push({ name, stop });
  }

  unwind(progress: (message: string) => void): Promise<void> {
    return (this.#stopping ??= (async () => {
      for (let last = this.#stops.pop(); last; last = this.#stops.pop()) {
        await last.stop().catch((error: unknown) => progress(`${last.name}: ${toError(error).message}`));
      }
    })());
  }
}

function portsOf(servers: Servers, running: Map<string, ServiceProcess>): Record<string, number> {
  return {
    nats: servers.nats.port,
    postgres: servers.postgres.port,
    s3: servers.s3.port,
    pacs: servers.pacs.port,
    pacsHttp: Number(new URL(servers.pacs.httpUrl).port),
    worklist: servers.worklist.port,
    ...Object.fromEntries([...running].map(([name, { plan }]) => [name, plan.port])),
  };
}

function pacsFromEnvironment(): ServersPlan['pacs'] {
  const wanted = process.env['SMARTBOX_PACS'] ?? 'auto';
  if (wanted === 'auto' || wanted === 'orthanc' || wanted === 'test-pacs') return wanted;
  throw inputError('pacs', `SMARTBOX_PACS is auto, orthanc or test-pacs, not ${JSON.stringify(wanted)}`);
}

async function migrate(databaseUrl: string): Promise<void> {
  const script = join(repoRoot(), 'apps', 'catalog', 'dist', 'migrate.js');
  const env = { ...process.env, DATABASE_URL: databaseUrl };
  await run(process.execPath, [script], { env, cwd: repoRoot() }).catch((error: unknown) => {
    const { stderr } = error as { stderr?: string };
    throw new SmartBoxError({
      code: 'migration-failed',
      message: `the database could not be brought up to date: ${stderr?.trim() ?? toError(error).message}`,
      fault: 'ours',
      cause: error,
    });
  });
}

/**
 * Starts the whole line on this machine: servers, database migrations, the seven services as processes of their own,
 * a test PACS and a worklist. Resolves when every service says that it is ready and `run.json` is written. What was
 * started is stopped again when it fails, and cannot outlive this process, not even after `kill -9`.
 * @throws SmartBoxError `already-running`, `embedded-server-unavailable`, `server-start-failed`, `migration-failed`,
 * `not-built`, `service-not-ready`.
 */
export async function startSmartBox(options: SmartBoxOptions = {}): Promise<SmartBox> {
  const progress = options.onProgress ?? (() => undefined);
  const state = new StateDir(options.stateDir ?? defaultStateDir());
  await state.claim(progress);
  const stack = new Stack();
  stack.push('state', () => state.release());
  try {
    return await launch(options, state, stack, progress);
  } catch (error) {
    await stack.unwind(progress);
    throw error;
  }
}

async function launch(
  options: SmartBoxOptions,
  state: StateDir,
  stack: Stack,
  progress: (message: string) => void,
): Promise<SmartBox> {
  const startedAt = new Date().toISOString();
  const board = new StatusBoard(options.onStatus ?? (() => undefined));
  const stations = await stationsOf(join(repoRoot(), 'config'), options.stations);
  const stationIds = stations.map(({ id }) => id);
  const credentials = await state.credentials(stationIds);
  const ports: Record<string, number> = {
    ...(options.stateDir === undefined ? FIRST_PORTS : {}),
    ...(await state.ports()),
  };
  const wanted = options.services ?? services;
  const stationAes = (options.stations ?? []).map(({ aeTitle }) => aeTitle ?? 'SMARTBOX');

  // Where archives report to: the gateway's own listener.
  const reportPort = options.commitment ? await freePort(ports['reports']) : undefined;
  const servers = await startServers({
    state,
    credentials,
    stations: stationIds,
    ports,
    board,
    progress,
    pacs: options.pacs ?? pacsFromEnvironment(),
    ...(reportPort === undefined ? {} : { reportPort }),
    worklist: options.worklist
      ? { items: options.worklist }
      : { stationAes: stationAes.length > 0 ? stationAes : ['OR1'] },
    started: async (name, { pid, stop }) => {
      if (pid !== null) await state.note(pid);
      stack.push(name, async () => {
        board.set({ kind: 'server', name, state: 'stopping', detail: '' });
        await stop();
        board.set({ kind: 'server', name, state: 'stopped', detail: '' });
      });
    },
  });
  options.signal?.throwIfAborted();

  const { pacs, worklist } = servers;
  const reports = pacs.kind === 'orthanc' ? reportPort : undefined;
  const configDir = state.join('config');
  await writeConfigDir({
    from: join(repoRoot(), 'config'),
    to: configDir,
    stations,
    recipes: options.recipes,
    destinations: testDestinations(pacs, worklist, reports, options.destinations),
  });
  if (wanted.includes('catalog')) {
    progress('bringing the database up to date');
    await migrate(servers.postgres.url);
  }
  options.signal?.throwIfAborted();

  const running = new Map<string, ServiceProcess>();
  const processes = wanted.flatMap((service): ProcessPlan[] =>
    service === 'capture-edge'
      ? stations.map(({ id }, index) => ({
          name: index === 0 ? service : `${service}-${id}`,
          service,
          stationId: id,
        }))
      : Array.from({ length: service === 'streaming' ? (options.streamingInstances ?? 1) : 1 }, (_, index) => ({
          name: index === 0 ? service : `${service}-${index + 1}`,
          service,
        })),
  );
  const servicePorts: Record<string, number> = {};
  for (const { name } of processes) servicePorts[name] = await freePort(ports[name]);
  const info = (): RunInfo => describe(state, startedAt, servers, running, stations, configDir);
  let written = false;
  for (const { name, service, stationId } of processes) {
    const work = state.join('work', name);
    await mkdir(work, { recursive: true });
    const port = servicePorts[name] ?? 0;
    const room = stationId === undefined ? {} : { stationId };
    const env = serviceEnvironment({
      service,
      port,
      ports: servicePorts,
      servers,
      credentials,
      configDir,
      work,
      ...room,
    });
    const started = new ServiceProcess({
      name,
      service,
      port,
      env: { ...env, ...options.env?.[service] },
      logFile: state.log(name),
      board,
      onStart: async (pid) => {
        await state.note(pid);
        if (written) await writeWhole(state.runFile, `${JSON.stringify(info(), null, 2)}\n`);
      },
    });
    running.set(name, started);
    stack.push(name, () => started.stop());
    await started.start();
  }
  await Promise.all([...running.values()].map((service) => service.ready(SERVICE_READY_MS, options.signal)));
  options.signal?.throwIfAborted();
  const remembered = portsOf(servers, running);
  await state.rememberPorts(reportPort === undefined ? remembered : { ...remembered, reports: reportPort });
  await writeWhole(state.runFile, `${JSON.stringify(info(), null, 2)}\n`);
  written = true;

  const service = (name: string): ServiceProcess => {
    const found = running.get(name);
    if (!found) throw new Error(`${name} was not started`);
    return found;
  };
  return {
    info,
    url: running.get('catalog')?.url ?? '',
    servers,
    stations,
    service,
    credentials,
    board,
    stop: () => stack.unwind(progress),
  };
}

function describe(
  state: StateDir,
  startedAt: string,
  servers: Servers,
  running: Map<string, ServiceProcess>,
  stations: StationConfig[],
  configDir: string,
): RunInfo {
  const { nats, postgres, s3, pacs, worklist } = servers;
  const server = ({ name, url, host, port, pid, version, origin }: typeof nats | typeof postgres | typeof s3) => ({
    ...{ name, host, port, pid, version, origin },
    url: url.replace(/\/\/[^@/]*@/, '//'), // without the password: this file is readable by everybody
  });
  return {
    pid: process.pid,
    startedAt,
    url: running.get('catalog')?.url ?? '',
    servers: {
      nats: server(nats),
      postgres: server(postgres),
      s3: server(s3),
      pacs: {
        ...{ kind: pacs.kind, aeTitle: pacs.aeTitle, host: pacs.host, port: pacs.port },
        ...{ httpUrl: pacs.httpUrl, pid: pacs.pid, version: pacs.version },
      },
      worklist: { aeTitle: worklist.aeTitle, host: worklist.host, port: worklist.port, pid: worklist.pid },
    },
    services: Object.fromEntries(
      [...running].map(([name, { url, pid, plan }]) => [name, { url, port: plan.port, pid, log: plan.logFile }]),
    ) as RunInfo['services'],
    bucket: s3.bucket,
    database: postgres.database,
    stations: stations.map(({ id }) => id),
    paths: { state: state.path, credentials: state.credentialsFile, config: configDir, logs: state.join('logs') },
  };
}
