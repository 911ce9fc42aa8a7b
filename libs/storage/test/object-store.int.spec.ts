import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { newId } from '@smartbox/kernel';
import { startS3, type S3Server } from '@smartbox/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { S3Connection } from '../src/connection.ts';
import { ObjectStore, parseS3Url, type S3Address } from '../src/index.ts';
import { putBody } from '../src/upload.ts';
import { faultProxy, type Fate } from './fault-proxy.ts';

const MiB = 1024 ** 2;
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const video = { contentType: 'video/mp4' };

/** Random bytes in chunks of odd length, as a network gives them. */
function* pieces(bytes: Buffer, length = 65_521): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}
async function* stream(bytes: Buffer, failAt = Infinity): AsyncGenerator<Buffer> {
  let given = 0;
  for (const piece of pieces(bytes)) {
    if (given > failAt) throw new Error('the camera burnt down');
    yield await Promise.resolve(piece);
    given += piece.length;
  }
}
async function collect(source: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of source) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

let server: S3Server;
let address: S3Address;
let store: ObjectStore;

beforeAll(async () => {
  server = await startS3();
  address = parseS3Url(server.url, { ...server.credentials, bucket: server.bucket });
  store = new ObjectStore(address);
  await store.ensureBucket();
  await store.ensureBucket();
  await store.ping();
});
afterAll(() => server.stop());

const folder = () => `clips/${newId()}`;
const unfinished = (prefix: string) => store.abortStaleUploads(prefix, -60_000);

describe('storing and reading', () => {
  it.each([0, 1, 5 * MiB, 8 * MiB, 8 * MiB + 1, 33 * MiB + 7])('brings %i bytes there and back', async (size) => {
    const bytes = randomBytes(size);
    const key = `${folder()}/source.mp4`;
    const stored = await store.put(key, stream(bytes), { size, ...video });
    expect(stored).toMatchObject({ key, bytes: size, sha256: sha256(bytes) });
    expect(sha256(await collect(await store.get(key)))).toBe(stored.sha256);
    await store.verify(key, stored);
    expect(await store.stat(key)).toMatchObject({ bytes: size, contentType: 'video/mp4' });
  });

  it('reads ranges, also over part borders and past the end', async () => {
    const bytes = randomBytes(12 * MiB);
    const key = `${folder()}/source.mp4`;
    await store.put(key, stream(bytes), { size: bytes.length, ...video });
    for (const [offset, length] of [
      [0, 10],
      [8 * MiB - 5, 10],
      [12 * MiB - 3, 100],
      [7, 0],
    ] as const) {
      const read = await collect(await store.getRange(key, offset, length));
      expect(read.equals(bytes.subarray(offset, offset + length))).toBe(true);
    }
    await expect(store.getRange(key, -1, 5)).rejects.toMatchObject({ code: 'object-range' });
  });

  it('lists, removes and hands out links', async () => {
    const prefix = folder();
    for (const name of ['a/manifest.json', 'b/manifest.json']) await store.putJson(`${prefix}/${name}`, { name });
    const keys = [];
    for await (const { key } of store.list(`${prefix}/`)) keys.push(key);
    expect(keys).toEqual([`${prefix}/a/manifest.json`, `${prefix}/b/manifest.json`]);
    expect(await store.getJson(`${prefix}/a/manifest.json`)).toEqual({ name: 'a/manifest.json' });
    const link = await store.presignedGet(`${prefix}/a/manifest.json`, {
      expiresSeconds: 60,
      contentType: 'text/plain',
    });
    const response = await fetch(link);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ name: 'a/manifest.json' });
    await store.removeAll(`${prefix}/`);
    expect(await store.exists(`${prefix}/a/manifest.json`)).toBe(false);
    await store.remove(`${prefix}/a/manifest.json`);
  });
});

