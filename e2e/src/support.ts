import { createWriteStream, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { ClipDetail, ClipState, Service } from '@smartbox/contracts';
import { extractPayload, fileSource, payloadDigest, readPart10, type Dataset } from '@smartbox/dicom';
import { newId } from '@smartbox/kernel';
import { frameCounters } from '@smartbox/media/native';
import { until } from '@smartbox/testing';
import { CatalogApi, openPacs, startSmartBox, type SmartBox, type SmartBoxOptions } from '@smartbox/tools';

/** Small pictures: what is tested is the line, and 2 cores carry everything at once. */
export const smallStation: NonNullable<SmartBoxOptions['stations']>[number] = {
  id: 'or-1',
  name: 'OP 1',
  aeTitle: 'OR1',
  windowSeconds: 300,
  sources: [
    { id: 'endoscope', name: 'Endoskop', kind: 'synthetic', width: 640, height: 360, bitrate: 1_500_000 },
    { id: 'room', name: 'Raumkamera', kind: 'synthetic', width: 640, height: 360, bitrate: 1_500_000 },
  ],
};

export interface Line {
  box: SmartBox;
  api: CatalogApi;
  stateDir: string;
  stop: () => Promise<void>;
}

/** The whole system on real servers, in a folder of its own. */
export async function startLine(options: SmartBoxOptions = {}): Promise<Line> {
  const stateDir = options.stateDir ?? (await mkdtemp(join(tmpdir(), 'smartbox-e2e-')));
  const box = await startSmartBox({ stations: [smallStation], ...options, stateDir });
  return {
    box,
    api: new CatalogApi(box.url, box.credentials.toolsToken),
    stateDir,
    stop: async () => {
      await box.stop();
      const refused = await refusedByBroker(stateDir);
      if (!options.stateDir) await rm(stateDir, { recursive: true, force: true });
      if (refused.length > 0) throw new Error(`a right is missing in brokerRights: ${refused.join('; ')}`);
    },
  };
}

/** What the broker did not let a service do, in its own words. */
async function refusedByBroker(stateDir: string): Promise<string[]> {
  const log = await readFile(join(stateDir, 'logs', 'nats.log'), 'utf8').catch(() => '');
  return log.split('\n').filter((line) => line.includes('Violation'));
}

/** Starts a procedure from the first free item of the worklist and waits until this much is in the ring. */
export async function startProcedure({ api }: Line, stationId: string, seconds: number): Promise<string> {
  const item = await until(async () => (await api.worklist(stationId)).items[0], { what: 'a worklist item' });
  const { procedureId } = await api.startProcedure({ stationId, worklistItemId: item.itemId });
  await ringHolds({ api }, stationId, seconds);
  return procedureId;
}

/** Waits until every source of the station has this much in the ring. */
export async function ringHolds({ api }: Pick<Line, 'api'>, stationId: string, seconds: number): Promise<void> {
  await until(
    async () => {
      const { window } = await api.station(stationId);
      const available = window?.sources.map((source) => source.availableMs) ?? [];
      return available.length > 0 && available.every((ms) => ms >= seconds * 1000);
    },
    { timeoutMs: 60_000 + seconds * 1000, intervalMs: 200, what: `${seconds} s in the ring of ${stationId}` },
  );
}

/** Presses the button. */
export async function save({ api }: Line, stationId: string, lastSeconds: number): Promise<string> {
  const clipId = newId();
  await api.saveClip({ clipId, stationId, lastSeconds });
  return clipId;
}

/** Waits until the clip has come this far; a failed clip ends the wait with its reason. */
export async function reached(
  { api }: Line,
  clipId: string,
  state: ClipState,
  timeoutMs = 90_000,
): Promise<ClipDetail> {
  const order: ClipState[] = ['requested', 'recording', 'saved', 'prepared', 'sending', 'sent', 'archived'];
  let failure: string | undefined;
  const clip = await until(
    async () => {
      const seen = await api.clip(clipId);
      if (seen.state === 'failed' && state !== 'failed') failure = `${seen.failure?.code}: ${seen.failure?.reason}`;
      const there = state === 'failed' ? seen.state === 'failed' : order.indexOf(seen.state) >= order.indexOf(state);
      return failure !== undefined || there ? seen : undefined;
    },
    { timeoutMs, intervalMs: 100, what: `clip ${clipId} ${state}` },
  );
  if (failure !== undefined) throw new Error(`the clip failed: ${failure}`);
  return clip;
}

export interface FromPacs {
  attributes: Dataset;
  transferSyntaxUid: string;
  sopClassUid: string;
  /** The burnt-in counter of every decoded frame. */
  counters: (number | null)[];
  payloadSha256: string;
}

/** Fetches an object from the PACS, takes the video out and decodes it. */
export async function fetchFromPacs({ box }: Line, sopInstanceUid: string): Promise<FromPacs> {
  const pacs = await openPacs(box.info());
  await until(() => pacs.find(sopInstanceUid), { what: `${sopInstanceUid} in the PACS` });
  const folder = await mkdtemp(join(tmpdir(), 'smartbox-from-pacs-'));
  try {
    const object = join(folder, 'object.dcm');
    await pipeline(await pacs.open(sopInstanceUid), createWriteStream(object));
    await using source = await fileSource(object);
    const parsed = await readPart10(source);
    const video = join(folder, 'video.mp4');
    await pipeline(extractPayload(source, parsed), createWriteStream(video));
    return {
      attributes: parsed.dataset,
      transferSyntaxUid: parsed.transferSyntaxUid,
      sopClassUid: parsed.sopClassUid,
      counters: await frameCounters(video),
      payloadSha256: (await payloadDigest(source, parsed)).sha256,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Each frame once, in order, none missing. */
export function isUnbroken(counters: readonly (number | null)[]): boolean {
  return counters.every((counter, i) => counter !== null && counter === (counters[0] ?? NaN) + i);
}

/** How a spec connects to the system's broker. */
export function natsOf({ box }: Line): { servers: string; user: string; pass: string } {
  const { url, credentials } = box.servers.nats;
  return { servers: url, user: credentials.user, pass: credentials.password };
}

/** The most memory each service ever held, in MB (VmHWM, proc(5)). */
export function peakMemory({ box }: Line, services: readonly Service[]): Record<string, number> {
  const peak = (service: Service) => {
    const status = readFileSync(`/proc/${box.service(service).pid}/status`, 'utf8');
    return Math.round(Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024);
  };
  return Object.fromEntries(services.map((service) => [service, peak(service)]));
}
