import {
  AV_CODEC_ID_H264,
  AV_CODEC_ID_HEVC,
  AV_CODEC_ID_MPEG2VIDEO,
  AV_NOPTS_VALUE,
  AV_PKT_FLAG_CORRUPT,
  AVMEDIA_TYPE_AUDIO,
  type AVCodecID,
  type AVPixelFormat,
} from 'node-av/constants';
import { avGetCodecName, Packet, type FormatContext, type Stream } from 'node-av/lib';
import { SmartBoxError } from '@smartbox/kernel';
import { snapFrameRate, TIMESCALE, type FrameRate } from '../frame-rate.ts';
import { NAL, nalType, parseAvcC, splitAnnexB, splitAvcc } from '../h264/nal.ts';
import { codecString, parseSps, sliceType, type Sps } from '../h264/sps.ts';
import { check, isEof, openMedia, sampleAspectOf, shown, videoStream, type OpenOptions } from './av.ts';
import { damaged, isWhole } from './damage.ts';
import { ticks } from './decode.ts';
import { chromaOf, depthOf } from './pixel-formats.ts';
import { scanOf, type FieldOrder } from './scan.ts';
import { turnOfStream, type Turn } from './upright.ts';

/** What a file's bitstream says. Counted, not taken from headers, unless said otherwise. */
export interface MediaProbe {
  /** FFmpeg's demuxer name, e.g. `mov,mp4,m4a,3gp,3g2,mj2`. */
  readonly container: string;
  readonly codec: string;
  /** As the codec names it: 'High', 'Main', 'Main 10'; of a codec without names FFmpeg's number. */
  readonly profile: string;
  /** Level times ten for H.264 and HEVC (41 = level 4.1); MPEG-2: 8 is Main, 4 is High; otherwise FFmpeg's level. */
  readonly level: number;
  readonly width: number;
  readonly height: number;
  /** Width to height of one sample. */
  readonly sampleAspect: { readonly num: number; readonly den: number };
  readonly frameRate: FrameRate;
  /** Every frame lasts equally long, to within one tick of the container's clock. */
  readonly constantFrameRate: boolean;
  /** Of a variable rate: milliseconds from the frame shown before, the first is 0. */
  readonly frameTimesMs: readonly number[] | null;
  readonly frames: number;
  readonly durationMs: number;
  /** First presentation time, ticks of 90 kHz. */
  readonly startTicks: number;
  readonly gop: {
    readonly closed: boolean;
    readonly maxFrames: number;
    readonly maxMs: number;
    readonly bFrames: boolean;
    readonly startsWithKeyframe: boolean;
  };
  /** From the SPS; for other codecs from the pixel format. */
  readonly chroma: '4:2:0' | '4:2:2' | '4:4:4' | '4:0:0';
  readonly bitDepth: number;
  /** What the headers allow: H.264 and MPEG-2 by their sequence headers, others by their pictures. */
  readonly interlaced: boolean;
  /** Its pictures are two fields each, taken one after the other; null where they are whole. */
  readonly fields: FieldOrder | null;
  /** How its pictures are turned before they are shown; width and height are those of the coded picture. */
  readonly turn: Turn | null;
  readonly audioTracks: readonly { readonly codec: string; readonly sampleRate: number; readonly channels: number }[];
  /** Video only, bits per second. */
  readonly bitrate: number;
  readonly bytes: number;
  readonly sps: Sps | null;
}

/**
 * Reads all packets of a file or URL (no decoding) and says what they are.
 * @throws SmartBoxError `media-error` (not readable, not media), `no-video`, `no-frames`, `damaged` (cut off, parts missing).
 */
export async function probe(pathOrUrl: string, open?: OpenOptions): Promise<MediaProbe> {
  const input = await openMedia(pathOrUrl, open);
  try {
    const read = readAll(input, pathOrUrl);
    if (!open && !(await isWhole(pathOrUrl))) throw damaged(pathOrUrl, read.frames);
    const said = saysOfFields(read);
    if (said === 'none' || open) return read;
    const { fields, turn } = await scanOf(pathOrUrl).catch(() => ({ fields: null, turn: read.turn }));
    return { ...read, fields, interlaced: said === 'perhaps' || fields !== null, turn };
  } finally {
    await input.closeInput();
  }
}