describe('nothing partial', () => {
  it.each([
    ['a source that fails', (bytes: Buffer) => stream(bytes, 20 * MiB), undefined, /burnt down/],
    ['a source that ends early', (bytes: Buffer) => stream(bytes.subarray(5)), undefined, /ended at/],
    ['a source that gives too much', (bytes: Buffer) => stream(Buffer.concat([bytes, bytes])), undefined, /more than/],
    ['an abort', (bytes: Buffer) => stream(bytes), AbortSignal.timeout(0), /timeout/],
  ])('leaves neither object nor parts after %s', async (_, source, signal, message) => {
    const bytes = randomBytes(30 * MiB);
    const prefix = folder();
    const key = `${prefix}/source.mp4`;
    await expect(store.put(key, source(bytes), { size: bytes.length, ...video, signal })).rejects.toThrow(message);
    expect(await store.exists(key)).toBe(false);
    expect(await unfinished(key)).toBe(0);
  });

  it('sweeps what a killed process left', async () => {
    const prefix = folder();
    const { client, bucket } = new S3Connection(address);
    const key = `${prefix}/source.mp4`;
    await client.initiateNewMultipartUpload(bucket, key, {});
    expect(await store.abortStaleUploads(key, 3_600_000)).toBe(0);
    expect(await unfinished(key)).toBe(1);
    expect(await unfinished(key)).toBe(0);
  });
});

describe('an upload in several goes', () => {
  it('goes on where it broke off, byte for byte, with what fills no part, and after a part that came out of order', async () => {
    const size = 20 * MiB + 123;
    const bytes = randomBytes(size);
    const [prefix, key] = [folder(), `${folder()}/original`];
    const uploadId = await store.beginUpload(key, 'application/octet-stream');
    const upload = () => store.resumable({ key, uploadId, size, restPrefix: `${prefix}/` });
    expect(await upload().held()).toEqual({ bytes: 0, at: undefined });
    // small goes, less than a part each, then one that breaks
    let at = 0;
    for (const length of [1, 1000, 2 * MiB]) at = await upload().append(stream(bytes.subarray(at, at + length)), at);
    expect(at).toBe(1001 + 2 * MiB);
    await expect(upload().append(stream(bytes.subarray(at), 12 * MiB), at)).rejects.toThrow(/burnt down/);
    const { bytes: held } = await upload().held();
    expect(held).toBeGreaterThan(at + 12 * MiB);
    expect(held).toBeLessThan(at + 12 * MiB + 3 * 65_521);
    await expect(upload().append(stream(bytes), 0)).rejects.toMatchObject({ code: 'offset-differs' });
    const tooMuch = upload().append(stream(Buffer.concat([bytes.subarray(held), Buffer.alloc(1)])), held);
    await expect(tooMuch).rejects.toMatchObject({ code: 'object-size' });
    const { bytes: now } = await upload().held();
    // a part behind a hole, as a killed process may leave it, counts for nothing
    const stray = new S3Connection(address);
    await putBody(stray, key, bytes.subarray(0, 6 * MiB), `partNumber=9&uploadId=${uploadId}`);
    expect((await upload().held()).bytes).toBe(now);
    expect(await upload().append(stream(bytes.subarray(now)), now)).toBe(size);
    expect(await store.exists(key)).toBe(false);
    await upload().complete();
    await store.verify(key, { bytes: size, sha256: sha256(bytes) });
    await expect(upload().held()).rejects.toMatchObject({ code: 'upload-not-found' });
    await upload().abort();
    expect(await store.exists(key)).toBe(true);
  });
});

