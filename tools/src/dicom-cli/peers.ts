import { number, readPart10 } from '@smartbox/dicom';
import {
  AssociationPool,
  echo,
  findWorklist,
  store,
  tlsOptions,
  type AssociationOptions,
  type WorklistAnswer,
  type WorklistQuery,
} from '@smartbox/dimse';
import { inputError, SmartBoxError, toError } from '@smartbox/kernel';
import { openObject } from './files.ts';

type Peer = Omit<AssociationOptions, 'contexts' | 'signal'>;

export interface PeerOptions {
  /** `AE@host:port`; an IPv6 address in brackets. */
  to: string;
  calling?: string | undefined;
  tls?: { ca?: string | undefined; cert?: string | undefined; key?: string | undefined } | undefined;
  timeoutSeconds?: number | undefined;
}

/** @throws SmartBoxError `invalid-peer` */
export function peerOf(options: PeerOptions): Peer {
  const match = /^([^@\\]{1,16})@(\[[0-9a-fA-F:]+\]|[^:@[\]]+):(\d{1,5})$/.exec(options.to);
  const port = Number(match?.[3]);
  if (!match?.[1] || !match[2] || !(port > 0 && port < 65_536))
    throw inputError(
      'invalid-peer',
      `"${options.to}" is no peer: write AE@host:port, with an AE title of at most 16 characters (PS3.5 6.2)`,
    );
  return {
    host: match[2].replace(/^\[|\]$/g, ''),
    port,
    calledAeTitle: match[1].trim(),
    callingAeTitle: options.calling ?? 'SMARTBOX',
    maxPduBytes: 131_072,
    idleTimeoutMs: (options.timeoutSeconds ?? 30) * 1000,
    connectTimeoutMs: Math.min(10_000, (options.timeoutSeconds ?? 30) * 1000),
    ...(options.tls ? { tls: tlsOptions(options.tls, process.cwd(), options.to) } : {}),
  };
}

export async function echoPeer(options: PeerOptions): Promise<{ to: string; ok: boolean; roundTripMs: number }> {
  return { to: options.to, ok: true, roundTripMs: Math.round((await echo(peerOf(options))) * 10) / 10 };
}

export interface Sent {
  file: string;
  ok: boolean;
  sopInstanceUid?: string;
  sopClassUid?: string;
  transferSyntaxUid?: string;
  bytes?: number;
  ms?: number;
  /** Four hexadecimal digits, PS3.4 table B.2-1. */
  status?: string;
  comment?: string;
  error?: { code: string; message: string };
}

/** Sends files one after the other, as many as the peer takes on one association; a refused one does not stop the rest. */
export async function sendFiles(files: readonly string[], options: PeerOptions): Promise<Sent[]> {
  const pool = new AssociationPool(peerOf(options));
  const signal = new AbortController().signal;
  const results: Sent[] = [];
  try {
    for (const file of files) results.push(await sendFile(pool, file, signal));
    return results;
  } finally {
    await pool.close();
  }
}

async function sendFile(pool: AssociationPool, file: string, signal: AbortSignal): Promise<Sent> {
  try {
    await using source = await openObject(file);
    const { meta, sopClassUid, sopInstanceUid, transferSyntaxUid } = await readPart10(source);
    const group = number(meta, 'FileMetaInformationGroupLength');
    if (group === undefined)
      throw inputError('not-dicom', `${file} has no File Meta Information Group Length (PS3.10 7.1)`);
    const offset = 144 + group;
    const size = source.size - offset;
    async function* read(): AsyncGenerator<Uint8Array> {
      const step = 1 << 20;
      for (let at = offset; at < source.size; at += step) yield source.read(at, Math.min(step, source.size - at));
    }
    const begun = performance.now();
    const { status, comment } = await pool.use({ sopClassUid, transferSyntaxUid }, signal, async (association) => {
      const answer = await store(association, { sopClassUid, sopInstanceUid, transferSyntaxUid, size, read });
      if (!stored(answer.status)) await association.release(); // the next one gets a new association
      return answer;
    });
    return {
      file,
      ok: stored(status),
      sopInstanceUid,
      sopClassUid,
      transferSyntaxUid,
      bytes: size,
      ms: Math.round(performance.now() - begun),
      status: status.toString(16).toUpperCase().padStart(4, '0'),
      ...(comment === undefined ? {} : { comment }),
    };
  } catch (error) {
    const code =
      error instanceof SmartBoxError
        ? error.code
        : 'code' in toError(error)
          ? String((error as { code: unknown }).code)
          : 'unexpected';
    return { file, ok: false, error: { code, message: toError(error).message } };
  }
}

/** Success, or stored with a warning (PS3.4 table B.2-1). */
const stored = (status: number) => status === 0 || (status & 0xf000) === 0xb000;

export function askWorklist(options: PeerOptions, query: WorklistQuery): Promise<WorklistAnswer> {
  return findWorklist(peerOf(options), query);
}
