import type { ClipDetail, ClipView, ProcedureView, StationView } from '@smartbox/contracts';
import type { WorklistItem } from '../src/api/schemas.ts';

/** Data for browser specs. Nothing of this is shipped: `vite build` starts at index.html. */
export const ulidOf = (n: number): string => `01JD${String(n).padStart(22, '0')}`;
const hex = (seed: number): string =>
  Array.from({ length: 64 }, (_, i) => ((seed * 31 + i * 7) % 16).toString(16)).join('');
export const ago = (ms: number): string => new Date(Date.now() - ms).toISOString();

export const recipe = {
  name: 'endoscopy',
  version: 1,
  title: { de: 'Endoskopie', en: 'Endoscopy' },
  saveSeconds: 120,
  dicom: { videoSopClass: 'video-endoscopic', stillSopClass: 'vl-endoscopic', modality: 'ES' },
  renditions: ['pacs', 'poster', 'sprite'],
  destinations: ['archive'],
} satisfies ProcedureView['recipe'];

export const procedure: ProcedureView = {
  procedureId: ulidOf(1),
  stationId: 'or-1',
  stationName: 'OP 1',
  patient: { name: 'Müller-Lüdenscheidt^Anna Katharina^^Dr.', id: 'P-4711-0815', birthDate: '19610214', sex: 'F' },
  emergency: false,
  accessionNumber: 'A2026-118342',
  description: 'Laparoskopische Cholezystektomie',
  recipe,
  version: 1,
  startedAt: ago(42 * 60_000),
  clipCount: 4,
  consent: { state: 'unknown' },
};

const source = (sourceId: string, name: string, state: StationView['sources'][number]['state']) => ({
  sourceId,
  name,
  kind: 'v4l2',
  state,
  since: ago(3_600_000),
  codec: 'h264',
  width: 1280,
  height: 720,
  frameRate: '30/1',
  droppedFrames: 0,
});

export function station(change: Partial<StationView> = {}): StationView {
  return {
    stationId: 'or-1',
    name: 'OP 1',
    at: new Date().toISOString(),
    software: '0.1.0',
    windowMs: 900_000,
    procedureId: procedure.procedureId,
    brokerOk: true,
    spooledFragments: 0,
    spool: { bytes: 0, maxBytes: 4_000_000_000 },
    host: 'edge-op1.klinikum.example',
    addresses: ['10.20.0.11'],
    clockOffsetMs: -3,
    diskFreeBytes: 210_000_000_000,
    sources: [source('endoscope', 'Endoskop', 'live'), source('room', 'Raumkamera', 'live')],
    online: true,
    procedure,
    window: {
      stationId: 'or-1',
      windowMs: 900_000,
      sources: [
        { sourceId: 'endoscope', availableMs: 400_000, fragments: 400, bytes: 400_000_000 },
        { sourceId: 'room', availableMs: 401_000, fragments: 401, bytes: 400_000_000 },
      ],
    },
    ...change,
  };
}

export function freeStation(change: Partial<StationView> = {}): StationView {
  const { procedure: _procedure, ...rest } = station(change);
  return { ...rest, procedureId: null };
}

export const moreStations: StationView[] = [
  {
    ...freeStation({ stationId: 'or-2', name: 'OP 2' }),
    sources: [source('endoscope', 'Endoskop', 'no-signal'), source('room', 'Raumkamera', 'live')],
  },
  {
    ...freeStation({ stationId: 'endo-1', name: 'Endoskopie 1', online: false, at: ago(7_200_000) }),
    sources: [source('endoscope', 'Endoskop', 'offline')],
  },
];

export function clip(n: number, change: Partial<ClipView> = {}): ClipView {
  return {
    clipId: ulidOf(1000 + n),
    kind: 'clip',
    state: 'archived',
    stationId: 'or-1',
    procedureId: procedure.procedureId,
    patient: { name: procedure.patient.name, id: procedure.patient.id },
    requestedAt: ago(n * 240_000),
    savedAt: ago(n * 240_000 - 900),
    requestedMs: 120_000,
    savedMs: 120_000,
    truncated: false,
    bytes: 242_000_000,
    gaps: 0,
    posterUrl: `/poster/${n}.svg`,
    keep: false,
    held: false,
    consent: 'unknown',
    accessionNumber: 'A2026-118342',
    recipe: 'endoscopy',
    ...change,
  };
}

const unsaved = ({ savedAt: _savedAt, savedMs: _savedMs, posterUrl: _posterUrl, ...rest }: ClipView): ClipView => rest;

export const clips: ClipView[] = [
  clip(1, { state: 'sending', savedMs: 72_000, truncated: true }),
  clip(2, { kind: 'still', state: 'sent', bytes: 812_000 }),
  clip(3, { state: 'archived', kind: 'recording', savedMs: 734_000, bytes: 1_480_000_000, gaps: 1 }),
  unsaved(
    clip(4, {
      state: 'failed',
      bytes: 0,
      failure: { code: 'storage-unavailable', reason: 'the object store at 127.0.0.1:9000 does not answer' },
    }),
  ),
  clip(5, { state: 'prepared', savedMs: 300_000, requestedMs: 300_000 }),
];

