import { deterministicId, deterministicUid } from '@smartbox/kernel';
import { events, type EventName } from '@smartbox/contracts';

/** An event as it stands in EVENTS, without its envelope. Used by the specs: a whole clip, told by every service. */
export interface Happened {
  name: EventName;
  id: string;
  time: string;
  data: unknown;
}

interface Story {
  clipId: string;
  sources: string[];
  destinations: string[];
  /** Deliveries are deferred, given up and retried on the way. */
  trouble?: boolean;
  procedureId?: string;
  stationId?: string;
  procedureVersion?: number;
  assignment?: number;
  /** When it was asked for; 2026-11-23 unless given. */
  at?: Date;
  /** Told only so far. */
  until?: 'saved' | 'stored';
  /** Sources of these do not go to the PACS. */
  notForPacs?: string[];
}

export const recipe = {
  name: 'endoscopy',
  version: 1,
  title: { de: 'Endoskopie', en: 'Endoscopy' },
  saveSeconds: 120,
  dicom: { videoSopClass: 'video-endoscopic', stillSopClass: 'vl-endoscopic', modality: 'ES' },
  renditions: ['pacs', 'poster', 'sprite'],
  destinations: ['pacs'],
};
const hash = (digit: string) => digit.repeat(64);
const someDay = Date.parse('2026-11-23T10:00:00.000Z');

export const deliveryOf = (event: Happened) => (event.data as { origin: { sourceId: string } }).origin;

/** What the story's objects cost and kept. */
export const compression = {
  ratio: 10.1,
  psnr: 43.2,
  ssim: 0.991,
  comparedFrames: 300,
  identical: false,
  durationMs: 65_400,
};

