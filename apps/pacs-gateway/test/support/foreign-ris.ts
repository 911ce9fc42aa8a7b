import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort, pythonWith, until } from '@smartbox/testing';

/** The DICOM JSON model, PS3.18 annex F. */
export type JsonDataSet = Record<string, { vr: string; Value?: unknown[] } | undefined>;

/** One message, and the step as it is kept after it. */
interface Taken {
  kind: 'create' | 'set' | 'refused';
  uid: string;
  status: number;
  step: JsonDataSet | null;
}

export interface ForeignRis {
  port: number;
  aeTitle: string;
  taken: readonly Taken[];
  stop: () => Promise<void>;
}

/** pynetdicom as the information system that is told of procedure steps. */
export async function startForeignRis(): Promise<ForeignRis> {
  const [env, port] = [await pythonWith('pynetdicom==3.0.4'), await freePort()];
  const aeTitle = 'PYNETDICOM';
  const script = join(import.meta.dirname, 'mpps-scp.py');
  const child = spawn('python3', [script, String(port), aeTitle], { env, stdio: ['pipe', 'pipe', 'pipe'] });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const taken: Taken[] = [];
  let listening = false;
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  createInterface(child.stdout).on('line', (line) => {
    const said = JSON.parse(line) as Taken | { kind: 'listening' };
    if (said.kind === 'listening') listening = true;
    else taken.push(said);
  });
  await until(() => listening || child.exitCode !== null, { timeoutMs: 60_000, what: 'pynetdicom to listen' });
  if (!listening) throw new Error(`pynetdicom did not start:\n${errors}`);
  const stop = async () => {
    child.stdin.end();
    await exited;
  };
  return { port, aeTitle, taken, stop };
}
