import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { CopyExport, ExportTarget } from '@smartbox/contracts';
import { newId } from '@smartbox/kernel';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { TargetFolders } from '../src/outbound/target-folders.ts';

/** A file system of its own needs root. */
const root = process.getuid?.() === 0;
const MIB = 1024 ** 2;
const film = randomBytes(3 * MIB);
const sha256 = createHash('sha256').update(film).digest('hex');

let dir: string;
let share: string;
let stick: string;
let targets: TargetFolders;
const mount = (...args: string[]) => execFileSync('mount', args);

async function configure(...list: Partial<ExportTarget>[]): Promise<void> {
  await writeFile(join(dir, 'export-targets.yaml'), stringify({ targets: list }));
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'targets-'));
  [share, stick] = [join(dir, 'share'), join(dir, 'stick')];
  await mkdir(stick);
  if (root) mount('-t', 'tmpfs', '-o', 'size=6m', 'smartbox-stick', stick);
  targets = new TargetFolders(dir);
});
beforeEach(async () => {
  await rm(share, { recursive: true, force: true });
  await mkdir(share);
  await configure(
    { name: 'share', title: 'Teaching', path: share, mounted: false, folder: 'films' },
    { name: 'stick', title: 'Stick', path: stick, stations: ['or-1'] },
    { name: 'pulled', title: 'Pulled out', path: share },
    { name: 'nowhere', title: 'Nowhere', path: join(dir, 'nowhere') },
  );
});
afterAll(async () => {
  if (root) execFileSync('umount', ['-l', stick]);
  await rm(dir, { recursive: true, force: true });
});

function copyTo(target: string, more: Partial<CopyExport> = {}): CopyExport {
  const [copyId, renditionId] = [newId(), newId()];
  const file = { key: 'film', bytes: film.length, sha256 };
  const origin = {} as CopyExport['origin'];
  return { copyId, renditionId, origin, target, file, fileName: 'film.mp4', requestedAt: '', ...more };
}

/** The film in pieces; `before` each one. */
function source(before: (index: number) => unknown = () => undefined, bytes = film) {
  return async function* () {
    for (let at = 0; at < bytes.length; at += 64 * 1024) {
      await before(at / (64 * 1024));
      yield bytes.subarray(at, at + 64 * 1024);
    }
  };
}
const write = (copy: CopyExport, from = source(), signal = new AbortController().signal, percents: number[] = []) =>
  targets.write(copy, () => Promise.resolve(from()), { signal, onPercent: (percent) => percents.push(percent) });
const all = async (folder: string) =>
  (await readdir(folder, { recursive: true, withFileTypes: true })).filter((e) => e.isFile()).map(({ name }) => name);

describe('a target', () => {
  it('gets the film whole, once, and says how far it is', async () => {
    const [copy, percents] = [copyTo('share'), [] as number[]];
    expect(await write(copy, source(), undefined, percents)).toBe('films/film.mp4');
    const path = join(share, 'films/film.mp4');
    expect(
      createHash('sha256')
        .update(await readFile(path))
        .digest('hex'),
    ).toBe(sha256);
    expect(percents).toHaveLength(48);
    expect(percents.at(-1)).toBe(100);
    const { mtimeMs } = await stat(path);
    const never = source(() => expect.unreachable('it is there already'));
    expect(await write(copy, never)).toBe('films/film.mp4');
    expect((await stat(path)).mtimeMs).toBe(mtimeMs);
  });

  it('has nothing of a film that was given up, and nothing but the film after a process was killed', async () => {
    const cancel = new AbortController();
    const cancelled = write(copyTo('share'), source((i) => i === 20 && cancel.abort()), cancel.signal); // prettier-ignore
    await expect(cancelled).rejects.toMatchObject({ name: 'AbortError' });
    expect(await all(share)).toEqual([]);

    const copy = copyTo('share');
    await writeFile(join(share, 'films', `.${copy.copyId}.part`), randomBytes(4 * MIB));
    const [pulledOut, ofAnother] = [newId(), newId()].map((id) => join(share, 'films', `.${id}.part`));
    for (const path of [pulledOut, ofAnother]) await writeFile(path ?? '', 'half');
    const before = Date.now() / 1000 - 7200;
    await utimes(pulledOut ?? '', before, before);
    await write(copy);
    expect((await all(share)).toSorted()).toEqual([basename(ofAnother ?? ''), 'film.mp4']);
  });

  it('is proven by what reads back from it', async () => {
    const other = Buffer.from(film);
    other[2 * MIB] = (other[2 * MIB] ?? 0) ^ 1;
    await expect(write(copyTo('share'), source(undefined, other))).rejects.toMatchObject({ code: 'target-corrupt' });
    expect(await all(share)).toEqual([]);
  });

  it('that is not there, or not known, is said so at once', async () => {
    const never = source(() => expect.unreachable('nothing is read for it'));
    for (const [name, code, message] of [
      ['pulled', 'target-absent', /nothing is plugged in or mounted at/],
      ['nowhere', 'target-absent', /Nowhere cannot be reached: ENOENT/],
      ['other', 'target-unknown', /no target is called other: share, stick, pulled, nowhere/],
    ] as const) {
      await expect(write(copyTo(name), never)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    }
    const away = source((i) => i === 20 && rm(join(share, 'films'), { recursive: true }));
    await expect(write(copyTo('share'), away)).rejects.toMatchObject({ code: 'target-gone' });
  });

  it.runIf(root)('that is full, becomes full or is read-only is said so, and nothing stays on it', async () => {
    const before = await targets.list();
    expect(before[1]).toMatchObject({ name: 'stick', state: 'ready', freeBytes: 6 * MIB, stations: ['or-1'] });
    expect(await write(copyTo('stick'))).toBe('film.mp4');
    const second = copyTo('stick', { fileName: 'second.mp4' });
    await expect(write(second)).rejects.toMatchObject({
      code: 'target-full',
      message: 'Stick has 3.0 MiB left, the film takes 3.0 MiB',
    });
    await rm(join(stick, 'film.mp4'));
    // somebody else writes to it, too
    const filling = source((i) => i === 20 && writeFile(join(stick, 'other'), randomBytes(4 * MIB)));
    await expect(write(second, filling)).rejects.toMatchObject({
      code: 'target-full',
      message: expect.stringMatching(/was full before/),
    });
    expect(await all(stick)).toEqual(['other']);
    mount('-o', 'remount,ro', stick);
    expect((await targets.list())[1]).toMatchObject({ state: 'read-only' });
    await expect(write(second)).rejects.toMatchObject({
      code: 'target-read-only',
      message: expect.stringMatching(/EROFS/),
    });
  });

  it('that is configured wrongly is named with its file and field', async () => {
    await configure({ name: 'share', title: 'Teaching', path: 'films' });
    await expect(targets.list()).rejects.toMatchObject({
      code: 'invalid-config',
      message: expect.stringMatching(/export-targets.yaml: targets.0.path: has to be an absolute path/),
    });
    expect(await new TargetFolders(undefined).list()).toEqual([]);
  });
});
