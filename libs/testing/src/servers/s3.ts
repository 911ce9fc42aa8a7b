import { createHmac } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { inputError } from '@smartbox/kernel';
import { Client } from 'minio';
import { freePort, freePortPair, freePorts } from '../ports.ts';
import type { SuperviseOptions } from '../supervise.ts';
import { startS3Container } from './docker.ts';
import { embeddedBinary, embeddedVersion } from './embedded.ts';
import { foreignControl, prepareDataDir, randomSecret, removeDir, startLocal } from './launch.ts';
import { versionOnPath } from './path-binary.ts';
import { createBucket, s3Client, type S3Credentials, type S3Server } from './s3-info.ts';
import type { LaunchOptions } from './server.ts';

const OLDEST_WEED = '4.20';

export interface S3Options extends LaunchOptions {
  credentials?: S3Credentials;
  /** Created when it does not exist; `smartbox` unless given. */
  bucket?: string;
}

/** Every port `weed mini` opens; one left out would collide with a second instance. */
interface WeedPorts {
  s3: number;
  s3Grpc: number;
  master: number;
  masterGrpc: number;
  volume: number;
  volumeGrpc: number;
  filer: number;
  filerGrpc: number;
  admin: number;
}

async function weedPorts(preferred: number | undefined): Promise<WeedPorts> {
  const ports = await freePorts(7);
  const [s3Grpc = 0, master = 0, masterGrpc = 0, volume = 0, volumeGrpc = 0, filer = 0, filerGrpc = 0] = ports;
  const s3 = await freePort(preferred);
  // The admin's own worker dials admin port + 10000, whatever `-admin.port.grpc` says: both have to be free.
  const admin = await freePortPair(10_000);
  return { s3, s3Grpc, master, masterGrpc, volume, volumeGrpc, filer, filerGrpc, admin };
}

function weedArguments(dir: string, bucket: string, ports: WeedPorts): string[] {
  const flags: Record<string, string | number | boolean> = {
    dir: join(dir, 'data'),
    ip: '127.0.0.1',
    'ip.bind': '127.0.0.1',
    'master.port': ports.master,
    'master.port.grpc': ports.masterGrpc,
    'master.telemetry': false,
    'volume.port': ports.volume,
    'volume.port.grpc': ports.volumeGrpc,
    'filer.port': ports.filer,
    'filer.port.grpc': ports.filerGrpc,
    'filer.localSocket': join(dir, 'filer.sock'),
    's3.port': ports.s3,
    's3.port.grpc': ports.s3Grpc,
    's3.localSocket': join(dir, 's3.sock'),
    's3.port.iceberg': 0,
    's3.port.lance': 0,
    's3.autoCreateBucket': false,
    'admin.port': ports.admin,
    'admin.port.grpc': ports.admin + 10_000,
    'admin.ui': false,
    webdav: false,
    bucket,
  };
  return ['mini', ...Object.entries(flags).map(([name, value]) => `-${name}=${value}`)];
}

/** The gateway answers before the volume server has told the master what it holds: only an object that can be read counts. */
async function handsOutObjects(client: Client, bucket: string): Promise<boolean> {
  if (!(await client.bucketExists(bucket))) return false;
  const key = '.ready';
  await client.statObject(bucket, key).catch(async (error: unknown) => {
    if ((error as { code?: unknown }).code !== 'NotFound') throw error;
    await client.putObject(bucket, key, 'ready');
  });
  return (await text(await client.getObject(bucket, key))) === 'ready';
}

