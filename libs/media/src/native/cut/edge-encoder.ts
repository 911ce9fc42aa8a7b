import { availableParallelism } from 'node:os';
import { inputError } from '@smartbox/kernel';
import {
  AV_PICTURE_TYPE_I,
  AV_PICTURE_TYPE_NONE,
  AVCOL_RANGE_UNSPECIFIED,
  FF_ENCODER_LIBX264,
  FF_ENCODER_LIBX265,
} from 'node-av/constants';
import { Codec, CodecContext, Packet, Rational, type CodecParameters, type Frame } from 'node-av/lib';
import { splitAnnexB } from '../../h264/nal.ts';
import { HevcRenumbering } from '../../hevc/renumber.ts';
import { H264, HEVC, type NalCodec } from '../../video-nal.ts';
import { again, check } from '../av.ts';
import { GLOBAL_HEADER } from '../mp4-writer.ts';
import { ParameterSets } from './parameter-sets.ts';

/** How the frames of an edge are encoded. */
export interface EdgeSettings {
  readonly codec: NalCodec;
  readonly encoder: typeof FF_ENCODER_LIBX264 | typeof FF_ENCODER_LIBX265;
  readonly options: Readonly<Record<string, string>>;
  readonly timeBase: { readonly num: number; readonly den: number };
  readonly frameRate: { readonly num: number; readonly den: number };
  /** The id that all parameter sets get afterwards; null: they stay as the encoder makes them. */
  readonly renumber: number | null;
}

/** Pictures without B-frames or delay, near the source's quality, each an IDR where the caller asks for one. */
export class EdgeEncoder {
  readonly sets: ParameterSets;
  readonly description: string;
  private readonly settings: EdgeSettings;
  private readonly renumbering: HevcRenumbering | null;
  private readonly context = new CodecContext();
  private readonly packet = new Packet();
  private count = 0n;

  /** `like` is a picture as it will come: size, pixel format and colours are taken from it. */
  constructor(like: Frame, settings: EdgeSettings) {
    this.settings = settings;
    const codec = Codec.findEncoderByName(settings.encoder);
    if (!codec) throw inputError('encoder-missing', `this FFmpeg build has no ${settings.encoder}`);
    if (like.width % 2 || like.height % 2)
      throw inputError('bad-picture-size', `4:2:0 needs even sizes, not ${like.width}x${like.height}`);
    const { context } = this;
    context.allocContext3(codec);
    context.width = like.width;
    context.height = like.height;
    context.pixelFormat = like.format as typeof context.pixelFormat;
    context.timeBase = new Rational(settings.timeBase.num, settings.timeBase.den);
    context.framerate = new Rational(settings.frameRate.num, settings.frameRate.den);
    context.maxBFrames = 0;
    context.threadCount = Math.min(4, availableParallelism());
    if (like.sampleAspectRatio.num > 0) context.sampleAspectRatio = like.sampleAspectRatio;
    if (like.colorRange !== AVCOL_RANGE_UNSPECIFIED) context.colorRange = like.colorRange;
    context.colorPrimaries = like.colorPrimaries;
    context.colorTrc = like.colorTrc;
    context.colorSpace = like.colorSpace;
    context.setFlags(GLOBAL_HEADER);
    for (const [name, value] of Object.entries(settings.options))
      check(context.setOption(name, value), `set the encoder option ${name}=${value}`);
    const opened = context.open2Sync(codec, null);
    if (opened < 0) {
      context.freeContext();
      check(opened, `encode ${like.width}x${like.height} in pixel format ${like.format} with ${settings.encoder}`);
    }
    const own = splitAnnexB(context.extraData ?? Buffer.alloc(0));
    this.renumbering = settings.renumber === null ? null : new HevcRenumbering(own, settings.renumber);
    this.sets = new ParameterSets(settings.codec);
    for (const nal of own) this.sets.add(this.renumbering?.nal(nal) ?? nal);
    this.packet.alloc();
    this.description = `${settings.encoder} ${Object.entries(settings.options)
      .map(([name, value]) => `${name}=${value}`)
      .join(' ')} bf=0`;
  }

