import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readMovie } from '../../test/read-movie.ts';
import { initsOf, message, payloadsOf, steady, type Message } from '../../test/synthetic-ring.ts';
import { planSource, ticksToNs, type SourcePlan } from '../index.ts';
import { assembleMovie } from './assemble.ts';
import { layoutMovie } from './movie.ts';

const ALL = { startNs: 0n, endNs: 1n << 62n };

async function build(messages: readonly Message[], plan: SourcePlan): Promise<Buffer> {
  const layout = layoutMovie(plan, initsOf(messages));
  const chunks: Uint8Array[] = [];
  for await (const chunk of assembleMovie(layout, plan.fragments, payloadsOf(messages))) chunks.push(chunk);
  const file = Buffer.concat(chunks);
  expect(file.length).toBe(layout.bytes);
  return file;
}

function planned(messages: readonly Message[], range = ALL): SourcePlan {
  const plan = planSource('cam', messages, range);
  if (!plan) throw new Error('nothing to plan');
  return plan;
}

const sampleBytes = ({ payload, headers }: Message) => {
  const sizes = headers.sampleSizes.split(',').map(Number);
  let at = payload.length - sizes.reduce((sum, size) => sum + size, 0);
  return sizes.map((size) => payload.subarray(at, (at += size)));
};

const epochId = (index: number) => `01K${String(index).padStart(23, '0')}`;

/** Any ring of one source: epochs with any GOPs, split GOPs, lost time between them. */
const anyRing = fc
  .array(
    fc.record({
      format: fc.integer({ min: 1, max: 3 }),
      pauseTicks: fc.integer({ min: 0, max: 900_000 }),
      gops: fc.array(
        fc.record({
          parts: fc.array(
            fc.array(fc.tuple(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 1, max: 9000 })), {
              minLength: 1,
              maxLength: 12,
            }),
            { minLength: 1, maxLength: 3 },
          ),
          gap: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 200_000 })),
        }),
        { minLength: 1, maxLength: 6 },
      ),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map((epochs) => {
    const messages: Message[] = [];
    let clock = 0;
    epochs.forEach(({ format, pauseTicks, gops }, epochIndex) => {
      clock += pauseTicks;
      const epochStart = clock;
      let sequence = 0;
      gops.forEach(({ parts, gap }, gopIndex) => {
        const lost = gopIndex === 0 ? 0 : gap;
        clock += lost;
        parts.forEach((frames, part) => {
          const durations = frames.map(([, duration]) => duration);
          const spec = {
            epoch: epochId(epochIndex),
            sequence: sequence++,
            baseTime: clock - epochStart,
            monotonicNs: ticksToNs(clock),
            durations,
            sizes: frames.map(([size]) => size),
            keyframe: part === 0,
            gapBefore: part === 0 ? lost : 0,
            gapReason: part === 0 && lost > 0 ? ('no-signal' as const) : ('none' as const),
            format,
          };
          messages.push(message(spec, messages.length + 1));
          clock += durations.reduce((sum, duration) => sum + duration, 0);
        });
      });
    });
    return { messages, length: clock - (epochs[0]?.pauseTicks ?? 0) };
  });

