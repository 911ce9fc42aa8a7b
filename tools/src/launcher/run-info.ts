import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Service } from '@smartbox/contracts';
import { inputError } from '@smartbox/kernel';
import type { Credentials } from './state-dir.ts';
import { isAlive, repoRoot, type PacsAccess, type ServerInfo } from '@smartbox/testing';

interface ServiceInfo {
  url: string;
  port: number;
  pid: number;
  log: string;
}

export interface PacsInfo {
  /** `orthanc` or `test-pacs`. */
  kind: PacsAccess['kind'];
  aeTitle: string;
  host: string;
  port: number;
  httpUrl: string;
  pid: number | null;
  version: string;
}

export interface WorklistInfo {
  aeTitle: string;
  host: string;
  port: number;
  pid: number | null;
}

/** `.smartbox/run.json`: how a running system describes itself. Holds no secret. */
export interface RunInfo {
  pid: number;
  startedAt: string;
  /** The dashboard and the REST API. */
  url: string;
  servers: Record<'nats' | 'postgres' | 's3', ServerInfo> & { pacs: PacsInfo; worklist: WorklistInfo };
  /** By name; a further room's capture-edge is called `capture-edge-<station>`. */
  services: Record<Service, ServiceInfo> & Record<string, ServiceInfo>;
  /** The bucket of the object store. */
  bucket: string;
  database: string;
  stations: string[];
  paths: { state: string; credentials: string; config: string; logs: string };
}

/** The secrets of a running system, as its launcher keeps them (0600). */
export async function readCredentials({ paths }: RunInfo): Promise<Credentials> {
  return JSON.parse(await readFile(paths.credentials, 'utf8')) as Credentials;
}

/** The folder of the system that is meant: `SMARTBOX_STATE`, else `.smartbox` of the checkout. */
export function defaultStateDir(): string {
  return process.env['SMARTBOX_STATE'] ?? join(repoRoot(), '.smartbox');
}

/** The running system of a state folder; undefined when none runs. */
export async function readRunInfo(stateDir = defaultStateDir()): Promise<RunInfo | undefined> {
  const text = await readFile(join(stateDir, 'run.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const info = JSON.parse(text) as RunInfo;
  return isAlive(info.pid) ? info : undefined;
}

/** @throws SmartBoxError `not-running`. */
export async function requireRunInfo(stateDir = defaultStateDir()): Promise<RunInfo> {
  const info = await readRunInfo(stateDir);
  if (!info) throw inputError('not-running', `no SmartBox runs from ${stateDir}: start it with npm start`);
  return info;
}
