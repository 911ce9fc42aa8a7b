import type {
  ConfigFileView,
  DeadLetterView,
  HoldView,
  PlannedDay,
  RemovalView,
  RetentionItem,
  RetentionView,
  StationSettings,
  WebhookDeliveryView,
  WebhookView,
} from '@smartbox/contracts';
import type { z } from 'zod';
import { devices } from './fixture-devices.ts';
import { ago, clips, procedure, recipe, ulidOf } from './fixture-data.ts';

const GB = 1_000_000_000;
const dayAfter = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
const { patient } = procedure;

export const appConfig = {
  version: '0.1.0',
  liveUrl: 'http://127.0.0.1:8084',
  locale: 'de',
  timeZone: 'Europe/Berlin',
  recipes: [recipe, { ...recipe, name: 'surgery', title: { de: 'Operation', en: 'Surgery' } }],
};

export const configFiles: ConfigFileView[] = [
  { path: 'destinations.yaml', area: 'destinations', state: 'in-use', modifiedAt: ago(90_000_000) },
  { path: 'retention.yaml', area: 'retention', state: 'in-use', modifiedAt: ago(90_000_000) },
  { path: 'stations/endo-1.yaml', area: 'stations', state: 'changed', modifiedAt: ago(600_000) },
  { path: 'stations/or-1.yaml', area: 'stations', state: 'in-use', modifiedAt: ago(90_000_000) },
  {
    path: 'stations/or-2.yaml',
    area: 'stations',
    state: 'invalid',
    problem: 'stations/or-2.yaml: sources.0.kind is "vhs": Invalid option: expected one of "synthetic"|"v4l2"|"rtsp"',
    modifiedAt: ago(60_000),
  },
  { path: 'webhooks.yaml', area: 'webhooks', state: 'in-use', modifiedAt: ago(90_000_000) },
];

const set = { mode: 'pull', frameRate: 30, bitrate: 8_000_000, encode: 'auto', pacs: true } as const;
export const stationSettings: StationSettings[] = [
  {
    stationId: 'or-1',
    name: 'OP 1',
    aeTitle: 'OR1',
    windowSeconds: 900,
    maxBytes: 4 * GB,
    sources: [
      { ...set, sourceId: 'endoscope', name: 'Endoskop', kind: 'v4l2', address: '/dev/v4l/by-id/usb-Grabber-index0' },
      { ...set, sourceId: 'room', name: 'Raumkamera', kind: 'rtsp', address: 'rtsp://***@10.20.0.7/live', pacs: false },
    ],
  },
  {
    stationId: 'or-2',
    name: 'OP 2',
    aeTitle: 'OR2',
    windowSeconds: 900,
    maxBytes: 4 * GB,
    sources: [
      { ...set, sourceId: 'endoscope', name: 'Endoskop', kind: 'v4l2', address: '/dev/video0' },
      { ...set, sourceId: 'micro', name: 'Mikroskop', kind: 'srt', mode: 'listen', address: 'srt://0.0.0.0:9000' },
    ],
  },
];

export const webhooks: z.infer<typeof WebhookView>[] = [
  {
    name: 'ris',
    origin: 'https://ris.klinikum.example',
    types: ['clip.saved', 'instance.committed', 'delivery.failed'],
    reach: 'site',
    waiting: 0,
    failed: 0,
    lastDeliveredAt: ago(120_000),
  },
  {
    name: 'teaching-portal',
    origin: 'https://lehre.example.org',
    types: ['clip.saved'],
    reach: 'public',
    waiting: 3,
    failed: 1,
  },
];

