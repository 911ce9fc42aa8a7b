import { readFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { inputError } from '@smartbox/kernel';

/** A secret as it is now: one kept in a file is read again each time, whoever rotates it need not restart us. */
export type Secret = () => string;

/**
 * `dir`: where relative file names are looked up. A file that cannot be read stops the boot.
 * @throws SmartBoxError `invalid-configuration` naming `owner`, never the secret.
 */
export function secretOf(given: string | { file: string }, dir: string, owner: string): Secret {
  if (typeof given === 'string') return () => given;
  const path = isAbsolute(given.file) ? given.file : join(dir, given.file);
  const read = (): string => {
    try {
      return readFileSync(path, 'utf8').trim();
    } catch {
      throw inputError('invalid-configuration', `${owner}: cannot read ${path}`);
    }
  };
  read();
  return read;
}
