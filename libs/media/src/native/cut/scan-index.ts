import { SmartBoxError } from '@smartbox/kernel';
import {
  AV_NOPTS_VALUE,
  AV_PKT_DATA_DISPLAYMATRIX,
  AV_PKT_FLAG_CORRUPT,
  AV_PKT_FLAG_DISCARD,
  AVMEDIA_TYPE_AUDIO,
} from 'node-av/constants';
import { avGetCodecName, Packet, type FormatContext, type Stream } from 'node-av/lib';
import { parseAvcC, splitAnnexB, splitAvcc } from '../../h264/nal.ts';
import { parseSps } from '../../h264/sps.ts';
import { headOfHevcSps } from '../../hevc/headers.ts';
import { parseHvcC } from '../../hevc/nal.ts';
import { codecNamed, H264, type NalCodec } from '../../video-nal.ts';
import { check, isEof, openMedia, shown, videoStream } from '../av.ts';
import { damaged, isWhole } from '../damage.ts';
import { ParameterSets } from './parameter-sets.ts';
import { breathe, decodeSource, orders, usableKeyframes, type SourceIndex } from './source-index.ts';

/**
 * Reads every packet of a file once (no decoding, unless its container gives no reliable times).
 * @throws SmartBoxError `media-error`, `no-video`, `no-frames`, `damaged`, `cancelled`.
 */
export async function scanSource(path: string, signal?: AbortSignal): Promise<SourceIndex> {
  const input = await openMedia(path, {}, signal);
  try {
    const scan = new Scan(input, path);
    await scan.read(signal);
    return scan.index() ?? (await scan.indexByDecoding(signal));
  } finally {
    await input.closeInput();
  }
}

/** How NAL units stand in the packets of a stream: bytes of the length before each, 0 where start codes part them. */
export function nalLengthOf({ codecpar }: Stream, codec: NalCodec): number {
  const { extradata } = codecpar;
  if (extradata?.[0] !== 1) return 0;
  return codec === H264 ? parseAvcC(extradata).lengthSize : parseHvcC(extradata).lengthSize;
}

/** The NAL units of a packet, whichever way the container separates them. */
export function nalsOf(data: Uint8Array, lengthSize: number): Uint8Array[] {
  return lengthSize > 0 ? splitAvcc(data, lengthSize) : splitAnnexB(data);
}

class Scan {
  refusal: string | null = null;
  private readonly input: FormatContext;
  private readonly path: string;
  private readonly stream: Stream;
  private readonly codec: NalCodec | undefined;
  private readonly sets: ParameterSets | null;
  private readonly lengthSize: number = 0;
  private readonly pts: number[] = [];
  private readonly sizes: number[] = [];
  private readonly entries: number[] = [];
  private first: 'idr' | 'other' = 'other';
  private lastDuration = 0;
  private discarded = false;

  constructor(input: FormatContext, path: string) {
    this.input = input;
    this.path = path;
    this.stream = videoStream(input, path);
    const { codecId, extradata } = this.stream.codecpar;
    const name = avGetCodecName(codecId) ?? 'of an unknown codec';
    this.codec = codecNamed(name);
    this.sets = this.codec ? new ParameterSets(this.codec) : null;
    if (!this.codec || !this.sets) {
      this.refusal = `the video is ${name}; only H.264 and HEVC are copied`;
      return;
    }
    this.lengthSize = nalLengthOf(this.stream, this.codec);
    for (const nal of extradata ? parameterSetsIn(extradata, this.codec, this.lengthSize) : []) this.sets.add(nal);
  }

  async read(signal?: AbortSignal): Promise<void> {
    const packet = new Packet();
    packet.alloc();
    try {
      for (let count = 0; ; count++) {
        const code = this.input.readFrameSync(packet);
        if (isEof(code)) break;
        check(code, `read ${shown(this.path)}`);
        if (packet.streamIndex === this.stream.index && packet.size > 0) this.add(packet);
        packet.unref();
        if (count % 2000 === 0) await breathe(signal);
      }
    } finally {
      packet.free();
    }
    if (this.pts.length === 0)
      throw new SmartBoxError({
        code: 'no-frames',
        message: `${shown(this.path)} has a video stream without a single frame`,
        fault: 'input',
      });
    if (!(await isWhole(this.path))) throw damaged(this.path, this.pts.length);
    this.refusal ??= this.problem();
  }

  private add(packet: Packet): void {
    if (packet.hasFlags(AV_PKT_FLAG_CORRUPT)) throw damaged(this.path, this.pts.length);
    if (packet.hasFlags(AV_PKT_FLAG_DISCARD)) this.discarded = true;
    if (packet.pts === AV_NOPTS_VALUE) this.refusal ??= 'the container does not say when each frame is shown';
    this.pts.push(Number(packet.pts));
    this.lastDuration = Number(packet.duration);
    const { codec, sets } = this;
    if (this.refusal !== null || !packet.data || !codec || !sets) return;
    let size = 0;
    let entry: string | null = null;
    for (const nal of nalsOf(packet.data, this.lengthSize)) {
      if (codec.isParameterSet(nal)) sets.add(nal);
      else size += 4 + nal.length;
      if (codec.isSlice(nal)) entry ??= codec.entryOf(nal);
    }
    if (packet.isKeyframe || entry !== 'open') this.entries.push(this.pts.length - 1);
    if (this.pts.length === 1 && entry !== null && entry !== 'open') this.first = 'idr';
    this.sizes.push(size);
  }