export const webhookLog: WebhookDeliveryView[] = [
  {
    messageId: ulidOf(9001),
    type: 'clip.saved',
    state: 'waiting',
    attempts: 3,
    status: 503,
    reason: 'HTTP 503',
    firstAt: ago(900_000),
    lastAt: ago(300_000),
    nextAt: new Date(Date.now() + 1_500_000).toISOString(),
    body: JSON.stringify({
      type: 'clip.saved',
      timestamp: ago(900_000),
      data: { clipId: ulidOf(1001), stationId: 'or-1' },
    }),
  },
  {
    messageId: ulidOf(9002),
    type: 'clip.saved',
    state: 'failed',
    attempts: 1,
    status: 410,
    reason: 'HTTP 410: the receiver is gone',
    firstAt: ago(2_000_000),
    lastAt: ago(2_000_000),
    body: JSON.stringify({ type: 'clip.saved', timestamp: ago(2_000_000), data: { clipId: ulidOf(1002) } }),
  },
  {
    messageId: ulidOf(9003),
    type: 'clip.saved',
    state: 'delivered',
    attempts: 1,
    status: 200,
    firstAt: ago(4_000_000),
    lastAt: ago(4_000_000),
  },
];

export const retention: RetentionView = {
  mode: 'dry-run',
  rules: [
    {
      name: 'withdrawn',
      title: { de: 'Einwilligung widerrufen', en: 'Consent withdrawn' },
      consent: ['withdrawn'],
      takenBack: false,
      needs: 'saved',
      days: 1,
      matched: { items: 2, bytes: 3 * GB },
    },
    {
      name: 'room-camera',
      title: { de: 'Raumkamera', en: 'Room camera' },
      sources: ['room'],
      pacs: false,
      takenBack: false,
      needs: 'archived',
      days: 14,
      matched: { items: 812, bytes: 96 * GB },
      never: 'not-archived-by-design',
    },
    {
      name: 'long-recordings',
      title: { de: 'Lange Aufnahmen', en: 'Long recordings' },
      kinds: ['recording'],
      longerThanSeconds: 900,
      takenBack: false,
      needs: 'archived',
      days: 90,
      matched: { items: 1204, bytes: 2_310 * GB },
    },
    {
      name: 'research',
      recipes: ['surgery'],
      takenBack: false,
      needs: 'archived',
      days: 'never',
      matched: { items: 40, bytes: 12 * GB },
    },
  ],
  unmatched: { items: 9_310, bytes: 904 * GB },
  perHour: 600,
  due: { items: 31, bytes: 58 * GB },
  blocked: [
    { by: 'keep', items: 4, bytes: 9 * GB },
    { by: 'hold', items: 2, bytes: 6 * GB },
    { by: 'not-yet', items: 12, bytes: 20 * GB },
  ],
  removed: { items: 0, bytes: 0 },
  store: {
    used: { items: 11_368, bytes: 3_325 * GB },
    capacityBytes: 4_000 * GB,
    addedPerDayBytes: 11 * GB,
    days: Array.from({ length: 90 }, (_, i) => ({
      date: dayAfter(i),
      withRules: (3_325 + i * 11 - Math.min(i, 60) * 12) * GB,
      withoutRules: (3_325 + i * 11) * GB,
    })),
    fullOn: dayAfter(61),
    warnDays: 30,
  },
  asOf: ago(4_000),
};

export const plan: PlannedDay[] = [
  { date: dayAfter(0), rule: 'long-recordings', items: 43, bytes: 78 * GB, notYet: { items: 12, bytes: 20 * GB } },
  { date: dayAfter(1), rule: 'withdrawn', items: 2, bytes: 3 * GB, notYet: { items: 0, bytes: 0 } },
  { date: dayAfter(3), rule: 'long-recordings', items: 6, bytes: 11 * GB, notYet: { items: 0, bytes: 0 } },
  { date: dayAfter(12), rule: 'long-recordings', items: 15, bytes: 31 * GB, notYet: { items: 3, bytes: 5 * GB } },
];

export const retentionItems: RetentionItem[] = clips.slice(0, 3).map((clip, n) => ({
  clipId: clip.clipId,
  sourceId: 'endoscope',
  kind: 'recording',
  stationId: 'or-1',
  patient,
  since: ago(90 * 86_400_000),
  dueAt: ago(3_600_000),
  bytes: (n + 1) * GB,
  rule: 'long-recordings',
  needs: 'archived',
  blocked: n === 2 ? ['not-yet'] : [],
}));

