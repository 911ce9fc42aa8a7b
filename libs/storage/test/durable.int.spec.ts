import { startS3, watchSystemCalls, type S3Server } from '@smartbox/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ObjectStore, parseS3Url } from '../src/index.ts';

let server: S3Server;
beforeAll(async () => void (server = await startS3()));
afterAll(() => server?.stop());

it('says that the store has an object only after the disk has its bytes', async () => {
  const store = new ObjectStore(parseS3Url(server.url, { ...server.credentials, bucket: server.bucket }));
  const calls = await watchSystemCalls(server.pid ?? 0);
  const bytes = Buffer.alloc(400_000, 'power-loss ');
  await store.put('clips/a/source.mp4', bytes, { size: bytes.length, contentType: 'video/mp4' });
  await calls.stop();
  const written = calls.find(/write.*\.dat>/, 'power-loss');
  const synced = calls.find(/f(data)?sync/, ') = 0', written);
  const answered = calls.find(/write.*socket/, 'HTTP/1.1 200 OK', written);
  expect(written).toBeGreaterThanOrEqual(0);
  expect(synced).toBeGreaterThan(written);
  expect(answered).toBeGreaterThan(synced);
});
