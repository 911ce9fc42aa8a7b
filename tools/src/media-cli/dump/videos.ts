import { createHash, type Hash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { toError } from '@smartbox/kernel';
import { base64Decoder, LONG_TEXT, looksLikeBase64 } from '../base64.ts';
import { jsonRows } from './json-rows.ts';
import { sqlRows } from './sql-rows.ts';
import { LongText, type DumpToken } from './text.ts';

/** A video in a row of a dump. */
export interface DumpVideo {
  /** `dump.sql, row 17 of public.videos, video_data`. */
  readonly name: string;
  /** What else the row says, as text: whose it is, and when. Long texts are left out. */
  readonly row: Readonly<Record<string, string>>;
  /** Where its bytes are now, or why there are none. */
  readonly found:
    { readonly path: string; readonly bytes: number; readonly sha256: string } | { readonly error: Error };
}

/** Is it a dump? By its name, or because it is an array of records. */
export async function isDump(file: string): Promise<boolean> {
  if (/\.(sql|ndjson|jsonl)$/i.test(file)) return true;
  if (!/\.json$/i.test(file)) return false;
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(64), 0, 64, 0);
    return /^\uFEFF?\s*\[/.test(buffer.toString('utf8', 0, bytesRead));
  } finally {
    await handle.close();
  }
}

/**
 * The videos of a dump, in the order of its rows, at constant memory: each is decoded to `scratch`, which the next one
 * overwrites. A video that is broken is given with its error; a dump that is cut off ends in one.
 */
export async function* dumpVideos(file: string, scratch: string, signal: AbortSignal): AsyncGenerator<DumpVideo> {
  const text = new LongText(createReadStream(file, { encoding: 'utf8', signal }) as AsyncIterable<string>);
  const tokens = /\.sql$/i.test(file) ? sqlRows(text, file) : jsonRows(text, file);
  const rows = new Rows(file, scratch);
  try {
    for await (const token of tokens) yield* rows.take(token);
  } catch (error) {
    signal.throwIfAborted();
    yield { name: `${file}, ${rows.where}`, row: {}, found: { error: toError(error) } };
  } finally {
    await rows.close();
    await rm(scratch, { force: true });
  }
}

class Rows {
  readonly #file: string;
  readonly #scratch: string;
  readonly #counts = new Map<string, number>();
  #table = '';
  #row: Record<string, string> = {};
  #field = '';
  #raw = '';
  #payload: Payload | undefined;
  #videos: { field: string; found: DumpVideo['found'] }[] = [];

  constructor(file: string, scratch: string) {
    this.#file = file;
    this.#scratch = scratch;
  }

  get where(): string {
    const number = this.#counts.get(this.#table) ?? 0;
    return this.#table === '' ? `record ${number}` : `row ${number} of ${this.#table}`;
  }

  async *take(token: DumpToken): AsyncGenerator<DumpVideo> {
    if (token.kind === 'row') {
      this.#table = token.table;
      this.#counts.set(token.table, (this.#counts.get(token.table) ?? 0) + 1);
      [this.#row, this.#videos] = [{}, []];
    } else if (token.kind === 'field') {
      await this.#endField();
      this.#field = token.name;
    } else if (token.kind === 'text') await this.#text(token.text);
    else {
      await this.#endField();
      const row = Object.fromEntries(Object.entries(this.#row).map(([name, raw]) => [name, token.plain(raw)]));
      for (const { field, found } of this.#videos) yield { name: `${this.#file}, ${this.where}, ${field}`, row, found };
    }
  }

  async close(): Promise<void> {
    await this.#payload?.end();
    this.#payload = undefined;
  }

  async #text(text: string): Promise<void> {
    if (this.#payload) return this.#payload.write(text);
    if (this.#raw.length >= LONG_TEXT) return; // some other long text
    this.#raw += text;
    if (this.#raw.length < LONG_TEXT || !looksLikeBase64(this.#raw.slice(0, LONG_TEXT))) return;
    // one after the other: a second video of the row has a place of its own
    const path = this.#videos.length === 0 ? this.#scratch : `${this.#scratch}-${this.#videos.length}`;
    this.#payload = new Payload(path, `${this.#file}, ${this.where}, ${this.#field}`);
    await this.#payload.write(this.#raw);
  }

  async #endField(): Promise<void> {
    if (this.#payload) this.#videos.push({ field: this.#field, found: await this.#payload.end() });
    else if (this.#field !== '' && this.#raw !== '' && this.#raw.length < LONG_TEXT) this.#row[this.#field] = this.#raw;
    [this.#payload, this.#raw, this.#field] = [undefined, '', ''];
  }
}

/** One video on its way from text to a file. */
class Payload {
  readonly #path: string;
  readonly #decoder: Transform;
  readonly #hash: Hash = createHash('sha256');
  readonly #done: Promise<void>;
  #bytes = 0;
  #error: Error | undefined;

  constructor(path: string, name: string) {
    this.#path = path;
    this.#decoder = base64Decoder(name);
    const counted = new Transform({
      transform: (chunk: Buffer, _, done) => {
        this.#hash.update(chunk);
        this.#bytes += chunk.length;
        done(null, chunk);
      },
    });
    this.#done = pipeline(this.#decoder, counted, createWriteStream(path)).catch((error: unknown) => {
      this.#error = toError(error);
    });
  }

  async write(text: string): Promise<void> {
    if (this.#error || this.#decoder.write(text, 'latin1')) return;
    await Promise.race([once(this.#decoder, 'drain').catch(() => undefined), this.#done]);
  }

  async end(): Promise<DumpVideo['found']> {
    if (!this.#error) this.#decoder.end();
    await this.#done;
    if (this.#error) return { error: this.#error };
    return { path: this.#path, bytes: this.#bytes, sha256: this.#hash.digest('hex') };
  }
}
