import {
  AppConfig,
  ClipDetail,
  ClipState,
  ClipView,
  CorrectProcedure,
  CreateClip,
  DeliveryQueueItem,
  DestinationsView,
  EchoResult,
  Instant,
  LiveGrant,
  LiveGrantRequest,
  MarkerRequest,
  MarkerView,
  page,
  PatchClip,
  ProcedureView,
  Recipe,
  RecordingRequest,
  StartProcedure,
  StationView,
  StillRequest,
  Token,
  Uid,
  Ulid,
  WorklistView,
} from '@smartbox/contracts';
import { z } from 'zod';
import { sorts } from '../../domain/clip-sort.ts';

/** One operation of the REST interface: the routes, the checks and docs/api/openapi.json are made of these. */
export interface Operation {
  method: 'get' | 'post' | 'patch' | 'delete';
  /** Below /api/v1, as Nest writes it: `/clips/:clipId`. */
  path: string;
  summary: string;
  params?: z.ZodObject;
  query?: z.ZodObject;
  body?: z.ZodType;
  /** Default 200. */
  status?: number;
  /** A schema (JSON), or a media type. Absent: no content. */
  response?: z.ZodType | string;
  /** `bytes` answer Range requests, `events` never end. */
  kind?: 'bytes' | 'events';
}

const listOf = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item) });
const clipId = z.object({ clipId: Ulid });
const stationId = z.object({ stationId: Token });
const procedureId = z.object({ procedureId: Ulid });
const source = z.object({ clipId: Ulid, sourceId: Token });
const text = z.string().trim().min(1).max(200);
const limit = z.coerce.number().int().min(1).max(200).default(50);
const cursor = z.string().max(500).optional();
const oneOrMore = <T extends z.ZodType<string>>(item: T) =>
  z.preprocess((value) => (typeof value === 'string' ? value.split(',') : value), z.array(item).min(1)).optional();
const day = z.iso.date('a day such as 2026-11-23');
const deliveryStates = ['waiting', 'sending', 'deferred', 'stored', 'committed', 'failed'] as const;

const clipFilter = {
  patient: text.optional().describe('patient id, or a part of the name'),
  accession: text.optional(),
  station: Token.optional(),
  procedure: Ulid.optional(),
  recipe: Token.optional(),
  kind: z.enum(['clip', 'recording', 'still']).optional(),
  state: oneOrMore(ClipState).describe('one or several, comma-separated'),
  date: day.optional().describe('local day of the site'),
  from: Instant.optional().describe('asked for at or after'),
  to: Instant.optional().describe('asked for before'),
  q: text.optional().describe('every word has to occur in name, id, accession number or description'),
};

const define = <const T extends Record<string, Operation>>(all: T): T => all;

