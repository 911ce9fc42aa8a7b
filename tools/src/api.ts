import {
  ClipDetail,
  ClipView,
  CorrectProcedure,
  CreateClip,
  CreateCopy,
  CreateExport,
  CreateFilmStill,
  CreateImport,
  DestinationsView,
  EchoResult,
  ExportView,
  ImportView,
  OpenUpload,
  page,
  Problem,
  ProcedureView,
  ReassignClip,
  RecordingRequest,
  StationView,
  StillRequest,
  TargetView,
  WorklistView,
  type StillFormat,
} from '@smartbox/contracts';
import { SmartBoxError, transientError } from '@smartbox/kernel';
import { z } from 'zod';
import { readCredentials, type RunInfo } from './launcher/run-info.ts';

const Stations = z
  .union([z.array(StationView), z.object({ items: z.array(StationView) })])
  .transform((list) => (Array.isArray(list) ? list : list.items));
const Exports = z.object({ items: z.array(ExportView) });
const Targets = z.object({ items: z.array(TargetView) });
const TUS = { 'tus-resumable': '1.0.0' };
const id = encodeURIComponent;

/** The catalog's REST interface, every answer checked against its schema. */
export class CatalogApi {
  readonly url: string;
  /** What every request shows: who asks. */
  readonly authorization: Record<string, string>;

  /** `token`: an API token; needed once people have accounts. */
  constructor(url: string, token?: string) {
    this.url = `${url}/api/v1`;
    this.authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  }

  /** Of a running system, with the token that its launcher made for the tools. */
  static async of(info: RunInfo): Promise<CatalogApi> {
    return new CatalogApi(info.url, (await readCredentials(info)).toolsToken);
  }

  stations = (): Promise<StationView[]> => this.#call('GET', '/stations', Stations);
  station = (stationId: string): Promise<StationView> => this.#call('GET', `/stations/${id(stationId)}`, StationView);
  worklist = (stationId: string): Promise<z.infer<typeof WorklistView>> =>
    this.#call('GET', `/worklist?station=${id(stationId)}`, WorklistView);
  startProcedure = (body: {
    stationId: string;
    recipe?: string;
    worklistItemId?: string;
    emergency?: { name?: string };
  }): Promise<ProcedureView> => this.#call('POST', '/procedures', ProcedureView, body);
  endProcedure = (procedureId: string): Promise<unknown> =>
    this.#call('POST', `/procedures/${id(procedureId)}/end`, z.unknown(), {});
  correctProcedure = (procedureId: string, body: z.input<typeof CorrectProcedure>): Promise<ProcedureView> =>
    this.#call('PATCH', `/procedures/${id(procedureId)}`, ProcedureView, body);
  reassignClip = (clipId: string, body: z.input<typeof ReassignClip>): Promise<ClipView> =>
    this.#call('POST', `/clips/${id(clipId)}/reassign`, ClipView, body);
  saveClip = (body: z.input<typeof CreateClip>): Promise<ClipView> => this.#call('POST', '/clips', ClipView, body);
  captureStill = (stationId: string, body: z.input<typeof StillRequest>): Promise<ClipView> =>
    this.#call('POST', `/stations/${id(stationId)}/stills`, ClipView, body);
  startRecording = (stationId: string, body: z.input<typeof RecordingRequest>): Promise<ClipView> =>
    this.#call('POST', `/stations/${id(stationId)}/recording`, ClipView, body);
  stopRecording = (stationId: string): Promise<ClipView> =>
    this.#call('POST', `/stations/${id(stationId)}/recording/stop`, ClipView, {});
  clips = (query: Record<string, string>): Promise<{ items: ClipView[]; nextCursor?: string | undefined }> =>
    this.#call('GET', `/clips?${new URLSearchParams(query).toString()}`, page(ClipView));
  clip = (clipId: string): Promise<ClipDetail> => this.#call('GET', `/clips/${id(clipId)}`, ClipDetail);
  destinations = (): Promise<z.infer<typeof DestinationsView>> => this.#call('GET', '/destinations', DestinationsView);
  echo = (name: string): Promise<{ ok: boolean; roundTripMs?: number | undefined; reason?: string | undefined }> =>
    this.#call('POST', `/destinations/${id(name)}/echo`, EchoResult.partial({ destination: true }), {});

  keepFrame = (clipId: string, body: z.input<typeof CreateFilmStill>): Promise<ClipView> =>
    this.#call('POST', `/clips/${id(clipId)}/stills`, ClipView, body);

