import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bufferSource, extractPayload, readPart10 } from '@smartbox/dicom';

export const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

export async function payloadOf(object: Buffer): Promise<Buffer> {
  const source = bufferSource(object);
  const chunks: Uint8Array[] = [];
  for await (const chunk of extractPayload(source, await readPart10(source))) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export function dciodvfy(object: Buffer): string[] {
  const directory = mkdtempSync(join(tmpdir(), 'smartbox-dicomizer-'));
  try {
    writeFileSync(join(directory, 'object.dcm'), object);
    const run = spawnSync('dciodvfy', [join(directory, 'object.dcm')], { encoding: 'utf8' });
    if (run.error && !process.env.CI) return [];
    if (run.error) throw run.error;
    return `${run.stdout}${run.stderr}`.split('\n').filter((each) => /^(Error|Warning)/.test(each));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const reader = `
import io, json, sys
import pydicom
values = lambda e: [[values(each) for each in item] for item in e.value] if e.VR == "SQ" else str(e.value)
object = pydicom.dcmread(io.BytesIO(sys.stdin.buffer.read()), stop_before_pixels=True)
object.decode()
json.dump({name: values(object[name]) for name in sys.argv[1:] or [each.keyword for each in object]}, sys.stdout)
`;

/** As pydicom reads them out of the object: the values of these attributes, of sequences those of each item. None: of all. */
export function valuesOf(object: Buffer, ...keywords: string[]): unknown {
  const run = spawnSync('/usr/bin/python3', ['-c', reader, ...keywords], { input: object });
  return run.status === 0 ? JSON.parse(run.stdout.toString()) : run.stderr.toString();
}
