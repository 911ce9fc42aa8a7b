import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { SmartBoxError, toError } from '@smartbox/kernel';
import { indexSource, smartCut } from '@smartbox/media/native';
import { text, type Answer, type Options, type Work } from './verb.ts';

interface Imported {
  readonly file: string;
  readonly bytes: number;
  /** Of the original file, as it was found. */
  readonly sha256: string;
  readonly state: 'imported' | 'already there' | 'failed';
  readonly output?: string;
  readonly outputSha256?: string;
  readonly frames?: number;
  readonly copiedFrames?: number;
  readonly reencodedFrames?: number;
  readonly notes?: readonly string[];
  readonly error?: { readonly code: string; readonly message: string };
}

const REPORT = 'import.json';

/**
 * Brings old records into MP4, one by one: files of any container, and base64 text with a video inside. The report
 * stands beside the results and is written after every file; a second run takes up where the first one ended.
 * Originals are only read.
 */
export async function importFiles(paths: readonly string[], options: Options, work: Work): Promise<Answer> {
  const folder = text(options['out']) ?? 'imported';
  await mkdir(folder, { recursive: true });
  const known = await readReport(join(folder, REPORT));
  const files = (await Promise.all(paths.map(listFiles))).flat().filter((file) => !within(file, folder));
  const results: Imported[] = [];
  for (const [i, file] of files.entries()) {
    work.progress(`${i + 1} of ${files.length}: ${file}`);
    if (work.signal.aborted) throw new SmartBoxError({ code: 'cancelled', message: 'the import was stopped', fault: 'input' }); // prettier-ignore
    const result = await importOne(file, folder, known, work.signal);
    results.push(result);
    if (result.state !== 'failed') known.set(result.sha256, result);
    await writeReport(join(folder, REPORT), [...known.values(), ...results.filter(({ state }) => state === 'failed')]);
  }
  const count = (state: Imported['state']): number => results.filter((one) => one.state === state).length;
  const counts = { files: files.length, imported: count('imported'), alreadyThere: count('already there'), failed: count('failed') }; // prettier-ignore
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
    failed: counts.failed > 0 || files.length === 0,
  };
}

async function importOne(
  file: string,
  folder: string,
  known: ReadonlyMap<string, Imported>,
  signal: AbortSignal,
): Promise<Imported> {
  const facts = { file, bytes: (await stat(file)).size, sha256: await sha256(file) };
  const before = known.get(facts.sha256);
  if (before?.output && before.outputSha256 === (await sha256(before.output).catch(() => null)))
    return { ...before, file, state: 'already there' };
  const decoded = join(folder, `.decoded-${facts.sha256}`);
  try {
    const source = (await isBase64(file)) ? await decodeBase64(file, decoded) : file;
    const index = await indexSource(source, signal);
    const output = join(folder, `${basename(file, extname(file))}-${facts.sha256.slice(0, 8)}.mp4`);
    const { frames, copiedFrames, reencodedFrames, notes } = await smartCut({
      sources: [index],
      parts: [{ source: 0, from: 0, to: index.frames }],
      output,
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
    };
  } catch (error) {
    if (signal.aborted) throw error;
    const code = error instanceof SmartBoxError ? error.code : 'unexpected';
    return { ...facts, state: 'failed', error: { code, message: toError(error).message } };
  } finally {
    await rm(decoded, { force: true });
  }
}

async function listFiles(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

const within = (file: string, folder: string): boolean => resolve(file).startsWith(`${resolve(folder)}/`);

/** Text of nothing but base64, perhaps as a data URL: the old recorder kept its videos so. */
async function isBase64(file: string): Promise<boolean> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4096), 0, 4096, 0);
    const start = buffer.toString('latin1', 0, bytesRead).replace(/^\s*data:[\w/.+;=,-]*?base64,/, '');
    return bytesRead > 0 && /^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(start);
  } finally {
    await handle.close();
  }
}

/** Streams: never the whole text in memory. */
async function decodeBase64(file: string, output: string): Promise<string> {
  let rest = '';
  let first = true;
  const decode = new Transform({
    transform(chunk: Buffer, _, done) {
      let part = chunk.toString('latin1');
      if (first) part = part.replace(/^\s*data:[\w/.+;=,-]*?base64,/, '');
      first = false;
      rest += part.replace(/\s+/g, '');
      const whole = rest.length - (rest.length % 4);
      this.push(Buffer.from(rest.slice(0, whole), 'base64'));
      rest = rest.slice(whole);
      done();
    },
    flush(done) {
      if (rest.length > 0) this.push(Buffer.from(rest, 'base64'));
      done();
    },
  });
  await pipeline(createReadStream(file), decode, createWriteStream(output));
  return output;
}

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