const names = [
  'Yılmaz^Mehmet',
  'Großkopf^Jürgen^^Prof. Dr.',
  'Nowak^Zofia',
  "O'Connor^Siobhán",
  'Schmidt^Lina',
  'Ağaoğlu^Elif',
];
export const worklistItems: WorklistItem[] = names.map((name, n) => ({
  itemId: ulidOf(50 + n),
  patient: {
    name,
    id: `P-20${n}4-${3300 + n}`,
    birthDate: ['19540930', '19481111', '19870521', '19990102', '20250314', '19720707'][n],
    sex: (['M', 'M', 'F', 'F', 'F', 'F'] as const)[n],
  },
  accessionNumber: `A2026-1183${n}0`,
  scheduledProcedureStepDescription: [
    'Laparoskopische Cholezystektomie',
    'Koloskopie mit Polypektomie',
    'Arthroskopie Knie rechts',
    'Hysteroskopie',
    'Bronchoskopie, Fremdkörper',
    'Laparoskopische Appendektomie',
  ][n],
  scheduledAt: `2026-11-23T${String(8 + n).padStart(2, '0')}:${n % 2 ? '30' : '00'}:00`,
}));

export function clipDetail(view: ClipView): ClipDetail {
  const start = Date.parse(view.requestedAt);
  const at = (ms: number) => new Date(start + ms).toISOString();
  const sources = ['endoscope', 'room'].map((sourceId, n) => ({
    sourceId,
    bytes: 121_000_000,
    sha256: hex(n + 3),
    frames: 3600,
    durationMs: 120_000,
    startedAt: at(-120_000),
    width: 1280,
    height: 720,
    codec: 'h264',
    encoder: 'libx264 superfast',
    frameRate: { num: 30, den: 1 },
    gaps: n === 0 ? [{ atMs: 43_000, durationMs: 2_400, reason: 'source-restarted' as const }] : [],
    videoUrl: `/video/${sourceId}.mp4`,
  }));
  return {
    ...view,
    holds: [],
    gaps: 1,
    description: view.description ?? 'Ductus cysticus vor dem Clip',
    traceId: hex(9).slice(0, 32),
    sources,
    renditions: [
      {
        sourceId: 'endoscope',
        rendition: 'sprite',
        contentType: 'image/jpeg',
        mode: 'encoded',
        bytes: 90_000,
        sha256: hex(4),
        url: '/poster/sprite.svg',
        sprite: { columns: 10, rows: 6, tileWidth: 160, tileHeight: 90, count: 60, intervalMs: 2000 },
      },
    ],
    instances: sources.map((s, n) => ({
      instanceId: ulidOf(300 + n),
      sourceId: s.sourceId,
      sopInstanceUid: `2.25.30217389021873098217309821730982173${n}`,
      sopClassUid: '1.2.840.10008.5.1.4.1.1.77.1.1.1',
      transferSyntaxUid: n === 0 ? '1.2.840.10008.1.2.4.102' : '1.2.840.10008.1.2.4.203',
      transferSyntax: n === 0 ? 'MPEG-4 AVC/H.264 High Profile / Level 4.1' : 'High-Throughput JPEG 2000',
      ...(n === 0
        ? {}
        : {
            compression: {
              ratio: 10.09,
              psnr: 43.287,
              ssim: 0.99127,
              comparedFrames: 300,
              identical: false,
              durationMs: 65_400,
            },
          }),
      seriesInstanceUid: '2.25.11',
      studyInstanceUid: '2.25.12',
      bytes: 121_004_000,
      sha256: hex(7),
      payloadSha256: hex(n + 3),
      numberOfFrames: 3600,
      createdAt: at(2_900),
      deliveries: [
        n === 0
          ? { state: 'committed' as const, attempt: 1 }
          : {
              state: 'deferred' as const,
              attempt: 3,
              code: 'peer-unreachable',
              reason: '127.0.0.1:11112 refused the connection',
              retryAt: at(600_000),
            },
      ].map((d) => ({
        deliveryId: ulidOf(400 + n),
        instanceId: ulidOf(300 + n),
        destination: 'archive',
        updatedAt: at(4_800),
        ...d,
      })),
    })),
    assignment: 0,
    journey: [
      { stage: 'save', startedAt: at(0), endedAt: at(910), failed: false },
      {
        stage: 'prepare',
        sourceId: 'endoscope',
        startedAt: at(910),
        endedAt: at(1_400),
        detail: 'poster',
        failed: false,
      },
      {
        stage: 'prepare',
        sourceId: 'endoscope',
        startedAt: at(910),
        endedAt: at(1_150),
        detail: 'pacs (passthrough)',
        failed: false,
      },
      {
        stage: 'prepare',
        sourceId: 'room',
        startedAt: at(920),
        endedAt: at(1_300),
        detail: 'pacs (passthrough)',
        failed: false,
      },
      {
        stage: 'dicom',
        sourceId: 'endoscope',
        startedAt: at(1_150),
        endedAt: at(2_300),
        detail: '2.25.302173890218',
        failed: false,
      },
      {
        stage: 'dicom',
        sourceId: 'room',
        startedAt: at(1_300),
        endedAt: at(2_900),
        detail: '2.25.302173890219',
        failed: false,
      },
      {
        stage: 'send',
        sourceId: 'endoscope',
        startedAt: at(2_300),
        endedAt: at(4_100),
        detail: 'archive',
        failed: false,
      },
      {
        stage: 'send',
        sourceId: 'room',
        startedAt: at(2_900),
        endedAt: at(4_800),
        detail: 'archive: refused the connection',
        failed: true,
      },
      {
        stage: 'archive',
        sourceId: 'endoscope',
        startedAt: at(4_100),
        endedAt: at(4_350),
        detail: 'archive',
        failed: false,
      },
    ],
  };
}
