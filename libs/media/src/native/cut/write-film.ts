import { createHash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { SmartBoxError } from '@smartbox/kernel';
import { openBytes, type ByteSource } from '../../bytes/byte-source.ts';
import type { FilmLayout, Piece } from './film-layout.ts';
import { NalWatch } from './nal-watch.ts';
import { numbersOf, samplesOf } from './coded-video.ts';
import type { OpenSource } from './open-source.ts';
import { breathe } from './source-index.ts';

export interface FilmFiles {
  readonly edges: string;
  readonly sound: string | null;
}

/**
 * Writes a film as it is laid out, in one pass. Copied packets go by as bytes; on the way they are hashed, and searched
 * for parameter sets that their file has not told of.
 * @returns SHA-256 over the copied packets as they stand in the film, hexadecimal.
 * @throws SmartBoxError `parameter-sets-change` with the number of the source.
 */
export async function writeFilm(
  path: string,
  layout: FilmLayout,
  sources: readonly (OpenSource | null)[],
  files: FilmFiles,
  signal: AbortSignal | undefined,
  onBytes: (bytes: number) => void,
): Promise<string> {
  const hash = createHash('sha256');
  const output = await open(path, 'w').catch((error: unknown) => {
    throw notWritable(path, error);
  });
  const edges = new LazyFile(files.edges);
  const sound = new LazyFile(files.sound ?? '');
  try {
    await write(output, layout.header);
    let done = 0;
    for (const piece of layout.pieces) {
      for await (const data of bytesOf(piece, sources, edges, sound)) {
        const writing = write(output, data).catch((error: unknown) => {
          throw notWritable(path, error);
        });
        if (piece.kind === 'copy') hash.update(data); // while the disk takes it
        await writing;
        onBytes((done += data.length));
      }
      await breathe(signal);
    }
  } finally {
    await Promise.all([output.close(), edges.close(), sound.close()]);
  }
  return hash.digest('hex');
}

async function* bytesOf(
  piece: Piece,
  sources: readonly (OpenSource | null)[],
  edges: LazyFile,
  sound: LazyFile,
): AsyncGenerator<Buffer> {
  if (piece.kind === 'mark') yield piece.data;
  else if (piece.kind === 'copy') yield* copied(piece, sources[piece.source] ?? null);
  else yield* (await (piece.kind === 'edge' ? edges : sound).open()).stream(piece.offset, piece.bytes);
}

async function* copied(piece: Piece & { kind: 'copy' }, source: OpenSource | null): AsyncGenerator<Buffer> {
  if (!source?.index.sets) return;
  const { index, video } = source;
  const watch = new NalWatch(source.index.sets);
  const numbers = numbersOf(piece.run);
  const nextSize = (): number => {
    const next = numbers.next();
    return next.done ? 0 : (index.sizes[next.value] ?? 0);
  };
  for await (const data of samplesOf(video, piece.run, piece.joint)) {
    watch.see(data, nextSize);
    if (watch.stranger)
      throw new SmartBoxError({
        code: 'parameter-sets-change',
        message: 'the parameter sets change within the stream',
        fault: 'input',
        details: { source: piece.source },
      });
    yield data;
  }
}

/** Writes all of it. */
async function write(file: FileHandle, data: Uint8Array): Promise<void> {
  for (let at = 0; at < data.length;) at += (await file.write(data, at)).bytesWritten;
}

class LazyFile {
  private readonly path: string;
  private bytes: ByteSource | undefined;

  constructor(path: string) {
    this.path = path;
  }

  async open(): Promise<ByteSource> {
    this.bytes ??= await openBytes(this.path);
    if (!this.bytes) throw notWritable(this.path, new Error('it is no regular file'));
    return this.bytes;
  }

  async close(): Promise<void> {
    await this.bytes?.close();
  }
}

export function notWritable(path: string, cause: unknown): SmartBoxError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new SmartBoxError({ code: 'media-error', message: `cannot write ${path}: ${why}`, fault: 'input', cause });
}
