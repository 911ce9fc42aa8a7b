import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { DicomwebDestinationConfig, InstanceCreated } from '@smartbox/contracts';
import { tlsOptions } from '@smartbox/dimse';
import { SmartBoxError } from '@smartbox/kernel';
import { counter } from '@smartbox/telemetry';
import type { Archive, ObjectContent, StoreAnswer } from '../../application/ports.ts';
import { authorizationOf, type Authorization } from './authorization.ts';
import { exchange, type HttpAnswer, type HttpRequest } from './http-exchange.ts';
import { refusedBy, StowError, syntaxRefused } from './stow-error.ts';
import { readStoreResponse } from './store-response.ts';

/** Beyond this a server that answers nothing is as good as away. */
const PROBE_TIMEOUT_MS = 10_000;
/** Some servers index what they stored a little later: waits before it is asked for again. */
const LOOK_AGAIN_MS = [0, 500, 1_000, 2_000, 4_000];
const DUPLICATE = 0x0111; // PS3.7 C.5.6
/** Azure: "a file with the same identifiers already exists". */
const AZURE_DUPLICATE = 0xb00e;
/** "Referenced Transfer Syntax Not Supported", PS3.18 table I.2-2. */
const SYNTAX_REFUSED = 0xc122;
const JSON_TYPE = 'application/dicom+json';

type Request = Pick<HttpRequest, 'method' | 'url' | 'body' | 'signal'> & {
  headers: Record<string, string>;
  bodySha256?: string;
  idleTimeoutMs?: number;
};

/** A destination reached by DICOMweb: STOW-RS (PS3.18 section 10.5), asked by QIDO-RS (10.6). */
export class StowArchive implements Archive {
  readonly #config: DicomwebDestinationConfig;
  readonly #authorization: Authorization;
  readonly #http: Pick<HttpRequest, 'tls' | 'idleTimeoutMs'>;
  readonly #base: string;
  /** Until it answers 417 (RFC 9110 section 10.1.1). */
  #knowsExpect = true;

