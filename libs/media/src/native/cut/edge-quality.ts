import { CodecParameters, Packet, Rational, type Frame } from 'node-av/lib';
import { toAvcc } from '../../h264/nal.ts';
import { VideoDecoder } from '../decode.ts';
import { Comparison, type QualityReport, type Thresholds } from '../quality/comparison.ts';
import type { EdgeEncoder } from './edge-encoder.ts';

/** Decodes what the edge encoder made as soon as it is made, and compares it with the picture that it was given. */
export class EdgeQuality {
  private readonly decoder: VideoDecoder;
  private readonly comparison: Comparison;
  private readonly packet = new Packet();
  /** Given and not yet decoded. */
  private readonly waiting: { readonly picture: Frame; readonly at: number }[] = [];
  private given = 0;
  private decoded = 0;

  constructor(encoder: EdgeEncoder, thresholds: Thresholds) {
    const codecpar = new CodecParameters();
    codecpar.alloc();
    encoder.parametersTo(codecpar);
    this.decoder = new VideoDecoder({ codecpar, timeBase: new Rational(1, 1000) });
    this.comparison = new Comparison(thresholds);
    this.packet.alloc();
  }

  /** @param at number of the frame in the film */
  add(picture: Frame, coded: readonly Uint8Array[], at: number): void {
    const own = picture.clone();
    if (!own) return;
    this.waiting.push({ picture: own, at });
    this.given++;
    this.packet.data = toAvcc(coded);
    this.decoder.decode(this.packet, (frame) => this.compare(frame));
    this.packet.unref();
  }

  /** The encoded frames that follow do not follow those before. */
  endSegment(): void {
    this.decoder.decode(null, (frame) => this.compare(frame));
    this.decoder.flush();
  }

  private compare(frame: Frame): void {
    const next = this.waiting.shift();
    if (!next) return;
    this.decoded++;
    this.comparison.pair(next.picture, frame, next.at);
    next.picture.free();
  }

  report(): QualityReport | null {
    return this.given === 0 ? null : this.comparison.report(this.given, this.decoded);
  }

  close(): void {
    for (const { picture } of this.waiting) picture.free();
    this.packet.free();
    this.decoder.close();
    this.comparison.close();
  }
}
