import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { box } from './boxes.ts';
import { movieHeader } from './movie-header.ts';
import { readMovie, type Bytes } from './read-movie.ts';

const entry = box('avc1', Buffer.alloc(78), box('avcC', Buffer.from([1, 2, 3])));

const bytesOf = (file: Buffer): Bytes => ({
  size: file.length,
  read: (offset, length) => {
    if (offset + length > file.length) throw new Error('read beyond the end');
    return Promise.resolve(file.subarray(offset, offset + length));
  },
});

const samples = fc.array(
  fc.record({
    size: fc.integer({ min: 1, max: 1000 }),
    duration: fc.integer({ min: 1, max: 5000 }),
    composition: fc.integer({ min: -9000, max: 9000 }),
    sync: fc.boolean(),
  }),
  { minLength: 1, maxLength: 20 },
);

describe('the tables of a film', () => {
  it('are read as they were written', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(samples, { minLength: 1, maxLength: 8 }), fc.boolean(), async (chunks, reordered) => {
        let data = 0;
        const laid = chunks.map((each) => {
          const offset = data;
          for (const { size } of each) data += size;
          return {
            sizes: each.map(({ size }) => size),
            durations: each.map(({ duration }) => duration),
            ...(reordered ? { compositions: each.map(({ composition }) => composition) } : {}),
            sync: each.flatMap(({ sync }, i) => (sync ? [i] : [])),
            description: 1,
            offset,
          };
        });
        const track = { kind: 'video' as const, timescale: 90_000, entries: [entry], chunks: laid };
        const header = movieHeader([track], data, ['isom']);
        const movie = await readMovie(bytesOf(Buffer.concat([header, Buffer.alloc(data)])));
        const [read] = movie?.tracks ?? [];
        const all = chunks.flat();
        // nothing is shown before it is decoded; the edit list takes the delay away again
        const compositions = all.map((one) => (reordered ? one.composition : 0));
        const delay = Math.max(0, ...compositions.map((offset) => -offset));
        const duration = all.reduce((sum, one) => sum + one.duration, 0);
        const edits = delay === 0 ? [] : [{ duration, mediaTime: delay }];
        expect(read).toMatchObject({ handler: 'vide', timescale: 90_000, entries: [entry], edits });
        expect([...(read?.samples.sizes ?? [])]).toEqual(all.map(({ size }) => size));
        expect([...(read?.samples.durations ?? [])]).toEqual(all.map(({ duration }) => duration));
        expect([...(read?.samples.compositions ?? [])]).toEqual(compositions.map((offset) => offset + delay));
        const sync = all.some((one) => one.sync) ? all.map((one) => Number(one.sync)) : all.map(() => 0);
        expect([...(read?.samples.sync ?? [])]).toEqual(sync);
        let at = header.length;
        const offsets = all.map(({ size }) => (at += size) - size);
        expect([...(read?.samples.offsets ?? [])]).toEqual(offsets);
      }),
    );
  });

  it('say of anything that is no MP4, or half of one, that it is none', async () => {
    const header = movieHeader(
      [{ kind: 'video', timescale: 25, entries: [entry], chunks: [{ sizes: [9], durations: [1], sync: [0], description: 1, offset: 0 }] }], // prettier-ignore
      9,
      ['isom'],
    );
    expect(await readMovie(bytesOf(Buffer.alloc(0)))).toBeUndefined();
    expect(await readMovie(bytesOf(Buffer.from('RIFFxxxxAVI LIST')))).toBeUndefined();
    await fc.assert(
      fc.asyncProperty(fc.nat(header.length - 1), async (length) => {
        const movie = await readMovie(bytesOf(header.subarray(0, length)));
        // all tables stand before the header of the media data
        expect(movie !== undefined).toBe(length >= header.length - 8);
      }),
    );
    await fc.assert(
      fc.asyncProperty(fc.nat(header.length - 1), fc.nat(255), async (at, value) => {
        const broken = Buffer.from(header);
        broken[at] = value;
        await readMovie(bytesOf(Buffer.concat([broken, Buffer.alloc(9)]))); // whatever it says, it ends and does not throw
      }),
    );
  });
});
