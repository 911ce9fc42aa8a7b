import { inputError } from '@smartbox/kernel';
import type { ByteSource } from './byte-source.ts';
import { beginsTransportStream, chunksOf, packetsIn, pesOf, TS_PACKET } from './transport-stream.ts';

export type Mpeg2Container = 'mpegts' | 'mpeg-ps' | 'mpeg-es';

/** What an MPEG-2 stream lies in, by its first bytes (ISO/IEC 13818-1 2.4.3.2, 2.5.3.3; 13818-2 6.2.2). */
export async function mpeg2Container(source: ByteSource): Promise<Mpeg2Container | undefined> {
  const head = Buffer.from(await source.read(0, TS_PACKET + 1));
  if (beginsTransportStream(head, source.size)) return 'mpegts';
  if (head.length < 5 || head.readUIntBE(0, 3) !== 1) return undefined;
  // MPEG-1's packs begin with 0010 there: ISO/IEC 11172-1 2.4.3.2
  if (head[3] === 0xba) return (head.readUInt8(4) & 0xc0) === 0x40 ? 'mpeg-ps' : undefined;
  return head[3] === 0xb3 ? 'mpeg-es' : undefined;
}

/** The video elementary stream of an MPEG-2 payload in pieces; of several video streams the first. */
export async function* elementaryVideo(source: ByteSource, container: Mpeg2Container): AsyncGenerator<Buffer> {
  if (container === 'mpeg-es') yield* chunksOf(source);
  else if (container === 'mpegts') yield* fromTransportStream(source);
  else yield* fromProgramStream(source);
}

/** ISO/IEC 13818-1 2.4.3: packets of 188 bytes; the first PID whose PES packets carry a video stream id. */
async function* fromTransportStream(source: ByteSource): AsyncGenerator<Buffer> {
  let video: number | undefined;
  for await (const chunk of chunksOf(source)) {
    for (const { pid, starts, bytes } of packetsIn(chunk)) {
      const pes = starts ? pesOf(bytes) : undefined;
      if (pes && (pes.streamId & 0xf0) === 0xe0) video ??= pid;
      const piece = pes ? pes.payload : bytes;
      if (pid === video && piece.length > 0) yield piece;
    }
  }
}

/** ISO/IEC 13818-1 2.5.3: packs of PES packets. */
async function* fromProgramStream(source: ByteSource): AsyncGenerator<Buffer> {
  let video: number | undefined;
  for (let at = 0; at + 9 < source.size;) {
    const head = Buffer.from(await source.read(at, 14));
    if (head.readUIntBE(0, 3) !== 1)
      throw inputError('not-mpeg-ps', `Byte ${at} of the program stream is no start code (ISO 13818-1 2.5.3)`);
    const id = head.readUInt8(3);
    if (id === 0xb9) return;
    if (id === 0xba) {
      at += 14 + (head.readUInt8(13) & 7);
      continue;
    }
    const length = head.readUInt16BE(4);
    if ((id & 0xf0) === 0xe0) video ??= id;
    if (id === video) {
      const skip = 9 + head.readUInt8(8);
      const bytes = await source.read(at + skip, 6 + length - skip);
      yield Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    at += 6 + length;
  }
}
