import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { Client } from 'minio';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startS3, type S3Server } from '../src/index.ts';

const client = (s3: S3Server, secretKey = s3.credentials.secretKey) =>
  new Client({ endPoint: s3.host, port: s3.port, useSSL: false, accessKey: s3.credentials.accessKey, secretKey });

describe('an S3 server', () => {
  let s3: S3Server;
  let dataDir: string;
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'smartbox-s3-test-'));
    s3 = await startS3({ dataDir });
  });
  afterAll(async () => {
    await s3.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  it('keeps acknowledged objects over kill -9', async () => {
    const bytes = randomBytes(300_000);
    await client(s3).putObject(s3.bucket, 'a/object', bytes);
    await s3.restart('SIGKILL');
    expect(await buffer(await client(s3).getObject(s3.bucket, 'a/object'))).toEqual(bytes);
  });

  it('refuses wrong and missing keys', async () => {
    await expect(client(s3, 'wrong-secret').listBuckets()).rejects.toThrow();
    expect((await fetch(`${s3.url}/${s3.bucket}/a/object`)).status).toBe(403);
  });

  it('has room for a bucket per test', async () => {
    await s3.createBucket('one-of-mine');
    await s3.createBucket('one-of-mine');
    expect(await client(s3).bucketExists('one-of-mine')).toBe(true);
  });

  it('lives beside a second instance, and finds its data again on other ports', async () => {
    const other = await startS3();
    expect(await client(other).bucketExists('one-of-mine')).toBe(false);
    await s3.stop();
    const moved = await startS3({ dataDir, port: other.port, credentials: s3.credentials });
    s3 = moved;
    expect(moved.port).not.toBe(other.port);
    expect(await client(moved).bucketExists('one-of-mine')).toBe(true);
    expect((await client(moved).statObject(moved.bucket, 'a/object')).size).toBe(300_000);
    await other.stop();
  });
});
