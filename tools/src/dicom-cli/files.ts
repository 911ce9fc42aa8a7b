import { access, constants, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileSource } from '@smartbox/dicom';
import { inputError, toError } from '@smartbox/kernel';

/** What FFmpeg or Node says of a file, in words for people. */
function words(path: string, error: unknown): string {
  const { code, message } = toError(error) as Error & { code?: string };
  if (code === 'ENOENT') return `${path} does not exist`;
  if (code === 'EACCES' || code === 'EPERM') return `${path} may not be read by this user`;
  return `${path} cannot be read: ${message}`;
}

/** Bytes of a file that is to be read. @throws SmartBoxError `no-such-file`, `empty-file` */
export async function inputSize(path: string): Promise<number> {
  const found = await stat(path).catch((error: unknown) => {
    throw inputError('no-such-file', words(path, error));
  });
  if (found.isDirectory()) throw inputError('no-such-file', `${path} is a folder: name a file in it`);
  if (!found.isFile()) throw inputError('no-such-file', `${path} is no file`);
  await access(path, constants.R_OK).catch((error: unknown) => {
    throw inputError('no-such-file', words(path, error));
  });
  if (found.size === 0) throw inputError('empty-file', `${path} is empty`);
  return found.size;
}

/** A DICOM object for reading. @throws SmartBoxError as `inputSize` */
export async function openObject(path: string): Promise<Awaited<ReturnType<typeof fileSource>>> {
  await inputSize(path);
  return fileSource(path);
}

/** Can a file of this name be written? Asked before hours of work. @throws SmartBoxError `cannot-write` */
export async function checkOutput(path: string): Promise<void> {
  const there = await stat(path).catch(() => undefined);
  if (there?.isDirectory()) throw inputError('cannot-write', `${path} is a folder: name a file in it`);
  const folder = dirname(path);
  const parent = await stat(folder).catch(() => undefined);
  if (!parent?.isDirectory())
    throw inputError('cannot-write', `${path} cannot be written: there is no folder ${folder}`);
  await access(folder, constants.W_OK).catch(() => {
    throw inputError('cannot-write', `${path} cannot be written: this user may not write into ${folder}`);
  });
}