/** saved, then for all sources: renditions, instances, deliveries, commitments; one second apart, from 2 s on. */
export function eventsOfClip(story: Story): Happened[] {
  const { clipId, sources, destinations, notForPacs = [] } = story;
  const begin = story.at?.getTime() ?? someDay;
  const told: Happened[] = [];
  const tell = (name: EventName, data: object) => {
    const time = new Date(begin + (told.length + 2) * 1000).toISOString();
    told.push({ name, id: `${clipId}/${told.length}`, time, data: events[name].parse(data) });
    return time;
  };
  const where = {
    stationId: story.stationId ?? 'or-1',
    procedureId: story.procedureId ?? '01HZZZZZZZZZZZZZZZZZZZZZP1',
  };
  const startedAt = new Date(begin - 120_000).toISOString();
  tell('buffer.clip.saved', {
    clipId,
    kind: 'clip',
    ...where,
    recipe: { ...recipe, destinations },
    requestedAt: new Date(begin).toISOString(),
    savedAt: new Date(begin + 2000).toISOString(),
    requestedMs: 120_000,
    savedMs: 120_000,
    truncated: false,
    sources: sources.map((sourceId) => ({
      sourceId,
      key: `clips/${clipId}/${sourceId}/source.mp4`,
      manifestKey: `clips/${clipId}/${sourceId}/manifest.json`,
      bytes: 1000,
      sha256: hash('a'),
      frames: 3600,
      durationMs: 120_000,
      startedAt,
      startMonotonicNs: '1',
      endMonotonicNs: '2',
      width: 1280,
      height: 720,
      frameRate: { num: 30, den: 1 },
      codec: 'avc1.64001f',
      encoder: 'libx264',
      gaps: [],
      pacs: !notForPacs.includes(sourceId),
    })),
  });
  if (story.until === 'saved') return told;
  const origin = (sourceId: string) => ({
    kind: 'clip',
    id: clipId,
    sourceId,
    ...where,
    recipe: { ...recipe, destinations },
    capturedAt: startedAt,
    durationMs: 120_000,
  });
  for (const rendition of ['poster', 'sprite', 'pacs']) {
    for (const sourceId of sources) {
      tell('transcoder.rendition.ready', {
        origin: origin(sourceId),
        rendition,
        key: `clips/${clipId}/${sourceId}/renditions/${rendition}`,
        contentType: rendition === 'pacs' ? 'video/mp4' : 'image/jpeg',
        bytes: 500,
        sha256: hash('b'),
        mode: rendition === 'pacs' ? 'passthrough' : 'encoded',
        ...(rendition === 'pacs' ? {} : { picture: { width: 640, height: 360 } }),
      });
    }
  }
  const instanceId = (sourceId: string) => deterministicId('instance', clipId, sourceId);
  const uid = (sourceId: string) => deterministicUid('instance', clipId, sourceId);

  const archived = sources.filter((sourceId) => !notForPacs.includes(sourceId));
  for (const sourceId of archived) {
    tell('dicomizer.instance.created', {
      instanceId: instanceId(sourceId),
      origin: origin(sourceId),
      sopInstanceUid: uid(sourceId),
      sopClassUid: '1.2.840.10008.5.1.4.1.1.77.1.1.1',
      transferSyntaxUid: '1.2.840.10008.1.2.4.102',
      studyInstanceUid: '2.25.1',
      seriesInstanceUid: '2.25.2',
      procedureVersion: story.procedureVersion ?? 1,
      ...(story.assignment === undefined ? {} : { assignment: story.assignment }),
      key: `instances/${uid(sourceId)}.dcm`,
      bytes: 2000,
      sha256: hash('c'),
      payloadSha256: hash('a'),
      payloadBytes: 1000,
      payloadOffset: 900,
      numberOfFrames: 3600,
      compression,
      destinations,
    });
  }
  const pairs = archived.flatMap((sourceId) => destinations.map((destination) => ({ sourceId, destination })));
  const base = ({ sourceId, destination }: { sourceId: string; destination: string }) => ({
    deliveryId: deterministicId(instanceId(sourceId), destination),
    instanceId: instanceId(sourceId),
    sopInstanceUid: uid(sourceId),
    destination,
    origin: { kind: 'clip', id: clipId, sourceId },
  });
  for (const pair of pairs) {
    tell('pacs-gateway.delivery.started', { ...base(pair), attempt: 1 });
    if (!story.trouble) continue;
    const retryAt = new Date(begin + 60_000).toISOString();
    tell('pacs-gateway.delivery.deferred', {
      ...base(pair),
      attempt: 1,
      code: 'away',
      reason: 'refused',
      retryAt,
      parked: true,
    });
    tell('pacs-gateway.delivery.failed', {
      ...base(pair),
      attempt: 8,
      code: 'a900',
      reason: 'does not match SOP class',
    });
    tell('pacs-gateway.delivery.started', { ...base(pair), attempt: 9 });
  }
  for (const pair of pairs) {
    const stored = { attempt: 1, transferSyntaxUid: '1.2.840.10008.1.2.4.102', status: 0, bytes: 2000, durationMs: 10 };
    tell('pacs-gateway.instance.stored', { ...base(pair), ...stored });
  }
  if (story.until === 'stored') return told;
  for (const pair of pairs) tell('pacs-gateway.instance.committed', { ...base(pair), transactionUid: '2.25.9' });
  return told;
}

/** A still of one source was kept, and its picture is ready. */
export function eventsOfStill({ clipId, sources, procedureId, stationId }: Omit<Story, 'destinations'>): Happened[] {
  const time = new Date(someDay).toISOString();
  return sources.map((sourceId) => ({
    name: 'buffer.still.captured',
    id: `${clipId}/${sourceId}`,
    time,
    data: events['buffer.still.captured'].parse({
      ...{ stillId: clipId, sourceId, recipe, at: time, frame: 3, width: 1280, height: 720, bytes: 90_000 },
      stationId: stationId ?? 'or-1',
      procedureId: procedureId ?? '01HZZZZZZZZZZZZZZZZZZZZZP1',
      key: `clips/${clipId}/${sourceId}/gop.mp4`,
      sha256: hash('5'),
    }),
  }));
}
