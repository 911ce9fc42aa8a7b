import { writeFile } from 'node:fs/promises';
import { indexSource, smartCut, type CutPart, type SmartCutResult, type SourceIndex } from '@smartbox/media/native';
import { edit, startEdit, stepsOnSource, timelineOf } from '@smartbox/recording';
import { checkFile } from './outputs.ts';
import { frameProgress, number, text, type Answer, type Options, type Work } from '../file-verb.ts';

/**
 * Films of more samples than this (600 frames of 1080p) are proved by their bytes unless all frames are asked for:
 * decoding and hashing everything twice takes its time.
 */
const PROVE_ALL = 600 * 1920 * 1080;

export async function trim(file: string, options: Options, work: Work): Promise<Answer> {
  await checkOutputs([file], options);
  const source = await indexSource(file, work.signal);
  const removed = Array.isArray(options['remove']) ? (options['remove'] as string[]) : [];
  const from = number(options['from']);
  const to = number(options['to']);
  const steps = stepsOnSource(source.frames, {
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    remove: removed.map((part) => {
      const [start = 0, end = 0] = part.split('-').map(Number);
      return { from: start, to: end };
    }),
  });
  const film = timelineOf(steps.reduce(edit, startEdit([{ source: '0', frames: source.frames }])));
  return cut([source], film.map((part) => ({ source: 0, from: part.from, to: part.to })), options, work); // prettier-ignore
}

export async function join(files: readonly string[], options: Options, work: Work): Promise<Answer> {
  await checkOutputs(files, options);
  const sources: SourceIndex[] = [];
  for (const file of files) sources.push(await indexSource(file, work.signal));
  return cut(sources, sources.map(({ frames }, source) => ({ source, from: 0, to: frames })), options, work); // prettier-ignore
}

async function checkOutputs(sources: readonly string[], options: Options): Promise<void> {
  for (const name of ['out', 'manifest']) {
    const path = text(options[name]);
    if (path !== undefined) await checkFile(path, `--${name} ${path}`, sources);
  }
}

async function cut(
  sources: readonly SourceIndex[],
  parts: readonly CutPart[],
  options: Options,
  work: Work,
): Promise<Answer> {
  const output = text(options['out']) ?? '';
  const samples = parts.reduce((sum, { source, from, to }) => {
    const { width = 0, height = 0 } = sources[source] ?? {};
    return sum + (to - from) * width * height;
  }, 0);
  const asked = text(options['proof']);
  const proof = asked === 'frames' || asked === 'bytes' ? asked : samples <= PROVE_ALL ? 'frames' : 'bytes';
  const cutting = frameProgress(work, 'cutting');
  const proving = frameProgress(work, 'proving');
  const result = await smartCut({
    sources,
    parts,
    output,
    proof,
    encodeAll: options['reencode'] === true,
    signal: work.signal,
    onProgress: (at) => (at.proving ? proving : cutting)(at),
  });
  const manifest = text(options['manifest']);
  const document = { output, sources: sources.map(({ path }) => path), ...result };
  if (manifest) await writeFile(manifest, `${JSON.stringify(document, null, 1)}\n`);
  return { json: document, lines: say(output, result) };
}

function say(output: string, result: SmartCutResult): string[] {
  const { frames, copiedFrames, reencodedFrames, durationMs, proof } = result;
  return [
    ...result.notes,
    `${output}: ${frames} frames, ${(durationMs / 1000).toFixed(3)} s`,
    `${copiedFrames} frames copied, ${reencodedFrames} re-encoded`,
    proof.identicalFrames === null
      ? `proved: the copied bytes read back the same (${proof.copiedBytesSha256.slice(0, 16)}...)`
      : `proved: all ${proof.frames} frames decode; ${proof.identicalFrames} are identical to the source, sample by sample`,
  ];
}
