/** A text of any length, read piece by piece: what is looked at is in memory, and nothing else. */
export class LongText {
  readonly #pieces: AsyncIterator<string>;
  #text = '';
  #at = 0;
  #over = false;

  constructor(pieces: AsyncIterable<string>) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  /** The next characters, which stay; fewer where the text ends. */
  async peek(length = 1): Promise<string> {
    while (this.#text.length - this.#at < length && !this.#over) {
      const next = await this.#pieces.next();
      if (next.done === true) this.#over = true;
      else [this.#text, this.#at] = [this.#text.slice(this.#at) + next.value, 0];
    }
    return this.#text.slice(this.#at, this.#at + length);
  }

  async take(length = 1): Promise<string> {
    const taken = await this.peek(length);
    this.#at += taken.length;
    return taken;
  }

  /** What stands before the first of `stops` (sticky off, global on), in pieces; the stop itself stays. */
  async *upTo(stops: RegExp): AsyncGenerator<string> {
    while ((await this.peek()) !== '') {
      stops.lastIndex = this.#at;
      const found = stops.exec(this.#text)?.index ?? this.#text.length;
      const piece = this.#text.slice(this.#at, found);
      this.#at = found;
      if (piece !== '') yield piece;
      if (found < this.#text.length) return;
    }
  }

  /** The same as one string, of which no more than `most` characters are kept. */
  async before(stops: RegExp, most: number): Promise<string> {
    let all = '';
    for await (const piece of this.upTo(stops)) if (all.length < most) all += piece.slice(0, most - all.length);
    return all;
  }
}

/** What a dump is made of, in the order it stands there. */
export type DumpToken =
  | { readonly kind: 'row'; readonly table: string }
  | { readonly kind: 'field'; readonly name: string }
  /** Of the field before, as it stands in the file; base64 text has the same letters in each of them. */
  | { readonly kind: 'text'; readonly text: string }
  /** @property plain what a short text of a field means */
  | { readonly kind: 'end'; readonly plain: (raw: string) => string };
