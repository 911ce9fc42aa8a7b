import { findBox, readBoxes } from './boxes.ts';
import { SampleList } from './sample-list.ts';

/** What holds for the samples of a fragment that say nothing else (`trex`, ISO/IEC 14496-12 section 8.8.3). */
interface Defaults {
  readonly description: number;
  readonly duration: number;
  readonly size: number;
  readonly flags: number;
}

interface Sample {
  readonly offset: number;
  readonly size: number;
  readonly decoding: number;
  readonly duration: number;
  readonly composition: number;
  readonly flags: number;
  readonly description: number;
}

/** sample_is_non_sync_sample, section 8.8.3.1. */
const NON_SYNC = 0x10000;

/** Collects the samples of the `moof` boxes of a file (section 8.8). */
export class FragmentedTracks {
  readonly #defaults = new Map<number, Defaults>();
  readonly #samples = new Map<number, Sample[]>();

  constructor(moov: Buffer) {
    const mvex = [...readBoxes(moov)].find(({ type }) => type === 'mvex');
    for (const { type, body } of mvex ? readBoxes(mvex.body) : []) {
      if (type !== 'trex') continue;
      const [id = 0, description = 1, duration = 0, size = 0, flags = 0] = [4, 8, 12, 16, 20].map((at) =>
        body.readUInt32BE(at),
      );
      this.#defaults.set(id, { description, duration, size, flags });
    }
  }

  /** @param offset of the `moof` box in the file */
  add(moof: Buffer, offset: number): void {
    for (const { type, body } of readBoxes(moof)) if (type === 'traf') this.#addTrack(body, offset);
  }

  #addTrack(traf: Buffer, moofOffset: number): void {
    const tfhd = findBox(traf, 'tfhd').body;
    const flags = tfhd.readUInt32BE(0) & 0xffffff;
    const id = tfhd.readUInt32BE(4);
    let at = 8;
    const next = (bit: number, otherwise: number) => (flags & bit ? tfhd.readUInt32BE((at += 4) - 4) : otherwise);
    let base = moofOffset;
    if (flags & 0x1) {
      base = Number(tfhd.readBigUInt64BE(at));
      at += 8;
    }
    const inherited = this.#defaults.get(id) ?? { description: 1, duration: 0, size: 0, flags: 0 };
    const description = next(0x2, inherited.description);
    const duration = next(0x8, inherited.duration);
    const size = next(0x10, inherited.size);
    const defaults = { description, duration, size, flags: next(0x20, inherited.flags) };
    const samples = this.#samples.get(id) ?? [];
    this.#samples.set(id, samples);
    const last = samples.at(-1);
    const tfdt = [...readBoxes(traf)].find((box) => box.type === 'tfdt')?.body;
    const told = tfdt && (tfdt[0] === 1 ? Number(tfdt.readBigUInt64BE(4)) : tfdt.readUInt32BE(4));
    const run = { decoding: told ?? (last ? last.decoding + last.duration : 0), offset: -1 };
    for (const { type, body } of readBoxes(traf)) if (type === 'trun') addRun(body, base, defaults, run, samples);
  }

  /** Those of the tables in `moov`, then those of the fragments. */
  samplesOf(id: number, before: SampleList): SampleList {
    const samples = this.#samples.get(id) ?? [];
    const list = new SampleList(before.count + samples.length);
    for (const column of COLUMNS) list[column].set(before[column]);
    samples.forEach((sample, i) => {
      const at = before.count + i;
      list.offsets[at] = sample.offset;
      list.sizes[at] = sample.size;
      list.decoding[at] = sample.decoding;
      list.durations[at] = sample.duration;
      list.compositions[at] = sample.composition;
      list.sync[at] = sample.flags & NON_SYNC ? 0 : 1;
      list.descriptions[at] = sample.description;
    });
    return list;
  }
}

const COLUMNS = ['offsets', 'sizes', 'decoding', 'durations', 'compositions', 'sync', 'descriptions'] as const;

/** `trun`, section 8.8.8. `run` goes on from run to run: without a data offset one follows the other. */
function addRun(
  trun: Buffer,
  base: number,
  defaults: Defaults,
  run: { decoding: number; offset: number },
  samples: Sample[],
): void {
  const has = trun.readUInt32BE(0) & 0xffffff;
  const count = trun.readUInt32BE(4);
  let at = 8;
  const next = (bit: number, otherwise: number) => (has & bit ? trun.readUInt32BE((at += 4) - 4) : otherwise);
  if (has & 0x1) {
    run.offset = base + trun.readInt32BE(at);
    at += 4;
  } else if (run.offset < 0) throw new RangeError('a trun without a data offset');
  const first = next(0x4, defaults.flags);
  for (let i = 0; i < count; i++) {
    const duration = next(0x100, defaults.duration);
    const size = next(0x200, defaults.size);
    const flags = next(0x400, i === 0 ? first : defaults.flags);
    const composition = next(0x800, 0) | 0;
    const { description } = defaults;
    samples.push({ offset: run.offset, size, decoding: run.decoding, duration, composition, flags, description });
    run.offset += size;
    run.decoding += duration;
  }
}