export const removals: RemovalView[] = [
  {
    removalId: ulidOf(9101),
    clipId: clips[2]!.clipId,
    sourceId: 'endoscope',
    kind: 'recording',
    stationId: 'or-1',
    patient,
    rule: 'long-recordings',
    at: ago(3_600_000),
    removedAt: ago(3_599_000),
    objects: 6,
    bytes: 2 * GB,
  },
];

export const holds: HoldView[] = [
  {
    holdId: ulidOf(9201),
    procedureId: procedure.procedureId,
    stationId: 'or-1',
    patient,
    reason: 'Gutachten der Schlichtungsstelle, Az. 12/26',
    by: 'local',
    at: ago(86_400_000),
  },
  {
    holdId: ulidOf(9202),
    clipId: clips[0]!.clipId,
    procedureId: procedure.procedureId,
    stationId: 'or-1',
    patient,
    reason: 'Rückfrage der Kasse',
    by: 'local',
    at: ago(30 * 86_400_000),
    released: { at: ago(86_400_000), by: 'local', reason: 'beantwortet' },
  },
];

export const deadLetters: DeadLetterView[] = [
  {
    sequence: 12,
    at: ago(3_600_000),
    service: 'dicomizer',
    consumer: 'dicomizer-renditions',
    subject: 'evt.transcoder.rendition.ready',
    stream: 'EVENTS',
    streamSequence: 48_211,
    deliveries: 5,
    code: 'object-not-found',
    reason: 'clips/01KAQ0000000000000000000A1/endoscope/pacs.mp4 is not in the object store',
    traceId: 'b7fdecdfd26b06ea4490fe42ee2c9af1',
  },
  {
    sequence: 11,
    at: ago(90_000_000),
    service: 'transcoder',
    consumer: 'transcoder-commands',
    subject: 'cmd.transcoder.make-rendition',
    stream: 'COMMANDS',
    streamSequence: 377,
    deliveries: 1,
    code: 'invalid-message',
    reason: 'data.recipe.name: expected a string, received 7',
  },
  {
    sequence: 10,
    at: ago(93_000_000),
    service: 'dicomizer',
    consumer: 'dicomizer-renditions',
    subject: 'evt.transcoder.rendition.ready',
    stream: 'EVENTS',
    streamSequence: 48_102,
    deliveries: 8,
    code: 'max-deliveries',
    reason: '8 deliveries; the last: no-responders: nobody answers rpc.catalog.get-procedure at the moment',
  },
];

/** What the administration's part of the catalog answers; undefined: not its business. */
export function adminAnswer(method: string, path: string): { status: number; body?: unknown } | undefined {
  const items = (list: readonly unknown[]) => ({ status: 200, body: { items: list } });
  switch (`${method} ${path}`) {
    case 'GET /config':
      return { status: 200, body: appConfig };
    case 'GET /config-files':
      return items(configFiles);
    case 'GET /station-settings':
      return items(stationSettings);
    case 'GET /dead-letters':
      return items(deadLetters);
    case 'POST /dead-letters/deliver':
      return { status: 202, body: { letters: 2 } };
    case 'GET /webhooks':
      return items(webhooks);
    case 'GET /retention':
      return { status: 200, body: retention };
    case 'GET /retention/plan':
      return items(plan);
    case 'GET /retention/items':
      return items(retentionItems);
    case 'GET /retention/removals':
      return items(removals);
    case 'GET /holds':
      return items(holds);
  }
  if (/^\/webhooks\/[^/]+\/deliveries$/.test(path)) return items(webhookLog);
  if (/^\/stations\/[^/]+\/devices$/.test(path)) return { status: 200, body: devices };
  if (/^POST \/dead-letters\/\d+\/(deliver|discard)$/.test(`${method} ${path}`)) return { status: 204 };
  if (path.endsWith('/resend')) return { status: 204 };
  if (/^\/webhooks\/[^/]+\/test$/.test(path)) return { status: 200, body: { ok: true, status: 204, durationMs: 38 } };
  if (/^\/stations\/[^/]+\/sources\/[^/]+\/test$/.test(path)) {
    return { status: 200, body: { ok: true, answerMs: 4.2, state: 'live', pictureMs: 420 } };
  }
  return undefined;
}
