import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pythonWith } from '@smartbox/testing';

const run = promisify(execFile);

export interface Read {
  patient: string;
  frames: number;
  syntax: string;
  metadata: string;
  /** SHA-256 of the first frame, the rendering, the pixel data, and their bytes 100 to 199. */
  frame: string;
  rendered: string;
  bulk: string;
  range: string;
  /** Bytes. */
  thumbnail: number;
}

/** What `dicomweb-client` reads of a patient's video and still. */
export async function readAsOthersDo(
  url: string,
  patientId: string,
  film: string,
  still: string,
): Promise<{ studies: number; series: number; instances: number; film: Read; still: Read }> {
  const script = join(import.meta.dirname, 'dicomweb-reader.py');
  const env = await pythonWith('dicomweb-client==0.61.2');
  const { stdout } = await run('python3', [script, url, patientId, film, still], { env, timeout: 60_000 });
  return JSON.parse(stdout) as Awaited<ReturnType<typeof readAsOthersDo>>;
}
