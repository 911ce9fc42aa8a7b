import { webcrypto } from 'node:crypto';
import type { RingHeaders } from '@smartbox/contracts';
import { SmartBoxError } from '@smartbox/kernel';
import { fragmentName, samplesOf, type FragmentName } from '../ring-entry.ts';
import { findBox, readBoxes, type Box } from './boxes.ts';

const { subtle } = webcrypto;

/** A fragment whose bytes are not what its headers say: the clip is planned again without it. */
export class FragmentCorrupt extends SmartBoxError {
  readonly fragment: FragmentName;

  constructor(headers: RingHeaders, reason: string, cause?: unknown) {
    const { station, source, epoch, sequence } = headers;
    super({
      code: 'fragment-corrupt',
      message: `fragment ${sequence} of epoch ${epoch} of ${station}/${source}: ${reason}`,
      fault: 'ours',
      details: { station, source, epoch, sequence },
      cause,
    });
    this.fragment = fragmentName(headers);
  }
}

interface Run {
  sizes: number[];
  durations: number[];
  reordered: boolean;
  dataOffset: number;
}

/** `trun` (ISO/IEC 14496-12 section 8.8.8), with the defaults of `tfhd` (section 8.8.7). */
function readRun(trun: Buffer, tfhd: Buffer): Run {
  const flags = tfhd.readUInt32BE(0) & 0xffffff;
  let at = 8 + (flags & 0x1 ? 8 : 0) + (flags & 0x2 ? 4 : 0);
  const optional = (bit: number) => (flags & bit ? tfhd.readUInt32BE((at += 4) - 4) : 0);
  const defaultDuration = optional(0x8);
  const defaultSize = optional(0x10);

  const has = trun.readUInt32BE(0) & 0xffffff;
  const count = trun.readUInt32BE(4);
  if (!(has & 0x1)) throw new RangeError('a trun without a data offset');
  const run: Run = { sizes: [], durations: [], reordered: false, dataOffset: trun.readInt32BE(8) };
  at = 12 + (has & 0x4 ? 4 : 0);
  const field = (bit: number, otherwise: number) => (has & bit ? trun.readUInt32BE((at += 4) - 4) : otherwise);
  for (let index = 0; index < count; index++) {
    run.durations.push(field(0x100, defaultDuration));
    run.sizes.push(field(0x200, defaultSize));
    field(0x400, 0);
    if (field(0x800, 0) !== 0) run.reordered = true;
  }
  return run;
}

/** The samples of one fragment (`moof` + `mdat`) and where their bytes are in `payload`. */
function readFragment(payload: Uint8Array, initBytes: number) {
  const boxes = [...readBoxes(payload.subarray(initBytes))];
  const moof = boxes.find(({ type }) => type === 'moof');
  const mdat = boxes.find(({ type }) => type === 'mdat');
  if (!moof || !mdat) throw new RangeError('no moof and mdat');
  const traf = findBox(moof.body, 'traf').body;
  const tfhd = findBox(traf, 'tfhd').body;
  const tfdt = findBox(traf, 'tfdt').body;
  const baseTime = tfdt.readUInt8(0) === 1 ? Number(tfdt.readBigUInt64BE(4)) : tfdt.readUInt32BE(4);
  const runs = [...readBoxes(traf)].filter(({ type }) => type === 'trun').map(({ body }) => readRun(body, tfhd));
  const [run] = runs;
  if (!run || runs.length !== 1) throw new RangeError(`${runs.length} runs of samples, not one`);
  return { baseTime, run, data: sampleData(moof, mdat, run) };
}

function sampleData(moof: Box, mdat: Box, run: Run): Buffer {
  const total = run.sizes.reduce((sum, size) => sum + size, 0);
  const start = moof.offset + run.dataOffset - (mdat.offset + mdat.whole.length - mdat.body.length);
  if (start < 0 || start + total > mdat.body.length) {
    throw new RangeError(`samples of ${total} bytes at ${start} of an mdat of ${mdat.body.length}`);
  }
  return mdat.body.subarray(start, start + total);
}

const same = (a: readonly number[], b: readonly number[]) =>
  a.length === b.length && a.every((value, index) => value === b[index]);

/**
 * The bytes of a fragment's samples, after proof that the payload is what its headers say: hash, decode time, every size
 * and duration. A view of `payload`. Hashed beside the event loop, on another core where there is one.
 * @throws FragmentCorrupt
 */
export async function verifiedSamples(headers: RingHeaders, payload: Uint8Array): Promise<Buffer> {
  const digest = await subtle.digest('SHA-256', payload);
  const sha256 = Buffer.from(digest).toString('hex');
  if (sha256 !== headers.sha256) throw new FragmentCorrupt(headers, `sha256 is ${sha256}, announced ${headers.sha256}`);
  try {
    const { baseTime, run, data } = readFragment(payload, headers.initBytes);
    const told = samplesOf(headers);
    if (!told) throw new RangeError('the headers contradict themselves');
    if (baseTime !== headers.baseTime) throw new RangeError(`tfdt ${baseTime}, announced ${headers.baseTime}`);
    if (!same(run.sizes, told.sizes)) throw new RangeError('the sample sizes are not those announced');
    if (!same(run.durations, told.durations)) throw new RangeError('the sample durations are not those announced');
    if (run.reordered) throw new RangeError('reordered frames (B-frames), which the ring does not carry');
    return data;
  } catch (error) {
    if (error instanceof RangeError) throw new FragmentCorrupt(headers, error.message, error);
    throw error;
  }
}
