import { readFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import type { ConnectionOptions } from 'node:tls';
import { inputError } from '@smartbox/kernel';

/** File names of PEM files, or PEM text itself. `cert` and `key` together make the connection mutual. */
export interface TlsFiles {
  ca?: string | undefined;
  cert?: string | undefined;
  key?: string | undefined;
}

function pem(field: string, value: string, dir: string, owner: string): string {
  if (value.includes('-----BEGIN')) return value;
  const path = isAbsolute(value) ? value : join(dir, value);
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw inputError('invalid-configuration', `${owner}: tls.${field}: cannot read ${path}`);
  }
}

/**
 * BCP 195 as PS3.15 B.9 asks: TLS 1.2 or newer, the peer's certificate and name are always checked.
 * Relative file names are looked up in `dir`. Read once: a missing file stops the boot, not the first delivery.
 * @throws SmartBoxError `invalid-configuration` naming `owner` and the field.
 */
export function tlsOptions(files: TlsFiles, dir: string, owner = 'destination'): ConnectionOptions {
  if ((files.cert === undefined) !== (files.key === undefined)) {
    throw inputError('invalid-configuration', `${owner}: tls: cert and key belong together, one of them is missing`);
  }
  return {
    minVersion: 'TLSv1.2',
    ...(files.ca === undefined ? {} : { ca: pem('ca', files.ca, dir, owner) }),
    ...(files.cert === undefined ? {} : { cert: pem('cert', files.cert, dir, owner) }),
    ...(files.key === undefined ? {} : { key: pem('key', files.key, dir, owner) }),
  };
}