  /** The NAL units of the coded picture. Pictures come out one for one. */
  encode(frame: Frame, idr: boolean): Uint8Array[] {
    const { num, den } = this.context.timeBase;
    const { framerate } = this.context;
    const ticks = Math.max(1, Math.round((den * framerate.den) / (num * framerate.num)));
    frame.pts = this.count++ * BigInt(ticks);
    frame.pictType = idr ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
    check(this.context.sendFrameSync(frame), 'encode a picture');
    const code = this.context.receivePacketSync(this.packet);
    if (again(code)) throw inputError('encoder-delays', 'the encoder kept a picture back'); // never with zerolatency
    check(code, 'encode a picture');
    const nals = splitAnnexB(Buffer.from(this.packet.data ?? Buffer.alloc(0)));
    this.packet.unref();
    const { codec } = this.settings;
    return nals.filter((nal) => !codec.isParameterSet(nal)).map((nal) => this.renumbering?.nal(nal) ?? nal);
  }

  /** Fills in what a container has to know; the parameter sets are those of the encoder alone. */
  parametersTo(parameters: CodecParameters): void {
    check(parameters.fromContext(this.context), 'read the encoder parameters');
    parameters.extradata = this.sets.record();
  }

  close(): void {
    this.packet.free();
    this.context.freeContext();
  }
}

interface Wanted {
  /** Something is copied: then the ids of parameter sets have to be free. */
  readonly beside: boolean;
  readonly frameRate: EdgeSettings['frameRate'];
  readonly interlaced: boolean;
}

/**
 * An encoder whose pictures can stand between those of the stream.
 * @param known parameter sets of the sources that can be copied; null where none can, and H.264 is made.
 */
export function edgeEncoder(like: Frame, known: ParameterSets | null, wanted: Wanted): EdgeEncoder {
  if (known?.codec === HEVC) return hevcEncoder(like, known, wanted);
  const ring = known && !wanted.interlaced ? ringEncoder(like, known, wanted) : null;
  if (ring) return ring;
  const setId = known && wanted.beside ? known.freeId() : 0;
  if (setId === null) throw inputError('cannot-join', 'the stream uses all 32 ids for parameter sets');
  const { num, den } = wanted.frameRate;
  const keyint = Math.max(1, Math.round(num / den));
  const x264 = `sps-id=${setId}:keyint=${keyint}:scenecut=0:open-gop=0${wanted.interlaced ? ':tff=1' : ''}`;
  return new EdgeEncoder(like, {
    ...h264Settings({ preset: 'veryfast', 'x264-params': x264 }),
    timeBase: { num: den, den: num },
    frameRate: wanted.frameRate,
  });
}

const h264Settings = (options: Record<string, string>) => ({
  codec: H264,
  encoder: FF_ENCODER_LIBX264,
  renumber: null,
  options: { ...options, tune: 'zerolatency', crf: '15', 'forced-idr': '1' },
});

const RING_PRESETS = ['superfast', 'ultrafast', 'veryfast'];

/** A stream of the ring is met exactly: the encoder makes the very same parameter sets and needs no others. */
function ringEncoder(like: Frame, known: ParameterSets, { frameRate }: Wanted): EdgeEncoder | null {
  const [sps] = known.sps;
  if (sps?.[1] !== 100) return null;
  const level = String((sps[3] ?? 41) / 10);
  for (const preset of RING_PRESETS) {
    const x264 = 'stitchable=1:keyint=infinite:scenecut=0:open-gop=0';
    const options = { preset, 'x264-params': x264, profile: 'high', level };
    const encoder = new EdgeEncoder(like, { ...h264Settings(options), timeBase: { num: 1, den: 90_000 }, frameRate });
    if (known.holds(encoder.sets)) return encoder;
    encoder.close();
  }
  return null;
}

/** x265 numbers its parameter sets 0: where the stream does so too, they get a free id, and both stand in `hvcC`. */
function hevcEncoder(like: Frame, known: ParameterSets, { frameRate, beside }: Wanted): EdgeEncoder {
  const free = beside ? known.freeId() : 0;
  if (free === null) throw inputError('cannot-join', 'the stream uses all 16 ids for parameter sets');
  const x265 = [
    'log-level=error:info=0:repeat-headers=0:bframes=0:ref=1:weightp=0:scenecut=0:open-gop=0:keyint=-1',
    'frame-threads=1:wpp=0',
  ].join(':');
  return new EdgeEncoder(like, {
    codec: HEVC,
    encoder: FF_ENCODER_LIBX265,
    options: { preset: 'veryfast', tune: 'zerolatency', crf: '14', 'forced-idr': '1', 'x265-params': x265 },
    timeBase: { num: frameRate.den, den: frameRate.num },
    frameRate,
    renumber: free === 0 ? null : free,
  });
}
