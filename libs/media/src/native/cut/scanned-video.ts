import { CodecParameters, type Packet } from 'node-av/lib';
import { toAvcc } from '../../h264/nal.ts';
import { codecNamed, H264, type NalCodec } from '../../video-nal.ts';
import { check } from '../av.ts';
import { damaged } from '../damage.ts';
import { numbersOf, pictureHead, type CodedVideo, type PictureHead, type Run } from './coded-video.ts';
import { PacketReader } from './packet-reader.ts';
import { nalLengthOf, nalsOf } from './scan-index.ts';
import type { SourceIndex } from './source-index.ts';

/** The packets of a file that has no table of its own, as its demuxer hands them out. */
export class ScannedVideo implements CodedVideo {
  readonly parameters: CodecParameters;
  readonly isNear = false;
  private readonly index: SourceIndex;
  private readonly reader: PacketReader;
  private readonly codec: NalCodec;
  private readonly lengthSize: number;

  private constructor(index: SourceIndex, reader: PacketReader) {
    this.index = index;
    this.reader = reader;
    this.codec = codecNamed(index.codec) ?? H264;
    this.lengthSize = nalLengthOf(reader.stream, this.codec);
    // the reader opens its file anew now and then
    this.parameters = new CodecParameters();
    this.parameters.alloc();
    check(reader.stream.codecpar.copy(this.parameters), 'copy the codec parameters');
  }

  static async open(index: SourceIndex): Promise<ScannedVideo> {
    return new ScannedVideo(index, await PacketReader.open(index));
  }

  async entryAt(packet: number): Promise<PictureHead> {
    return pictureHead(await this.nals(packet), this.codec);
  }

  async *samples(run: Run): AsyncGenerator<Buffer> {
    for (const number of numbersOf(run)) {
      const sample = toAvcc(await this.nals(number));
      if (sample.length !== this.index.sizes[number]) throw damaged(this.index.path, this.index.presentation[number] ?? 0); // prettier-ignore
      yield sample;
    }
  }

  async *packets(run: Run): AsyncGenerator<Packet> {
    for (const number of numbersOf(run)) {
      await this.reader.goTo(number);
      yield this.reader.packet;
    }
  }

  /** Of a packet, without parameter sets; valid until the next one is read. */
  private async nals(number: number): Promise<Uint8Array[]> {
    await this.reader.goTo(number);
    const { data } = this.reader.packet;
    if (!data) throw damaged(this.index.path, this.index.presentation[number] ?? 0);
    return nalsOf(data, this.lengthSize).filter((nal) => !this.codec.isParameterSet(nal));
  }

  close(): Promise<void> {
    return this.reader.close();
  }
}
