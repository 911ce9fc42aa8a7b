// Runs in a network namespace of its own: DCMTK's storescp binds every interface. For each line on stdin (`file`, `s3`,
// `storescu`) sends one object of `argv[2]` MB to it that way, by the gateway's own client as it was built, and prints
// the seconds that it took.
import { execFile, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { ExplicitLittleEndian, writeDataset } from '@smartbox/dimse';
import { ObjectStore, parseS3Url } from '@smartbox/storage';
import { dicomAnswers, freePort, startS3, until } from '@smartbox/testing';

interface Client {
  store(instance: unknown, accepted: () => Promise<unknown>, signal: AbortSignal): Promise<{ status: number }>;
  close(): Promise<void>;
}
interface Objects {
  open(instance: unknown, signal: AbortSignal): Promise<unknown>;
}

const run = promisify(execFile);
const MEGABYTES = Number(process.argv[2]);
const built = join(import.meta.dirname, '../../../apps/pacs-gateway/dist/outbound');
const { DicomArchive } = (await import(join(built, 'dicom-archive.js'))) as {
  DicomArchive: new (config: unknown, dir: string, onNegotiated: () => void) => Client;
};
const { S3Objects } = (await import(join(built, 's3-objects.js'))) as {
  S3Objects: new (store: ObjectStore) => Objects;
};

const sopClassUid = '1.2.840.10008.5.1.4.1.1.77.1.1.1';
const sopInstanceUid = '2.25.7';
const transferSyntaxUid = '1.2.840.10008.1.2.4.102';

/** Preamble, File Meta Information, a few attributes, one fragment of video, delimiter. */
async function writeObject(path: string): Promise<{ offset: number; bytes: number; sha256: string }> {
  const meta = writeDataset(
    [
      { tag: 0x00020001, vr: 'OB', value: '\0\u0001' },
      { tag: 0x00020002, vr: 'UI', value: sopClassUid },
      { tag: 0x00020003, vr: 'UI', value: sopInstanceUid },
      { tag: 0x00020010, vr: 'UI', value: transferSyntaxUid },
      { tag: 0x00020012, vr: 'UI', value: '2.25.1' },
    ],
    ExplicitLittleEndian,
  );
  const groupLength = Buffer.from([2, 0, 0, 0, 0x55, 0x4c, 4, 0, 0, 0, 0, 0]);
  groupLength.writeUInt32LE(meta.length, 8);
  const head = Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), groupLength, meta]);
  const attributes = writeDataset(
    [
      { tag: 0x00080016, vr: 'UI', value: sopClassUid },
      { tag: 0x00080018, vr: 'UI', value: sopInstanceUid },
      { tag: 0x0020000d, vr: 'UI', value: '2.25.8' },
      { tag: 0x0020000e, vr: 'UI', value: '2.25.9' },
    ],
    ExplicitLittleEndian,
  );
  const pixelData = Buffer.from([
    0xe0, 0x7f, 0x10, 0, 0x4f, 0x42, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xfe, 0xff, 0, 0xe0, 0, 0, 0, 0,
  ]);
  const item = Buffer.from([0xfe, 0xff, 0, 0xe0, 0, 0, 0, 0]);
  item.writeUInt32LE(MEGABYTES * 1_000_000, 4);
  const hash = createHash('sha256');
  const megabyte = randomBytes(1_000_000);
  const hashed = (part: Buffer): Buffer => {
    hash.update(part);
    return part;
  };
  await pipeline(function* () {
    for (const part of [head, attributes, pixelData, item]) yield hashed(part);
    for (let i = 0; i < MEGABYTES; i++) yield hashed(megabyte);
    yield hashed(Buffer.from([0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0]));
  }, createWriteStream(path));
  return { offset: head.length, bytes: (await stat(path)).size, sha256: hash.digest('hex') };
}

const folder = await mkdtemp('/var/tmp/smartbox-bench-cstore-');
const [file, received] = [join(folder, 'object.dcm'), join(folder, 'received')];
await mkdir(received);
const object = await writeObject(file);
const port = await freePort();
const scp = spawn('storescp', ['-aet', 'STORESCP', '+xa', '+B', '-od', received, String(port)], { stdio: 'ignore' });
await until(() => dicomAnswers(port, 'STORESCP'));
const s3 = await startS3();
const store = new ObjectStore(parseS3Url(`${s3.url}/bench`, s3.credentials));
await store.ensureBucket();
const key = `instances/${sopInstanceUid}.dcm`;
await store.put(key, createReadStream(file), { size: object.bytes, contentType: 'application/dicom' });
const instance = { key, sopClassUid, sopInstanceUid, transferSyntaxUid, bytes: object.bytes, sha256: object.sha256 };
const objects = new S3Objects(store);
const signal = new AbortController().signal;
const client = new DicomArchive(
  {
    name: 'bench',
    aeTitle: 'STORESCP',
    host: '127.0.0.1',
    port,
    callingAeTitle: 'BENCH',
    maxPduBytes: 262_144,
    idleTimeoutSeconds: 60,
  },
  '/',
  () => undefined,
);
const fromFile = () =>
  Promise.resolve({
    size: object.bytes - object.offset,
    read: () => createReadStream(file, { start: object.offset, highWaterMark: 1 << 20 }),
  });
const profile = join(import.meta.dirname, '../../storescu.cfg');
const ways: Record<string, () => Promise<unknown>> = {
  file: () => client.store(instance, fromFile, signal),
  s3: () => client.store(instance, () => objects.open(instance, signal), signal),
  storescu: () => run('storescu', ['-xf', profile, 'Video', '-aec', 'STORESCP', '127.0.0.1', String(port), file]),
};
console.log('ready');
for await (const way of createInterface(process.stdin)) {
  const begun = performance.now();
  const answer = (await ways[way]?.()) as { status?: number } | undefined;
  const seconds = (performance.now() - begun) / 1000;
  const files = await readdir(received);
  const arrived = files[0] === undefined ? 0 : (await stat(join(received, files[0]))).size;
  if ((answer?.status ?? 0) !== 0 || arrived < MEGABYTES * 1_000_000)
    throw new Error(`${way}: ${arrived} bytes arrived`);
  for (const name of files) await rm(join(received, name));
  console.log(seconds);
}
await client.close();
scp.kill();
await s3.stop();
await rm(folder, { recursive: true, force: true });
process.exit();
