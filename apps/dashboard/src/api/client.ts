import { createCatalogClient } from '@smartbox/api-client';
import type { Schema, operations } from '@smartbox/api-client';
import {
  ClipDetail,
  ClipView,
  DestinationsView,
  EchoResult,
  LiveGrant,
  ProcedureView,
  WorklistView,
} from '@smartbox/contracts';
import type { ClipState } from '@smartbox/contracts';
import { z } from 'zod';
import { ApiError, errorOf } from './errors.ts';
import { ClipPage, DeliveryPage, Stations } from './schemas.ts';

/**
 * The one door to the catalog's REST interface. Paths and bodies are checked by the compiler against its OpenAPI
 * document; every answer is checked against its schema at run time: an answer that does not fit is an error that says
 * so, never a half-drawn screen.
 */
const catalog = createCatalogClient();

interface Outcome {
  data?: unknown;
  error?: unknown;
  response: Response;
}

/** @throws ApiError when nothing answered (`network`), when it was refused, or when the answer does not fit. */
async function expect<T>(schema: z.ZodType<T>, call: Promise<Outcome>): Promise<T> {
  let outcome: Outcome;
  try {
    outcome = await call;
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError(0, 'network', '');
  }
  const { response, data, error } = outcome;
  if (!response.ok) throw errorOf(response, error);
  const parsed = schema.safeParse(data);
  if (parsed.success) return parsed.data;
  throw new ApiError(
    response.status,
    'contract',
    `${new URL(response.url).pathname}: ${z.prettifyError(parsed.error)}`,
  );
}

type Body<N extends keyof operations> = operations[N] extends {
  requestBody: { content: { 'application/json': infer B } };
}
  ? B
  : never;

/** Answers whose body nobody reads. */
const Anything = z.unknown();

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };
/** Without what is undefined or empty: the interface takes absent fields only. */
function defined<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined && v !== '')) as Defined<T>;
}

export interface ClipQuery {
  q?: string | undefined;
  state?: ClipState[] | undefined;
  station?: string | undefined;
  procedure?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
  sort?: Sort | undefined;
}
export type Sort = '-requestedAt' | 'requestedAt' | '-duration' | 'duration' | '-size' | 'size';
export interface DeliveryQuery {
  destination?: string | undefined;
  state?: Schema<'DeliveryView'>['state'][] | undefined;
}

/** Several states travel comma-separated. */
const commas = { querySerializer: { array: { style: 'form', explode: false } } } as const;

export const api = {
  stations: (signal?: AbortSignal) => expect(Stations, catalog.GET('/api/v1/stations', { ...(signal && { signal }) })),
  /** Of the site's own today. */
  worklist: (station: string, q: string) =>
    expect(WorklistView, catalog.GET('/api/v1/worklist', { params: { query: defined({ station, q }) } })),

  startProcedure: (body: Body<'startProcedure'>) => expect(ProcedureView, catalog.POST('/api/v1/procedures', { body })),
  endProcedure: (procedureId: string) =>
    expect(Anything, catalog.POST('/api/v1/procedures/{procedureId}/end', { params: { path: { procedureId } } })),

  saveClip: (body: Body<'createClip'>) => expect(ClipView, catalog.POST('/api/v1/clips', { body })),
  clips: (query: ClipQuery, cursor?: string, limit = 50) =>
    expect(
      ClipPage,
      catalog.GET('/api/v1/clips', { params: { query: { ...defined({ ...query, cursor }), limit } }, ...commas }),
    ),
  clip: (clipId: string) => expect(ClipDetail, catalog.GET('/api/v1/clips/{clipId}', { params: { path: { clipId } } })),
  changeClip: (clipId: string, body: Body<'patchClip'>) =>
    expect(Anything, catalog.PATCH('/api/v1/clips/{clipId}', { params: { path: { clipId } }, body })),
  undoClip: (clipId: string) =>
    expect(Anything, catalog.DELETE('/api/v1/clips/{clipId}', { params: { path: { clipId } } })),
  retryClip: (clipId: string) =>
    expect(Anything, catalog.POST('/api/v1/clips/{clipId}/retry', { params: { path: { clipId } } })),
  clipsCsvUrl: ({ sort: _sort, state, ...query }: ClipQuery) =>
    `/api/v1/clips.csv?${new URLSearchParams(defined({ ...query, state: state?.join(',') })).toString()}`,

  startRecording: (stationId: string, clipId: string) =>
    expect(
      Anything,
      catalog.POST('/api/v1/stations/{stationId}/recording', { params: { path: { stationId } }, body: { clipId } }),
    ),
  stopRecording: (stationId: string) =>
    expect(Anything, catalog.POST('/api/v1/stations/{stationId}/recording/stop', { params: { path: { stationId } } })),
  takeStill: (stationId: string, clipId: string) =>
    expect(
      Anything,
      catalog.POST('/api/v1/stations/{stationId}/stills', { params: { path: { stationId } }, body: { clipId } }),
    ),
  setMarker: (stationId: string, markerId: string, at: string) =>
    expect(
      Anything,
      catalog.POST('/api/v1/stations/{stationId}/markers', { params: { path: { stationId } }, body: { markerId, at } }),
    ),

  liveGrant: (stationId: string, sourceId: string, signal?: AbortSignal) =>
    expect(
      LiveGrant,
      catalog.POST('/api/v1/live-grants', { body: { stationId, sourceId }, ...(signal && { signal }) }),
    ),

  destinations: () => expect(DestinationsView, catalog.GET('/api/v1/destinations')),
  echo: (name: string) =>
    expect(EchoResult, catalog.POST('/api/v1/destinations/{name}/echo', { params: { path: { name } } })),
  deliveries: (query: DeliveryQuery, cursor?: string) =>
    expect(
      DeliveryPage,
      catalog.GET('/api/v1/deliveries', {
        params: { query: { ...defined({ ...query, cursor }), limit: 50 } },
        ...commas,
      }),
    ),
  feedUrl: '/api/v1/feed',
};