/** A JSON Web Token (RFC 7519, HS256) as SeaweedFS wants it on its inner HTTP ports. */
function innerToken(key: string): string {
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  const text = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode({ exp: Math.floor(Date.now() / 1000) + 60 })}`;
  return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
}

/** Every object of every bucket is fsynced before its PUT is answered. */
async function syncEveryObject(filerPort: number, key: string): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${filerPort}/etc/seaweedfs/filer.conf`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${innerToken(key)}` },
    body: JSON.stringify({ version: 0, locations: [{ locationPrefix: '/buckets/', fsync: true }] }),
  });
  if (!response.ok) throw new Error(`the S3 server refused its fsync setting: HTTP ${response.status}`);
}

async function fromUrl(url: string, bucket: string, options: S3Options): Promise<S3Server> {
  const parsed = URL.parse(url);
  if (!parsed) throw inputError('s3-url', `SMARTBOX_S3_URL is not a URL: ${JSON.stringify(url)}`);
  const credentials = options.credentials ?? {
    accessKey: process.env['SMARTBOX_S3_ACCESS_KEY'] ?? '',
    secretKey: process.env['SMARTBOX_S3_SECRET_KEY'] ?? '',
  };
  const server = await fetch(parsed.origin).catch((error: unknown) => {
    throw inputError('s3-unreachable', `no S3 server answers at ${parsed.host}: ${String(error)}`);
  });
  const client = s3Client(parsed.origin, credentials);
  await createBucket(client, bucket);
  return {
    name: 's3',
    url: parsed.origin,
    host: parsed.hostname,
    port: Number(parsed.port || (parsed.protocol === 'https:' ? 443 : 80)),
    pid: null,
    version: server.headers.get('server') ?? 'unknown',
    origin: 'url',
    credentials,
    bucket,
    dataDir: null,
    createBucket: (name) => createBucket(client, name),
    ...foreignControl('S3'),
  };
}

/**
 * A real S3 server (SeaweedFS) on loopback that fsyncs every object, with keys and a bucket.
 * `SMARTBOX_S3_URL` with `SMARTBOX_S3_ACCESS_KEY` and `SMARTBOX_S3_SECRET_KEY` wins, then `weed` on PATH, then
 * the embedded one; `INFRA=docker`: a container.
 * @throws SmartBoxError `embedded-server-unavailable`, `server-start-failed`, `s3-unreachable`.
 */
export async function startS3(options: S3Options = {}): Promise<S3Server> {
  const progress = options.progress ?? (() => undefined);
  const bucket = options.bucket ?? 'smartbox';
  const url = process.env['SMARTBOX_S3_URL'];
  if (url) return fromUrl(url, bucket, options);
  const credentials = options.credentials ?? { accessKey: randomSecret(20), secretKey: randomSecret(40) };
  if (process.env['INFRA'] === 'docker') return startS3Container(credentials, bucket, options);

  const onPath = await versionOnPath('weed', ['version'], OLDEST_WEED, progress);
  const binary = onPath === undefined ? await embeddedBinary('weed', progress) : 'weed';
  const data = await prepareDataDir(options.dataDir, 's3');
  await mkdir(join(data.dir, 'data'), { recursive: true });
  const ports = await weedPorts(options.port);
  const innerKey = randomSecret();
  const endpoint = `http://127.0.0.1:${ports.s3}`;
  const client: Client = s3Client(endpoint, credentials);
  const command = (): SuperviseOptions => ({
    command: binary,
    args: weedArguments(data.dir, bucket, ports),
    cwd: data.dir,
    env: {
      ...process.env,
      AWS_ACCESS_KEY_ID: credentials.accessKey,
      AWS_SECRET_ACCESS_KEY: credentials.secretKey,
      // Without these the filer and the volume server hand every object to any local process that asks by HTTP.
      WEED_JWT_SIGNING_KEY: innerKey,
      WEED_JWT_SIGNING_READ_KEY: innerKey,
      WEED_JWT_FILER_SIGNING_KEY: innerKey,
      WEED_JWT_FILER_SIGNING_READ_KEY: innerKey,
    },
    logFile: options.logFile ?? join(data.dir, 's3.log'),
    ...(options.ownerPid === undefined ? {} : { ownerPid: options.ownerPid }),
    ...(data.temporary ? { temporaryDir: data.dir } : {}),
  });
  const local = await startLocal({
    name: 'weed (S3)',
    command,
    ready: () => handsOutObjects(client, bucket),
    graceMs: data.temporary ? 0 : 5000, // it takes 2 s to stop by itself, and bears being killed
    ...(data.temporary ? { cleanUp: () => removeDir(data.dir) } : {}),
  });
  await syncEveryObject(ports.filer, innerKey);
  return {
    name: 's3',
    url: endpoint,
    host: '127.0.0.1',
    port: ports.s3,
    get pid() {
      return local.pid();
    },
    version: onPath ?? embeddedVersion('weed'),
    origin: onPath === undefined ? 'embedded' : 'path',
    credentials,
    bucket,
    dataDir: data.dir,
    createBucket: (name) => createBucket(client, name),
    start: local.start,
    stop: local.stop,
    kill: local.kill,
    restart: local.restart,
  };
}
