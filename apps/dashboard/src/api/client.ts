import { createCatalogClient } from '@smartbox/api-client';
import type { Schema, operations } from '@smartbox/api-client';
import {
  AppConfig,
  ClipDetail,
  ClipView,
  ConversationGrant,
  DestinationsView,
  EchoResult,
  LiveGrant,
  ProcedureStepReply,
  ProcedureView,
  StationView,
  WorklistView,
} from '@smartbox/contracts';
import type { ClipState } from '@smartbox/contracts';
import { z } from 'zod';
import { fetchAsSomebody } from '../account/session.ts';
import { ApiError, errorOf } from './errors.ts';
import { Alarms, AuditTrail, ClipPage, DeliveryPage, Procedures, Stations } from './schemas.ts';

/**
 * The one door to the catalog's REST interface. Paths and bodies are checked by the compiler against its OpenAPI
 * document; every answer is checked against its schema at run time: an answer that does not fit is an error that says
 * so, never a half-drawn screen.
 */
export const catalog = createCatalogClient({ fetch: fetchAsSomebody });

interface Outcome {
  data?: unknown;
  error?: unknown;
  response: Response;
}

/** @throws ApiError when nothing answered (`network`), when it was refused, or when the answer does not fit. */
export async function expect<T>(schema: z.ZodType<T>, call: Promise<Outcome>): Promise<T> {
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

export type Body<N extends keyof operations> = operations[N] extends {
  requestBody: { content: { 'application/json': infer B } };
}
  ? B
  : never;

/** Answers whose body nobody reads. */
const Anything = z.unknown();

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };
/** Without what is undefined or empty: the interface takes absent fields only. */
export function defined<T extends object>(value: T): Defined<T> {
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
  kind?: ClipView['kind'] | undefined;
  recipe?: string | undefined;
  quality?: 'complete' | 'incomplete' | undefined;
  minBytes?: number | undefined;
  maxBytes?: number | undefined;
}
export type Sort = '-requestedAt' | 'requestedAt' | '-duration' | 'duration' | '-size' | 'size';
/** What somebody is looked for by, in the information system; an empty text is not asked for. */
export interface WorklistQuery {
  name: string;
  patientId: string;
  accession: string;
  modality: string;
  /** YYYY-MM-DD */
  date: string;
}
export interface DeliveryQuery {
  destination?: string | undefined;
  state?: Schema<'DeliveryView'>['state'][] | undefined;
}

/** Several states travel comma-separated. */
const commas = { querySerializer: { array: { style: 'form', explode: false } } } as const;

export const api = {
  config: () => expect(AppConfig, catalog.GET('/api/v1/config')),
  stations: (signal?: AbortSignal) => expect(Stations, catalog.GET('/api/v1/stations', { ...(signal && { signal }) })),
  /** Of the site's own today, unless a day (YYYY-MM-DD) is named; of every room without a station. */
  worklist: (station: string | undefined, q: string, date?: string) =>
    expect(WorklistView, catalog.GET('/api/v1/worklist', { params: { query: defined({ station, q, date }) } })),

  /** Asked of the information system itself. */
  searchWorklist: (query: WorklistQuery, limit: number, signal: AbortSignal) =>
    expect(
      WorklistView,
      catalog.GET('/api/v1/worklist/search', { params: { query: { ...defined(query), limit } }, signal }),
    ),

  startProcedure: (body: Body<'startProcedure'>) => expect(ProcedureView, catalog.POST('/api/v1/procedures', { body })),
  endProcedure: (procedureId: string) =>
    expect(Anything, catalog.POST('/api/v1/procedures/{procedureId}/end', { params: { path: { procedureId } } })),

  procedure: (procedureId: string) =>
    expect(ProcedureView, catalog.GET('/api/v1/procedures/{procedureId}', { params: { path: { procedureId } } })),
  correctProcedure: (procedureId: string, body: Body<'correctProcedure'>) =>
    expect(
      ProcedureView,
      catalog.PATCH('/api/v1/procedures/{procedureId}', { params: { path: { procedureId } }, body }),
    ),

  /** Of a room, the latest first; of every day unless one (YYYY-MM-DD) is named. */
  procedures: (station: string, date?: string) =>
    expect(Procedures, catalog.GET('/api/v1/procedures', { params: { query: defined({ station, date }) } })),
  /** How far the information system was told of it (MPPS). */
  procedureStep: (procedureId: string) =>
    expect(
      ProcedureStepReply,
      catalog.GET('/api/v1/procedures/{procedureId}/step', { params: { path: { procedureId } } }),
    ),
  reassignClip: (clipId: string, body: Body<'reassignClip'>) =>
    expect(ClipView, catalog.POST('/api/v1/clips/{clipId}/reassign', { params: { path: { clipId } }, body })),
  setConsent: (procedureId: string, body: Body<'setConsent'>) =>
    expect(
      ProcedureView,
      catalog.POST('/api/v1/procedures/{procedureId}/consent', { params: { path: { procedureId } }, body }),
    ),

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
    `/api/v1/clips.csv?${new URLSearchParams(
      Object.entries(defined({ ...query, state: state?.join(',') })).map(([name, value]) => [name, String(value)]),
    ).toString()}`,
  clipAudit: async (clipId: string) =>
    (await expect(AuditTrail, catalog.GET('/api/v1/clips/{clipId}/audit', { params: { path: { clipId } } }))).items,

  alarms: async () => (await expect(Alarms, catalog.GET('/api/v1/alarms'))).items,
  acknowledgeAlarm: async (body: Body<'acknowledgeAlarm'>) =>
    (await expect(Alarms, catalog.POST('/api/v1/alarms/acknowledge', { body }))).items,

  startRecording: (stationId: string, clipId: string) =>
    expect(
      Anything,
      catalog.POST('/api/v1/stations/{stationId}/recording', { params: { path: { stationId } }, body: { clipId } }),
    ),
  stopRecording: (stationId: string) =>
    expect(Anything, catalog.POST('/api/v1/stations/{stationId}/recording/stop', { params: { path: { stationId } } })),
  /** @param of absent: of now, of every source. */
  takeStill: (stationId: string, clipId: string, of: { at?: string; sources?: string[] } = {}) =>
    expect(
      Anything,
      catalog.POST('/api/v1/stations/{stationId}/stills', { params: { path: { stationId } }, body: { clipId, ...of } }),
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

  /** Several sources of a room in one session. */
  liveGrants: (stationId: string, [sourceId = '', ...alongside]: readonly string[], signal?: AbortSignal) =>
    expect(
      LiveGrant,
      catalog.POST('/api/v1/live-grants', {
        body: { stationId, sourceId, ...(alongside.length > 0 && { alongside }) },
        ...(signal && { signal }),
      }),
    ),

  switchConversation: (stationId: string, open: boolean) =>
    expect(
      StationView,
      catalog.PUT('/api/v1/stations/{stationId}/conversation', { params: { path: { stationId } }, body: { open } }),
    ),
  conversationGrant: (stationId: string, side: 'room' | 'desk', name: string | undefined, signal?: AbortSignal) =>
    expect(
      ConversationGrant,
      catalog.POST('/api/v1/conversation-grants', {
        body: { stationId, side, ...(name !== undefined && { name }) },
        ...(signal && { signal }),
      }),
    ),

  /** To send pictures to a source of kind `whip`. */
  publishGrant: (stationId: string, sourceId: string, signal?: AbortSignal) =>
    expect(
      LiveGrant,
      catalog.POST('/api/v1/live-grants', {
        body: { stationId, sourceId, publish: true },
        ...(signal && { signal }),
      }),
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
