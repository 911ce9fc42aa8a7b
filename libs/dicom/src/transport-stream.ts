import { inputError } from '@smartbox/kernel';
import type { ByteSource } from './byte-source.ts';

/** ISO/IEC 13818-1 2.4.3.2. */
export const TS_PACKET = 188;
const CHUNK = TS_PACKET * 4096;

/** @param head the first 189 bytes, or all there are */
export const beginsTransportStream = (head: Uint8Array, size: number): boolean =>
  head[0] === 0x47 && (head[TS_PACKET] === 0x47 || size === TS_PACKET);

/** The payload of one packet of a transport stream, ISO/IEC 13818-1 2.4.3. */
export interface TsPacket {
  pid: number;
  /** A PES packet or a table begins here. */
  starts: boolean;
  /** The clock of this packet's stream begins anew (2.4.3.5). */
  discontinuity: boolean;
  bytes: Buffer;
}

/** A source in pieces of whole packets. */
export async function* chunksOf(source: ByteSource): AsyncGenerator<Buffer> {
  for (let offset = 0; offset < source.size;) {
    const bytes = await source.read(offset, Math.min(CHUNK, source.size - offset));
    if (bytes.length === 0) throw inputError('dicom-truncated', `The payload ends at byte ${offset}`);
    yield Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    offset += bytes.length;
  }
}

/** The packets of a piece that carry anything. */
export function* packetsIn(chunk: Buffer): Generator<TsPacket> {
  for (let at = 0; at + TS_PACKET <= chunk.length; at += TS_PACKET) {
    if (chunk[at] !== 0x47)
      throw inputError('not-mpegts', 'A packet of the transport stream has no sync byte (ISO 13818-1 2.4.3.2)');
    const control = (chunk.readUInt8(at + 3) >> 4) & 3;
    if ((control & 1) === 0) continue;
    const adaptation = control === 3 ? chunk.readUInt8(at + 4) : -1;
    const from = at + 5 + adaptation;
    yield {
      pid: chunk.readUInt16BE(at + 1) & 0x1fff,
      starts: (chunk.readUInt8(at + 1) & 0x40) !== 0,
      discontinuity: adaptation > 0 && (chunk.readUInt8(at + 5) & 0x80) !== 0,
      bytes: chunk.subarray(Math.min(from, at + TS_PACKET), at + TS_PACKET),
    };
  }
}

/** What is behind the header of a PES packet, and its presentation time in ticks of 90 kHz (2.4.3.6); undefined: no PES. */
export function pesOf(bytes: Buffer): { streamId: number; pts: number | undefined; payload: Buffer } | undefined {
  if (bytes.length < 9 || bytes.readUIntBE(0, 3) !== 1) return undefined;
  const timed = (bytes.readUInt8(7) & 0x80) !== 0 && bytes.length >= 14;
  const pts = timed
    ? ((bytes.readUInt8(9) >> 1) & 7) * 2 ** 30 +
      (bytes.readUInt16BE(10) >> 1) * 2 ** 15 +
      (bytes.readUInt16BE(12) >> 1)
    : undefined;
  return { streamId: bytes.readUInt8(3), pts, payload: bytes.subarray(9 + bytes.readUInt8(8)) };
}

/** Stream types of a program map, ISO/IEC 13818-1 table 2-34. */
const VIDEO: Readonly<Record<number, 'h264' | 'hevc'>> = { 0x1b: 'h264', 0x24: 'hevc' };
/** MPEG audio, AAC, LPCM and AC-3 of Blu-ray (ETSI TS 102 366, ATSC A/52). */
const AUDIO = new Set([0x03, 0x04, 0x0f, 0x11, 0x80, 0x81, 0x83, 0x87]);
/** In private data (stream type 6): AC-3 and E-AC-3 of DVB (ETSI EN 300 468 annex D), and registered formats. */
const AUDIO_DESCRIPTORS = new Set([0x6a, 0x7a]);
const AUDIO_FORMATS = new Set(['BSSD', 'AC-3', 'EAC3', 'Opus']);

export interface Program {
  video: { pid: number; codec: 'h264' | 'hevc' } | undefined;
  audioTracks: number;
}

/** The first program of the stream: program association and program map, ISO/IEC 13818-1 2.4.4. Undefined where none comes. */
export async function programOf(source: ByteSource): Promise<Program | undefined> {
  let mapPid: number | undefined;
  for await (const chunk of chunksOf(source)) {
    for (const { pid, starts, bytes } of packetsIn(chunk)) {
      if (!starts || (pid !== 0 && pid !== mapPid)) continue;
      const section = bytes.subarray(1 + bytes.readUInt8(0)); // pointer_field
      const end = Math.min(section.length, 3 + (section.readUInt16BE(1) & 0xfff)) - 4; // without its CRC
      if (pid !== 0) return mapOf(section, end);
      for (let at = 8; at + 4 <= end && mapPid === undefined; at += 4)
        if (section.readUInt16BE(at) !== 0) mapPid = section.readUInt16BE(at + 2) & 0x1fff;
    }
  }
  return undefined;
}

function mapOf(section: Buffer, end: number): Program {
  let video: Program['video'];
  let audioTracks = 0;
  for (let at = 12 + (section.readUInt16BE(10) & 0xfff); at + 5 <= end;) {
    const type = section.readUInt8(at);
    const pid = section.readUInt16BE(at + 1) & 0x1fff;
    const length = section.readUInt16BE(at + 3) & 0xfff;
    const codec = VIDEO[type];
    if (codec) video ??= { pid, codec };
    if (AUDIO.has(type) || (type === 6 && isAudio(section.subarray(at + 5, at + 5 + length)))) audioTracks += 1;
    at += 5 + length;
  }
  return { video, audioTracks };
}

function isAudio(descriptors: Buffer): boolean {
  for (let at = 0; at + 2 <= descriptors.length; at += 2 + descriptors.readUInt8(at + 1)) {
    const tag = descriptors.readUInt8(at);
    if (AUDIO_DESCRIPTORS.has(tag)) return true;
    if (tag === 0x05 && AUDIO_FORMATS.has(descriptors.toString('latin1', at + 2, at + 6))) return true;
  }
  return false;
}