describe('proof by reading back', () => {
  it('finds changed bytes, a changed length and a missing object', async () => {
    const bytes = randomBytes(17 * MiB);
    const key = `${folder()}/source.mp4`;
    const stored = await store.put(key, stream(bytes), { size: bytes.length, ...video });
    bytes.writeUInt8(bytes.readUInt8(9 * MiB) ^ 1, 9 * MiB);
    await store.put(key, stream(bytes), { size: bytes.length, ...video });
    await expect(store.verify(key, stored)).rejects.toMatchObject({ code: 'object-corrupt', retryable: true });
    await store.put(key, bytes.subarray(1), { size: bytes.length - 1, ...video });
    await expect(store.verify(key, stored)).rejects.toThrow(/has 17825791 bytes where 17825792/);
    await store.remove(key);
    await expect(store.verify(key, stored)).rejects.toMatchObject({ code: 'object-not-found', retryable: false });
  });
});

describe('a server in trouble', () => {
  async function through<T>(fate: (request: IncomingMessage) => Fate, act: (faulty: ObjectStore) => Promise<T>) {
    const proxy = await faultProxy({ host: address.host, port: address.port }, fate);
    try {
      return await act(new ObjectStore({ ...address, host: '127.0.0.1', port: proxy.port }, { retries: 3 }));
    } finally {
      await proxy.stop();
    }
  }

  it('gets a file through 503s, cut connections and a lost answer to the completion', async () => {
    const bytes = randomBytes(30 * MiB);
    const key = `${folder()}/source.mp4`;
    const seen = new Map<string, number>();
    const fate = ({ method, url }: IncomingMessage): Fate => {
      const what = `${method} ${url}`;
      const times = (seen.get(what) ?? 0) + 1;
      seen.set(what, times);
      if (times > 1) return 'pass';
      if (method === 'POST' && url?.includes('uploadId')) return 'lose-answer';
      return url?.includes('partNumber=2') ? 'cut' : '503';
    };
    await through(fate, (faulty) => faulty.put(key, stream(bytes), { size: bytes.length, ...video }));
    expect([...seen.values()].filter((times) => times > 1).length).toBeGreaterThanOrEqual(5);
    await store.verify(key, { bytes: bytes.length, sha256: sha256(bytes) });
    expect(await unfinished(key)).toBe(0);
  });

  it('says storage-unavailable, retryable, with bucket and key', async () => {
    const attempt = through(
      () => '503',
      (faulty) => faulty.put('clips/x/source.mp4', Buffer.from('x'), { size: 1, ...video }),
    );
    await expect(attempt).rejects.toMatchObject({ code: 'storage-unavailable', retryable: true, fault: 'theirs' });
    await expect(attempt).rejects.toThrow(`${server.bucket}/clips/x/source.mp4`);
  });

  it('says storage-denied for a wrong secret and bucket-not-found for a wrong bucket', async () => {
    const thief = new ObjectStore({ ...address, secretKey: 'wrong-secret' });
    await expect(thief.putJson('clips/x/y.json', {})).rejects.toMatchObject({ code: 'storage-denied' });
    await expect(new ObjectStore({ ...address, bucket: 'nobodys' }).ping()).rejects.toMatchObject({
      code: 'bucket-not-found',
    });
  });

  it('reads back through a broken connection, and says so when nobody answers', async () => {
    const bytes = randomBytes(20 * MiB);
    const key = `${folder()}/source.mp4`;
    const stored = await store.put(key, stream(bytes), { size: bytes.length, ...video });
    const fates: Fate[] = ['cut', '503', 'lose-answer'];
    await through(
      () => fates.shift() ?? 'pass',
      (faulty) => faulty.verify(key, stored),
    );
    expect(fates).toEqual([]);
    const nobody = new ObjectStore({ ...address, port: 1 }, { retries: 1 });
    await expect(nobody.verify(key, stored)).rejects.toMatchObject({ code: 'storage-unavailable' });
    const thief = new ObjectStore({ ...address, secretKey: 'wrong-secret' });
    await expect(thief.verify(key, stored)).rejects.toMatchObject({ code: 'storage-denied' });
  });

  it.each(['../etc/passwd', '/x', 'clips//x', 'clips/ä'])('refuses %s as a key', async (key) => {
    await expect(store.get(key)).rejects.toMatchObject({ code: 'object-key' });
  });
});
