import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { ImportView } from '@smartbox/contracts';
import { inputError, SmartBoxError, toError } from '@smartbox/kernel';
import type { RawVideo } from '@smartbox/media/native';
import { CatalogApi } from '../api.ts';
import type { Answer, Work } from '../file-verb.ts';
import { readManifest, type Listed, type Unusable } from './import-manifest.ts';
import { sendRecord } from './send-record.ts';
import { unwrap } from './unwrap.ts';

export interface Into {
  readonly url: string;
  readonly token: string | undefined;
  readonly manifest: string;
  /** Where the manifest names none. */
  readonly stationId: string | undefined;
  readonly report: string;
  readonly raw: RawVideo | undefined;
}

/** What became of one record. Every record of the manifest is in the report, once. */
interface Outcome {
  readonly source: string;
  readonly state: 'imported' | 'already there' | 'refused' | 'waiting';
  /** Of the file as it was found. */
  readonly bytes?: number;
  readonly sha256?: string;
  /** Of the video in it, where that is not the file itself: what the system knows it by. */
  readonly videoSha256?: string;
  readonly clipId?: string;
  readonly frames?: number;
  readonly durationMs?: number;
  readonly copiedFrames?: number;
  readonly reencodedFrames?: number;
  /** Of the re-encoded frames: dB and SSIM. */
  readonly psnr?: number;
  readonly ssim?: number;
  readonly error?: { readonly code: string; readonly message: string };
}

const POLL_MS = 500;

/**
 * Brings old records into a running system: each is streamed, known by the SHA-256 of its video, and becomes one clip
 * however often it is brought. The old store is only read. Killed anywhere, the same command goes on. What cannot be
 * used is refused with its reason, and the others go on; a system that does not answer ends the run.
 */