/** May its pictures be fields? `perhaps` where a header says so, of which the pictures may make no use. */
function saysOfFields({ codec, interlaced }: MediaProbe): 'none' | 'perhaps' | 'unknown' {
  if (codec === 'h264' || codec === 'mpeg2video') return interlaced ? 'perhaps' : 'none';
  return WHOLE.has(codec) ? 'none' : 'unknown';
}

/** Codecs without fields. */
const WHOLE: ReadonlySet<string> = new Set(['png', 'bmp', 'tiff', 'gif', 'webp', 'vp8', 'vp9', 'av1', 'jpeg2000']);

/** Follows packets and keeps what the questions above need. Also used on live input, a few seconds long. */
export class PacketStatistics {
  readonly pts: number[] = [];
  bytes = 0;
  keyframes: number[] = [];
  closed = true;
  bFrames = false;
  /** Of MPEG-2; H.264 says it in its SPS. */
  interlaced = false;
  sps: Sps | null;
  private readonly stream: Stream;
  private readonly lengthSize: number;

  constructor(stream: Stream) {
    this.stream = stream;
    const { extradata, codecId } = stream.codecpar;
    const h264 = codecId === AV_CODEC_ID_H264;
    const avcC = h264 && extradata && extradata[0] === 1 ? parseAvcC(extradata) : null;
    this.lengthSize = avcC ? avcC.lengthSize : 0;
    const first = avcC
      ? avcC.sps[0]
      : h264 && extradata
        ? splitAnnexB(extradata).find((nal) => nalType(nal) === NAL.sps)
        : undefined;
    this.sps = first ? parseSps(first) : null;
  }

  add(packet: Packet): void {
    const { num, den } = this.stream.timeBase;
    if (packet.isKeyframe) this.keyframes.push(this.pts.length);
    this.pts.push(ticks(packet.pts === AV_NOPTS_VALUE ? packet.dts : packet.pts, num, den));
    this.bytes += packet.size;
    if (!packet.data) return;
    const codec = this.stream.codecpar.codecId;
    if (codec === AV_CODEC_ID_H264) this.look(packet.data, packet.isKeyframe);
    else {
      const [before, now] = [this.pts.at(-2), this.pts.at(-1)];
      if (before !== undefined && now !== undefined && now < before) this.bFrames = true;
      if (codec === AV_CODEC_ID_MPEG2VIDEO && this.pts.length === 1) this.interlaced = !progressive(packet.data);
      if (packet.isKeyframe && this.pts.length > 1 && !closedGop(codec, packet.data)) this.closed = false;
    }
  }

  private look(data: Buffer, keyframe: boolean): void {
    let idr = false;
    const nals = this.lengthSize > 0 ? splitAvcc(data, this.lengthSize) : splitAnnexB(data);
    for (const nal of nals) {
      const type = nalType(nal);
      if (type === NAL.idr) idr = true;
      else if (type === NAL.sps) this.sps ??= parseSps(nal);
      else if (type === NAL.slice && !this.bFrames && sliceType(nal) === 'B') this.bFrames = true;
    }
    if (keyframe && !idr) this.closed = false;
  }

  /** Longest GOP in frames and ms; the open last one counts. */
  longestGop(): { maxFrames: number; maxMs: number } {
    const sorted = [...this.pts];
    let maxFrames = 0;
    let maxMs = 0;
    this.keyframes.forEach((start, i) => {
      const end = this.keyframes[i + 1] ?? this.pts.length;
      maxFrames = Math.max(maxFrames, end - start);
      maxMs = Math.max(maxMs, ((sorted[end] ?? sorted.at(-1) ?? 0) - (sorted[start] ?? 0)) / 90);
    });
    return { maxFrames, maxMs: Math.round(maxMs) };
  }
}

