import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { access, constants, mkdir, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import type { CopyExport, ExportTarget, TargetView } from '@smartbox/contracts';
import { SmartBoxError, toError } from '@smartbox/kernel';
import type { Targets } from '../application/film-ports.ts';
import { readTargets } from './target-file.ts';

/** Directories and tables of the file system take something, too. */
const SPARE_BYTES = 1024 ** 2;
/** What was written goes to the medium after so many bytes: progress is honest, and the end does not hang for minutes. */
const SYNC_BYTES = 32 * 1024 ** 2;
/** A person looks at the list. */
const LOOK_MS = 3000;
/** Of another copy, and not written to for so long: nobody goes on with it. */
const ABANDONED_MS = 3_600_000;

type CodeOf = 'target-unknown' | 'target-absent' | 'target-read-only' | 'target-full' | 'target-gone' | 'target-corrupt'; // prettier-ignore
type Open = (signal: AbortSignal) => Promise<AsyncIterable<Uint8Array>>;
interface Options {
  readonly signal: AbortSignal;
  readonly onPercent: (percent: number) => void;
}

/** Sticks and shares as folders that are mounted beside us. */
export class TargetFolders implements Targets {
  readonly #configDir: string | undefined;

  constructor(configDir: string | undefined) {
    this.#configDir = configDir;
  }

  async list(): Promise<TargetView[]> {
    return Promise.all((await readTargets(this.#configDir)).map(look));
  }

  async write(copy: CopyExport, source: Open, options: Options): Promise<string> {
    const targets = await readTargets(this.#configDir);
    const target = targets.find(({ name }) => name === copy.target);
    if (!target) {
      const known = targets.map(({ name }) => name).join(', ') || 'none';
      throw failure('target-unknown', `no target is called ${copy.target}: ${known} in export-targets.yaml`);
    }
    const { state, reason = '' } = await look(target);
    if (state !== 'ready') throw failure(`target-${state}`, reason);
    const folder = join(target.path, target.folder ?? '');
    const path = join(folder, copy.fileName);
    const part = join(folder, `.${copy.copyId}.part`);
    try {
      await mkdir(folder, { recursive: true });
      if (existsSync(path) && (await isSame(path, copy.file, options.signal))) return relative(target.path, path);
      await clearAbandoned(folder);
      await checkRoom(target, folder, part, copy.file.bytes);
      await save(part, source, copy.file, options);
      if (!(await isSame(part, copy.file, options.signal))) {
        throw failure('target-corrupt', `${target.title}: what was written does not read back as it was`);
      }
      options.signal.throwIfAborted();
      await rename(part, path);
      await sync(folder);
      return relative(target.path, path);
    } catch (error) {
      await rm(part, { force: true }).catch(() => undefined); // where the medium is gone, so is this
      throw explained(error, target, copy.file.bytes);
    }
  }
}

/** Whether something can be written there now. A share whose server is away does not answer for minutes. */
async function look(target: ExportTarget): Promise<TargetView> {
  const { name, title } = target;
  const silent = { name, title, state: 'absent' as const, reason: `${title} does not answer` };
  return Promise.race([lookAt(target), after(LOOK_MS, silent, { ref: false })]);
}

async function lookAt({ name, title, path, mounted, stations }: ExportTarget): Promise<TargetView> {
  const view = { name, title, ...(stations ? { stations } : {}) };
  try {
    const [own, above] = await Promise.all([stat(path), stat(dirname(path))]);
    if (!own.isDirectory()) return { ...view, state: 'absent', reason: `${title}: ${path} is no folder` };
    if (mounted && own.dev === above.dev)
      return { ...view, state: 'absent', reason: `${title}: nothing is plugged in or mounted at ${path}` };
    const { bavail, bsize } = await statfs(path);
    const freeBytes = bavail * bsize;
    const refused = await access(path, constants.W_OK).catch((error: unknown) => toError(error).message);
    if (refused === undefined) return { ...view, state: 'ready', freeBytes };
    return { ...view, state: 'read-only', reason: `${title} cannot be written to: ${refused}`, freeBytes };
  } catch (error) {
    return { ...view, state: 'absent', reason: `${title} cannot be reached: ${toError(error).message}` };
  }
}

/** What was left on a stick that was pulled out in the middle. */
async function clearAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!/^\.[0-9A-Z]{26}\.part$/.test(name)) continue;
    const path = join(folder, name);
    if (Date.now() - (await stat(path)).mtimeMs > ABANDONED_MS) await rm(path, { force: true });
  }
}

async function checkRoom({ title }: ExportTarget, folder: string, part: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const before = await stat(part).catch(() => undefined); // of a copy that was killed: it is written over
  const free = bavail * bsize + (before?.size ?? 0);
  if (free >= bytes + SPARE_BYTES) return;
  throw failure('target-full', `${title} has ${mebibytes(free)} left, the film takes ${mebibytes(bytes)}`);
}

async function save(path: string, source: Open, { bytes }: CopyExport['file'], { signal, onPercent }: Options) {
  const file = await open(path, 'w', 0o644);
  try {
    let written = 0;
    let synced = 0;
    for await (const chunk of await source(signal)) {
      signal.throwIfAborted();
      await file.writeFile(chunk);
      written += chunk.length;
      if (written - synced >= SYNC_BYTES) {
        await file.datasync();
        synced = written;
      }
      onPercent((100 * written) / bytes);
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

async function isSame(path: string, { bytes, sha256 }: CopyExport['file'], signal: AbortSignal): Promise<boolean> {
  if ((await stat(path)).size !== bytes) return false;
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { signal })) hash.update(chunk as Buffer);
  return hash.digest('hex') === sha256;
}

/** So that the name, too, is on the medium; some file systems cannot. */
async function sync(folder: string): Promise<void> {
  const directory = await open(folder, 'r');
  await directory
    .sync()
    .catch(() => undefined)
    .finally(() => directory.close());
}

/** What a person can do about it. */
function explained(error: unknown, { title }: ExportTarget, bytes: number): Error {
  if (error instanceof SmartBoxError) return error;
  const { message } = toError(error);
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return failure('target-full', `${title} was full before the film of ${mebibytes(bytes)} was on it`, error);
    case 'EFBIG':
      return failure('target-full', `${title} holds no file of ${mebibytes(bytes)} (FAT32 ends at 4 GiB)`, error);
    case 'EROFS':
    case 'EACCES':
    case 'EPERM':
      return failure('target-read-only', `${title} cannot be written to: ${message}`, error);
    case 'ENOENT':
    case 'ENODEV':
    case 'ENXIO':
    case 'EIO':
    case 'ESTALE':
    case 'ENOTCONN':
    case 'EHOSTDOWN':
      return failure('target-gone', `${title} went away while the film was written: ${message}`, error);
    default:
      return toError(error);
  }
}

const failure = (code: CodeOf, message: string, cause?: unknown) =>
  new SmartBoxError({ code, message, fault: 'theirs', retryable: false, ...(cause === undefined ? {} : { cause }) });

const mebibytes = (bytes: number): string => `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