  exports = (clipId: string): Promise<z.infer<typeof Exports>> =>
    this.#call('GET', `/clips/${id(clipId)}/exports`, Exports);
  createExport = (clipId: string, body: z.input<typeof CreateExport>): Promise<unknown> =>
    this.#call('POST', `/clips/${id(clipId)}/exports`, Exports, body);
  archiveExport = (clipId: string, renditionId: string, destinations: string[]): Promise<ExportView> =>
    this.#call('POST', `/clips/${id(clipId)}/exports/${id(renditionId)}/archive`, ExportView, { destinations });
  copyExport = (clipId: string, renditionId: string, body: z.input<typeof CreateCopy>): Promise<ExportView> =>
    this.#call('POST', `/clips/${id(clipId)}/exports/${id(renditionId)}/copies`, ExportView, body);
  targets = (): Promise<z.infer<typeof Targets>> => this.#call('GET', '/export-targets', Targets);

  findImport = (sha256: string): Promise<ImportView> => this.#call('GET', `/imports/${id(sha256)}`, ImportView);
  createImport = (body: z.input<typeof CreateImport>): Promise<ImportView> =>
    this.#call('POST', '/imports', ImportView, body);
  openImports = async (): Promise<OpenUpload[]> => (await this.#call('GET', '/imports', page(OpenUpload))).items;

  /** Where the upload of a record goes on; undefined where none was begun. It may wait until the hash is compared. */
  async uploadOffset(sha256: string): Promise<number | undefined> {
    try {
      const { headers } = await this.#fetch('HEAD', `/imports/uploads/${id(sha256)}`, undefined, TUS);
      return Number(headers.get('upload-offset'));
    } catch (error) {
      if (error instanceof SmartBoxError && error.code === 'http-404') return undefined; // HEAD has no words
      throw error;
    }
  }
  async beginUpload(sha256: string, bytes: number): Promise<void> {
    const metadata = `sha256 ${Buffer.from(sha256).toString('base64')}`;
    const headers = { ...TUS, 'upload-length': String(bytes), 'upload-metadata': metadata };
    await this.#fetch('POST', '/imports/uploads', undefined, headers);
  }
  /** @returns the bytes that are there afterwards */
  async appendUpload(sha256: string, offset: number, piece: Blob): Promise<number> {
    const headers = { ...TUS, 'content-type': 'application/offset+octet-stream', 'upload-offset': String(offset) };
    const answer = await this.#fetch('PATCH', `/imports/uploads/${id(sha256)}`, piece, headers);
    return Number(answer.headers.get('upload-offset'));
  }

  /** @param url as the catalog gave it. @param from bytes that are here already */
  async download(url: string, from: number): Promise<ReadableStream<Uint8Array>> {
    const path = url.replace(/^\/api\/v1/, '');
    const { body } = await this.#fetch('GET', path, undefined, from > 0 ? { range: `bytes=${from}-` } : {});
    if (!body) throw transientError('catalog-unreachable', `the catalog sent nothing for ${path}`);
    return body;
  }

  /** A frame of a clip as a picture: its bytes as they come. */
  async frame(clipId: string, of: CreateFilmStill['of'], frame: number, format: StillFormat) {
    const film = 'sourceId' in of ? `sources/${id(of.sourceId)}` : `edits/${id(of.renditionId)}`;
    const path = `/clips/${id(clipId)}/${film}/frames/${frame}?format=${format}`;
    const { body } = await this.#fetch('GET', path);
    if (!body) throw transientError('catalog-unreachable', `the catalog sent no picture for ${path}`);
    return body;
  }

  async #call<T>(method: string, path: string, schema: z.ZodType<T>, body?: unknown): Promise<T> {
    const text = await (await this.#fetch(method, path, body)).text();
    return schema.parse(text === '' ? undefined : JSON.parse(text));
  }

  async #fetch(method: string, path: string, body?: unknown, more: Record<string, string> = {}): Promise<Response> {
    const silent = new AbortController();
    const isFile = body instanceof Blob;
    // until it answers: what is streamed, there or from there, takes as long as it takes
    const timer =
      isFile || method === 'HEAD'
        ? undefined
        : setTimeout(() => silent.abort(new Error('no answer within 30 s')), 30_000);
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        accept: 'application/json, application/problem+json, */*',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...this.authorization,
        ...more,
      },
      ...(body === undefined ? {} : { body: isFile ? body : JSON.stringify(body) }),
      signal: silent.signal,
    })
      .catch((error: unknown) => {
        throw transientError('catalog-unreachable', `the catalog does not answer at ${this.url}`, error);
      })
      .finally(() => clearTimeout(timer));
    if (response.ok) return response;
    const text = await response.text();
    const problem = Problem.safeParse(jsonOr(text));
    throw new SmartBoxError({
      code: problem.data?.code ?? `http-${response.status}`,
      message: problem.data
        ? `${problem.data.title}${problem.data.detail ? `: ${problem.data.detail}` : ''}`
        : `${method} ${path}: HTTP ${response.status}`,
      fault: response.status < 500 ? 'input' : 'theirs',
      retryable: response.status === 503,
    });
  }
}

function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
