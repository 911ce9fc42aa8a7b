/** The usual part: below it an object goes in one request. */
export const PART_BYTES = 6 * 1024 ** 2;

/** Part buffers of the usual size are used again: memory stays flat over many large objects. */
export class PartBuffers {
  static readonly #kept: Buffer[] = [];
  static readonly #limit = 12;
  readonly #free: Buffer[] = [];
  readonly #all = new Set<Buffer>();
  readonly #bytes: number;

  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  take(): Buffer {
    const free = this.#free.pop() ?? (this.#bytes === PART_BYTES ? PartBuffers.#kept.pop() : undefined);
    const buffer = free ?? Buffer.allocUnsafeSlow(this.#bytes);
    this.#all.add(buffer);
    return buffer;
  }

  /** `part` is a view of a buffer that `take` gave. */
  give(part: Buffer): void {
    for (const buffer of this.#all) if (buffer.buffer === part.buffer) this.#free.push(buffer);
  }

  /** Nobody reads or writes them any more. */
  close(): void {
    if (this.#bytes !== PART_BYTES) return;
    for (const buffer of this.#all) if (PartBuffers.#kept.length < PartBuffers.#limit) PartBuffers.#kept.push(buffer);
  }
}
