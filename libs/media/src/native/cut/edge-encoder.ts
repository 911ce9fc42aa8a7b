import { inputError } from '@smartbox/kernel';
import {
  AV_PICTURE_TYPE_I,
  AV_PICTURE_TYPE_NONE,
  AVCOL_RANGE_UNSPECIFIED,
  FF_ENCODER_LIBX264,
} from 'node-av/constants';
import { Codec, CodecContext, Packet, Rational, type CodecParameters, type Frame } from 'node-av/lib';
import { splitAnnexB } from '../../h264/nal.ts';
import { again, check } from '../av.ts';
import { GLOBAL_HEADER } from '../mp4-writer.ts';
import { ParameterSets } from './parameter-sets.ts';

/** How the frames of an edge are encoded; `null` id: in the ring's own way, with its very parameter sets. */
export interface EdgeSettings {
  readonly frameRate: { readonly num: number; readonly den: number };
  readonly interlaced: boolean;
  /** Ids of the own SPS and PPS; null imitates the ring's encoder. */
  readonly setId: number | null;
  readonly preset: string;
  readonly level?: string;
}

/** H.264 without B-frames or delay, near the source's quality (crf 15), an IDR where the caller asks for one. */
export class EdgeEncoder {
  readonly sets = new ParameterSets();
  readonly description: string;
  private readonly context = new CodecContext();
  private readonly packet = new Packet();
  private count = 0n;

  /** `like` is a picture as it will come: size, pixel format and colours are taken from it. */
  constructor(like: Frame, settings: EdgeSettings) {
    const codec = Codec.findEncoderByName(FF_ENCODER_LIBX264);
    if (!codec) throw inputError('encoder-missing', 'this FFmpeg build has no libx264');
    if (like.width % 2 || like.height % 2)
      throw inputError('bad-picture-size', `H.264 4:2:0 needs even sizes, not ${like.width}x${like.height}`);
    const { num, den } = settings.frameRate;
    const keyint = Math.max(1, Math.round(num / den));
    const own = settings.setId === null;
    const options: Record<string, string> = {
      preset: settings.preset,
      tune: 'zerolatency',
      crf: '15',
      'forced-idr': '1',
      'x264-params': [
        own ? 'stitchable=1:keyint=infinite' : `sps-id=${settings.setId}:keyint=${keyint}`,
        'scenecut=0:open-gop=0',
        ...(settings.interlaced ? ['tff=1'] : []),
      ].join(':'),
      ...(own ? { profile: 'high' } : {}),
      ...(settings.level ? { level: settings.level } : {}),
    };
    const { context } = this;
    context.allocContext3(codec);
    context.width = like.width;
    context.height = like.height;
    context.pixelFormat = like.format as typeof context.pixelFormat;
    context.timeBase = own ? new Rational(1, 90_000) : new Rational(den, num);
    context.framerate = new Rational(num, den);
    context.maxBFrames = 0;
    context.threadCount = 1;
    if (like.sampleAspectRatio.num > 0) context.sampleAspectRatio = like.sampleAspectRatio;
    if (like.colorRange !== AVCOL_RANGE_UNSPECIFIED) context.colorRange = like.colorRange;
    context.colorPrimaries = like.colorPrimaries;
    context.colorTrc = like.colorTrc;
    context.colorSpace = like.colorSpace;
    context.setFlags(GLOBAL_HEADER);
    for (const [name, value] of Object.entries(options))
      check(context.setOption(name, value), `set the encoder option ${name}=${value}`);
    const opened = context.open2Sync(codec, null);
    if (opened < 0) {
      context.freeContext();
      check(opened, `encode ${like.width}x${like.height} in pixel format ${like.format} with libx264`);
    }
    for (const nal of splitAnnexB(context.extraData ?? Buffer.alloc(0))) this.sets.add(nal);
    this.packet.alloc();
    this.description = `libx264 ${Object.entries(options)
      .map(([name, value]) => `${name}=${value}`)
      .join(' ')} bf=0`;
  }

  /** The coded picture in Annex B, and whether it is an IDR. Pictures come out one for one. */
  encode(frame: Frame, idr: boolean): { data: Buffer; keyframe: boolean } {
    const { num, den } = this.context.timeBase;
    const { framerate } = this.context;
    const ticks = Math.max(1, Math.round((den * framerate.den) / (num * framerate.num)));
    frame.pts = this.count++ * BigInt(ticks);
    frame.pictType = idr ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
    check(this.context.sendFrameSync(frame), 'encode a picture');
    const code = this.context.receivePacketSync(this.packet);
    if (again(code)) throw inputError('encoder-delays', 'the encoder kept a picture back'); // never with zerolatency
    check(code, 'encode a picture');
    const answer = { data: Buffer.from(this.packet.data ?? Buffer.alloc(0)), keyframe: this.packet.isKeyframe };
    this.packet.unref();
    return answer;
  }

  /** Fills in what a container has to know. */
  parametersTo(parameters: CodecParameters): number {
    return parameters.fromContext(this.context);
  }

  close(): void {
    this.packet.free();
    this.context.freeContext();
  }
}

const RING_PRESETS = ['superfast', 'ultrafast', 'veryfast'];

/**
 * An encoder whose pictures can stand between those of the stream. The ring's own streams are met exactly: the
 * encoder then makes the very same parameter sets and needs no others. Any other stream gets a second pair of sets
 * under a free id.
 * @param known parameter sets of the sources that can be copied; none when all are of another kind.
 * @param beside whether something is copied: then the ids have to be free.
 */
export function edgeEncoder(
  like: Frame,
  known: ParameterSets,
  beside: boolean,
  settings: { readonly frameRate: EdgeSettings['frameRate']; readonly interlaced: boolean },
): EdgeEncoder {
  const [sps] = known.sps.values();
  if (sps && sps[1] === 100 && !settings.interlaced) {
    for (const preset of RING_PRESETS) {
      const encoder = new EdgeEncoder(like, { ...settings, preset, setId: null, level: String((sps[3] ?? 41) / 10) });
      if (known.holds(encoder.sets)) return encoder;
      encoder.close();
    }
  }
  const setId = beside ? known.freeId() : 0;
  if (setId === null) throw inputError('cannot-join', 'the stream uses all 32 ids for parameter sets');
  return new EdgeEncoder(like, { ...settings, preset: 'veryfast', setId });
}
