import { SmartBoxError } from '@smartbox/kernel';
import {
  AV_FRAME_FLAG_CORRUPT,
  AV_FRAME_FLAG_INTERLACED,
  AV_NOPTS_VALUE,
  AV_PKT_FLAG_CORRUPT,
  AV_PKT_FLAG_DISCARD,
} from 'node-av/constants';
import type { Frame, Packet } from 'node-av/lib';
import { openBytes, type ByteSource } from '../bytes/byte-source.ts';
import { shown } from './av.ts';

/** @param upTo last of the frames of which one is damaged, where it is not known which */
export function damaged(path: string, frame: number, upTo = frame): SmartBoxError {
  const where = upTo > frame ? `between frames ${frame} and ${upTo}` : `at frame ${frame}`;
  return new SmartBoxError({
    code: 'damaged',
    message: `${shown(path)} is damaged or cut off ${where}: repair it first, nothing was written`,
    fault: 'input',
    details: { frame, upTo },
  });
}

/**
 * Compares what goes into a decoder with what comes out. A decoder conceals: it paints what it could not read, and goes
 * on without a picture that it could not begin. Neither may pass for what the camera saw.
 */
export class DamageWatch {
  private readonly path: string;
  /** Every packet is one picture that is shown at its time: of H.264 and HEVC. */
  private readonly single: boolean;
  private readonly waiting = new Set<bigint>();
  private begun: bigint | null = null;
  private fed = 0;
  private frame: number;
  private readonly first: number;

  /** @param first number of the first frame that is to come, for errors */
  constructor(path: string, first: number, single: boolean) {
    this.path = path;
    this.frame = this.first = first;
    this.single = single;
  }

  /** @throws SmartBoxError `damaged` when the container says that parts of it are missing */
  feed(packet: Packet): void {
    this.fed++;
    if (packet.hasFlags(AV_PKT_FLAG_CORRUPT)) throw this.failed();
    if (this.single && packet.pts !== AV_NOPTS_VALUE && !packet.hasFlags(AV_PKT_FLAG_DISCARD))
      this.waiting.add(packet.pts);
  }

  /** @throws SmartBoxError `damaged` when parts of it are invented, or the one before it is missing */
  check(frame: Frame): void {
    const at = this.frame++;
    if (frame.decodeErrorFlags !== 0 || frame.hasFlags(AV_FRAME_FLAG_CORRUPT)) throw damaged(this.path, at);
    const { pts } = frame;
    // the two fields of a picture may be packets of their own
    if (pts === AV_NOPTS_VALUE || frame.hasFlags(AV_FRAME_FLAG_INTERLACED)) return this.waiting.clear();
    this.begun ??= pts;
    for (const time of this.waiting) {
      if (time > pts) continue;
      this.waiting.delete(time);
      // before the first one stand those that refer to pictures before the film: no player shows them
      if (time !== pts && time > this.begun) throw damaged(this.path, at);
    }
  }

  /** @throws SmartBoxError `damaged` when the last ones did not come */
  end(): void {
    for (const time of this.waiting) if (this.begun !== null && time > this.begun) throw this.failed();
  }

  /** The decoder gave up somewhere behind the last frame that came. */
  failed(): SmartBoxError {
    return damaged(this.path, this.frame, Math.max(this.frame, this.first + this.fed - 1));
  }
}

/**
 * Whether a file has all the bytes that its container announces: demuxers take the end of a file for the end of the
 * film. AVI, Matroska and WebM, MP4, and transport streams, of which nothing tells a cut between two packets. Others are
 * taken for whole, as is what is far: a store knows the size and hash of its objects.
 */
export async function isWhole(path: string): Promise<boolean> {
  if (/^https?:/.test(path)) return true;
  const bytes = await openBytes(path);
  try {
    if (!bytes || bytes.size < 64) return true;
    const head = await bytes.read(0, 64);
    if (head.toString('latin1', 0, 4) === 'RIFF') return (await endOfRiff(bytes)) <= bytes.size;
    if (head.readUInt32BE(0) === 0x1a45dfa3) return endOfSegment(head) <= bytes.size;
    if (head.toString('latin1', 4, 8) === 'ftyp') return (await endOfBoxes(bytes)) <= bytes.size;
    if (await isTransportStream(bytes)) return bytes.size % TS_PACKET === 0;
    return true;
  } finally {
    await bytes?.close();
  }
}

/** Chunks one after the other, of at most a gigabyte or so each (OpenDML); 0 while it is being written. */
async function endOfRiff(bytes: ByteSource): Promise<number> {
  let at = 0;
  while (at + 8 <= bytes.size) {
    const head = await bytes.read(at, 8);
    const length = head.readUInt32LE(4);
    if (head.toString('latin1', 0, 4) !== 'RIFF' || length === 0 || length === 0xffffffff) break;
    at += 8 + length + (length & 1);
  }
  return at;
}

/** The segment behind the EBML header (RFC 8794 section 5, RFC 9559 section 5.1); its size may be left open. */
function endOfSegment(head: Buffer): number {
  const header = vint(head, 4);
  const at = header.end + header.value;
  if (at + 12 > head.length || head.readUInt32BE(at) !== 0x18538067) return 0;
  const segment = vint(head, at + 4);
  return segment.open ? 0 : segment.end + segment.value;
}

/** A number of one to eight bytes (RFC 8794 section 4); all ones: unknown. */
function vint(bytes: Buffer, at: number): { value: number; end: number; open: boolean } {
  const length = Math.clz32(bytes[at] ?? 0) - 23;
  const max = 2 ** (7 * length) - 1;
  let value = (bytes[at] ?? 0) & (0xff >> length);
  for (let i = 1; i < length; i++) value = value * 256 + (bytes[at + i] ?? 0);
  return { value, end: at + length, open: value >= max };
}

/** Boxes one after the other (ISO/IEC 14496-12 section 4.2). */
async function endOfBoxes(bytes: ByteSource): Promise<number> {
  let at = 0;
  while (at + 16 <= bytes.size) {
    const head = await bytes.read(at, 16);
    const size = head.readUInt32BE(0);
    if (size === 0 || !/^[ -~]{4}$/.test(head.toString('latin1', 4, 8))) break; // to the end of the file; no box at all
    at += size === 1 ? Number(head.readBigUInt64BE(8)) : size;
  }
  return at;
}

const TS_PACKET = 188;

async function isTransportStream(bytes: ByteSource): Promise<boolean> {
  if (bytes.size < 4 * TS_PACKET) return false;
  const head = await bytes.read(0, 3 * TS_PACKET);
  return [0, 1, 2].every((i) => head[i * TS_PACKET] === 0x47);
}
