import type { CodecParameters, Packet } from 'node-av/lib';
import { asBrokenLink } from '../../hevc/joint.ts';
import type { EntryKind, NalCodec } from '../../video-nal.ts';

/** A run of packets in decoding order: the first, `skip` of them left out behind it, then the others. */
export interface Run {
  readonly first: number;
  readonly skip: number;
  readonly count: number;
}

/** The packets of an indexed file, whatever holds them. */
export interface CodedVideo {
  /** What a decoder has to know; its extradata are in the form of the packets. */
  readonly parameters: CodecParameters;
  /** Its bytes are a file of this machine: reading them again costs little. */
  readonly isNear: boolean;
  /** How decoding can begin at a packet. */
  entryAt(packet: number): Promise<PictureHead>;
  /** As they stand in an MP4, without parameter sets: together as many bytes as the index says. Each piece is valid until the next. */
  samples(run: Run): AsyncGenerator<Buffer>;
  /** For a decoder; each is valid until the next. */
  packets(run: Run): AsyncGenerator<Packet>;
  close(): Promise<void>;
}

/** What the first NAL units of a picture say. */
export interface PictureHead {
  readonly kind: EntryKind;
  /** A delimiter stands before it. */
  readonly delimited: boolean;
}

/** @param nals of a picture, as far as they are there. */
export function pictureHead(nals: readonly Uint8Array[], codec: NalCodec): PictureHead {
  const [first] = nals;
  const slice = nals.find((nal) => codec.isSlice(nal));
  return {
    kind: slice ? codec.entryOf(slice) : 'open',
    delimited: first !== undefined && codec.isDelimiter(first),
  };
}

export function* numbersOf({ first, skip, count }: Run): Generator<number> {
  for (let i = 0; i < count; i++) yield i === 0 ? first : first + skip + i;
}

/** The bytes of a run as they stand in the film. @param joint its first picture follows others of the film */
export async function* samplesOf(video: CodedVideo, run: Run, joint: boolean): AsyncGenerator<Buffer> {
  if (!joint) {
    yield* video.samples(run);
    return;
  }
  const first: Buffer[] = [];
  for await (const piece of video.samples({ ...run, count: 1 })) first.push(Buffer.from(piece));
  yield asBrokenLink(Buffer.concat(first));
  yield* video.samples({ first: run.first + run.skip + 1, skip: 0, count: run.count - 1 });
}
