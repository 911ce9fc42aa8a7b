import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { PacsAccess } from '@smartbox/testing';
import { expect } from 'vitest';

/** SHA-256 of what follows the File Meta Information: that is all that C-STORE carries (PS3.10 7.1). */
export const dataSetHash = (part10: Buffer): string =>
  createHash('sha256')
    .update(part10.subarray(144 + part10.readUInt32LE(140)))
    .digest('hex');

/** Stores one object by STOW-RS (PS3.18 10.5): taken, and none failed. */
export async function stowToOrthanc({ httpUrl, user, password }: PacsAccess, file: string): Promise<void> {
  const boundary = 'an-object-of-the-matrix';
  const answer = await fetch(`${httpUrl}/dicom-web/studies`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
      accept: 'application/dicom+json',
      'content-type': `multipart/related; type="application/dicom"; boundary=${boundary}`,
    },
    body: Buffer.concat([
      Buffer.from(`--${boundary}\r\nContent-Type: application/dicom\r\n\r\n`),
      readFileSync(file),
      Buffer.from(`\r\n--${boundary}--\r\n`),
    ]),
  });
  expect(answer.status, file).toBe(200);
  // Referenced SOP Sequence holds it, Failed SOP Sequence is empty
  expect(await answer.json()).toMatchObject({ '00081199': { Value: [{}] } });
}
