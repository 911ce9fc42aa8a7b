import { AV_CODEC_FLAG_GLOBAL_HEADER, AV_CODEC_ID_HEVC } from 'node-av/constants';
import { FormatContext, Packet, Rational, type CodecParameters, type Stream } from 'node-av/lib';
import { TIMESCALE } from '../frame-rate.ts';
import { check } from './av.ts';

export const GLOBAL_HEADER = AV_CODEC_FLAG_GLOBAL_HEADER;

/** Writes one video track into a faststart MP4 (`moov` before `mdat`), HEVC as `hvc1`; or into an MPEG-TS. */
export class Mp4Writer {
  private readonly output: FormatContext;
  private readonly stream: Stream;
  private readonly path: string;

  /** @param moovBytes room kept for `moov` in front: the file is written once, not copied at its end (MP4 only) */
  constructor(path: string, parameters: CodecParameters, format: 'mp4' | 'mpegts' = 'mp4', moovBytes?: number) {
    this.path = path;
    this.output = new FormatContext();
    check(this.output.allocOutputContext2(null, format, path), `write ${path}`);
    this.stream = this.output.newStream(null);
    check(parameters.copy(this.stream.codecpar), 'copy the codec parameters');
    // parameter sets in the sample entry, where readers look (ISO/IEC 14496-15 8.4.1)
    this.stream.codecpar.codecTag = format === 'mp4' && parameters.codecId === AV_CODEC_ID_HEVC ? 'hvc1' : 0;
    this.stream.timeBase = new Rational(1, TIMESCALE);
    check(this.output.openOutputSync(), `write ${path}`);
    if (moovBytes !== undefined) check(this.output.setOption('moov_size', moovBytes), 'keep room for moov');
    else if (format === 'mp4') check(this.output.setOption('movflags', '+faststart'), 'set movflags');
    check(this.output.writeHeaderSync(null), `write ${path}`);
  }

  /** Takes a packet whose times are in `timeBase`; it is left empty. */
  write(packet: Packet, timeBase: { num: number; den: number }): void {
    packet.streamIndex = this.stream.index;
    packet.rescaleTs(timeBase, this.stream.timeBase);
    packet.pos = -1n;
    check(this.output.writeFrameSync(packet), `write ${this.path}`);
    packet.unref();
  }

  finish(): void {
    check(this.output.writeTrailerSync(), `finish ${this.path}`);
    this.output.closeOutputSync();
    this.output.freeContext();
  }

  /** After a failure: the file is incomplete and the caller removes it. */
  abandon(): void {
    this.output.closeOutputSync();
    this.output.freeContext();
  }
}