/** progressive_sequence of the sequence extension, ISO/IEC 13818-2 6.2.2.3. */
function progressive(data: Buffer): boolean {
  const extension = data.indexOf('\0\0\u0001\u00b5', 0, 'latin1');
  return extension < 0 || ((data[extension + 5] ?? 0) & 8) !== 0;
}

/** Does nothing after this keyframe refer to what is before it? HEVC: an IDR. MPEG-2: closed_gop, or no GOP header. */
function closedGop(codec: AVCodecID, data: Buffer): boolean {
  if (codec === AV_CODEC_ID_HEVC) {
    // NAL unit types 19 and 20 (ISO/IEC 23008-2 table 7-1), lengths of four bytes or start codes before them
    for (let at = 0; at + 6 <= data.length;) {
      const type = ((data[at + 4] ?? 0) >> 1) & 0x3f;
      if (type < 32) return type === 19 || type === 20;
      const length = data.readUInt32BE(at);
      const next = length === 1 ? data.indexOf('\0\0\0\u0001', at + 4, 'latin1') : at + 4 + length;
      if (next <= at) return false;
      at = next;
    }
    return false;
  }
  if (codec === AV_CODEC_ID_MPEG2VIDEO) {
    const gop = data.indexOf('\0\0\u0001\u00b8', 0, 'latin1');
    return gop < 0 || ((data[gop + 7] ?? 0) & 0x40) !== 0;
  }
  return true;
}

function readAll(input: FormatContext, pathOrUrl: string): MediaProbe {
  const stream = videoStream(input, pathOrUrl);
  const facts = new PacketStatistics(stream);
  const packet = new Packet();
  packet.alloc();
  let lastDuration = 0;
  for (;;) {
    const code = input.readFrameSync(packet);
    if (isEof(code)) break;
    check(code, `read ${shown(pathOrUrl)}`);
    if (packet.streamIndex === stream.index && packet.size > 0) {
      if (packet.hasFlags(AV_PKT_FLAG_CORRUPT)) throw damaged(pathOrUrl, facts.pts.length);
      facts.add(packet);
      lastDuration = ticks(packet.duration, stream.timeBase.num, stream.timeBase.den);
    }
    packet.unref();
  }
  packet.free();
  if (facts.pts.length === 0)
    throw new SmartBoxError({
      code: 'no-frames',
      message: `${shown(pathOrUrl)} has a video stream without a single frame`,
      fault: 'input',
    });
  return describe(input, stream, facts, lastDuration);
}

