import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import type { ConnectionOptions } from 'node:tls';
import { inputError, toError } from '@smartbox/kernel';

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

/** One certificate that a peer of the configuration is reached with or checked against. */
export interface ConfiguredCertificate {
  field: 'ca' | 'cert';
  certificate: X509Certificate;
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * Every certificate of the files, chains and bundles included.
 * @throws SmartBoxError `invalid-configuration` naming `owner` and the field that holds none, or one that is damaged.
 */
export function certificatesOf(files: TlsFiles, dir: string, owner = 'destination'): ConfiguredCertificate[] {
  return (['ca', 'cert'] as const).flatMap((field) => {
    const value = files[field];
    if (value === undefined) return [];
    const blocks = pem(field, value, dir, owner).match(CERTIFICATE) ?? [];
    if (blocks.length === 0)
      throw inputError('invalid-configuration', `${owner}: tls.${field}: no PEM certificate in it`);
    return blocks.map((block) => {
      try {
        return { field, certificate: new X509Certificate(block) };
      } catch (error) {
        throw inputError('invalid-configuration', `${owner}: tls.${field}: damaged: ${toError(error).message}`);
      }
    });
  });
}
