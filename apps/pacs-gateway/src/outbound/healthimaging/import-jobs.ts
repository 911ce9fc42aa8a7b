import { createHash } from 'node:crypto';
import type { HealthImagingDestinationConfig } from '@smartbox/contracts';
import { tlsOptions } from '@smartbox/dimse';
import { z } from 'zod';
import { exchange, type HttpRequest } from '../stow/http-exchange.ts';
import { EMPTY_SHA256, signV4, type SigV4Credentials } from '../stow/sigv4.ts';
import { refusedBy, StowError } from '../stow/stow-error.ts';

/** Beyond this a service that answers nothing is as good as away. */
const PROBE_TIMEOUT_MS = 10_000;

const Status = z.enum(['SUBMITTED', 'IN_PROGRESS', 'COMPLETED', 'FAILED']);
const Started = z.object({ jobId: z.string().regex(/^[0-9a-z]{1,32}$/), jobStatus: Status });
const Job = z.object({
  jobProperties: z.object({
    jobId: z.string(),
    jobStatus: Status,
    /** Of the job's own reports, once it has ended. */
    outputS3Uri: z.string(),
    message: z.string().optional(),
  }),
});
export type ImportJob = z.infer<typeof Job>['jobProperties'];

/**
 * The import jobs of an AWS HealthImaging data store (API version 2023-07-19: StartDICOMImportJob, GetDICOMImportJob,
 * GetDatastore), signed with Signature Version 4.
 */
export class ImportJobs {
  readonly #config: HealthImagingDestinationConfig;
  readonly #credentials: () => SigV4Credentials;
  readonly #http: Pick<HttpRequest, 'tls' | 'idleTimeoutMs'>;

  constructor(config: HealthImagingDestinationConfig, configDir: string, credentials: () => SigV4Credentials) {
    this.#config = config;
    this.#credentials = credentials;
    this.#http = {
      idleTimeoutMs: config.idleTimeoutSeconds * 1000,
      ...(config.tls ? { tls: tlsOptions(config.tls, configDir, `destination ${config.name}`) } : {}),
    };
  }

  /**
   * `clientToken`: the same one again is the same job. `input`: prefix of what is imported.
   * @returns the job's id. @throws StowError
   */
  async start(job: { clientToken: string; name: string; input: string }, signal: AbortSignal): Promise<string> {
    const { datastoreId, dataAccessRoleArn, output } = this.#config;
    const body = {
      jobName: job.name,
      dataAccessRoleArn,
      clientToken: job.clientToken,
      inputS3Uri: job.input,
      outputS3Uri: output,
    };
    const answer = await this.#call('POST', `/startDICOMImportJob/datastore/${datastoreId}`, body, signal);
    return this.#read(Started, answer).jobId;
  }

  async get(jobId: string, signal: AbortSignal): Promise<ImportJob> {
    const path = `/getDICOMImportJob/datastore/${this.#config.datastoreId}/job/${jobId}`;
    return this.#read(Job, await this.#call('GET', path, undefined, signal)).jobProperties;
  }

  /** The service knows us and has the data store. */
  async probe(): Promise<void> {
    const idleTimeoutMs = Math.min(PROBE_TIMEOUT_MS, this.#http.idleTimeoutMs);
    await this.#call('GET', `/datastore/${this.#config.datastoreId}`, undefined, undefined, idleTimeoutMs);
  }

  async #call(
    method: 'GET' | 'POST',
    path: string,
    value: unknown,
    signal: AbortSignal | undefined,
    idleTimeoutMs = this.#http.idleTimeoutMs,
  ): Promise<Buffer> {
    const url = new URL(this.#config.endpoint.replace(/\/+$/, '') + path);
    const bytes = value === undefined ? undefined : Buffer.from(JSON.stringify(value));
    const payloadHash = bytes ? createHash('sha256').update(bytes).digest('hex') : EMPTY_SHA256;
    const headers = {
      Accept: 'application/json',
      'x-amz-content-sha256': payloadHash,
      ...(bytes ? { 'Content-Type': 'application/json', 'Content-Length': String(bytes.length) } : {}),
    };
    const scope = { region: this.#config.region, service: 'medical-imaging' };
    const signed = signV4({ method, url, headers, payloadHash }, this.#credentials(), scope, new Date());
    const answer = await exchange({
      ...this.#http,
      idleTimeoutMs,
      method,
      url,
      headers: { ...headers, ...signed },
      expect: false,
      ...(bytes ? { body: async () => once(bytes) } : {}),
      signal,
    });
    if (answer.status === 200) return answer.body;
    // 403 of a wrong key or signature says nothing about the object, nor does throttling: it goes on when that is mended
    const said = problemOf(answer.body);
    if (answer.status === 403) {
      throw new StowError(
        'peer-unauthorized',
        'negotiation',
        `${url.host} answered HTTP 403${said}: check the key and its policy`,
      );
    }
    // 409: too many jobs at once (ConflictException), 402: ServiceQuotaExceededException
    if (answer.status === 402 || answer.status === 409) {
      throw new StowError('peer-busy', 'negotiation', `${url.host} takes no job at the moment${said}`);
    }
    throw refusedBy(url.host, answer.status, answer.headers, 'negotiation');
  }

  #read<T>(schema: z.ZodType<T>, bytes: Buffer): T {
    const parsed = schema.safeParse(jsonOf(bytes));
    if (parsed.success) return parsed.data;
    throw new StowError('peer-protocol-error', 'negotiation', `${this.#config.host} answered what is no import job`);
  }
}

async function* once(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

/** AWS names its errors in the body; the name alone is quoted. */
function problemOf(bytes: Buffer): string {
  const said = z.object({ __type: z.string().max(200) }).safeParse(jsonOf(bytes));
  return said.success ? ` (${said.data.__type.split('#').at(-1) ?? ''})` : '';
}
