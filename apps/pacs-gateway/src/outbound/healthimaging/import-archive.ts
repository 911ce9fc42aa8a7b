import { setTimeout as pause } from 'node:timers/promises';
import type { HealthImagingDestinationConfig, InstanceCreated } from '@smartbox/contracts';
import { newId, SmartBoxError } from '@smartbox/kernel';
import { ObjectStore } from '@smartbox/storage';
import { counter } from '@smartbox/telemetry';
import type { Archive, ObjectContent, StoreAnswer } from '../../application/ports.ts';
import { secretOf } from '../stow/secret.ts';
import type { SigV4Credentials } from '../stow/sigv4.ts';
import { StowError } from '../stow/stow-error.ts';
import { ImportJobs, type ImportJob } from './import-jobs.ts';
import { readImportReport } from './import-report.ts';

/** Where AWS says that something is. */
function placeOf(uri: string): { bucket: string; prefix: string } {
  const [, bucket = '', path = ''] = /^s3:\/\/([^/]+)\/?(.*)$/.exec(uri) ?? [];
  return { bucket, prefix: path === '' || path.endsWith('/') ? path : `${path}/` };
}

/**
 * AWS HealthImaging by import jobs: an object is put below the input prefix, a job imports it, and it counts as stored
 * when the job's report lists it. Importing an instance twice is harmless there: it is known by its UID.
 */
export class ImportArchive implements Archive {
  readonly #config: HealthImagingDestinationConfig;
  readonly #jobs: ImportJobs;
  readonly #credentials: () => SigV4Credentials;

  /** `configDir`: where relative names of secret and certificate files are looked up. */
  constructor(config: HealthImagingDestinationConfig, configDir: string) {
    this.#config = config;
    const secret = (field: 'accessKeyId' | 'secretAccessKey', given = config[field]) =>
      secretOf(given, configDir, `destination ${config.name}: ${field}`);
    const [accessKeyId, secretAccessKey] = [secret('accessKeyId'), secret('secretAccessKey')];
    const { sessionToken } = config;
    const owner = `destination ${config.name}: sessionToken`;
    const token = sessionToken === undefined ? undefined : secretOf(sessionToken, configDir, owner);
    this.#credentials = () => ({
      accessKeyId: accessKeyId(),
      secretAccessKey: secretAccessKey(),
      sessionToken: token?.(),
    });
    this.#jobs = new ImportJobs(config, configDir, this.#credentials);
  }

  async store(
    instance: InstanceCreated,
    accepted: () => Promise<ObjectContent>,
    signal: AbortSignal,
  ): Promise<StoreAnswer> {
    await this.echo(); // nobody puts gigabytes into a bucket for a service that is away
    const { bucket, prefix } = placeOf(this.#config.input);
    const store = this.#bucket(bucket);
    const attempt = newId();
    const folder = `${prefix}${attempt}/`;
    const key = `${folder}${instance.sopInstanceUid}.dcm`;
    try {
      await store.put(key, whole(await accepted()), { size: instance.bytes, contentType: 'application/dicom', signal });
      counter('smartbox_dicom_sent_bytes_total', 'Bytes of data sets sent', ['destination']).inc(
        { destination: this.#config.name },
        instance.bytes,
      );
      const input = `s3://${bucket}/${folder}`;
      const jobId = await this.#jobs.start({ clientToken: attempt, name: `smartbox-${attempt}`, input }, signal);
      const job = await this.#ended(jobId, signal);
      const report = placeOf(job.outputS3Uri);
      const refusal = await readImportReport(this.#bucket(report.bucket), report.prefix, key);
      if (refusal === undefined) return { status: 0, verified: 'import-report' };
      throw refused(`${this.#config.name} did not import the object: ${refusal.code}`, !refusal.isOurs);
    } finally {
      // what lies there is read by every later job of that prefix, and costs money
      await store.remove(key).catch(() => undefined);
    }
  }

  /** What C-ECHO is for DIMSE: the data store is asked for with the same credentials. The round trip in ms. */
  async echo(): Promise<number> {
    const begun = performance.now();
    await this.#jobs.probe();
    return performance.now() - begun;
  }

  async close(): Promise<void> {
    // Nothing lies idle: each request has a connection of its own.
  }

  /** @throws StowError where it failed, or has not ended in time. */
  async #ended(jobId: string, signal: AbortSignal): Promise<ImportJob> {
    const { pollSeconds, jobMinutes, name } = this.#config;
    const deadline = Date.now() + jobMinutes * 60_000;
    for (;;) {
      const job = await this.#look(jobId, signal);
      if (job?.jobStatus === 'COMPLETED') return job;
      if (job?.jobStatus === 'FAILED') throw refused(`the import job ${jobId} of ${name} failed`, true);
      if (Date.now() > deadline) {
        throw refused(`the import job ${jobId} of ${name} has not ended after ${jobMinutes} minutes`, true);
      }
      await pause(pollSeconds * 1000, undefined, { signal });
    }
  }

  /** A look that fails is no failure of the job: the next one may not. */
  async #look(jobId: string, signal: AbortSignal): Promise<ImportJob | undefined> {
    try {
      return await this.#jobs.get(jobId, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof SmartBoxError && error.retryable) return undefined;
      throw error;
    }
  }

  #bucket(bucket: string): ObjectStore {
    const { hostname, port, protocol } = new URL(this.#config.s3Endpoint);
    const tls = protocol === 'https:';
    const { accessKeyId, secretAccessKey, sessionToken } = this.#credentials();
    const address = {
      host: hostname,
      port: Number(port) || (tls ? 443 : 80),
      tls,
      bucket,
      region: this.#config.region,
    };
    return new ObjectStore({ ...address, accessKey: accessKeyId, secretKey: secretAccessKey, sessionToken });
  }
}

/** `mayHeal`: counts as an attempt; otherwise a person has to look. */
function refused(message: string, mayHeal: boolean): StowError {
  return new StowError(mayHeal ? 'instance-missing' : 'import-refused', 'transfer', message);
}

async function* whole(content: ObjectContent): AsyncGenerator<Uint8Array> {
  yield content.head;
  yield* content.read();
}
