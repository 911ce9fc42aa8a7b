import { inputError } from '@smartbox/kernel';
import type { ByteSource } from './byte-source.ts';

export type Mpeg2Container = 'mpegts' | 'mpeg-ps' | 'mpeg-es';

const TS_PACKET = 188;
const CHUNK = TS_PACKET * 4096;

/** What an MPEG-2 stream lies in, by its first bytes (ISO/IEC 13818-1 2.4.3.2, 2.5.3.3; 13818-2 6.2.2). */
export async function mpeg2Container(source: ByteSource): Promise<Mpeg2Container | undefined> {
  const head = Buffer.from(await source.read(0, TS_PACKET + 1));
  if (head[0] === 0x47 && (head[TS_PACKET] === 0x47 || source.size === TS_PACKET)) return 'mpegts';
  if (head.length < 5 || head.readUIntBE(0, 3) !== 1) return undefined;
  // MPEG-1's packs begin with 0010 there: ISO/IEC 11172-1 2.4.3.2
  if (head[3] === 0xba) return (head.readUInt8(4) & 0xc0) === 0x40 ? 'mpeg-ps' : undefined;
  return head[3] === 0xb3 ? 'mpeg-es' : undefined;
}

async function* chunks(source: ByteSource): AsyncGenerator<Buffer> {
  for (let offset = 0; offset < source.size;) {
    const bytes = await source.read(offset, Math.min(CHUNK, source.size - offset));
    if (bytes.length === 0) throw inputError('dicom-truncated', `The payload ends at byte ${offset}`);
    yield Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    offset += bytes.length;
  }
}

/** The video elementary stream of an MPEG-2 payload in pieces; of several video streams the first. */
export async function* elementaryVideo(source: ByteSource, container: Mpeg2Container): AsyncGenerator<Buffer> {
  if (container === 'mpeg-es') yield* chunks(source);
  else if (container === 'mpegts') yield* fromTransportStream(source);
  else yield* fromProgramStream(source);
}

/** ISO/IEC 13818-1 2.4.3: packets of 188 bytes; the first PID whose PES packets carry a video stream id. */
async function* fromTransportStream(source: ByteSource): AsyncGenerator<Buffer> {
  let video: number | undefined;
  for await (const chunk of chunks(source)) {
    for (let at = 0; at + TS_PACKET <= chunk.length; at += TS_PACKET) {
      if (chunk[at] !== 0x47)
        throw inputError('not-mpegts', 'A packet of the transport stream has no sync byte (ISO 13818-1 2.4.3.2)');
      const control = (chunk.readUInt8(at + 3) >> 4) & 3;
      if ((control & 1) === 0) continue;
      const pid = chunk.readUInt16BE(at + 1) & 0x1fff;
      const starts = (chunk.readUInt8(at + 1) & 0x40) !== 0;
      let from = at + 4 + (control === 3 ? 1 + chunk.readUInt8(at + 4) : 0);
      if (starts && from + 9 <= at + TS_PACKET && chunk.readUIntBE(from, 3) === 1) {
        const isVideo = (chunk.readUInt8(from + 3) & 0xf0) === 0xe0;
        if (isVideo) video ??= pid;
        from += 9 + chunk.readUInt8(from + 8);
      } else if (video === undefined) continue;
      if (pid === video && from < at + TS_PACKET) yield chunk.subarray(from, at + TS_PACKET);
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
