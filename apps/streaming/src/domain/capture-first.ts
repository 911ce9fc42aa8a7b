/** Late for this long: no hiccup. */
const CLOSES_AFTER_MS = 2_000;
/** Punctual for this long before others may come: each that comes takes something again. */
const OPENS_AFTER_MS = 5_000;

/** Whether viewers may come, by how late the capture on the same machine is. Between both bounds nothing changes. */
export class CaptureFirst {
  readonly #lateMs: number;
  #closed = false;
  /** Since when it has been the other way round. */
  #since: number | undefined;

  /** @param lateMs 0: viewers may always come. */
  constructor(lateMs: number) {
    this.#lateMs = lateMs;
  }

  get closed(): boolean {
    return this.#closed;
  }

  note(lateMs: number, nowMs: number): void {
    const turns = this.#closed ? lateMs < this.#lateMs / 2 : this.#lateMs > 0 && lateMs >= this.#lateMs;
    if (!turns) {
      this.#since = undefined;
      return;
    }
    this.#since ??= nowMs;
    if (nowMs - this.#since < (this.#closed ? OPENS_AFTER_MS : CLOSES_AFTER_MS)) return;
    this.#closed = !this.#closed;
    this.#since = undefined;
  }
}
