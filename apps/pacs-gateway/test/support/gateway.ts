import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DestinationConfig, DestinationsFile, EventData, EventName, InstanceCreated } from '@smartbox/contracts';
import { newId } from '@smartbox/kernel';
import { Messaging } from '@smartbox/messaging';
import { ObjectStore, parseS3Url } from '@smartbox/storage';
import { freePort, startNats, testBucket, until, type NatsServer } from '@smartbox/testing';
import type { z } from 'zod';
import { recipe } from './procedure.ts';
import { videoObject } from './video-object.ts';

const app = join(import.meta.dirname, '../..');

/** The service runs as it does in production: its own process, from its build. */
export function buildGateway(): void {
  const root = join(app, '../..');
  execFileSync(join(root, 'node_modules/.bin/tsc'), ['-b', app], { cwd: root, stdio: 'inherit' });
}

export interface Bed {
  nats: NatsServer;
  /** Speaks as the dicomizer does. */
  messaging: Messaging;
  store: ObjectStore;
  env: Record<string, string>;
  /** Every pacs-gateway event so far. */
  events: { name: EventName; id: string; data: Record<string, unknown> }[];
  stop: () => Promise<void>;
}

/** Broker, object store, and a look at what the gateway announces. */
export async function startBed(): Promise<Bed> {
  const nats = await startNats();
  const bucket = await testBucket();
  const env = {
    NATS_URL: nats.url,
    NATS_USER: nats.credentials.user,
    NATS_PASSWORD: nats.credentials.password,
    S3_URL: `${bucket.url}/${bucket.bucket}`,
    S3_ACCESS_KEY: bucket.credentials.accessKey,
    S3_SECRET_KEY: bucket.credentials.secretKey,
  };
  const store = new ObjectStore(parseS3Url(env.S3_URL, bucket.credentials));
  const { user, password } = nats.credentials;
  const messaging = await Messaging.connect({ service: 'dicomizer', servers: nats.url, user, pass: password });
  const events: Bed['events'] = [];
  const stop = new AbortController();
  const reading = (async () => {
    for await (const { event, name } of messaging.readEvents({ signal: stop.signal })) {
      if (event && name?.startsWith('pacs-gateway.')) {
        events.push({ name, id: event.id, data: event.data as Record<string, unknown> });
      }
    }
  })();
  return {
    nats,
    messaging,
    store,
    env,
    events,
    stop: async () => {
      stop.abort();
      await reading.catch(() => undefined);
      await messaging.close();
      await nats.stop();
    },
  };
}

export interface Gateway {
  pid: number;
  url: string;
  /** What it printed. */
  output: () => string;
  /** Most resident memory it ever had, MB. */
  peakMb: () => number;
  /** Writes another `destinations.yaml`, or any text in its place. */
  configure: (file: z.input<typeof DestinationsFile> | string) => void;
  kill: () => Promise<void>;
  stop: () => Promise<void>;
}

export type DestinationInput = z.input<typeof DestinationsFile>['destinations'][number];

export function destination(name: string, port: number, more: Partial<DestinationConfig> = {}): DestinationInput {
  return { name, title: name, aeTitle: 'SMARTBOX_PACS', host: '127.0.0.1', port, idleTimeoutSeconds: 3, ...more };
}

export async function startGateway(bed: Bed, file: z.input<typeof DestinationsFile>): Promise<Gateway> {
  const configDir = mkdtempSync(join(tmpdir(), 'pacs-gateway-'));
  writeFileSync(join(configDir, 'destinations.yaml'), JSON.stringify(file));
  const port = await freePort();
  const child: ChildProcess = spawn(process.execPath, [join(app, 'dist/main.js')], {
    env: { ...process.env, ...bed.env, CONFIG_DIR: configDir, PORT: String(port), LOG_LEVEL: 'warn' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await exited;
    rmSync(configDir, { recursive: true, force: true });
  };
  const url = `http://127.0.0.1:${port}`;
  const ready = async () => (await fetch(`${url}/readyz`)).ok;
  const ended = () => child.exitCode !== null;
  await until(async () => ended() || (await ready()), { timeoutMs: 60_000, what: 'the gateway to be ready' });
  if (ended()) throw new Error(`the gateway ended:\n${output}`);
  const pid = child.pid ?? 0;
  return {
    pid,
    url,
    output: () => output,
    peakMb: () => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024,
    configure: (next) =>
      writeFileSync(join(configDir, 'destinations.yaml'), typeof next === 'string' ? next : JSON.stringify(next)),
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
  };
}

export interface Published {
  instance: InstanceCreated;
  /** SHA-256 of the data set as it was stored. */
  datasetSha256: string;
}

/** Stores a video object and announces it as the dicomizer does. */
export async function publishInstance(bed: Bed, destinations: string[], payloadBytes = 200_000): Promise<Published> {
  const instanceId = newId();
  const object = videoObject(payloadBytes, instanceId);
  const [whole, dataset] = [createHash('sha256'), createHash('sha256')];
  async function* bytes(): AsyncGenerator<Buffer> {
    whole.update(object.meta);
    yield object.meta;
    for (const chunk of object.read()) {
      whole.update(chunk);
      dataset.update(chunk);
      yield chunk;
    }
  }
  const key = `instances/${object.sopInstanceUid}.dcm`;
  const size = object.meta.length + object.size;
  const stored = await bed.store.put(key, bytes(), { size, contentType: 'application/dicom' });
  const sha256 = whole.digest('hex');
  const instance: EventData<'dicomizer.instance.created'> = {
    instanceId,
    origin: {
      kind: 'clip',
      id: newId(),
      sourceId: 'cam-1',
      stationId: 'or-1',
      procedureId: newId(),
      recipe: { ...recipe, destinations },
      capturedAt: '2026-01-01T10:00:00.000Z',
      durationMs: 1000,
    },
    sopInstanceUid: object.sopInstanceUid,
    sopClassUid: object.sopClassUid,
    transferSyntaxUid: object.transferSyntaxUid,
    studyInstanceUid: object.studyInstanceUid,
    seriesInstanceUid: object.seriesInstanceUid,
    procedureVersion: 1,
    key,
    bytes: stored.bytes,
    sha256,
    payloadSha256: sha256,
    payloadBytes,
    payloadOffset: 500,
    numberOfFrames: 10,
    destinations,
  };
  await bed.messaging.publishEvent('dicomizer.instance.created', instance, { id: instanceId });
  return { instance, datasetSha256: dataset.digest('hex') };
}

/** SHA-256 of what follows the File Meta Information of a Part 10 file. */
export function datasetSha256(file: Buffer): string {
  return createHash('sha256')
    .update(file.subarray(144 + file.readUInt32LE(140)))
    .digest('hex');
}

/** The events of one instance, in order. */
export function eventsOf(bed: Bed, instance: InstanceCreated, name?: EventName) {
  return bed.events.filter(
    (event) => event.data['instanceId'] === instance.instanceId && (!name || event.name === name),
  );
}
