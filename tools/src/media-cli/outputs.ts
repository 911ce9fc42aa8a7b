import { access, constants, mkdir, realpath, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { inputError } from '@smartbox/kernel';

const kindOf = async (path: string): Promise<'file' | 'folder' | undefined> => {
  const found = await stat(path).catch(() => undefined);
  return found && (found.isDirectory() ? 'folder' : 'file');
};

async function checkWritable(folder: string, option: string): Promise<void> {
  await access(folder, constants.W_OK).catch(() => {
    throw inputError('not-writable', `${option}: nothing may be written in ${folder}; name another folder`);
  });
}

/**
 * A file that is going to be written, before any work is done for it.
 * @param option as it was given, for what is said: `--out x.mp4`
 * @throws SmartBoxError `no-such-folder`, `not-writable`, `output-is-folder`, `output-is-input`
 */
export async function checkFile(path: string, option: string, sources: readonly string[]): Promise<void> {
  const folder = dirname(resolve(path));
  const kind = await kindOf(folder);
  if (kind !== 'folder')
    throw inputError('no-such-folder', `${option}: ${kind === 'file' ? `${folder} is a file` : `there is no folder ${folder}`}; make it, or name another`); // prettier-ignore
  if ((await kindOf(path)) === 'folder')
    throw inputError('output-is-folder', `${option}: that is a folder; name the file in it`);
  const real = await realpath(path).catch(() => undefined);
  for (const source of sources)
    if (real !== undefined && real === (await realpath(source).catch(() => undefined)))
      throw inputError('output-is-input', `${option}: that is the source; the original is never overwritten`);
  await checkWritable(folder, option);
}

/** A folder that results go into; made where it is not there. @throws SmartBoxError `output-is-file`, `not-writable` */
export async function makeFolder(path: string, option: string): Promise<void> {
  if ((await kindOf(path)) === 'file')
    throw inputError('output-is-file', `${option}: that is a file; name a folder for the results`);
  await mkdir(path, { recursive: true }).catch((error: unknown) => {
    throw inputError('not-writable', `${option}: the folder cannot be made (${(error as NodeJS.ErrnoException).code})`);
  });
  await checkWritable(path, option);
}
