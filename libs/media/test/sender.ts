import { setTimeout as delay } from 'node:timers/promises';
import {
  AV_CODEC_FLAG_GLOBAL_HEADER,
  AV_PIX_FMT_YUV420P,
  FF_ENCODER_LIBX264,
  FF_ENCODER_MPEG2VIDEO,
} from 'node-av/constants';
import { Codec, CodecContext, Dictionary, FormatContext, Frame, Packet, Rational } from 'node-av/lib';
import { serveChild } from '../src/index.ts';
import { SyntheticPattern } from '../src/pattern/synthetic.ts';
import { viewPlanes } from '../src/native/encoder.ts';

export interface SendRequest {
  readonly url: string;
  readonly format: 'mpegts' | 'flv' | 'rtsp';
  readonly codec: 'h264' | 'h264-bframes' | 'mpeg2video';
  readonly frames: number;
  readonly muxerOptions?: Record<string, string>;
  readonly width?: number;
  /** Try again while nobody listens yet, ms. */
  readonly retryMs?: number;
}

/** A camera on the network: 30 frames/s in real time with the burnt-in counter, by FFmpeg's own muxers. */
serveChild<SendRequest, { frame: number }, number>(async (request, { progress }) => {
  const width = request.width ?? 480;
  const height = (width * 9) / 16;
  const codec = Codec.findEncoderByName(request.codec === 'mpeg2video' ? FF_ENCODER_MPEG2VIDEO : FF_ENCODER_LIBX264);
  if (!codec) throw new Error('no encoder');
  const context = new CodecContext();
  context.allocContext3(codec);
  context.width = width;
  context.height = height;
  context.pixelFormat = AV_PIX_FMT_YUV420P;
  context.timeBase = new Rational(1, 30);
  context.framerate = new Rational(30, 1);
  context.bitRate = 3_000_000n;
  context.gopSize = 15;
  context.maxBFrames = request.codec === 'h264-bframes' ? 2 : 0;
  if (request.format === 'flv') context.setFlags(AV_CODEC_FLAG_GLOBAL_HEADER);
  if (request.codec !== 'mpeg2video') context.setOption('preset', 'superfast');
  if (request.codec === 'h264') context.setOption('tune', 'zerolatency');
  if (context.open2Sync(codec, null) < 0) throw new Error('the encoder does not open');
  const output = await open(request, context);
  const stream = output.streams[0];
  if (!stream) throw new Error('no stream');
  const frame = new Frame();
  frame.alloc();
  frame.width = width;
  frame.height = height;
  frame.format = AV_PIX_FMT_YUV420P;
  frame.getBuffer(32);
  const pattern = new SyntheticPattern({ width, height, name: 'SENDER' });
  const packet = new Packet();
  packet.alloc();
  const start = performance.now();
  for (let i = 0; i < request.frames; i++) {
    await delay(Math.max(0, start + (i * 1000) / 30 - performance.now()));
    frame.makeWritable();
    pattern.paint(viewPlanes(frame), i, new Date());
    frame.pts = BigInt(i);
    context.sendFrameSync(frame);
    while (context.receivePacketSync(packet) >= 0) {
      packet.streamIndex = 0;
      packet.rescaleTs({ num: 1, den: 30 }, stream.timeBase);
      const code = await output.writeFrame(packet);
      packet.unref();
      if (code < 0) return i;
    }
    if (i % 15 === 0) progress({ frame: i });
  }
  await output.writeTrailer();
  return request.frames;
});

async function open(request: SendRequest, context: CodecContext): Promise<FormatContext> {
  const deadline = performance.now() + (request.retryMs ?? 0);
  for (;;) {
    const output = new FormatContext();
    output.allocOutputContext2(null, request.format, request.url);
    const stream = output.newStream(null);
    stream.codecpar.fromContext(context);
    stream.timeBase = new Rational(1, 90_000);
    let code = request.format === 'rtsp' ? 0 : await output.openOutput();
    if (code >= 0)
      code = await output.writeHeader(request.muxerOptions ? Dictionary.fromObject(request.muxerOptions) : null);
    if (code >= 0) return output;
    if (performance.now() > deadline) throw new Error(`nobody takes ${request.url}: ${code}`);
    await delay(200);
  }
}
