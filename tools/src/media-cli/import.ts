import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';
import { inputError, SmartBoxError, toError } from '@smartbox/kernel';
import { indexSource, smartCut, type QualityReport, type RawFormat, type RawVideo } from '@smartbox/media/native';
import { dumpVideos, isDump, type DumpVideo } from './dump/videos.ts';
import { makeFolder } from './outputs.ts';
import { unwrap } from './unwrap.ts';
import { importInto, type Into } from './import-into.ts';
import { number, required, text, type Answer, type Options, type Work } from '../file-verb.ts';

interface Imported {
  readonly file: string;
  readonly bytes: number;
  /** Of a row of a dump: what else stands in it. */
  readonly row?: Readonly<Record<string, string>>;
  /** Of the original file, as it was found; of a row, of its video. */
  readonly sha256: string;
  readonly state: 'imported' | 'already there' | 'failed';
  readonly output?: string;
  readonly outputSha256?: string;
  readonly frames?: number;
  readonly copiedFrames?: number;
  readonly reencodedFrames?: number;
  readonly notes?: readonly string[];
  /** Of the re-encoded frames against the original: dB, `inf` where nothing is lost. */
  readonly quality?: Pick<QualityReport, 'psnr' | 'ssim' | 'passed'>;
  readonly error?: { readonly code: string; readonly message: string };
}

const REPORT = 'import.json';

/**
 * Brings old records into MP4, one by one: files of any container, DICOM videos, bare pictures, base64 text with a video
 * inside, the rows of a dump. The report stands beside the results and is written after every file; a second run takes up where the first one ended.
 * Originals are only read.
 */
export async function importFiles(paths: readonly string[], options: Options, work: Work): Promise<Answer> {
  const url = text(options['into']);
  if (url !== undefined) return importInto(intoOf(url, paths, options), work);
  if (paths.length === 0)
    throw inputError('nothing-to-import', 'name files or folders, or a running system (--into) and a manifest (--manifest)'); // prettier-ignore
  const folder = text(options['out']) ?? 'imported';
  const raw = rawOf(options);
  const files = (await Promise.all(paths.map(listFiles))).flat().filter((file) => !within(file, folder));
  await makeFolder(folder, `--out ${folder}`);
  const known = await readReport(join(folder, REPORT));
  const results: Imported[] = [];
  const settle = async (result: Imported): Promise<void> => {
    results.push(result);
    if (result.state !== 'failed') known.set(result.sha256, result);
    await writeReport(join(folder, REPORT), [...known.values(), ...results.filter(({ state }) => state === 'failed')]);
  };
  for (const [i, file] of files.entries()) {
    work.progress(`${i + 1} of ${files.length}: ${file}`);
    if (await isDump(file)) {
      for await (const video of dumpVideos(file, join(folder, '.decoded-row'), work.signal)) {
        work.progress(`${i + 1} of ${files.length}: ${video.name}`);
        await settle(await importRow(video, folder, known, work.signal));
      }
      continue;
    }
    if (work.signal.aborted) throw new SmartBoxError({ code: 'cancelled', message: 'the import was stopped', fault: 'input' }); // prettier-ignore
    await settle(await importOne(file, folder, known, raw, work.signal));
  }
  const count = (state: Imported['state']): number => results.filter((one) => one.state === state).length;
  const counts = { files: results.length, imported: count('imported'), alreadyThere: count('already there'), failed: count('failed') }; // prettier-ignore
  return {
    json: { folder, counts, files: results },
    lines: [
      ...results.map((one) =>
        one.error
          ? `${one.file}: FAILED: ${one.error.message}`
          : `${one.file}: ${one.state}, ${one.frames} frames (${one.copiedFrames} copied, ${one.reencodedFrames} re-encoded) -> ${one.output}`,
      ),
      `${counts.imported} imported, ${counts.alreadyThere} already there, ${counts.failed} failed`,
    ],
    failed: counts.failed > 0 || results.length === 0,
  };
}

function intoOf(url: string, paths: readonly string[], options: Options): Into {
  if (!URL.canParse(url)) throw inputError('bad-address', `--into ${JSON.stringify(url)} is no address such as http://smartbox:8080`); // prettier-ignore
  if (paths.length > 0)
    throw inputError('bad-arguments', `${paths[0]}: with --into the records stand in the manifest (--manifest)`);
  return {
    url,
    token: text(options['token']) ?? process.env['SMARTBOX_TOKEN'],
    manifest: required(options, 'manifest'),
    stationId: text(options['station']),
    report: text(options['report']) ?? 'import-report.json',
    raw: rawOf(options),
  };
}

