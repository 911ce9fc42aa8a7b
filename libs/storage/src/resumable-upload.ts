import { inputError, SmartBoxError } from '@smartbox/kernel';
import type { S3Connection } from './connection.ts';
import { PartBuffers } from './part-buffers.ts';
import { abortUpload, partSize, putBody } from './upload.ts';

interface Part {
  readonly part: number;
  readonly etag: string;
  readonly size: number;
  readonly lastModified: Date;
}

/** What the store has of an upload. */
export interface Held {
  /** From the beginning, without a hole: where to go on. */
  readonly bytes: number;
  /** When the last of them came; undefined where none did. */
  readonly at: Date | undefined;
}

/**
 * An object that comes in several goes, by whoever and through whichever process: a multipart upload whose parts are
 * the record of how far it came. What does not fill a part when the sender breaks off is kept as an object of its own,
 * so that only a killed process loses any of what it had read: two parts at most. Two senders at once do no harm: the
 * same place gets the same bytes, and whoever completes it compares the hash.
 */
export class ResumableUpload {
  readonly #s3: S3Connection;
  readonly #key: string;
  readonly #id: string;
  readonly #size: number;
  readonly #partBytes: number;
  readonly #restPrefix: string;

  /** @param restPrefix where the bytes go that do not fill a part; removed by whoever removes the upload's records */
  constructor(s3: S3Connection, upload: { key: string; uploadId: string; size: number; restPrefix: string }) {
    this.#s3 = s3;
    this.#key = upload.key;
    this.#id = upload.uploadId;
    this.#size = upload.size;
    this.#partBytes = partSize({ size: upload.size });
    this.#restPrefix = upload.restPrefix;
  }

  /** @throws SmartBoxError `upload-not-found` once it was completed or aborted */
  async held(): Promise<Held> {
    const { whole, parts } = await this.#parts();
    const rest = await this.#rest(whole);
    const at = [...parts.map(({ lastModified }) => lastModified), ...(rest ? [rest.lastModified] : [])];
    return { bytes: whole + (rest?.bytes ?? 0), at: at.toSorted((a, b) => b.getTime() - a.getTime())[0] };
  }

  /**
   * Goes on at `from`, which has to be what `held` says. What came is kept also where `source` breaks; its error is
   * thrown then. @returns the bytes held afterwards
   * @throws SmartBoxError `offset-differs`, `object-size`, `upload-not-found`
   */
  async append(source: AsyncIterable<Uint8Array>, from: number): Promise<number> {
    const { whole, parts } = await this.#parts();
    const rest = await this.#rest(whole);
    const held = whole + (rest?.bytes ?? 0);
    if (held !== from)
      throw inputError('offset-differs', `${this.#key} goes on at ${held}, not at ${from} of ${this.#size} bytes`);
    const buffers = new PartBuffers(this.#partBytes);
    let [part, filled, number, total] = [buffers.take(), 0, parts.length, held];
    let sending: Promise<void> = Promise.resolve();
    const send = async (body: Buffer): Promise<void> => {
      await sending;
      number += 1;
      const query = `partNumber=${number}&uploadId=${encodeURIComponent(this.#id)}`;
      sending = this.#s3
        .retry('put', this.#key, undefined, () => putBody(this.#s3, this.#key, body, query))
        .then(() => buffers.give(body));
      sending.catch(() => undefined); // it is awaited before the next one, or at the end
    };
    let broken: { error: unknown } | undefined;
    try {
      if (rest) filled = await this.#readRest(whole, part);
      for await (const chunk of source) {
        total += chunk.byteLength;
        if (total > this.#size)
          throw inputError('object-size', `${this.#key}: more came than the announced ${this.#size} bytes`);
        for (let at = 0; at < chunk.byteLength;) {
          const piece = chunk.subarray(at, at + this.#partBytes - filled);
          part.set(piece, filled);
          filled += piece.byteLength;
          at += piece.byteLength;
          if (filled < this.#partBytes) continue;
          await send(part);
          [part, filled] = [buffers.take(), 0];
        }
      }
    } catch (error) {
      broken = { error };
    }
    await sending;
    const sent = whole + (number - parts.length) * this.#partBytes;
    if (sent + filled === this.#size && filled > 0) await send(part.subarray(0, filled));
    else if (filled > 0) await this.#keepRest(sent, part.subarray(0, filled));
    await sending;
    buffers.close();
    if (broken) throw broken.error;
    return sent + filled;
  }

  /** Makes the object of its parts. Done before, by whomever, is fine: the caller reads back what stands there. */
  async complete(): Promise<void> {
    const { client, bucket } = this.#s3;
    await this.#s3.retry('complete', this.#key, undefined, async () => {
      const { parts } = await this.#parts();
      await client.completeMultipartUpload(
        bucket,
        this.#key,
        this.#id,
        parts.map(({ part, etag }) => ({ part, etag })),
      );
    });
  }

  /** Gives up what came; a second time is fine. */
  abort(): Promise<void> {
    return abortUpload(this.#s3, this.#key, this.#id);
  }

  /** Those from the beginning without a hole, each as long as it has to be. */
  async #parts(): Promise<{ whole: number; parts: readonly Part[] }> {
    const { client, bucket } = this.#s3;
    // the client's type hides what its own resumption calls
    const lister = client as unknown as { listParts(bucket: string, key: string, id: string): Promise<Part[]> };
    const listed = await this.#s3.retry('list parts', this.#key, undefined, () =>
      lister.listParts(bucket, this.#key, this.#id),
    );
    const parts: Part[] = [];
    let whole = 0;
    for (const part of listed.toSorted((a, b) => a.part - b.part)) {
      if (part.part !== parts.length + 1 || part.size !== Math.min(this.#partBytes, this.#size - whole)) break;
      parts.push(part);
      whole += part.size;
    }
    return { whole, parts };
  }

  #restKey = (from: number): string => `${this.#restPrefix}rest-${from}`;

  async #rest(from: number): Promise<{ bytes: number; lastModified: Date } | undefined> {
    if (from === this.#size) return undefined;
    const { client, bucket } = this.#s3;
    const key = this.#restKey(from);
    const found = await this.#s3
      .retry('stat', key, undefined, () => client.statObject(bucket, key))
      .catch((error: unknown) => {
        if (error instanceof SmartBoxError && error.code === 'object-not-found') return undefined;
        throw error;
      });
    return found && { bytes: found.size, lastModified: found.lastModified };
  }

  async #readRest(from: number, into: Buffer): Promise<number> {
    const { client, bucket } = this.#s3;
    const key = this.#restKey(from);
    return this.#s3.retry('get', key, undefined, async () => {
      let filled = 0;
      for await (const chunk of await client.getObject(bucket, key)) {
        into.set(chunk as Uint8Array, filled);
        filled += (chunk as Uint8Array).byteLength;
      }
      return filled;
    });
  }

  async #keepRest(from: number, bytes: Buffer): Promise<void> {
    const key = this.#restKey(from);
    await this.#s3.retry('put', key, undefined, () => putBody(this.#s3, key, bytes, '', 'application/octet-stream'));
  }
}
