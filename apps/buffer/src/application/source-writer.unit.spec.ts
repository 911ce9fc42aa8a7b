import { createHash } from 'node:crypto';
import { SmartBoxError } from '@smartbox/kernel';
import { planSource, type FragmentName, type PlannedFragment } from '@smartbox/recording';
import { describe, expect, it } from 'vitest';
import { payloadsOf, steady, type Message } from '../../../../libs/recording/test/synthetic-ring.ts';
import type { HeadAnswer, HeadAsk } from '../domain/head.ts';
import type { Fragments, Heads, Objects } from './ports.ts';
import { SourceWriter, type SourceJob } from './source-writer.ts';

const CLIP_ID = '01K00000000000000000000001';
const ALL = { startNs: 0n, endNs: 1n << 62n };

/** A ring whose oldest messages leave it while it is read. */
class LeakyRing implements Fragments {
  readonly messages: Message[];
  evictOnRead: number;

  constructor(messages: Message[], evictOnRead = 0) {
    this.messages = messages;
    this.evictOnRead = evictOnRead;
  }
  async payload({ streamSequence }: { streamSequence: number }) {
    return this.messages.find((message) => message.streamSequence === streamSequence)?.payload;
  }
  read(fragments: readonly PlannedFragment[]) {
    this.messages.splice(0, this.evictOnRead);
    this.evictOnRead = 0;
    const wanted = new Set(fragments.map(({ entry }) => entry.streamSequence));
    return payloadsOf(this.messages.filter(({ streamSequence }) => wanted.has(streamSequence)));
  }
}

/** Keeps what is put, and can lie once when it is read back. */
class Store {
  readonly kept = new Map<string, Buffer>();
  lies = 0;
  puts = 0;

  readonly objects = {
    put: async (key: string, source: AsyncIterable<Uint8Array>, { size }: { size: number }) => {
      this.puts++;
      const chunks: Uint8Array[] = [];
      for await (const chunk of source) chunks.push(chunk);
      const bytes = Buffer.concat(chunks);
      expect(bytes.length).toBe(size);
      this.kept.set(key, bytes);
      return { key, bytes: size, sha256: createHash('sha256').update(bytes).digest('hex') };
    },
    verify: async () => {
      if (this.lies-- > 0) {
        throw new SmartBoxError({ code: 'object-corrupt', message: 'bits', fault: 'theirs', retryable: true });
      }
    },
    putJson: async (key: string, value: unknown) => void this.kept.set(key, Buffer.from(JSON.stringify(value))),
  } as unknown as Objects;
}

/** Encodes nothing: how often it is asked, and what comes of it, is all that counts here. */
class Encoder implements Heads {
  readonly asked: HeadAsk[] = [];
  readonly #failures: SmartBoxError[];

  constructor(failures: SmartBoxError[] = []) {
    this.#failures = failures;
  }
  async encode(ask: HeadAsk): Promise<HeadAnswer> {
    this.asked.push(ask);
    const failure = this.#failures.shift();
    if (failure) throw failure;
    const sizes = ask.sizes.slice(ask.lead).map(() => 10);
    const frames = sizes.map(() => ({ sourceHash: '0'.repeat(64), hash: '1'.repeat(64) }));
    return { samples: Buffer.alloc(10 * sizes.length), sizes, encoder: 'none', frames, psnr: 50, ssim: 0.99 };
  }
}

function write(ring: LeakyRing, store: Store, exact?: { startNs: bigint; heads: Encoder }) {
  const range = exact ? { ...ALL, startNs: exact.startNs } : ALL;
  const plan = (corrupt?: ReadonlySet<FragmentName>, whole = false) =>
    planSource('cam', ring.messages, range, { exact: exact !== undefined && !whole, ...(corrupt ? { corrupt } : {}) });
  const first = plan();
  if (!first) throw new Error('nothing to plan');
  const clip: SourceJob['clip'] = {
    ...{ clipId: CLIP_ID, kind: 'clip', stationId: 'or-1', procedureId: CLIP_ID },
    ...{ anchorMs: 0, requestedMs: 0 },
  };
  const key = `clips/${CLIP_ID}/cam/source.mp4`;
  const replan = async (corrupt: ReadonlySet<FragmentName>, whole: boolean) => plan(corrupt, whole);
  return new SourceWriter(store.objects, exact?.heads ?? new Encoder()).write({
    clip,
    key,
    fragments: ring,
    plan: first,
    replan,
  });
}

