import { open, type FileHandle } from 'node:fs/promises';
import { SmartBoxError, toError } from '@smartbox/kernel';
import { HttpBytes } from './http-bytes.ts';
import type { ByteSource } from './random-access.ts';

export type { ByteSource };

/** Pieces of this size keep the disk and the processor busy at the same time. */
const PIECE = 1024 ** 2;

/** Opens a regular file or an http(s) URL. Undefined where it is something else: a pipe, a device, another protocol. */
export async function openBytes(pathOrUrl: string, signal?: AbortSignal): Promise<ByteSource | undefined> {
  if (/^https?:/.test(pathOrUrl)) return HttpBytes.open(pathOrUrl, signal);
  if (/^[a-z][a-z0-9+.-]+:/i.test(pathOrUrl)) return undefined;
  const file = await open(pathOrUrl).catch((error: unknown) => {
    throw unreadable(`cannot open ${pathOrUrl}`, error);
  });
  const facts = await file.stat();
  if (facts.isFile()) return new FileBytes(pathOrUrl, file, facts.size);
  await file.close();
  return undefined;
}

class FileBytes implements ByteSource {
  readonly size: number;
  readonly isNear = true;
  bytesRead = 0;
  private readonly path: string;
  private readonly file: FileHandle;

  constructor(path: string, file: FileHandle, size: number) {
    this.path = path;
    this.file = file;
    this.size = size;
  }

  async read(offset: number, length: number): Promise<Buffer> {
    return this.fill(Buffer.allocUnsafe(length), offset, length);
  }

  async *stream(offset: number, length: number): AsyncGenerator<Buffer> {
    const buffers = [Buffer.allocUnsafe(Math.min(PIECE, length)), Buffer.allocUnsafe(Math.min(PIECE, length))] as const;
    const end = offset + length;
    const ask = (at: number, turn: number): Promise<Buffer> | undefined =>
      at < end ? this.fill(buffers[turn % 2 === 0 ? 0 : 1], at, Math.min(PIECE, end - at)) : undefined;
    let coming = ask(offset, 0);
    for (let at = offset, turn = 1; coming; at += PIECE, turn++) {
      const piece = await coming;
      coming = ask(at + PIECE, turn);
      coming?.catch(() => undefined); // it is awaited in the next turn, or nobody wants it any more
      yield piece;
    }
  }

  private async fill(into: Buffer, offset: number, length: number): Promise<Buffer> {
    for (let at = 0; at < length;) {
      const { bytesRead } = await this.file.read(into, at, length - at, offset + at).catch((error: unknown) => {
        throw unreadable(`cannot read ${this.path}`, error);
      });
      if (bytesRead === 0)
        throw unreadable(`cannot read ${this.path}`, new Error(`it ends at byte ${offset + at} of ${offset + length}`));
      at += bytesRead;
      this.bytesRead += bytesRead;
    }
    return into.subarray(0, length);
  }

  close(): Promise<void> {
    return this.file.close();
  }
}

function unreadable(what: string, thrown: unknown): SmartBoxError {
  const error = toError(thrown);
  const code = 'code' in error ? String(error.code) : '';
  const why = { ENOENT: 'No such file or directory', EACCES: 'Permission denied', EISDIR: 'Is a directory' }[code];
  return new SmartBoxError({ code: 'media-error', message: `${what}: ${why ?? error.message}`, fault: 'input', cause: error }); // prettier-ignore
}
