import {
  ClipDetail,
  ClipView,
  DestinationsView,
  EchoResult,
  LiveGrant,
  ProcedureView,
  WorklistView,
} from '@smartbox/contracts';
import { z } from 'zod';
import { ApiError, errorFrom } from './errors.ts';
import { ClipPage, DeliveryPage, Stations } from './schemas.ts';

/**
 * The one door to the catalog's REST interface. Every answer is checked against its schema: an answer that does
 * not fit is an error that says so, never a half-drawn screen.
 */
const BASE = '/api/v1';
type Query = Record<string, string | number | undefined>;
interface Call<T> {
  method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  path: string;
  query?: Query;
  body?: unknown;
  answer: z.ZodType<T>;
  signal?: AbortSignal;
}

export function queryString(query: Query): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') params.set(key, String(value));
  }
  const text = params.toString();
  return text === '' ? '' : `?${text}`;
}

async function call<T>({ method = 'GET', path, query = {}, body, answer, signal }: Call<T>): Promise<T> {
  let response: Response;
  try {
    response = await fetch(`${BASE}${path}${queryString(query)}`, {
      method,
      headers: {
        accept: 'application/json, application/problem+json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal ? { signal } : {}),
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError(0, 'network', '');
  }
  if (!response.ok) throw await errorFrom(response);
  const text = await response.text();
  const parsed = answer.safeParse(text === '' ? undefined : JSON.parse(text));
  if (!parsed.success) {
    throw new ApiError(response.status, 'contract', `${method} ${path}: ${z.prettifyError(parsed.error)}`);
  }
  return parsed.data;
}

/** Answers whose body nobody reads. */
const Anything = z.unknown();
const id = encodeURIComponent;

export interface ClipQuery {
  q?: string | undefined;
  state?: string | undefined;
  station?: string | undefined;
  procedure?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
  sort?: string | undefined;
}

export const api = {
  stations: (signal?: AbortSignal) => call({ path: '/stations', answer: Stations, ...(signal && { signal }) }),
  /** Of the site's own today. */
  worklist: (station: string, q: string) => call({ path: '/worklist', query: { station, q }, answer: WorklistView }),

  startProcedure: (body: {
    stationId: string;
    worklistItemId?: string;
    emergency?: { name?: string; sex?: 'M' | 'F' | 'O' };
  }) => call({ method: 'POST', path: '/procedures', body, answer: ProcedureView }),
  endProcedure: (procedureId: string) =>
    call({ method: 'POST', path: `/procedures/${id(procedureId)}/end`, body: {}, answer: Anything }),

  saveClip: (body: { clipId: string; stationId: string; lastSeconds: number }) =>
    call({ method: 'POST', path: '/clips', body, answer: ClipView }),
  clips: (query: ClipQuery, cursor?: string, limit = 50) =>
    call({ path: '/clips', query: { ...query, cursor, limit }, answer: ClipPage }),
  clip: (clipId: string) => call({ path: `/clips/${id(clipId)}`, answer: ClipDetail }),
  changeClip: (clipId: string, body: { description?: string; keep?: boolean }) =>
    call({ method: 'PATCH', path: `/clips/${id(clipId)}`, body, answer: Anything }),
  undoClip: (clipId: string) => call({ method: 'DELETE', path: `/clips/${id(clipId)}`, answer: Anything }),
  retryClip: (clipId: string) =>
    call({ method: 'POST', path: `/clips/${id(clipId)}/retry`, body: {}, answer: Anything }),
  clipsCsvUrl: (query: ClipQuery) => `${BASE}/clips.csv${queryString({ ...query, sort: undefined })}`,

  startRecording: (stationId: string, clipId: string) =>
    call({ method: 'POST', path: `/stations/${id(stationId)}/recording`, body: { clipId }, answer: Anything }),
  stopRecording: (stationId: string) =>
    call({ method: 'POST', path: `/stations/${id(stationId)}/recording/stop`, body: {}, answer: Anything }),
  takeStill: (stationId: string, clipId: string) =>
    call({ method: 'POST', path: `/stations/${id(stationId)}/stills`, body: { clipId }, answer: Anything }),
  setMarker: (stationId: string, markerId: string, at: string) =>
    call({ method: 'POST', path: `/stations/${id(stationId)}/markers`, body: { markerId, at }, answer: Anything }),

  liveGrant: (stationId: string, sourceId: string, signal?: AbortSignal) =>
    call({
      method: 'POST',
      path: '/live-grants',
      body: { stationId, sourceId },
      answer: LiveGrant,
      ...(signal && { signal }),
    }),

  destinations: () => call({ path: '/destinations', answer: DestinationsView }),
  echo: (name: string) =>
    call({ method: 'POST', path: `/destinations/${id(name)}/echo`, body: {}, answer: EchoResult }),
  deliveries: (query: { destination?: string | undefined; state?: string | undefined }, cursor?: string) =>
    call({ path: '/deliveries', query: { ...query, cursor, limit: 50 }, answer: DeliveryPage }),
  feedUrl: `${BASE}/feed`,
};
