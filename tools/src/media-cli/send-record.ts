import { openAsBlob } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { SmartBoxError } from '@smartbox/kernel';
import type { CatalogApi } from '../api.ts';

/** One request carries no more: the longer it is, the more a proxy on the way has to put up with. */
const PIECE_BYTES = 64 * 1024 ** 2;
/** Failures in a row without a byte more: about two minutes, as a service may take to come back. */
const PATIENCE = 12;

/**
 * The bytes of a record, from where the system has them (tus 1.0.0): whoever was interrupted on either side goes on
 * there. Resolves when all are there with that hash. @throws SmartBoxError what the system refuses, or the last failure
 */
export async function sendRecord(
  api: CatalogApi,
  sha256: string,
  path: string,
  { signal, progress }: { signal: AbortSignal; progress: (sent: number, of: number) => void },
): Promise<void> {
  const file = await openAsBlob(path);
  let failures = 0;
  let reached = -1;
  for (let at: number | undefined; ;) {
    signal.throwIfAborted();
    try {
      at ??= await api.uploadOffset(sha256);
      if (at === undefined) await api.beginUpload(sha256, file.size);
      at ??= await api.uploadOffset(sha256);
      if (at === file.size) return;
      if (at === undefined) continue;
      if (at > reached) [failures, reached] = [0, at];
      progress(at, file.size);
      at = await api.appendUpload(sha256, at, file.slice(at, at + PIECE_BYTES));
    } catch (error) {
      const passing = error instanceof SmartBoxError && (error.retryable || error.code === 'offset-differs');
      if (!passing || (failures += 1) > PATIENCE) throw error;
      at = undefined;
      await setTimeout(Math.min(500 * 2 ** failures, 15_000), undefined, { signal });
    }
  }
}