function describe(input: FormatContext, stream: Stream, facts: PacketStatistics, lastDuration: number): MediaProbe {
  const par = stream.codecpar;
  const aspect = sampleAspectOf(stream);
  const pts = [...facts.pts].sort((a, b) => a - b);
  const start = pts[0] ?? 0;
  const span = (pts.at(-1) ?? 0) - start;
  const mean = pts.length > 1 ? span / (pts.length - 1) : lastDuration || TIMESCALE / 30;
  const tick = Math.max(1, Math.ceil((TIMESCALE * stream.timeBase.num) / stream.timeBase.den));
  const constant = pts.every((at, i) => Math.abs(at - (start + i * mean)) <= tick + 1);
  const declared = facts.sps?.fixedFrameRate && facts.sps.frameRate ? facts.sps.frameRate : null;
  const measured = snapFrameRate(TIMESCALE / mean);
  const durationMs = (span + (lastDuration || mean)) / 90;
  return {
    container: input.iformat?.name ?? 'unknown',
    codec: avGetCodecName(par.codecId) ?? 'unknown',
    profile: facts.sps?.profile ?? profileOf(par.codecId, par.profile),
    level: facts.sps?.levelIdc ?? (par.codecId === AV_CODEC_ID_HEVC ? Math.round(par.level / 3) : par.level),
    width: facts.sps?.width ?? par.width,
    height: facts.sps?.height ?? par.height,
    sampleAspect: { num: aspect?.num ?? 1, den: aspect?.den ?? 1 },
    frameRate:
      declared && Math.abs((declared.num / declared.den) * mean - TIMESCALE) < TIMESCALE * 0.001 ? declared : measured,
    constantFrameRate: constant,
    frameTimesMs: constant ? null : pts.map((at, i) => (at - (pts[i - 1] ?? start)) / 90),
    frames: pts.length,
    durationMs: Math.round(durationMs * 1000) / 1000,
    startTicks: start,
    gop: {
      closed: facts.closed,
      ...facts.longestGop(),
      bFrames: facts.bFrames,
      startsWithKeyframe: facts.keyframes[0] === 0,
    },
    chroma: facts.sps?.chroma ?? chromaOf(par.format as AVPixelFormat),
    bitDepth: facts.sps?.bitDepth ?? depthOf(par.format as AVPixelFormat, par.bitsPerRawSample),
    interlaced: facts.sps?.interlaced ?? facts.interlaced,
    fields: null,
    turn: turnOfStream(stream),
    audioTracks: input.streams
      .filter((s) => s.codecpar.codecType === AVMEDIA_TYPE_AUDIO)
      .map((s) => ({
        codec: avGetCodecName(s.codecpar.codecId) ?? 'unknown',
        sampleRate: s.codecpar.sampleRate,
        channels: s.codecpar.channels,
      })),
    bitrate: durationMs > 0 ? Math.round((facts.bytes * 8000) / durationMs) : 0,
    bytes: facts.bytes,
    sps: facts.sps,
  };
}

/** The same facts in the shape of `VideoFacts` in libs/contracts. */
export function videoFacts(probed: MediaProbe): {
  container: 'mp4' | 'mpegts' | 'matroska' | 'other';
  codec: string;
  codecString?: string;
  profile: string;
  level: number;
  width: number;
  height: number;
  frameRate: FrameRate;
  constantFrameRate: boolean;
  frames: number;
  durationMs: number;
  chroma: '4:2:0' | '4:2:2' | '4:4:4' | '4:0:0';
  bitDepth: number;
  interlaced: boolean;
  fieldOrder?: FieldOrder;
  turned?: true;
  bFrames: boolean;
  closedGop: boolean;
  audioTracks: number;
} {
  const { container } = probed;
  return {
    container: container.includes('mp4')
      ? 'mp4'
      : container === 'mpegts'
        ? 'mpegts'
        : container.includes('matroska')
          ? 'matroska'
          : 'other',
    codec: probed.codec,
    ...(probed.sps ? { codecString: codecString(probed.sps) } : {}),
    profile: probed.profile,
    level: probed.level,
    ...(probed.turn?.swaps
      ? { width: probed.height, height: probed.width }
      : { width: probed.width, height: probed.height }),
    frameRate: probed.frameRate,
    constantFrameRate: probed.constantFrameRate,
    frames: probed.frames,
    durationMs: probed.durationMs,
    chroma: probed.chroma,
    bitDepth: probed.bitDepth,
    interlaced: probed.interlaced,
    ...(probed.fields ? { fieldOrder: probed.fields } : {}),
    ...(probed.turn ? { turned: true as const } : {}),
    bFrames: probed.gop.bFrames,
    closedGop: probed.gop.closed,
    audioTracks: probed.audioTracks.length,
  };
}

// FFmpeg's numbers are those of the standards: ISO/IEC 23008-2 A.3, and the three bits of 13818-2 table 8-2
const hevcProfiles: Record<number, string> = { 1: 'Main', 2: 'Main 10', 3: 'Main Still Picture', 4: 'Rext' };
const mpeg2Profiles: Record<number, string> = { 0: '4:2:2', 1: 'High', 4: 'Main', 5: 'Simple' };

function profileOf(codec: AVCodecID, profile: number): string {
  const names = codec === AV_CODEC_ID_HEVC ? hevcProfiles : codec === AV_CODEC_ID_MPEG2VIDEO ? mpeg2Profiles : {};
  return names[profile] ?? String(profile);
}