export const operations = define({
  getConfig: { method: 'get', path: '/config', summary: 'What the web app has to know', response: AppConfig },
  listRecipes: { method: 'get', path: '/recipes', summary: 'Kinds of procedures', response: listOf(Recipe) },
  listStations: {
    method: 'get',
    path: '/stations',
    summary: 'The rooms as they are now',
    response: listOf(StationView),
  },
  getStation: {
    method: 'get',
    path: '/stations/:stationId',
    summary: 'One room as it is now',
    params: stationId,
    response: StationView,
  },
  listWorklist: {
    method: 'get',
    path: '/worklist',
    summary: "Scheduled patients; `stale` with the last answer when the RIS is away. Default: today's",
    query: z.object({ station: Token.optional(), date: day.optional(), q: text.optional() }),
    response: WorklistView,
  },
  startProcedure: {
    method: 'post',
    path: '/procedures',
    summary: 'Select a patient: ends what runs at the station and starts this',
    body: StartProcedure,
    status: 201,
    response: ProcedureView,
  },
  getProcedure: {
    method: 'get',
    path: '/procedures/:procedureId',
    summary: 'One procedure',
    params: procedureId,
    response: ProcedureView,
  },
  endProcedure: {
    method: 'post',
    path: '/procedures/:procedureId/end',
    summary: 'End it; ending twice is fine',
    params: procedureId,
    response: ProcedureView,
  },
  correctProcedure: {
    method: 'patch',
    path: '/procedures/:procedureId',
    summary: 'Another worklist item or patient: audited, a new version, objects are made anew',
    params: procedureId,
    body: CorrectProcedure,
    response: ProcedureView,
  },
  createClip: {
    method: 'post',
    path: '/clips',
    summary: 'Save a stretch of the ring; the same clipId again is the same clip',
    body: CreateClip,
    status: 202,
    response: ClipView,
  },
  listClips: {
    method: 'get',
    path: '/clips',
    summary: 'Search clips, recordings and stills',
    query: z.object({ ...clipFilter, sort: z.enum(sorts).default('-requestedAt'), limit, cursor }),
    response: page(ClipView),
  },
  exportClips: {
    method: 'get',
    path: '/clips.csv',
    summary: 'The same list for a spreadsheet; formulas are neutralised',
    query: z.object(clipFilter),
    response: 'text/csv',
  },
  getClip: {
    method: 'get',
    path: '/clips/:clipId',
    summary: 'A clip with its sources, renditions, objects, deliveries and journey',
    params: clipId,
    response: ClipDetail,
  },
  patchClip: {
    method: 'patch',
    path: '/clips/:clipId',
    summary: 'Description, keep',
    params: clipId,
    body: PatchClip,
    response: ClipView,
  },
  undoClip: {
    method: 'delete',
    path: '/clips/:clipId',
    summary: 'Take a save back, within 30 s of it: hidden and audited, nothing is destroyed',
    params: clipId,
    status: 204,
  },
  retryClip: {
    method: 'post',
    path: '/clips/:clipId/retry',
    summary: 'Try again what was given up: the save, or its deliveries',
    params: clipId,
    status: 202,
    response: ClipView,
  },
  startRecording: {
    method: 'post',
    path: '/stations/:stationId/recording',
    summary: 'Record from now on; the same clipId again is the same recording',
    params: stationId,
    body: RecordingRequest,
    status: 202,
    response: ClipView,
  },
  stopRecording: {
    method: 'post',
    path: '/stations/:stationId/recording/stop',
    summary: 'Stop the recording of the station',
    params: stationId,
    status: 202,
    response: ClipView,
  },
  captureStill: {
    method: 'post',
    path: '/stations/:stationId/stills',
    summary: 'Keep a picture',
    params: stationId,
    body: StillRequest,
    status: 202,
    response: ClipView,
  },
  setMarker: {
    method: 'post',
    path: '/stations/:stationId/markers',
    summary: 'Mark a moment',
    params: stationId,
    body: MarkerRequest,
    status: 202,
    response: MarkerView,
  },
  getVideo: {
    method: 'get',
    path: '/clips/:clipId/sources/:sourceId/video',
    summary: "A source's MP4, for playback; Range, If-Range, ETag",
    params: source,
    response: 'video/mp4',
    kind: 'bytes',
  },
  getRendition: {
    method: 'get',
    path: '/clips/:clipId/sources/:sourceId/renditions/:name',
    summary: 'Poster, sprite, still picture or the video prepared for the PACS',
    params: source.extend({ name: Token }),
    response: '*/*',
    kind: 'bytes',
  },
  getInstanceFile: {
    method: 'get',
    path: '/instances/:uid/file',
    summary: 'The DICOM object (Part 10)',
    params: z.object({ uid: Uid }),
    response: 'application/dicom',
    kind: 'bytes',
  },
  createLiveGrant: {
    method: 'post',
    path: '/live-grants',
    summary: 'A short-lived link to one live picture',
    body: LiveGrantRequest,
    status: 201,
    response: LiveGrant,
  },
  listDestinations: {
    method: 'get',
    path: '/destinations',
    summary: 'Archives, whether they are parked, and what waits for them',
    response: DestinationsView,
  },
  echoDestination: {
    method: 'post',
    path: '/destinations/:name/echo',
    summary: 'C-ECHO, now',
    params: z.object({ name: Token }),
    response: EchoResult,
  },
  listDeliveries: {
    method: 'get',
    path: '/deliveries',
    summary: 'What goes to the archives: waiting, deferred and given up, with the reason',
    query: z.object({ destination: Token.optional(), state: oneOrMore(z.enum(deliveryStates)), limit, cursor }),
    response: page(DeliveryQueueItem),
  },
  getFeed: {
    method: 'get',
    path: '/feed',
    summary: 'Server-sent events (FeedMessage), a heartbeat each second; Last-Event-ID resumes',
    response: 'text/event-stream',
    kind: 'events',
  },
});
export type OperationName = keyof typeof operations;

type Part<T, K extends string> =
  T extends Record<K, infer S> ? (S extends z.ZodType ? z.output<S> : undefined) : undefined;
/** What a handler gets: checked and converted. */
export interface InputOf<N extends OperationName> {
  params: Part<(typeof operations)[N], 'params'>;
  query: Part<(typeof operations)[N], 'query'>;
  body: Part<(typeof operations)[N], 'body'>;
}
