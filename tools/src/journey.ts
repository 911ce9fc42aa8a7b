import type { ClipDetail, Gap, ProcedureView, StationView, WorklistItem } from '@smartbox/contracts';
import { inputError, newId } from '@smartbox/kernel';
import { number, type Dataset } from '@smartbox/dicom';
import { until } from '@smartbox/testing';
import type { CatalogApi } from './api.ts';
import { followClip } from './follow-clip.ts';
import type { RunInfo } from './launcher/run-info.ts';
import { openPacs, readBack, type ReadBack } from './read-back.ts';

/** What `npm run demo:clip -- --json` prints. */
export interface Journey {
  clipId: string;
  state: string;
  sources: { sourceId: string; frames: number; durationMs: number; bytes: number; sha256: string; gaps: Gap[] }[];
  instances: {
    sourceId: string;
    sopClassUid: string;
    sopInstanceUid: string;
    transferSyntaxUid: string;
    numberOfFrames: number;
    /** Of the video as the dicomizer put it in, and as it came back from the PACS. */
    payloadSha256: string;
    readBackSha256: string;
  }[];
  /** Milliseconds after the button: `accepted`, `saved`, `prepared`, `dicom`, `sent`, `archived`, `readBack`. */
  timesMs: Record<string, number>;
  traceId: string | undefined;
}

type Say = (message: string) => void;

/** The procedure that runs in the room; else one is started from the first free item of the worklist. */
async function ensureProcedure(api: CatalogApi, stationId: string, say: Say): Promise<ProcedureView> {
  const { procedure } = await api.station(stationId);
  if (procedure) {
    say(`procedure ${procedure.procedureId} already runs in ${stationId}`);
    return procedure;
  }
  const item = await until(async (): Promise<WorklistItem | undefined> => (await api.worklist(stationId)).items[0], {
    timeoutMs: 30_000,
    intervalMs: 500,
    what: `a worklist item for ${stationId}`,
  });
  say(
    `starting "${item.scheduledProcedureStepDescription ?? item.requestedProcedureDescription ?? ''}" from the worklist (accession ${item.accessionNumber ?? '-'})`,
  );
  return api.startProcedure({ stationId, worklistItemId: item.itemId });
}

const available = (station: StationView): number =>
  Math.min(...(station.window?.sources.map(({ availableMs }) => availableMs) ?? [0]));

async function awaitRing(api: CatalogApi, stationId: string, seconds: number, say: Say): Promise<void> {
  let shown = -1;
  await until(
    async () => {
      const station = await api.station(stationId);
      if (!station.online) return false;
      const have = station.window && station.window.sources.length > 0 ? available(station) : 0;
      const percent = Math.min(100, Math.floor(have / seconds / 10));
      if (percent >= shown + 25 || (percent === 100 && shown < 100)) {
        shown = percent;
        say(`${(have / 1000).toFixed(1)} s of ${seconds} s are in the ring`);
      }
      return have >= seconds * 1000;
    },
    { timeoutMs: seconds * 1000 + 60_000, intervalMs: 250, what: `${seconds} s of video in the ring of ${stationId}` },
  );
}

/**
 * What a person does at the console, without the console: patient, wait, button, and then looks into the PACS.
 * @throws SmartBoxError when any step fails.
 */
export async function saveAndFollow(
  api: CatalogApi,
  info: RunInfo,
  options: { stationId?: string; seconds: number; say: Say; onReadBack?: (object: ReadBack) => void },
): Promise<Journey> {
  const { seconds, say } = options;
  const stationId = options.stationId ?? info.stations[0];
  if (stationId === undefined) throw inputError('no-station', 'the running system has no station');
  await ensureProcedure(api, stationId, say);
  await awaitRing(api, stationId, seconds, say);

  const clipId = newId();
  const since = performance.now();
  await api.saveClip({ clipId, stationId, lastSeconds: seconds });
  const timesMs: Record<string, number> = { accepted: performance.now() - since };
  say(`button pressed: clip ${clipId}, the last ${seconds} s`);
  await followClip(api, clipId, {
    since,
    timeoutMs: 120_000 + seconds * 2000,
    onState: (state, atMs) => say(`${(atMs / 1000).toFixed(2).padStart(8)} s  ${state}`),
  });

  const clip = await api.clip(clipId);
  Object.assign(timesMs, stageTimes(clip));
  const pacs = await openPacs(info);
  const objects: ReadBack[] = [];
  for (const { sopInstanceUid } of clip.instances) {
    const object = await readBack(pacs, sopInstanceUid);
    objects.push(object);
    options.onReadBack?.(object);
  }
  timesMs['readBack'] = performance.now() - since;
  say(
    `${(timesMs['readBack'] / 1000).toFixed(2).padStart(8)} s  read back from the PACS (${info.servers.pacs.version})`,
  );
  return describe(clip, objects, timesMs);
}

const stageNames: Readonly<Record<string, string>> = {
  save: 'saved',
  prepare: 'prepared',
  dicom: 'dicom',
  send: 'sent',
  archive: 'archived',
};

/** When each stage of the clip's journey was over, for every source, by the times of the events. */
function stageTimes(clip: ClipDetail): Record<string, number> {
  const times: Record<string, number> = {};
  for (const { stage, endedAt } of clip.journey) {
    const name = stageNames[stage];
    if (name === undefined || endedAt === undefined) continue;
    times[name] = Math.max(times[name] ?? 0, Date.parse(endedAt) - Date.parse(clip.requestedAt));
  }
  return times;
}

function describe(clip: ClipDetail, objects: readonly ReadBack[], timesMs: Record<string, number>): Journey {
  const frames = (attributes: Dataset): number => number(attributes, 'NumberOfFrames') ?? 1;
  return {
    clipId: clip.clipId,
    state: clip.state,
    sources: clip.sources.map(({ sourceId, frames: count, durationMs, bytes, sha256, gaps }) => ({
      ...{ sourceId, frames: count, durationMs, bytes, sha256, gaps },
    })),
    instances: clip.instances.map((instance, index) => {
      const object = objects[index];
      return {
        sourceId: instance.sourceId,
        sopClassUid: object?.sopClassUid ?? '',
        sopInstanceUid: object?.sopInstanceUid ?? '',
        transferSyntaxUid: object?.transferSyntaxUid ?? '',
        numberOfFrames: object ? frames(object.attributes) : 0,
        payloadSha256: instance.payloadSha256,
        readBackSha256: object?.payloadSha256 ?? '',
      };
    }),
    timesMs: Object.fromEntries(Object.entries(timesMs).map(([stage, ms]) => [stage, Math.round(ms)])),
    traceId: clip.traceId,
  };
}