async function importOne(
  file: string,
  folder: string,
  known: ReadonlyMap<string, Imported>,
  raw: RawVideo | undefined,
  signal: AbortSignal,
): Promise<Imported> {
  const facts = { file, bytes: (await stat(file)).size, sha256: await sha256(file) };
  const decoded = join(folder, `.decoded-${facts.sha256}`);
  try {
    return await convert(facts, basename(file, extname(file)), () => unwrap(file, decoded, raw, signal), folder, known, signal); // prettier-ignore
  } finally {
    await rm(decoded, { force: true });
  }
}

/** A video that stood in a row of a dump, and is a file for as long as it takes. */
async function importRow(
  { name, row, found }: DumpVideo,
  folder: string,
  known: ReadonlyMap<string, Imported>,
  signal: AbortSignal,
): Promise<Imported> {
  if ('error' in found) return failed({ file: name, row, bytes: 0, sha256: '' }, found.error);
  const { path, bytes, sha256: hash } = found;
  const stem = basename(name.split(', ')[0] ?? '').replace(/\.\w+$/, '');
  return convert({ file: name, row, bytes, sha256: hash }, stem, () => Promise.resolve(path), folder, known, signal);
}

const failed = (facts: Pick<Imported, 'file' | 'row' | 'bytes' | 'sha256'>, error: unknown): Imported => {
  const code = error instanceof SmartBoxError ? error.code : 'unexpected';
  return { ...facts, state: 'failed', error: { code, message: toError(error).message } };
};

async function convert(
  facts: Pick<Imported, 'file' | 'row' | 'bytes' | 'sha256'>,
  stem: string,
  video: () => Promise<string>,
  folder: string,
  known: ReadonlyMap<string, Imported>,
  signal: AbortSignal,
): Promise<Imported> {
  const before = known.get(facts.sha256);
  if (before?.output && before.outputSha256 === (await sha256(before.output).catch(() => null)))
    return { ...before, ...facts, state: 'already there' };
  try {
    const index = await indexSource(await video(), signal);
    const output = join(folder, `${stem}-${facts.sha256.slice(0, 8)}.mp4`);
    const { frames, copiedFrames, reencodedFrames, notes, quality } = await smartCut({
      sources: [index],
      parts: [{ source: 0, from: 0, to: index.frames }],
      output,
      quality: {},
      signal,
    });
    return {
      ...facts,
      state: 'imported',
      output,
      outputSha256: await sha256(output),
      frames,
      copiedFrames,
      reencodedFrames,
      notes,
      ...(quality ? { quality: { psnr: quality.psnr, ssim: quality.ssim, passed: quality.passed } } : {}),
    };
  } catch (error) {
    if (signal.aborted) throw error;
    return failed(facts, error);
  }
}

async function listFiles(path: string): Promise<string[]> {
  const found = await stat(path).catch(() => undefined);
  if (!found) throw inputError('no-such-file', `there is no file or folder ${path}`);
  if (!found.isDirectory()) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** What `--raw`, `--size` and `--fps` say of files of bare pictures. */
function rawOf(options: Options): RawVideo | undefined {
  const format = text(options['raw']);
  if (format === undefined) return undefined;
  const [, width, height] = /^(\d{2,5})x(\d{2,5})$/.exec(text(options['size']) ?? '') ?? [];
  const frameRate = number(options['fps']) ?? 25;
  const size = text(options['size']);
  if (!width || !height)
    throw inputError('size-missing', `--raw ${format} needs --size, e.g. --size 1280x720${size === undefined ? '' : `, not ${JSON.stringify(size)}`}: the file does not say it`); // prettier-ignore
  if (frameRate <= 0) throw inputError('bad-frame-rate', `--fps ${frameRate}: pictures per second, more than 0`);
  return { format: format as RawFormat, width: Number(width), height: Number(height), frameRate };
}

const within = (file: string, folder: string): boolean => resolve(file).startsWith(`${resolve(folder)}/`);

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const part of createReadStream(path)) hash.update(part as Buffer);
  return hash.digest('hex');
}

async function readReport(path: string): Promise<Map<string, Imported>> {
  const text = await readFile(path, 'utf8').catch(() => '[]');
  const entries = (JSON.parse(text) as Imported[]).filter(({ state }) => state !== 'failed');
  return new Map(entries.map((entry) => [entry.sha256, entry]));
}

async function writeReport(path: string, entries: readonly Imported[]): Promise<void> {
  await writeFile(`${path}.new`, `${JSON.stringify(entries, null, 1)}\n`);
  await rename(`${path}.new`, path);
}
