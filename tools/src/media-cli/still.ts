import { writeFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { inputError } from '@smartbox/kernel';
import { takeStill, type StillFormat } from '@smartbox/media/native';
import { checkFile } from './outputs.ts';
import { number, text, type Answer, type Options, type Work } from '../file-verb.ts';

const ENDINGS: Readonly<Record<string, StillFormat>> = {
  '.jpg': 'jpeg',
  '.jpeg': 'jpeg',
  '.png': 'png',
  '.j2c': 'htj2k',
  '.jph': 'htj2k',
};

/** What `--format` says, else the ending of the file that is written. */
function formatOf(options: Options, out: string): StillFormat {
  const format = (text(options['format']) as StillFormat | undefined) ?? ENDINGS[extname(out).toLowerCase()];
  if (format) return format;
  throw inputError(
    'format-unknown',
    `${out} does not say by its ending (.jpg, .png, .j2c) what it is to be: name --format`,
  );
}

export async function still(file: string, options: Options, work: Work): Promise<Answer> {
  const out = text(options['out']) ?? '';
  const frame = number(options['frame']) ?? 0;
  const format = formatOf(options, out);
  await checkFile(out, `--out ${out}`, [file]);
  const { bytes, width, height } = await takeStill(file, frame, format, work.signal);
  await writeFile(out, bytes);
  return {
    json: { source: file, frame, output: out, format, width, height, bytes: bytes.length },
    lines: [`${out}: frame ${frame}, ${width}x${height}, ${format}, ${bytes.length} bytes`],
  };
}
