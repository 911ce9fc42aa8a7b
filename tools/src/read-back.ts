import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileSource, payloadDigest, readPart10, type Dataset } from '@smartbox/dicom';
import { viewPacs, until, type PacsView } from '@smartbox/testing';
import { readCredentials, type RunInfo } from './launcher/run-info.ts';

export interface ReadBack {
  sopClassUid: string;
  sopInstanceUid: string;
  transferSyntaxUid: string;
  /** Size and hash of the Part 10 file as the PACS handed it out. */
  bytes: number;
  sha256: string;
  /** Hash of the video inside it. */
  payloadSha256: string;
  attributes: Dataset;
}

/** A look into the PACS of a running system. */
export async function openPacs(info: RunInfo): Promise<PacsView> {
  const { kind, httpUrl } = info.servers.pacs;
  if (kind === 'test-pacs') return viewPacs({ kind, httpUrl });
  const { pacsPassword } = await readCredentials(info);
  return viewPacs({ kind, httpUrl, user: 'smartbox', password: pacsPassword });
}

/** Fetches an object from the PACS and takes it apart; the video is streamed, never held in memory. */
export async function readBack(pacs: PacsView, sopInstanceUid: string): Promise<ReadBack> {
  await until(() => pacs.find(sopInstanceUid), { timeoutMs: 20_000, what: `${sopInstanceUid} in the PACS` });
  const dir = await mkdtemp(join(tmpdir(), 'smartbox-read-back-'));
  try {
    const path = join(dir, 'object.dcm');
    const hash = createHash('sha256');
    await pipeline(
      await pacs.open(sopInstanceUid),
      async function* (chunks: AsyncIterable<Uint8Array>) {
        for await (const chunk of chunks) {
          hash.update(chunk);
          yield chunk;
        }
      },
      createWriteStream(path),
    );
    await using source = await fileSource(path);
    const parsed = await readPart10(source);
    return {
      sopClassUid: parsed.sopClassUid,
      sopInstanceUid: parsed.sopInstanceUid,
      transferSyntaxUid: parsed.transferSyntaxUid,
      bytes: source.size,
      sha256: hash.digest('hex'),
      payloadSha256: (await payloadDigest(source, parsed)).sha256,
      attributes: parsed.dataset,
    };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
