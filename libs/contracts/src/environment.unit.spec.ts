import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  HttpEnvironment,
  InvalidConfiguration,
  NatsEnvironment,
  natsOptions,
  readEnvironment,
  S3Environment,
} from './environment.ts';

const Env = z.object({ ...HttpEnvironment, ...NatsEnvironment, ...S3Environment });

describe('the environment', () => {
  it('takes defaults for what is absent or empty', () => {
    const env = readEnvironment(Env, { S3_URL: 'http://127.0.0.1:9000/smartbox', PORT: '', NATS_USER: undefined });
    expect(env).toMatchObject({ HOST: '127.0.0.1', PORT: 0, NATS_URL: ['nats://127.0.0.1:4222'] });
  });

  it('takes the servers of a cluster, and as many copies as a quorum can have', () => {
    const cluster = z.object(NatsEnvironment);
    const three = 'nats://10.1.1.1:4222, nats://10.1.1.2:4222,nats://10.1.1.3:4222';
    expect(natsOptions(readEnvironment(cluster, { NATS_URL: three, NATS_REPLICAS: '3' }))).toMatchObject({
      servers: ['nats://10.1.1.1:4222', 'nats://10.1.1.2:4222', 'nats://10.1.1.3:4222'],
      replicas: 3,
    });
    expect(() => readEnvironment(cluster, { NATS_URL: 'nats://10.1.1.1:4222,10.1.1.2' })).toThrow(/NATS_URL: must be/);
    expect(() => readEnvironment(cluster, { NATS_REPLICAS: '2' })).toThrow(/NATS_REPLICAS: 1, 3 or 5/);
  });

  it('names every wrong variable, and never quotes a value that may be a secret', () => {
    const wrong = () => readEnvironment(Env, { S3_URL: 'key:secret@nowhere', PORT: '70000' });
    expect(wrong).toThrow(InvalidConfiguration);
    expect(wrong).toThrow(/PORT.*\n.*S3_URL: must be an address such as/s);
    expect(wrong).not.toThrow(/secret@/);
  });
});
