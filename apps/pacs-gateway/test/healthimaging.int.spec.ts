import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { until } from '@smartbox/testing';
import aws4 from 'aws4';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  buildGateway,
  eventsOf,
  publishInstance,
  startBed,
  startGateway,
  type Bed,
  type DestinationInput,
  type Gateway,
} from './support/gateway.ts';

const datastoreId = '0123456789abcdef0123456789abcdef';
const role = 'arn:aws:iam::123456789012:role/HealthImagingImport';
const day = /^\d{8}T\d{6}Z$/;
let bed: Bed;
let gateway: Gateway | undefined;
let service: HealthImaging;

/** What a job does with what it finds: imports it, names it in FAILURE, or fails as a whole. */
type Fate = 'import' | 'refuse' | 'fail';

/**
 * AWS HealthImaging as its API reference describes it: paths, shapes, patterns, reports in the output bucket. It checks
 * each signature with an implementation that is not ours, and reads the objects from the bucket itself.
 */
class HealthImaging {
  readonly #server: Server;
  readonly #secret: string;
  readonly jobs: { input: string; looks: number; keys: string[]; sha256: string[]; clientToken: string }[] = [];
  /** Of the next jobs; then everything is imported. */
  fates: Fate[] = [];
  complaints: string[] = [];
  readonly #done: Fate[] = [];

  constructor(secret: string) {
    this.#secret = secret;
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        this.complaints.push(String(error));
        response.writeHead(500).end();
      });
    });
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }
  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    const say = (status: number, value: unknown) =>
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
    if (!this.#isSigned(request, body)) {
      say(403, { __type: 'com.amazon#AccessDeniedException', message: 'The signature does not match.' });
      return;
    }
    const asked = `${request.method} ${request.url}`;
    const [, jobId] = /^GET \/getDICOMImportJob\/datastore\/[0-9a-z]{32}\/job\/([0-9a-z]+)$/.exec(asked) ?? [];
    if (asked === `GET /datastore/${datastoreId}`) {
      say(200, { datastoreProperties: { datastoreId, datastoreName: 'test', datastoreStatus: 'ACTIVE' } });
    } else if (asked === `POST /startDICOMImportJob/datastore/${datastoreId}`) {
      say(200, this.#begin(JSON.parse(body.toString()) as Record<string, string>));
    } else if (jobId !== undefined) {
      say(200, { jobProperties: await this.#look(jobId) });
    } else {
      say(404, { __type: 'ResourceNotFoundException' });
    }
  }

  #isSigned({ headers, method, url }: IncomingMessage, body: Buffer): boolean {
    const [, names = ''] = /SignedHeaders=([^,]+)/.exec(headers.authorization ?? '') ?? [];
    const stamp = headers['x-amz-date'];
    if (typeof stamp !== 'string' || !day.test(stamp)) return false;
    if (headers['x-amz-content-sha256'] !== createHash('sha256').update(body).digest('hex')) return false;
    const given = Object.fromEntries(names.split(';').map((name) => [name, String(headers[name])]));
    const request = { host: headers.host ?? '', path: url ?? '', method: method ?? '', headers: given };
    const scope = { service: 'medical-imaging', region: 'eu-central-1' };
    const keys = { accessKeyId: String(bed.env['S3_ACCESS_KEY']), secretAccessKey: this.#secret };
    return aws4.sign({ ...request, ...scope }, keys).headers?.['Authorization'] === headers.authorization;
  }

  #begin(body: Record<string, string>): object {
    const patterns: Record<string, RegExp> = {
      jobName: /^[A-Za-z0-9._/#-]{1,64}$/,
      dataAccessRoleArn: /^arn:aws(-[^:]+)?:iam::[0-9]{12}:role\/.+$/,
      clientToken: /^[A-Za-z0-9._-]{1,64}$/,
      inputS3Uri: /^s3:\/\/[a-z0-9][.\-a-z0-9]{1,61}[a-z0-9](\/.*)?$/,
      outputS3Uri: /^s3:\/\/[a-z0-9][.\-a-z0-9]{1,61}[a-z0-9](\/.*)?$/,
    };
    for (const [name, pattern] of Object.entries(patterns)) {
      if (!pattern.test(body[name] ?? '')) this.complaints.push(`${name}: ${body[name]}`);
    }
    expect(Object.keys(body).filter((name) => !(name in patterns))).toEqual([]);
    const { inputS3Uri: input = '', clientToken = '' } = body;
    const known = this.jobs.findIndex((job) => job.clientToken === clientToken);
    if (known < 0) {
      this.jobs.push({ input, clientToken, looks: 0, keys: [], sha256: [] });
      this.#done.push(this.fates.shift() ?? 'import');
    }
    const jobId = `job${known < 0 ? this.jobs.length - 1 : known}`;
    return { datastoreId, jobId, jobStatus: 'SUBMITTED', submittedAt: Date.now() / 1000 };
  }

  async #look(jobId: string): Promise<object> {
    const number = Number(jobId.slice(3));
    const job = this.jobs[number];
    if (!job) throw new Error(`no ${jobId}`);
    const fate = this.#done[number];
    const bucket = bed.store.bucket;
    const prefix = `reports/${datastoreId}-DicomImport-${jobId}/`;
    const status = ['SUBMITTED', 'IN_PROGRESS'][job.looks++] ?? (fate === 'fail' ? 'FAILED' : 'COMPLETED');
    if (status === 'COMPLETED' && job.looks === 3) await this.#import(job, fate === 'refuse', prefix, jobId);
    const base = { jobId, jobName: 'j', datastoreId, dataAccessRoleArn: role, inputS3Uri: job.input };
    const ended = status === 'FAILED' ? { message: 'Internal error' } : {};
    return { ...base, jobStatus: status, outputS3Uri: `s3://${bucket}/${prefix}`, submittedAt: 1, ...ended };
  }

  async #import(job: HealthImaging['jobs'][number], refuse: boolean, prefix: string, jobId: string): Promise<void> {
    const lines: string[] = [];
    for await (const { key } of bed.store.list(job.input.replace(`s3://${bed.store.bucket}/`, ''))) {
      const bytes = await buffer(await bed.store.get(key));
      expect(bytes.subarray(128, 132).toString()).toBe('DICM');
      job.keys.push(key);
      job.sha256.push(createHash('sha256').update(bytes).digest('hex'));
      const exception = { exceptionType: 'ValidationException', message: 'DICOM attribute Müller is not valid' };
      lines.push(
        JSON.stringify({ inputFile: key, ...(refuse ? { exception } : { importResponse: { imageSetId: 'f0e1' } }) }),
      );
    }
    const name = refuse ? 'FAILURE/failure.ndjson' : 'SUCCESS/success.ndjson';
    const text = Buffer.from(`${lines.join('\n')}\n`);
    await bed.store.put(`${prefix}${name}`, text, { size: text.length, contentType: 'application/x-ndjson' });
    const imported = refuse ? 0 : lines.length;
    await bed.store.putJson(`${prefix}job-output-manifest.json`, {
      jobSummary: { jobId, datastoreId, numberOfScannedFiles: lines.length, numberOfImportedFiles: imported },
    });
  }
}