  /** `configDir`: where relative names of certificate and secret files are looked up. */
  constructor(config: DicomwebDestinationConfig, configDir: string) {
    this.#config = config;
    const owner = `destination ${config.name}`;
    this.#http = {
      idleTimeoutMs: config.idleTimeoutSeconds * 1000,
      ...(config.tls ? { tls: tlsOptions(config.tls, configDir, owner) } : {}),
    };
    this.#authorization = authorizationOf(config.auth, configDir, owner, this.#http);
    this.#base = config.url.replace(/\/+$/, '');
  }

  async store(
    instance: InstanceCreated,
    accepted: () => Promise<ObjectContent>,
    signal: AbortSignal,
  ): Promise<StoreAnswer> {
    const status = await this.#post(instance, accepted, signal);
    // A failure needs no proof; a success is one when the server finds what it was given.
    if (status !== 0 && (status & 0xf000) !== 0xb000 && status !== DUPLICATE) return { status };
    if (this.#config.verify === 'none') return { status };
    return { status, ...(await this.#verify(instance, signal)) };
  }

  /** What C-ECHO is for DIMSE: a search that needs the same credentials. The round trip in ms. */
  async echo(): Promise<number> {
    const begun = performance.now();
    const idleTimeoutMs = Math.min(PROBE_TIMEOUT_MS, this.#http.idleTimeoutMs);
    const url = new URL(`${this.#base}/studies?limit=1`);
    const answer = await this.#authorized({ method: 'GET', url, headers: { Accept: JSON_TYPE }, idleTimeoutMs });
    if (answer.status !== 200 && answer.status !== 204) {
      throw refusedBy(url.host, answer.status, answer.headers, 'negotiation');
    }
    return performance.now() - begun;
  }

  async close(): Promise<void> {
    // Nothing lies idle: each request has a connection of its own.
  }

  /** Sends the object; its DIMSE status (PS3.18 table I.2-2 uses the same numbers). */
  async #post(instance: InstanceCreated, accepted: () => Promise<ObjectContent>, signal: AbortSignal): Promise<number> {
    const boundary = `smartbox.${randomBytes(16).toString('hex')}`;
    const begin = Buffer.from(`--${boundary}\r\nContent-Type: application/dicom\r\n\r\n`);
    const end = Buffer.from(`\r\n--${boundary}--\r\n`);
    const url = new URL(`${this.#base}/studies`);
    let content: ObjectContent | undefined;
    let bodySha256: string | undefined;
    if (this.#authorization.signsBody) {
      await this.echo(); // nobody reads gigabytes for a server that is away
      content = await accepted();
      bodySha256 = await sha256(part(begin, content, end));
    }
    const answer = await this.#authorized({
      method: 'POST',
      url,
      headers: {
        'Content-Type': `multipart/related; type="application/dicom"; boundary=${boundary}`,
        'Content-Length': String(begin.length + instance.bytes + end.length),
        Accept: JSON_TYPE,
      },
      body: async () => {
        content = content ? await content.again() : await accepted();
        return part(begin, content, end);
      },
      ...(bodySha256 === undefined ? {} : { bodySha256 }),
      signal,
    });
    if (answer.status >= 200 && answer.status < 300) {
      counter('smartbox_dicom_sent_bytes_total', 'Bytes of data sets sent', ['destination']).inc(
        { destination: this.#config.name },
        instance.bytes,
      );
    }
    return this.#statusOf(answer, instance, url.host, signal);
  }

  /** @throws StowError for an answer that says nothing about the instance. */
  async #statusOf(answer: HttpAnswer, instance: InstanceCreated, peer: string, signal: AbortSignal): Promise<number> {
    const { status, body } = answer;
    const isSuccess = status >= 200 && status < 300;
    if (!isSuccess && status !== 409 && status !== 400) throw refusedBy(peer, status, answer.headers, 'transfer');
    const report = readStoreResponse(body, instance.sopInstanceUid);
    switch (report.kind) {
      case 'stored':
        return report.warningReason ?? 0;
      case 'failed':
        if (report.failureReason === AZURE_DUPLICATE) return DUPLICATE;
        if (report.failureReason === SYNTAX_REFUSED) throw syntaxRefused(peer, 'Failure Reason C122');
        if (report.failureReason !== undefined) return report.failureReason;
        break;
      case 'unreadable':
        // 200 says that every instance was stored; whether that is true is asked afterwards.
        if (status === 200 && this.#config.verify === 'qido') return 0;
        if (isSuccess) {
          throw new StowError('peer-protocol-error', 'transfer', `${peer} answered ${status} and no list of instances`);
        }
    }
    // Refused without a reason. After an answer that was lost, the usual one is that it is there already.
    if (status === 409 && (await this.#has(instance, signal).catch(() => false))) return DUPLICATE;
    throw refusedBy(peer, status, answer.headers, 'transfer');
  }

  /** @throws StowError `instance-missing` where the server answers and has it not. */
  async #verify(instance: InstanceCreated, signal: AbortSignal): Promise<Pick<StoreAnswer, 'verified' | 'warning'>> {
    try {
      for (const waitMs of LOOK_AGAIN_MS) {
        if (waitMs > 0) await pause(waitMs, undefined, { signal });
        if (await this.#has(instance, signal)) return { verified: 'qido' };
      }
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof SmartBoxError)) throw error;
      return { warning: `stored, but the archive could not be asked for it: ${error.message}` };
    }
    const says = `${this.#config.name} answered success and does not find ${instance.sopInstanceUid}`;
    throw new StowError('instance-missing', 'transfer', says);
  }

  async #has({ studyInstanceUid, seriesInstanceUid, sopInstanceUid }: InstanceCreated, signal: AbortSignal) {
    const path = `/studies/${studyInstanceUid}/series/${seriesInstanceUid}/instances`;
    const url = new URL(`${this.#base}${path}?SOPInstanceUID=${sopInstanceUid}`);
    const { status, headers, body } = await this.#authorized({
      method: 'GET',
      url,
      headers: { Accept: JSON_TYPE },
      signal,
    });
    if (status === 204 || status === 404) return false;
    if (status !== 200) throw refusedBy(url.host, status, headers, 'transfer');
    return body.includes(`"${sopInstanceUid}"`);
  }

  /** Once more with new credentials where the first ones were refused and newer ones can be had. */
  async #authorized(request: Request): Promise<HttpAnswer> {
    const once = async () => {
      const authorization = await this.#authorization.headers(request, request.signal);
      return exchange({
        ...this.#http,
        ...request,
        expect: this.#knowsExpect,
        headers: { ...request.headers, ...authorization },
      });
    };
    let answer = await once();
    if (answer.status === 417 && this.#knowsExpect) {
      this.#knowsExpect = false;
      answer = await once();
    }
    return answer.status === 401 && this.#authorization.renew() ? once() : answer;
  }
}

/** The body: one part. The object is begun to be read before anything is handed out, so that leaving closes it. */
async function* part(begin: Buffer, content: ObjectContent, end: Buffer): AsyncGenerator<Uint8Array, void, void> {
  const data = content.read()[Symbol.asyncIterator]();
  try {
    let next = await data.next();
    yield begin;
    yield content.head;
    for (; !next.done; next = await data.next()) yield next.value;
    yield end;
  } finally {
    await data.return?.();
  }
}

async function sha256(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of chunks) hash.update(chunk);
  return hash.digest('hex');
}