describe('writing a source', () => {
  it('plans again when the ring drops its oldest messages meanwhile', async () => {
    const store = new Store();
    const manifest = await write(new LeakyRing(steady(20), 3), store);
    expect(manifest).toMatchObject({ frames: 17 * 30, gaps: [] });
    expect(manifest?.fragments[0]?.sequence).toBe(3);
    expect(store.kept.get(manifest?.key ?? '')?.length).toBe(manifest?.bytes);
  });

  it('ends with nothing when the ring has dropped everything', async () => {
    expect(await write(new LeakyRing(steady(5), 5), new Store())).toBeUndefined();
  });

  it('leaves out all corrupt fragments at the second attempt, the first of an epoch too', async () => {
    const messages = steady(10);
    for (const index of [0, 4, 9]) messages[index]?.payload.subarray(-40).fill(0xee);
    const store = new Store();
    const manifest = await write(new LeakyRing(messages), store);
    expect(manifest?.fragments.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 5, 6, 7, 8]);
    expect(manifest?.gaps).toEqual([{ atMs: 3000, durationMs: 1000, reason: 'fragment-corrupt' }]);
    expect(store.puts).toBe(1);
  });

  it('leaves out a fragment whose init segment is no use', async () => {
    const messages = steady(4);
    const [first] = messages;
    if (!first) throw new Error();
    first.payload.write('junk', 16, 'latin1'); // the type of its moov
    first.headers = { ...first.headers, sha256: createHash('sha256').update(first.payload).digest('hex') };
    const manifest = await write(new LeakyRing(messages), new Store());
    expect(manifest?.fragments.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
  });

  it('begins within a GOP, and goes on when what encodes it dies', async () => {
    const died = () => new SmartBoxError({ code: 'worker-died', message: 'SIGKILL', fault: 'ours', retryable: true });
    const heads = new Encoder([died(), died()]);
    const manifest = await write(new LeakyRing(steady(4)), new Store(), { startNs: 500_000_000n, heads });
    expect(heads.asked.map(({ lead, sizes }) => [lead, sizes.length])).toEqual([[15, 30], [15, 30], [15, 30]]); // prettier-ignore
    expect(manifest).toMatchObject({ frames: 105, durationMs: 3500, cut: { copiedFrames: 90, reencodedFrames: 15 } });
    expect(manifest?.inexact).toBeUndefined();
  });

  it('keeps the whole GOP, and says so, rather than lose a frame to a beginning that cannot be encoded', async () => {
    const damaged = new SmartBoxError({ code: 'damaged', message: '3 of its last 15 frames', fault: 'ours' });
    const store = new Store();
    const heads = new Encoder([damaged]);
    const manifest = await write(new LeakyRing(steady(4)), store, { startNs: 500_000_000n, heads });
    expect(manifest).toMatchObject({
      frames: 120,
      durationMs: 4000,
      inexact: expect.stringContaining('3 of its last 15'),
    });
    expect(manifest?.cut).toBeUndefined();
    expect(store.kept.get(manifest?.key ?? '')?.length).toBe(manifest?.bytes);
  });

  it('writes it again when it reads back wrong, and gives up when it always does', async () => {
    const store = new Store();
    store.lies = 2;
    expect(await write(new LeakyRing(steady(3)), store)).toMatchObject({ frames: 90 });
    expect(store.puts).toBe(3);
    const broken = new Store();
    broken.lies = 100;
    await expect(write(new LeakyRing(steady(3)), broken)).rejects.toMatchObject({ code: 'object-corrupt' });
    expect(broken.kept.has(`clips/${CLIP_ID}/cam/manifest.json`)).toBe(false);
  });
});
