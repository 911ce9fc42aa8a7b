import { readFile } from 'node:fs/promises';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { conformanceMatrix } from '@smartbox/dicom';
import { inputError, toError } from '@smartbox/kernel';
import { ENCODER_CHOICES, type EncoderChoice } from '@smartbox/media';
import { makeObject } from './make-object.ts';
import type { Compression } from './payload.ts';
import { registerPeers } from './register-peers.ts';
import { checkFile, deidentifyFile, dumpFile, extractFile } from './read-object.ts';
import { deidentifyChoices, withDeidentifyOptions } from '../deidentify-options.ts';
import { required, text, verb } from '../file-verb.ts';

const ratio = (given: string): number => {
  const value = Number(given.replace(/:1$/, ''));
  if (!(value > 1 && value <= 1000)) throw new InvalidArgumentError('a ratio above 1, like 10 or 10:1');
  return value;
};

const bytes = (given: string): number => {
  const value = Number(given);
  if (!(Number.isSafeInteger(value) && value >= 1_000_000)) throw new InvalidArgumentError('bytes, a million at least');
  return value;
};

function compressionWords({ ratio, psnr, ssim, comparedFrames, identical, durationMs }: Compression): string {
  const kept =
    ssim === undefined
      ? []
      : identical
        ? [`nothing lost (${comparedFrames} frame(s) compared)`]
        : [`PSNR ${psnr} dB, SSIM ${ssim} (${comparedFrames} frame(s) compared)`];
  return [`${ratio}:1`, ...kept, `${(durationMs / 1000).toFixed(1)} s`].join(', ');
}

async function jsonFile(path: string | undefined): Promise<unknown> {
  if (path === undefined) return undefined;
  try {
    return JSON.parse(await readFile(path, 'utf8')) as unknown;
  } catch (error) {
    throw inputError('invalid-attributes', `${path} cannot be read as JSON: ${toError(error).message}`);
  }
}

/** `smartbox dicom`: objects and peers without a running system. */
export function registerDicom(program: Command): void {
  const dicom = program.command('dicom').description('DICOM objects and peers, without a running system');

  verb(dicom, 'matrix', 'which SOP class goes into which transfer syntax, and by which rule', async () => {
    const entries = conformanceMatrix();
    const line = (each: (typeof entries)[number]) =>
      `${each.allowed ? 'yes' : 'NO '}  ${each.sopClass}  ${each.transferSyntax}  ${each.rule}`;
    return { json: entries, lines: entries.map(line) };
  });

  verb(dicom, 'check <files...>', 'structure and IOD of objects', async (files) => {
    const results = [];
    for (const file of files) results.push(await checkFile(file));
    return {
      json: { ok: results.every(({ ok }) => ok), results },
      lines: results.flatMap(({ file, ok, findings, sopClass, transferSyntax, dciodvfy }) => [
        `${ok ? 'ok     ' : 'NOT OK '} ${file}  ${sopClass ?? ''}  ${transferSyntax ?? ''}  dciodvfy ${dciodvfy}`,
        ...findings.map((each) => `    ${each.severity} (${each.by}) ${each.message} [${each.citation}]`),
      ]),
      failed: results.some(({ ok }) => !ok),
    };
  });

  verb(dicom, 'dump <file>', 'all attributes of an object', ([file = '']) => dumpFile(file));

  verb(dicom, 'extract <file>', 'the payload as it was put in', async ([file = ''], options) => {
    const json = await extractFile(file, required(options, 'out'));
    return { json, lines: [`${file} -> ${required(options, 'out')}`] };
  }).requiredOption('--out <path>', 'a file; or a folder for frames that stand alone');

  verb(dicom, 'make <input>', 'an object of any video or picture', async ([input = ''], options, work) => {
    const made = await makeObject({
      input,
      out: required(options, 'out'),
      sop: required(options, 'sop'),
      transferSyntax: text(options['transferSyntax']),
      patientName: text(options['patientName']),
      patientId: text(options['patientId']),
      attributes: await jsonFile(text(options['attributes'])),
      ratio: typeof options['ratio'] === 'number' ? options['ratio'] : undefined,
      maxBytes: typeof options['maxBytes'] === 'number' ? options['maxBytes'] : undefined,
      preset: text(options['preset']),
      encoder: text(options['encoder']) as EncoderChoice | undefined,
      work,
    });
    const how = {
      'as-is': 'the bytes of the input as they are',
      remuxed: 'the stream of the input in another container',
      encoded: 'RE-ENCODED',
    };
    return {
      json: made,
      lines: [
        `${made.file}: ${made.sopClass}, ${made.transferSyntax}, ${made.columns}x${made.rows}, ${made.frames} frame(s), ${made.bytes} bytes`,
        `${how[made.mode]}${made.reason === undefined ? '' : `: ${made.reason}`}`,
        ...(made.encoder === undefined ? [] : [`encoder: ${made.encoder}`]),
        ...(made.compression === undefined ? [] : [`compression: ${compressionWords(made.compression)}`]),
        ...(made.parts ? [`cut at keyframes into ${made.parts.length} objects:`] : []),
        ...(made.parts ?? []).map((each) => `  ${each.file}: ${each.frames} frames, ${each.bytes} bytes`),
        ...made.notes.map((note) => `note: ${note}`),
      ],
    };
  })
    .requiredOption('--sop <name|uid>', 'SOP class')
    .option('--transfer-syntax <name|uid>', 'default: the one that takes the input as it is')
    .option('--patient-name <name>', 'Family^Given')
    .option('--patient-id <id>')
    .option('--attributes <file.json>', 'keywords and values, or the DICOM JSON model')
    .option('--ratio <n>', 'lossy HTJ2K (.203): 5:1, 10:1, 20:1 or another', ratio)
    .option('--max-bytes <n>', 'cut a longer stream at keyframes into several objects of one series', bytes)
    .option('--preset <name>', 'x264 or x265 preset')
    .addOption(new Option('--encoder <name>', 'of HEVC; auto: hardware where it works').choices(ENCODER_CHOICES))
    .requiredOption('--out <file>', 'the object to write');

  const deidentify = verb(
    dicom,
    'deidentify <file>',
    'a copy without who it shows, PS3.15 annex E',
    async ([file = ''], options) => {
      // prettier-ignore
      const json = await deidentifyFile(file, required(options, 'out'), {
      ...deidentifyChoices(options),
      key: text(options['key']),
      retainUids: options['retainUids'] === true,
      confirmAudio: options['confirmAudio'] === true,
    });
      const { warnings } = json as { warnings: string[] };
      return { json, lines: [`${file} -> ${required(options, 'out')}`, ...warnings.map((each) => `warning: ${each}`)] };
    },
  )
    .requiredOption('--out <file>', 'the copy to write')
    .option(
      '--key <secret>',
      'same key, same replacements: objects of a study stay together; without one a random key of this run',
    )
    .option('--retain-uids', 'keep the UIDs')
    .option('--confirm-audio', 'somebody listened: the sound identifies nobody');
  withDeidentifyOptions(deidentify);

  registerPeers(dicom);
}
