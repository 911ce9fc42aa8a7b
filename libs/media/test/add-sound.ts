import { AV_CHANNEL_ORDER_NATIVE, AV_CODEC_FLAG_GLOBAL_HEADER, AV_SAMPLE_FMT_FLTP } from 'node-av/constants';
import { Codec, CodecContext, CodecParameters, FormatContext, Frame, Packet, Rational } from 'node-av/lib';
import { again, check, isEof, openMedia } from '../src/native/av.ts';

const RATE = 48_000;

/** Copies a video and gives it AAC sound of noise, every packet of it different. */
export async function addSound(video: string, output: string, seconds: number): Promise<void> {
  const input = await openMedia(video);
  const [from] = input.streams;
  const codec = Codec.findEncoderByName('aac' as never);
  if (!from || !codec) throw new Error('no video or no aac');
  const context = new CodecContext();
  context.allocContext3(codec);
  context.sampleRate = RATE;
  context.sampleFormat = AV_SAMPLE_FMT_FLTP;
  context.channelLayout = { nbChannels: 1, order: AV_CHANNEL_ORDER_NATIVE, mask: 4n };
  context.timeBase = new Rational(1, RATE);
  context.setFlags(AV_CODEC_FLAG_GLOBAL_HEADER);
  check(context.open2Sync(codec, null), 'open aac');
  const out = new FormatContext();
  check(out.allocOutputContext2(null, 'mp4', output), 'write');
  const picture = out.newStream(null);
  check(from.codecpar.copy(picture.codecpar), 'copy');
  picture.codecpar.codecTag = 0;
  picture.timeBase = from.timeBase;
  const sound = out.newStream(null);
  const parameters = new CodecParameters();
  parameters.alloc();
  check(parameters.fromContext(context), 'parameters');
  check(parameters.copy(sound.codecpar), 'copy');
  sound.timeBase = new Rational(1, RATE);
  check(out.openOutputSync(), 'open');
  check(out.writeHeaderSync(null), 'header');
  const packet = new Packet();
  packet.alloc();
  while (!isEof(input.readFrameSync(packet))) {
    packet.rescaleTs(from.timeBase, picture.timeBase);
    packet.streamIndex = 0;
    check(out.writeFrameSync(packet), 'write');
    packet.unref();
  }
  const frame = new Frame();
  frame.alloc();
  frame.format = AV_SAMPLE_FMT_FLTP;
  frame.nbSamples = 1024;
  frame.sampleRate = RATE;
  frame.channelLayout = context.channelLayout;
  check(frame.getBuffer(), 'buffer');
  let seed = 1;
  for (let at = 0; at < seconds * RATE; at += 1024) {
    check(frame.makeWritable(), 'writable');
    const [plane] = frame.data ?? [];
    for (let i = 0; i < 1024; i++) {
      seed = (seed * 48_271) % 2_147_483_647;
      plane?.writeFloatLE((seed / 2_147_483_647 - 0.5) * 0.5, i * 4);
    }
    frame.pts = BigInt(at);
    check(context.sendFrameSync(frame), 'encode');
    while (!again(context.receivePacketSync(packet))) {
      packet.streamIndex = 1;
      packet.rescaleTs({ num: 1, den: RATE }, sound.timeBase);
      check(out.writeFrameSync(packet), 'write');
      packet.unref();
    }
  }
  check(out.writeTrailerSync(), 'trailer');
  out.closeOutputSync();
  out.freeContext();
  frame.free();
  packet.free();
  context.freeContext();
  await input.closeInput();
}

/** Time in seconds of every sound packet, by its content. */
export async function soundPackets(path: string): Promise<Map<string, number>> {
  const input = await openMedia(path);
  const packets = new Map<string, number>();
  const packet = new Packet();
  packet.alloc();
  while (!isEof(input.readFrameSync(packet))) {
    const stream = input.streams[packet.streamIndex];
    if (packet.streamIndex === 1 && stream)
      packets.set(
        (packet.data ?? Buffer.alloc(0)).toString('base64'),
        (Number(packet.pts) * stream.timeBase.num) / stream.timeBase.den,
      );
    packet.unref();
  }
  packet.free();
  await input.closeInput();
  return packets;
}