beforeAll(async () => {
  buildGateway();
  bed = await startBed();
  service = new HealthImaging(String(bed.env['S3_SECRET_KEY']));
  await service.start();
});
afterEach(async () => {
  await gateway?.stop();
  gateway = undefined;
  expect(service.complaints).toEqual([]);
});
afterAll(async () => {
  await service?.stop();
  await bed?.stop();
});

const cloud = (more: Record<string, unknown> = {}): DestinationInput => ({
  name: 'cloud',
  title: 'AWS HealthImaging',
  protocol: 'healthimaging',
  region: 'eu-central-1',
  datastoreId,
  dataAccessRoleArn: role,
  input: `s3://${bed.store.bucket}/dicom-input`,
  output: `s3://${bed.store.bucket}/reports/`,
  accessKeyId: String(bed.env['S3_ACCESS_KEY']),
  secretAccessKey: String(bed.env['S3_SECRET_KEY']),
  endpoint: service.url,
  s3Endpoint: new URL(String(bed.env['S3_URL'])).origin,
  pollSeconds: 0.1,
  ...more,
});
const waiting = async () => {
  const keys: string[] = [];
  for await (const { key } of bed.store.list('dicom-input/')) keys.push(key);
  return keys;
};
const told = (instance: Parameters<typeof eventsOf>[1], name: Parameters<typeof eventsOf>[2]) =>
  until(() => eventsOf(bed, instance, name)[0], { timeoutMs: 60_000, what: name ?? 'an event' });

describe('a delivery by an import job', () => {
  it('puts the very object into the bucket, has it imported, believes the report, and leaves nothing there', async () => {
    gateway = await startGateway(bed, { destinations: [cloud()] });
    expect(await bed.messaging.call('pacs-gateway.echo', { destination: 'cloud' })).toMatchObject({ ok: true });
    const { instance } = await publishInstance(bed, ['cloud'], 9_000_001);
    const stored = await told(instance, 'pacs-gateway.instance.stored');
    expect(stored.data).toMatchObject({ status: 0, attempt: 1, verified: 'import-report' });
    const [job] = service.jobs;
    expect(job?.sha256).toEqual([instance.sha256]);
    expect(job?.keys[0]).toMatch(new RegExp(`^dicom-input/[0-9A-Z]{26}/${instance.sopInstanceUid}\\.dcm$`));
    expect(await waiting()).toEqual([]);
  });

  it('gives an object up that a report names as refused, and tries again where the job itself failed', async () => {
    service.fates = ['refuse'];
    gateway = await startGateway(bed, { destinations: [cloud()] });
    const { instance: bad } = await publishInstance(bed, ['cloud']);
    const failed = await told(bad, 'pacs-gateway.delivery.failed');
    expect(failed.data).toMatchObject({ code: 'import-refused', attempt: 1 });
    expect(String(failed.data['reason'])).toContain('ValidationException');
    expect(JSON.stringify(failed.data)).not.toContain('Müller');

    service.fates = ['fail'];
    const { instance } = await publishInstance(bed, ['cloud']);
    expect((await told(instance, 'pacs-gateway.instance.stored')).data).toMatchObject({ attempt: 2 });
    expect(await waiting()).toEqual([]);
    expect(gateway.output()).not.toContain('Müller');
  });

  it('waits while the key is refused, puts nothing into the bucket, and goes on when it is right', async () => {
    gateway = await startGateway(bed, { destinations: [cloud({ secretAccessKey: 'wrong' })] });
    const { instance } = await publishInstance(bed, ['cloud']);
    const deferred = await told(instance, 'pacs-gateway.delivery.deferred');
    expect(deferred.data).toMatchObject({ code: 'peer-unauthorized' });
    expect(String(deferred.data['reason'])).toContain('AccessDeniedException');
    expect(await waiting()).toEqual([]);
    gateway.configure({ destinations: [cloud()] });
    expect((await told(instance, 'pacs-gateway.instance.stored')).data).toMatchObject({ verified: 'import-report' });
  });
});