  private problem(): string | null {
    const { pts, codec, sets } = this;
    if (this.discarded) return 'an edit list of the container hides some of its frames';
    if (!codec || !sets || sets.sps.length === 0) return 'the stream has no parameter sets';
    if (sets.conflict) return 'the parameter sets change within the stream';
    const interlaced = codec === H264 ? sets.sps.some((sps) => parseSps(sps).interlaced) : sets.sps.some((sps) => headOfHevcSps(sps).interlaced); // prettier-ignore
    if (interlaced) return 'the video is interlaced';
    if (this.first !== 'idr') return 'the stream does not begin with an IDR picture';
    if (new Set(pts).size !== pts.length) return 'two frames have the same time';
    return null;
  }

  /** Null where the packets do not tell the frames. */
  index(): SourceIndex | null {
    if (this.refusal !== null) return null;
    const { order, presentation } = orders(this.pts);
    const keyframes = usableKeyframes(this.entries, presentation);
    const times = Array.from(order, (packet) => this.pts[packet] ?? 0);
    const [first] = keyframes;
    if (first?.packet === 0 && first.leading === 0) return this.result(times, keyframes, presentation, order);
    this.refusal = 'its first pictures cannot be decoded';
    return null;
  }

  /** The frames as a decoder hands them out: for streams whose packets do not tell. */
  async indexByDecoding(signal?: AbortSignal): Promise<SourceIndex> {
    const raw: (number | null)[] = [];
    await decodeSource(this.path, (_, time) => void raw.push(time), signal);
    if (raw.length === 0)
      throw new SmartBoxError({
        code: 'no-frames',
        message: `${shown(this.path)} has no frame that can be decoded`,
        fault: 'input',
      });
    const known = raw.every((at, i) => at !== null && (i === 0 || at > (raw[i - 1] ?? Infinity)));
    const { num, den } = this.frameRate();
    const ticks = (this.stream.timeBase.den * den) / (this.stream.timeBase.num * num);
    const times = raw.map((at, i) => (known ? (at ?? 0) : Math.round(i * Math.max(1, ticks))));
    return this.result(times, [], [], []);
  }

  private frameRate(): { num: number; den: number } {
    const { avgFrameRate, rFrameRate } = this.stream;
    const rate = avgFrameRate.num > 0 && avgFrameRate.den > 0 ? avgFrameRate : rFrameRate;
    return rate.num > 0 && rate.den > 0 ? { num: rate.num, den: rate.den } : { num: 25, den: 1 };
  }

  private result(
    times: number[],
    keyframes: SourceIndex['keyframes'],
    presentation: ArrayLike<number>,
    order: ArrayLike<number>,
  ): SourceIndex {
    const { codecpar, timeBase } = this.stream;
    const frames = times.length;
    const { num, den } = this.frameRate();
    const last = times.at(-1) ?? 0;
    const mean = frames > 1 ? (last - (times[0] ?? 0)) / (frames - 1) : (timeBase.den * den) / (timeBase.num * num);
    const end =
      last + (keyframes.length > 0 && this.lastDuration > 0 ? this.lastDuration : Math.max(1, Math.round(mean)));
    const [sps] = this.codec === H264 ? (this.sets?.sps ?? []) : [];
    const parsed = sps ? parseSps(sps) : null;
    const rate = parsed?.frameRate ?? { num, den };
    const matrix = codecpar.getCodedSideData(AV_PKT_DATA_DISPLAYMATRIX);
    return {
      path: this.path,
      codec: avGetCodecName(codecpar.codecId) ?? 'unknown',
      timeBase: { num: timeBase.num, den: timeBase.den },
      frames,
      times: [...times, end],
      refusal: this.refusal,
      keyframes,
      presentation,
      order,
      sizes: this.sizes,
      table: null,
      sets: keyframes.length > 0 ? this.sets : null,
      width: codecpar.width,
      height: codecpar.height,
      interlaced: parsed?.interlaced ?? false,
      frameRate: rate.num / rate.den > 240 ? { num, den } : rate,
      rotation: matrix ? Buffer.from(matrix).swap32().toString('hex') : '',
      audio: this.input.findBestStream(AVMEDIA_TYPE_AUDIO) >= 0,
    };
  }
}

function parameterSetsIn(extradata: Buffer, codec: NalCodec, lengthSize: number): Uint8Array[] {
  if (lengthSize === 0) return splitAnnexB(extradata);
  if (codec !== H264) return parseHvcC(extradata).sets;
  const { sps, pps } = parseAvcC(extradata);
  return [...sps, ...pps];
}
