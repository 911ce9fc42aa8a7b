import {
  Codec,
  CodecContext,
  CodecParameters,
  Dictionary,
  FormatContext,
  Frame,
  Packet,
  Rational,
  type Stream,
} from 'node-av/lib';
import {
  AV_PIX_FMT_YUV420P,
  AVCOL_RANGE_JPEG,
  AV_CODEC_FLAG_GLOBAL_HEADER,
  AV_CODEC_FLAG_INTERLACED_DCT,
  AV_PKT_DATA_DISPLAYMATRIX,
  type AVPixelFormat,
} from 'node-av/constants';
import { again, check } from '../src/native/av.ts';
import { viewPlanes } from '../src/native/encoder.ts';
import { FilterChain } from '../src/native/enhance/filter-chain.ts';
import { SyntheticPattern } from '../src/pattern/synthetic.ts';

export interface ForeignVideo {
  readonly frames: number;
  /** FFmpeg's muxer. Default `mp4`. */
  readonly container?: string;
  /** Default `libx264`. */
  readonly encoder?: string;
  readonly options?: Readonly<Record<string, string>>;
  readonly pixelFormat?: { readonly name: string; readonly value: AVPixelFormat };
  readonly width?: number;
  readonly height?: number;
  readonly fps?: number;
  /** Frame's time in 1/1000 of a frame; default `n * 1000`. */
  readonly time?: (frame: number) => number;
  readonly firstCounter?: number;
  readonly interlaced?: boolean;
  /** A quarter clockwise in the container, or the entries a, b, c, d of its matrix. */
  readonly rotated?: true | readonly [a: number, b: number, c: number, d: number];
  readonly quality?: number;
  /** Options of the muxer. */
  readonly muxing?: Readonly<Record<string, string>>;
}

/** Writes a video as other makers do: any encoder, container and pixel format, with machine-readable counters. */
export function writeForeignVideo(path: string, video: ForeignVideo): void {
  const { frames, width = 320, height = 180, fps = 25 } = video;
  const codec = Codec.findEncoderByName((video.encoder ?? 'libx264') as never);
  if (!codec) throw new Error(`no encoder ${video.encoder}`);
  const context = new CodecContext();
  context.allocContext3(codec);
  context.width = width;
  context.height = height;
  context.pixelFormat = video.pixelFormat?.value ?? AV_PIX_FMT_YUV420P;
  context.timeBase = new Rational(1, fps * 1000);
  context.framerate = new Rational(fps, 1);
  if (video.encoder?.startsWith('mjpeg')) context.colorRange = AVCOL_RANGE_JPEG;
  if (video.interlaced) context.setFlags(AV_CODEC_FLAG_INTERLACED_DCT);
  if (!['mpegts', 'avi', 'h264'].includes(video.container ?? 'mp4')) context.setFlags(AV_CODEC_FLAG_GLOBAL_HEADER);
  for (const [name, value] of Object.entries(video.options ?? {})) check(context.setOption(name, value), `set ${name}`);
  check(context.open2Sync(codec, null), `open ${video.encoder ?? 'libx264'}`);

  const output = new FormatContext();
  check(output.allocOutputContext2(null, video.container ?? 'mp4', path), 'write');
  const stream = output.newStream(null);
  const parameters = new CodecParameters();
  parameters.alloc();
  check(parameters.fromContext(context), 'parameters');
  check(parameters.copy(stream.codecpar), 'copy');
  if (video.rotated) {
    const matrix = Buffer.alloc(36);
    const [a, b, c, d] = video.rotated === true ? [0, 1, -1, 0] : video.rotated;
    [a, b, 0, c, d, 0, 0, 0, 0x4000].forEach((value, i) => matrix.writeInt32LE(value * 0x1_0000, i * 4));
    stream.codecpar.addCodedSideData(AV_PKT_DATA_DISPLAYMATRIX, matrix);
  }
  stream.timeBase = new Rational(1, fps * 1000);
  check(output.openOutputSync(), 'open');
  check(output.writeHeaderSync(video.muxing ? Dictionary.fromObject({ ...video.muxing }) : null), 'header');

  const picture = new Frame();
  picture.alloc();
  picture.format = AV_PIX_FMT_YUV420P;
  picture.width = width;
  picture.height = height;
  check(picture.getBuffer(32), 'buffer');
  const pattern = new SyntheticPattern({ width, height, name: 'FOREIGN', detail: 0.3 });
  const packet = new Packet();
  packet.alloc();
  let chain: FilterChain | null = null;
  const drain = (to: Stream): void => {
    while (!again(context.receivePacketSync(packet))) {
      if (packet.duration === 0n) packet.duration = 1000n;
      packet.rescaleTs({ num: 1, den: fps * 1000 }, to.timeBase);
      packet.streamIndex = 0;
      check(output.interleavedWriteFrameSync(packet), 'write');
    }
  };
  const send = (frame: Frame): void => {
    check(context.sendFrameSync(frame), 'encode');
    drain(stream);
  };
  for (let i = 0; i < frames; i++) {
    check(picture.makeWritable(), 'writable');
    pattern.paint(viewPlanes(picture), (video.firstCounter ?? 0) + i, new Date(1_700_000_000_000 + i * 40));
    picture.pts = BigInt(video.time?.(i) ?? i * 1000);
    picture.duration = 1000n;
    if (video.quality !== undefined) picture.quality = video.quality;
    if (video.pixelFormat) {
      chain ??= new FilterChain(`format=${video.pixelFormat.name}`, [picture], { num: 1, den: fps * 1000 });
      chain.push(picture, send);
    } else send(picture);
  }
  context.sendFrameSync(null);
  drain(stream);
  check(output.writeTrailerSync(), 'trailer');
  output.closeOutputSync();
  output.freeContext();
  chain?.close();
  packet.free();
  picture.free();
  context.freeContext();
}
