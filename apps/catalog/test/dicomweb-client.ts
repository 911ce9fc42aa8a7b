import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheDir, withFileLock } from '@smartbox/testing';

const run = promisify(execFile);
const PACKAGE = 'dicomweb-client==0.61.2';

/** pydicom's client and what it needs, from Python's package index, once per machine. */
async function packages(): Promise<string> {
  const target = join(cacheDir(), `python-${PACKAGE.replaceAll('=', '-')}`);
  await withFileLock(`${target}.lock`, async () => {
    if (existsSync(target)) return;
    const making = `${target}.${process.pid}`;
    const pip = ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', '--only-binary=:all:'];
    await run('python3', [...pip, '--target', making, PACKAGE], { timeout: 300_000 });
    await rename(making, target).finally(() => rm(making, { recursive: true, force: true }));
  });
  return target;
}

export interface Read {
  patient: string;
  frames: number;
  syntax: string;
  metadata: string;
  /** SHA-256 of the first frame, the rendering, the pixel data, and their bytes 100 to 199. */
  frame: string;
  rendered: string;
  bulk: string;
  range: string;
  /** Bytes. */
  thumbnail: number;
}

/** What `dicomweb-client` reads of a patient's video and still. */
export async function readAsOthersDo(
  url: string,
  patientId: string,
  film: string,
  still: string,
): Promise<{ studies: number; series: number; instances: number; film: Read; still: Read }> {
  const script = join(import.meta.dirname, 'dicomweb-reader.py');
  const env = { ...process.env, PYTHONPATH: await packages(), NO_PROXY: '*' };
  const { stdout } = await run('python3', [script, url, patientId, film, still], { env, timeout: 60_000 });
  return JSON.parse(stdout) as Awaited<ReturnType<typeof readAsOthersDo>>;
}
