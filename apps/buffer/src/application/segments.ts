import { SmartBoxError } from '@smartbox/kernel';
import { fragmentName, type FragmentPayload, type PlannedFragment, type RingEntry } from '@smartbox/recording';
import { recordingFolder, segmentIndexKey, segmentKey } from '../domain/keys.ts';
import { SegmentIndex } from '../domain/recording.ts';
import type { Fragments, Objects } from './ports.ts';

type Located = SegmentIndex['entries'][number] & { key: string; bytes: number };

/** Indices read at once when a recording is put together. */
const READERS = 8;

/** The durable copy of a recording's ring messages: segments of payloads, each with its index. */
export class Segments implements Fragments {
  readonly #objects: Objects;
  readonly #located = new Map<number, Located>();

  private constructor(objects: Objects) {
    this.#objects = objects;
  }

  /** Everything that was copied of a recording so far. */
  static async open(objects: Objects, clipId: string): Promise<Segments> {
    const segments = new Segments(objects);
    const keys: string[] = [];
    for await (const { key } of objects.list(recordingFolder(clipId))) if (key.endsWith('.json')) keys.push(key);
    const queue = keys.reverse();
    const work = async () => {
      for (let key = queue.pop(); key !== undefined; key = queue.pop()) {
        segments.#add(SegmentIndex.parse(await objects.getJson(key)));
      }
    };
    await Promise.all(Array.from({ length: READERS }, work));
    return segments;
  }

  /**
   * Copies messages of one source, in stream order, into one object, proves it by reading it back, and then writes
   * its index. Repeating it after a crash writes the same keys.
   */
  static async copy(objects: Objects, clipId: string, entries: readonly RingEntry[], ring: Fragments): Promise<void> {
    const [first] = entries;
    if (!first) return;
    const { source } = first.headers;
    const key = segmentKey(clipId, source, first.streamSequence);
    const size = entries.reduce((sum, entry) => sum + entry.payloadBytes, 0);
    const stored = await objects.put(key, payloads(entries, ring), { size, contentType: 'application/octet-stream' });
    await objects.verify(key, stored);
    let offset = 0;
    const index: SegmentIndex = {
      version: 1,
      key,
      bytes: stored.bytes,
      sha256: stored.sha256,
      entries: entries.map(({ streamSequence, brokerMs, payloadBytes, headers }) => {
        offset += payloadBytes;
        return { streamSequence, brokerMs, payloadBytes, headers, offset: offset - payloadBytes };
      }),
    };
    await objects.putJson(segmentIndexKey(clipId, source, first.streamSequence), index);
  }

  entries(): RingEntry[] {
    return [...this.#located.values()].sort((a, b) => a.streamSequence - b.streamSequence);
  }

  /** The last message copied of a source; 0: none yet. */
  lastSequence(sourceId: string): number {
    let last = 0;
    for (const { streamSequence, headers } of this.#located.values()) {
      if (headers.source === sourceId && streamSequence > last) last = streamSequence;
    }
    return last;
  }

  async payload(entry: RingEntry): Promise<Uint8Array | undefined> {
    const found = this.#located.get(entry.streamSequence);
    if (!found) return undefined;
    const stream = await this.#objects.getRange(found.key, found.offset, found.payloadBytes);
    const reader = new ByteReader(stream);
    return reader.take(found.payloadBytes);
  }

  async *read(fragments: readonly PlannedFragment[], signal?: AbortSignal): AsyncGenerator<FragmentPayload> {
    const found = fragments
      .map(({ entry }) => this.#located.get(entry.streamSequence))
      .filter((located) => located !== undefined)
      .sort((a, b) => a.streamSequence - b.streamSequence);
    const bySegment = Map.groupBy(found, ({ key }) => key);
    for (const [key, wanted] of bySegment) {
      const first = wanted[0];
      if (!first) continue;
      const stream = await this.#objects.getRange(key, first.offset, first.bytes - first.offset, { signal });
      const reader = new ByteReader(stream);
      let at = first.offset;
      for (const { headers, offset, payloadBytes } of wanted) {
        await reader.skip(offset - at);
        at = offset + payloadBytes;
        yield { epoch: headers.epoch, sequence: headers.sequence, payload: await reader.take(payloadBytes) };
      }
      stream.destroy();
    }
  }

  #add(index: SegmentIndex): void {
    for (const entry of index.entries) {
      this.#located.set(entry.streamSequence, { ...entry, key: index.key, bytes: index.bytes });
    }
  }
}

/** Exactly the payloads of the given messages. @throws SmartBoxError `fragment-missing` when one was evicted. */
async function* payloads(entries: readonly RingEntry[], ring: Fragments): AsyncGenerator<Uint8Array> {
  const planned = entries.map((entry) => ({ entry, sizes: [], durations: [], bytes: 0 }));
  let next = 0;
  for await (const { epoch, sequence, payload } of ring.read(planned)) {
    const expected = entries[next]?.headers;
    if (!expected || fragmentName(expected) !== fragmentName({ epoch, sequence })) continue;
    next++;
    yield payload;
  }
  if (next === entries.length) return;
  throw new SmartBoxError({
    code: 'fragment-missing',
    message: `message ${entries[next]?.streamSequence} left the ring before it was copied`,
    fault: 'ours',
    retryable: true,
  });
}

/** Takes exact lengths out of a stream. */
class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#source = stream[Symbol.asyncIterator]();
  }

  async take(bytes: number): Promise<Buffer> {
    const out = Buffer.allocUnsafe(bytes);
    await this.#next(bytes, (piece, at) => out.set(piece, at));
    return out;
  }

  skip(bytes: number): Promise<void> {
    return this.#next(bytes, () => undefined);
  }

  async #next(bytes: number, use: (piece: Uint8Array, at: number) => void): Promise<void> {
    for (let at = 0; at < bytes;) {
      if (this.#rest.length === 0) {
        const next = await this.#source.next();
        if (next.done === true) throw new RangeError(`the segment ended ${bytes - at} bytes early`);
        this.#rest = next.value;
      }
      const piece = this.#rest.subarray(0, bytes - at);
      use(piece, at);
      this.#rest = this.#rest.subarray(piece.length);
      at += piece.length;
    }
  }
}
