import {
  ClipDetail,
  ClipView,
  CreateClip,
  DestinationsView,
  EchoResult,
  page,
  Problem,
  ProcedureView,
  StationView,
  WorklistView,
} from '@smartbox/contracts';
import { SmartBoxError, transientError } from '@smartbox/kernel';
import { z } from 'zod';

const Stations = z
  .union([z.array(StationView), z.object({ items: z.array(StationView) })])
  .transform((list) => (Array.isArray(list) ? list : list.items));
const id = encodeURIComponent;

/** The catalog's REST interface, every answer checked against its schema. */
export class CatalogApi {
  readonly url: string;

  constructor(url: string) {
    this.url = `${url}/api/v1`;
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
  saveClip = (body: z.input<typeof CreateClip>): Promise<ClipView> => this.#call('POST', '/clips', ClipView, body);
  clips = (query: Record<string, string>): Promise<{ items: ClipView[]; nextCursor?: string | undefined }> =>
    this.#call('GET', `/clips?${new URLSearchParams(query).toString()}`, page(ClipView));
  clip = (clipId: string): Promise<ClipDetail> => this.#call('GET', `/clips/${id(clipId)}`, ClipDetail);
  destinations = (): Promise<z.infer<typeof DestinationsView>> => this.#call('GET', '/destinations', DestinationsView);
  echo = (name: string): Promise<{ ok: boolean; roundTripMs?: number | undefined; reason?: string | undefined }> =>
    this.#call('POST', `/destinations/${id(name)}/echo`, EchoResult.partial({ destination: true }), {});

  async #call<T>(method: string, path: string, schema: z.ZodType<T>, body?: unknown): Promise<T> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: { accept: 'application/json, application/problem+json', 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(30_000),
    }).catch((error: unknown) => {
      throw transientError('catalog-unreachable', `the catalog does not answer at ${this.url}`, error);
    });
    const text = await response.text();
    if (response.ok) return schema.parse(text === '' ? undefined : JSON.parse(text));
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
