import { AV_CODEC_ID_H264, AV_CODEC_ID_HEVC, AVMEDIA_TYPE_VIDEO } from 'node-av/constants';
import { CodecParameters, Packet } from 'node-av/lib';
import { openBytes, type ByteSource } from '../../bytes/byte-source.ts';
import { codecNamed, H264, type NalCodec } from '../../video-nal.ts';
import { avError } from '../av.ts';
import { numbersOf, pictureHead, type CodedVideo, type PictureHead, type Run } from './coded-video.ts';
import { decoderConfig } from './decoder-config.ts';
import type { SampleTable, SourceIndex } from './source-index.ts';

/** A keyframe's first slice stands within so many bytes, behind delimiter and messages; else all of it is read. */
const HEAD = 4096;
/** Packets for a decoder are fetched in stretches of this size. */
const STRETCH = 2 * 1024 ** 2;
/** Nearer than this it is cheaper to read what lies between two samples (sound, say) than to ask twice. */
const NEAR = 64 * 1024;

/** The packets of an MP4 by their places in the file: only what is asked for is read. */
export class TableVideo implements CodedVideo {
  readonly parameters: CodecParameters;
  readonly isNear: boolean;
  private readonly index: SourceIndex;
  private readonly table: SampleTable;
  private readonly codec: NalCodec;
  private readonly bytes: ByteSource;

  private constructor(index: SourceIndex, table: SampleTable, bytes: ByteSource) {
    this.index = index;
    this.table = table;
    this.bytes = bytes;
    this.isNear = bytes.isNear;
    this.codec = codecNamed(index.codec) ?? H264;
    this.parameters = parametersOf(index, table, this.codec);
  }

  static async open(index: SourceIndex, signal?: AbortSignal): Promise<TableVideo> {
    const bytes = await openBytes(index.path, signal);
    if (!bytes || !index.table) throw avError(-2, `open ${index.path}`);
    return new TableVideo(index, index.table, bytes);
  }

  async entryAt(packet: number): Promise<PictureHead> {
    const { codec, bytes } = this;
    const offset = this.table.offsets[packet] ?? 0;
    const size = this.index.sizes[packet] ?? 0;
    let nals = nalHeads(await bytes.read(offset, Math.min(size, HEAD)));
    if (!nals.some((nal) => codec.isSlice(nal)) && size > HEAD) nals = nalHeads(await bytes.read(offset, size));
    return pictureHead(nals, codec);
  }

  async *samples(run: Run): AsyncGenerator<Buffer> {
    for (const { offset, length } of this.stretches(run)) yield* this.bytes.stream(offset, length);
  }

  async *packets(run: Run): AsyncGenerator<Packet> {
    const packet = new Packet();
    packet.alloc();
    try {
      for (const numbers of this.batches(run)) {
        const start = this.table.offsets[numbers[0] ?? 0] ?? 0;
        const last = numbers.at(-1) ?? 0;
        const end = (this.table.offsets[last] ?? 0) + (this.index.sizes[last] ?? 0);
        const data = await this.bytes.read(start, end - start);
        for (const number of numbers) {
          const at = (this.table.offsets[number] ?? 0) - start;
          packet.data = data.subarray(at, at + (this.index.sizes[number] ?? 0));
          const time = BigInt(this.index.times[this.index.presentation[number] ?? 0] ?? 0);
          packet.pts = packet.dts = time;
          yield packet;
          packet.unref();
        }
      }
    } finally {
      packet.free();
    }
  }

  /** Bytes that follow each other in the file. */
  private *stretches(run: Run): Generator<{ offset: number; length: number }> {
    let open: { offset: number; length: number } | undefined;
    for (const number of numbersOf(run)) {
      const offset = this.table.offsets[number] ?? 0;
      const length = this.index.sizes[number] ?? 0;
      if (open && open.offset + open.length === offset) open.length += length;
      else {
        if (open) yield open;
        open = { offset, length };
      }
    }
    if (open) yield open;
  }

  /** Packets that are fetched together. */
  private *batches(run: Run): Generator<number[]> {
    let open: number[] = [];
    for (const number of numbersOf(run)) {
      const [first] = open;
      const before = open.at(-1);
      if (first !== undefined && before !== undefined) {
        const end = (this.table.offsets[before] ?? 0) + (this.index.sizes[before] ?? 0);
        const offset = this.table.offsets[number] ?? 0;
        const together =
          offset >= end && offset - end <= NEAR && offset + (this.index.sizes[number] ?? 0) - (this.table.offsets[first] ?? 0) <= STRETCH; // prettier-ignore
        if (!together) {
          yield open;
          open = [];
        }
      }
      open.push(number);
    }
    if (open.length > 0) yield open;
  }

  close(): Promise<void> {
    return this.bytes.close();
  }
}

/** The NAL units whose headers are there; the last one may reach beyond. */
function nalHeads(data: Buffer): Uint8Array[] {
  const heads: Uint8Array[] = [];
  for (let at = 0; at + 6 <= data.length; at += 4 + data.readUInt32BE(at))
    heads.push(data.subarray(at + 4, at + 4 + data.readUInt32BE(at)));
  return heads;
}

function parametersOf(index: SourceIndex, { entry }: SampleTable, codec: NalCodec): CodecParameters {
  const parameters = new CodecParameters();
  parameters.alloc();
  parameters.codecType = AVMEDIA_TYPE_VIDEO;
  parameters.codecId = codec === H264 ? AV_CODEC_ID_H264 : AV_CODEC_ID_HEVC;
  parameters.width = index.width;
  parameters.height = index.height;
  parameters.extradata = Buffer.from(decoderConfig(entry, codec));
  return parameters;
}
