import { SmartBoxError } from '@smartbox/kernel';
import { open } from 'node:fs/promises';

/** Random access to bytes: a file, an object in S3, a buffer. Nothing is loaded that is not asked for. */
export interface ByteSource {
  /** Bytes in all. */
  readonly size: number;
  /** `length` bytes from `offset`; fewer only at the end. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

export function bufferSource(bytes: Uint8Array): ByteSource {
  return { size: bytes.length, read: async (offset, length) => bytes.subarray(offset, offset + length) };
}

/** A file by path; close it when done, or use `await using`. */
export async function fileSource(path: string): Promise<ByteSource & AsyncDisposable & { close(): Promise<void> }> {
  const handle = await open(path, 'r');
  const close = () => handle.close();
  try {
    const { size } = await handle.stat();
    return {
      size,
      async read(offset, length) {
        const buffer = Buffer.alloc(Math.max(0, Math.min(length, size - offset)));
        const { bytesRead } = await handle.read(buffer, 0, buffer.length, offset);
        return buffer.subarray(0, bytesRead);
      },
      close,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

export function truncated(offset: number): SmartBoxError {
  return new SmartBoxError({
    code: 'dicom-truncated',
    fault: 'input',
    message: `The object ends at byte ${offset}, in the middle of an element`,
  });
}

/** Reads through small windows: attributes cost few reads, a payload costs none. */
export class Cursor {
  offset: number;
  readonly source: ByteSource;
  private readonly windowLength: number;
  private window: Buffer = Buffer.alloc(0);
  private windowStart = 0;

  constructor(source: ByteSource, offset = 0, windowLength = 64 * 1024) {
    this.source = source;
    this.offset = offset;
    this.windowLength = windowLength;
  }

  get atEnd(): boolean {
    return this.offset >= this.source.size;
  }

  /** The next `length` bytes, without moving. */
  async peek(length: number): Promise<Buffer> {
    const start = this.offset - this.windowStart;
    if (start < 0 || start + length > this.window.length) {
      const wanted = Math.min(Math.max(length, this.windowLength), this.source.size - this.offset);
      if (wanted < length) throw truncated(this.source.size);
      const bytes = await this.source.read(this.offset, wanted);
      this.window = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      this.windowStart = this.offset;
      if (this.window.length < length) throw truncated(this.offset + this.window.length);
      return this.window.subarray(0, length);
    }
    return this.window.subarray(start, start + length);
  }

  /** The next `length` bytes; moves behind them. */
  async take(length: number): Promise<Buffer> {
    const bytes = await this.peek(length);
    this.offset += length;
    return bytes;
  }
}
