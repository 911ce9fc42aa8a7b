import { AV_CODEC_ID_H264, AVMEDIA_TYPE_VIDEO } from 'node-av/constants';
import { CodecParameters, Packet, Rational, type Frame } from 'node-av/lib';
import { SmartBoxError } from '@smartbox/kernel';
import { parseAvcC, toAvcc } from '../../h264/nal.ts';
import { parseSps } from '../../h264/sps.ts';
import { H264 } from '../../video-nal.ts';
import { VideoDecoder } from '../decode.ts';
import type { QualityReport } from '../quality/comparison.ts';
import { decoderConfig, withParameterSets } from './decoder-config.ts';
import { edgeEncoder, type EdgeEncoder } from './edge-encoder.ts';
import { EdgeQuality } from './edge-quality.ts';
import { ParameterSets } from './parameter-sets.ts';
import { pictureHash } from './picture-hash.ts';

/** A closed GOP of H.264 without B-frames, as the ring holds it. */
export interface RingGop {
  /** `avc1`, byte for byte. */
  readonly sampleEntry: Buffer;
  /** Its coded pictures one after the other, with four-byte lengths. */
  readonly samples: Buffer;
  readonly sizes: readonly number[];
  readonly frameRate: { readonly num: number; readonly den: number };
}

export interface RingHead {
  /** The coded pictures, with four-byte lengths; the first is an IDR picture. */
  readonly samples: Buffer;
  readonly sizes: readonly number[];
  /** With the parameter sets of both; null where the encoder meets those of the GOP. */
  readonly sampleEntry: Buffer | null;
  readonly encoder: string;
  /** SHA-256 of the samples of each picture as it was captured, and as it is now. */
  readonly frames: readonly { readonly sourceHash: string; readonly hash: string }[];
  readonly quality: QualityReport;
}

/**
 * Encodes the frames of a GOP from `lead` on anew, so that they begin with a keyframe of their own and the GOP behind
 * can follow untouched. What was encoded is decoded again and compared. Synchronous, for child processes.
 * @throws SmartBoxError `damaged` where not every frame can be decoded.
 */
export function encodeRingHead(gop: RingGop, lead: number): RingHead {
  const sets = setsOf(gop.sampleEntry);
  const job = new HeadJob(gop, sets);
  try {
    decodeAll(gop, (frame, at) => at >= lead && job.take(frame));
    return job.result(lead);
  } finally {
    job.close();
  }
}

class HeadJob {
  private readonly gop: RingGop;
  private readonly sets: ParameterSets;
  private encoder: EdgeEncoder | null = null;
  private quality: EdgeQuality | null = null;
  private readonly samples: Buffer[] = [];
  private readonly captured: string[] = [];

  constructor(gop: RingGop, sets: ParameterSets) {
    this.gop = gop;
    this.sets = sets;
  }

  take(frame: Frame): void {
    const { frameRate } = this.gop;
    this.encoder ??= edgeEncoder(frame, this.sets, { frameRate, interlaced: false, beside: true });
    this.quality ??= new EdgeQuality(this.encoder, {});
    this.captured.push(pictureHash(frame));
    const nals = this.encoder.encode(frame, this.samples.length === 0);
    this.quality.add(frame, nals, this.samples.length);
    this.samples.push(toAvcc(nals));
  }

  result(lead: number): RingHead {
    const { encoder, quality, sets, gop, samples } = this;
    const wanted = gop.sizes.length - lead;
    quality?.endSegment();
    const report = quality?.report();
    if (!encoder || !report || samples.length !== wanted || report.frames.compared !== wanted)
      throw damagedGop(`${samples.length} of its last ${wanted} frames can be decoded`);
    const foreign = !sets.holds(encoder.sets);
    if (foreign) sets.addAll(encoder.sets);
    const sizes = samples.map((sample) => sample.length);
    const sampleEntry = foreign ? withParameterSets(gop.sampleEntry, sets) : null;
    const coded = { ...gop, sampleEntry: sampleEntry ?? gop.sampleEntry, samples: Buffer.concat(samples), sizes };
    const now: string[] = [];
    decodeAll(coded, (frame) => now.push(pictureHash(frame)));
    const frames = this.captured.map((sourceHash, i) => ({ sourceHash, hash: now[i] ?? '' }));
    return { samples: coded.samples, sizes, sampleEntry, encoder: encoder.description, frames, quality: report };
  }

  close(): void {
    this.quality?.close();
    this.encoder?.close();
  }
}

function setsOf(sampleEntry: Buffer): ParameterSets {
  const sets = new ParameterSets(H264);
  const { sps, pps } = parseAvcC(decoderConfig(sampleEntry, H264));
  for (const nal of [...sps, ...pps]) sets.add(nal);
  if (sets.sps.some((nal) => parseSps(nal).interlaced)) throw damagedGop('its pictures are fields');
  return sets;
}

function decodeAll({ sampleEntry, samples, sizes }: RingGop, onFrame: (frame: Frame, at: number) => void): void {
  const codecpar = new CodecParameters();
  codecpar.alloc();
  codecpar.codecType = AVMEDIA_TYPE_VIDEO;
  codecpar.codecId = AV_CODEC_ID_H264;
  codecpar.extradata = Buffer.from(decoderConfig(sampleEntry, H264));
  const decoder = new VideoDecoder({ codecpar, timeBase: new Rational(1, 90_000) }, 2);
  const packet = new Packet();
  packet.alloc();
  let offset = 0;
  let at = 0;
  const hand = (frame: Frame): void => onFrame(frame, at++);
  try {
    for (const size of sizes) {
      packet.data = samples.subarray(offset, (offset += size));
      decoder.decode(packet, hand);
      packet.unref();
    }
    decoder.decode(null, hand);
  } finally {
    packet.free();
    decoder.close();
  }
}

function damagedGop(why: string): SmartBoxError {
  return new SmartBoxError({ code: 'damaged', message: `a GOP of the ring cannot be cut: ${why}`, fault: 'ours' });
}