export async function importInto(into: Into, work: Work): Promise<Answer> {
  const lines = await readManifest(into.manifest);
  if (lines.length === 0) throw inputError('bad-manifest', `${into.manifest} names no record`);
  const api = new CatalogApi(into.url.replace(/\/$/, ''), into.token);
  const outcomes: Outcome[] = lines.map(({ source }) => ({ source, state: 'waiting' }));
  const scratch = await mkdtemp(join(tmpdir(), 'smartbox-import-'));
  const settle = async (at: number, outcome: Outcome): Promise<void> => {
    outcomes[at] = outcome;
    await writeReport(into, outcomes);
  };
  try {
    for (const [at, line] of lines.entries()) {
      work.progress(`${at + 1} of ${lines.length}: ${line.source}`);
      stopIfAsked(work);
      await settle(at, await bring(api, line, into, join(scratch, String(at)), work));
    }
    for (const [at, outcome] of outcomes.entries()) {
      if (outcome.state === 'refused') continue;
      work.progress(`waiting for ${at + 1} of ${lines.length}: ${outcome.source}`);
      await settle(at, await arrival(api, outcome, work));
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  const totals = totalsOf(outcomes);
  return {
    json: { into: into.url, totals, records: outcomes },
    lines: [...outcomes.map(lineOf), `${totals.imported} imported, ${totals.alreadyThere} already there, ${totals.refused} refused of ${totals.records}`], // prettier-ignore
    failed: totals.refused > 0,
  };
}

/** Its bytes and whose it is. `already there`: a run before had said so. */
async function bring(
  api: CatalogApi,
  line: Listed | Unusable,
  into: Into,
  scratch: string,
  work: Work,
): Promise<Outcome> {
  const { signal } = work;
  const { source } = line;
  if ('reason' in line) return refused({ source }, inputError('invalid-record', line.reason));
  const stationId = line.about.stationId ?? into.stationId;
  if (stationId === undefined)
    return refused(
      { source },
      inputError('no-station', 'no room: name it in the manifest (stationId) or by --station'),
    );
  let found: Omit<Outcome, 'state'> = { source };
  try {
    const sha256 = await digest(line.path);
    found = { source, bytes: (await stat(line.path)).size, sha256 };
    const video = await unwrap(line.path, scratch, into.raw, signal);
    const own = video === line.path ? sha256 : await digest(video);
    if (own !== sha256) found = { ...found, videoSha256: own };
    const before = await api.findImport(own);
    if (!before.uploaded) await sendRecord(api, own, video, { signal, progress: (sent, of) => work.progress(`${source}: ${gigabytes(sent)} of ${gigabytes(of)} GB sent`) }); // prettier-ignore
    const { clipId } = await api.createImport({ ...line.about, stationId, sha256: own });
    return { ...found, clipId, state: before.state === undefined ? 'waiting' : 'already there' };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof SmartBoxError && (error.retryable || /^permission|^sign-in/.test(error.code))) throw error;
    return refused(found, error);
  } finally {
    await rm(scratch, { force: true });
  }
}

const refused = (found: Omit<Outcome, 'state'>, error: unknown): Outcome => {
  const code = error instanceof SmartBoxError ? error.code : ((error as NodeJS.ErrnoException).code ?? 'unexpected');
  return { ...found, state: 'refused', error: { code, message: toError(error).message } };
};

/** When it is a clip, or is refused. */
async function arrival(api: CatalogApi, outcome: Outcome, work: Work): Promise<Outcome> {
  for (;;) {
    const view = await api.findImport(outcome.videoSha256 ?? outcome.sha256 ?? '');
    const settled = settledBy(view, outcome);
    if (settled) return settled;
    stopIfAsked(work);
    await setTimeout(POLL_MS, undefined, { signal: work.signal }).catch(() => undefined);
  }
}

function settledBy(
  { state, failure, frames, durationMs, imported }: ImportView,
  outcome: Outcome,
): Outcome | undefined {
  if (imported && frames !== undefined && durationMs !== undefined) {
    const { copiedFrames, reencodedFrames, psnr, ssim } = imported;
    const near = { ...(psnr === undefined ? {} : { psnr }), ...(ssim === undefined ? {} : { ssim }) };
    const state = outcome.state === 'already there' ? outcome.state : 'imported';
    return { ...outcome, state, frames, durationMs, copiedFrames, reencodedFrames, ...near };
  }
  if (state !== 'failed') return undefined;
  return { ...outcome, state: 'refused', error: { code: failure?.code ?? 'failed', message: failure?.reason ?? '' } };
}

function totalsOf(outcomes: readonly Outcome[]) {
  const count = (state: Outcome['state']) => outcomes.filter((one) => one.state === state).length;
  const sum = (field: 'bytes' | 'frames' | 'durationMs') => outcomes.reduce((all, one) => all + (one[field] ?? 0), 0);
  return {
    records: outcomes.length,
    ...{ imported: count('imported'), alreadyThere: count('already there'), refused: count('refused') },
    waiting: count('waiting'),
    ...{ bytes: sum('bytes'), frames: sum('frames'), durationMs: sum('durationMs') },
  };
}

function lineOf({ source, state, error, clipId, frames, copiedFrames, reencodedFrames }: Outcome): string {
  if (error) return `${source}: REFUSED: ${error.message}`;
  return `${source}: ${state}, ${frames} frames (${copiedFrames} copied, ${reencodedFrames} re-encoded), clip ${clipId}`;
}

const gigabytes = (bytes: number): string => (bytes / 1e9).toFixed(1);

function stopIfAsked({ signal }: Work): void {
  if (signal.aborted) throw new SmartBoxError({ code: 'cancelled', message: 'the import was stopped; the same command goes on', fault: 'input' }); // prettier-ignore
}

async function digest(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const part of createReadStream(path)) hash.update(part as Buffer);
  return hash.digest('hex');
}

async function writeReport({ report, url }: Into, records: readonly Outcome[]): Promise<void> {
  await writeFile(`${report}.new`, `${JSON.stringify({ into: url, totals: totalsOf(records), records }, null, 1)}\n`);
  await rename(`${report}.new`, report);
}