describe('the assembled file', () => {
  it('holds every sample once, in order, with its time, whatever the GOPs, epochs and gaps', async () => {
    await fc.assert(
      fc.asyncProperty(anyRing, async ({ messages, length }) => {
        const file = await build(messages, planned(messages));
        const movie = readMovie(file);
        expect(movie.boxes).toEqual(['ftyp', 'moov', 'mdat']);
        const wanted = messages.flatMap(sampleBytes);
        expect(movie.samples.length).toBe(wanted.length);
        movie.samples.forEach(({ bytes }, index) => expect(bytes.equals(wanted[index] ?? Buffer.alloc(0))).toBe(true));
        // Real time goes on over every gap: the whole is as long as the clock says (a tick of rounding per epoch).
        const total = movie.samples.reduce((sum, { duration }) => sum + duration, 0);
        expect(Math.abs(total - length)).toBeLessThanOrEqual(4);
        const keyframes = messages.flatMap(({ headers }) =>
          Array.from({ length: headers.frames }, (_, frame) => headers.keyframe && frame === 0),
        );
        expect(movie.samples.map(({ sync }) => sync)).toEqual(keyframes);
        expect(movie.descriptions).toBe(
          new Set(
            initsOf(messages)
              .values()
              .map((init) => init.toString('hex')),
          ).size,
        );
      }),
      { numRuns: 150 },
    );
  });

  it('is the same for any order of storage and with every message twice', async () => {
    const messages = steady(12);
    const shuffled = [...messages, ...messages]
      .map((entry, index) => ({ ...entry, streamSequence: (index * 7) % 24 }))
      .sort((a, b) => a.streamSequence - b.streamSequence);
    const one = await build(messages, planned(messages));
    const other = await build(shuffled, planned(shuffled));
    expect(other.equals(one)).toBe(true);
  });

  it('holds a cut range: from the keyframe before to the last frame before the end', async () => {
    const messages = steady(10);
    const plan = planned(messages, { startNs: 2_500_000_000n, endNs: 7_100_000_000n });
    const movie = readMovie(await build(messages, plan));
    expect(plan.startNs).toBe(2_000_000_000n);
    expect(plan.endNs).toBe(7_100_000_000n);
    expect(movie.samples.length).toBe(5 * 30 + 3);
    expect(plan.frames).toBe(movie.samples.length);
  });
});

describe('a file above 4 GiB', () => {
  it('has 64-bit chunk offsets and a 64-bit mdat, announced before a byte of it is read', () => {
    const big = steady(2);
    const plan = planned(big);
    for (const fragment of plan.fragments) {
      fragment.sizes = fragment.sizes.map(() => 90_000_000);
      fragment.bytes = fragment.sizes.length * 90_000_000;
    }
    const layout = layoutMovie(plan, initsOf(big));
    expect(layout.bytes).toBe(layout.header.length + 60 * 90_000_000);
    const mdat = layout.header.subarray(-16);
    expect(mdat.readUInt32BE(0)).toBe(1);
    expect(mdat.toString('latin1', 4, 8)).toBe('mdat');
    expect(Number(mdat.readBigUInt64BE(8))).toBe(60 * 90_000_000 + 16);
    const co64 = layout.header.indexOf('co64');
    expect(co64).toBeGreaterThan(0);
    expect(layout.header.readUInt32BE(co64 + 8)).toBe(2);
    expect(Number(layout.header.readBigUInt64BE(co64 + 12))).toBe(layout.header.length);
    expect(Number(layout.header.readBigUInt64BE(co64 + 20))).toBe(layout.header.length + 30 * 90_000_000);
  });
});

describe('a fragment that is not what it says', () => {
  it.each([
    [
      'a flipped bit',
      (payload: Buffer) => payload.writeUInt8(payload.readUInt8(payload.length - 5) ^ 4, payload.length - 5),
    ],
    ['a flipped bit in the moof', (payload: Buffer) => payload.writeUInt8(1, 300)],
  ])('is named: %s', async (_, spoil) => {
    const messages = steady(5);
    const bad = messages[3];
    if (!bad) throw new Error();
    spoil(bad.payload);
    const fragment = `${bad.headers.epoch}/3`;
    await expect(build(messages, planned(messages))).rejects.toMatchObject({ code: 'fragment-corrupt', fragment });
    const plan = planSource('cam', messages, ALL, { corrupt: new Set([`${bad.headers.epoch}/3` as const]) });
    expect(plan?.gaps).toEqual([{ atMs: 3000, durationMs: 1000, reason: 'fragment-corrupt' }]);
    if (plan) expect(readMovie(await build(messages, plan)).samples.length).toBe(120);
  });

  it('is named when its hash is right but its table is another one', async () => {
    const messages = steady(3);
    const bad = messages[1];
    if (!bad) throw new Error();
    bad.headers = { ...bad.headers, sampleSizes: bad.headers.sampleSizes.replace('900', '901') };
    await expect(build(messages, planned(messages))).rejects.toThrow(/sample sizes/);
  });

  it('is missed when the ring has evicted it meanwhile', async () => {
    const messages = steady(30);
    const plan = planned(messages);
    const layout = layoutMovie(plan, initsOf(messages));
    const read = async () => {
      for await (const _ of assembleMovie(layout, plan.fragments, payloadsOf(messages.slice(1))));
    };
    await expect(read()).rejects.toMatchObject({ code: 'fragment-missing', retryable: true });
  });
});
