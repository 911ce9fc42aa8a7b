import { createReadStream, createWriteStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const BLOCK = 512;

/** All files below a folder in one archive (POSIX ustar, IEEE 1003.1), beginning with the folder's name. */
export async function packFolder(folder: string, output: string): Promise<void> {
  await pipeline(Readable.from(blocks(folder)), createWriteStream(output));
}

async function* blocks(folder: string): AsyncGenerator<Buffer> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const file of files.toSorted()) {
    const { size } = await stat(file);
    yield header(join(basename(folder), relative(folder, file)), size);
    for await (const chunk of createReadStream(file)) yield chunk as Buffer;
    yield Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
  }
  yield Buffer.alloc(2 * BLOCK);
}

function header(path: string, size: number): Buffer {
  const out = Buffer.alloc(BLOCK);
  const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, '0');
  out.write(path.length > 100 ? basename(path) : path, 0, 100, 'utf8');
  if (path.length > 100) out.write(dirname(path), 345, 155, 'utf8');
  out.write(octal(0o644, 7), 100);
  out.write(octal(0, 7), 108);
  out.write(octal(0, 7), 116);
  out.write(octal(size, 11), 124);
  out.write(octal(0, 11), 136);
  out.write('0', 156);
  out.write('ustar\u000000', 257, 'latin1');
  out.fill(' ', 148, 156);
  out.write(
    `${octal(
      out.reduce((sum, byte) => sum + byte, 0),
      6,
    )}\u0000 `,
    148,
    'latin1',
  );
  return out;
}
