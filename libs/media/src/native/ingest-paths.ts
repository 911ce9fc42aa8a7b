import { crc32 } from 'node:zlib';
import { SmartBoxError } from '@smartbox/kernel';
import { Packet, type Frame, type Stream } from 'node-av/lib';
import type { FrameRate } from '../frame-rate.ts';
import { NAL, nalType, parseAvcC, splitAnnexB, splitAvcc, toAnnexB, type AccessUnit } from '../h264/nal.ts';
import { H264Encoder } from './encoder.ts';
import type { InputAddress } from './input-address.ts';
import { Scaler } from './scaler.ts';
import { PictureDecoder } from './whole-pictures.ts';

export interface IngestOptions extends InputAddress {
  readonly bitrate: number;
  readonly preset?: string;
  /** `auto`: conformant H.264 is passed through; `always`: everything is re-encoded. */
  readonly encode: 'auto' | 'always';
  readonly signal: AbortSignal;
}

export interface StreamFormat {
  readonly codec: 'h264';
  readonly width: number;
  readonly height: number;
  readonly frameRate: FrameRate;
  /** Exact encoder settings, or `passthrough`. */
  readonly encoder: string;
  /** What came in and why it is (not) passed through. */
  readonly input: string;
}

export interface IngestHandlers {
  /** CLOCK_MONOTONIC in ticks of 90 kHz. */
  now(): number;
  /** Has the GOP to end before the picture at `pts`? Not asked where the stream is passed through. */
  wantsIdr(pts: number): boolean;
  /** Before the first access unit, and again before the first one of another size. */
  onFormat(format: StreamFormat): void;
  /** Why the input has no signal, as it says itself; undefined when it has one (or cannot tell). */
  onNoSignal?(reason: string | undefined): void;
  /** `picture`: a checksum of the decoded luma, equal for equal pictures; null when passed through. */
  onUnit(unit: AccessUnit, picture: number | null): void;
}

/** Repackages packets as Annex B with parameter sets at each IDR; drops what comes before the first. */
export class Passing {
  private readonly lengthSize: number;
  private sets: Uint8Array[] = [];
  private started = false;

  constructor(stream: Stream) {
    const { extradata } = stream.codecpar;
    const avcC = extradata && extradata[0] === 1 ? parseAvcC(Uint8Array.from(extradata)) : null;
    this.lengthSize = avcC?.lengthSize ?? 0;
    if (avcC) this.sets = [...avcC.sps, ...avcC.pps];
    else if (extradata) this.sets = splitAnnexB(Uint8Array.from(extradata)).filter(isParameterSet);
  }

  convert(packet: Packet): { data: Buffer; keyframe: boolean } | null {
    const bytes = packet.data ? Uint8Array.from(packet.data) : new Uint8Array();
    const nals = this.lengthSize > 0 ? splitAvcc(bytes, this.lengthSize) : splitAnnexB(bytes);
    const keyframe = nals.some((nal) => nalType(nal) === NAL.idr);
    this.started ||= keyframe;
    if (!this.started) return null;
    const own = nals.filter(isParameterSet);
    if (own.length > 0) this.sets = own.some((nal) => nalType(nal) === NAL.sps) ? own : this.sets;
    const missing = keyframe && own.length === 0 ? this.sets : [];
    return { data: toAnnexB([...missing, ...nals]), keyframe };
  }
}

function isParameterSet(nal: Uint8Array): boolean {
  return nalType(nal) === NAL.sps || nalType(nal) === NAL.pps;
}

/** Decode, scale, encode. A change of the incoming size makes a new encoder, and so a new format. */
export class Encoding {
  /** At the rate of the pictures: a frame of every field would double what capturing costs. */
  private readonly decoder: PictureDecoder;
  private readonly scaler = new Scaler();
  private readonly options: IngestOptions;
  private readonly frameRate: FrameRate;
  private readonly why: string;
  private encoder: H264Encoder | undefined;
  private size = '';

  constructor(stream: Stream, options: IngestOptions, frameRate: FrameRate, why: string) {
    this.decoder = new PictureDecoder(stream);
    this.options = options;
    this.frameRate = frameRate;
    this.why = why;
  }

  take(packet: Packet, handlers: IngestHandlers, map: (at: number | null) => number): void {
    try {
      this.decoder.decode(packet, (frame, at) => this.encode(frame, handlers, map(at)));
    } catch (error) {
      // a damaged packet costs its picture, not the source
      if (!(error instanceof SmartBoxError) || error.code !== 'media-error') throw error;
      process.stderr.write(`${error.message}\n`);
    }
  }

  /** What is still in the decoder, before the file begins again. */
  restart(handlers: IngestHandlers, map: (at: number | null) => number): void {
    this.decoder.decode(null, (frame, at) => this.encode(frame, handlers, map(at)));
    this.decoder.flush();
  }

  private encode(frame: Frame, handlers: IngestHandlers, pts: number): void {
    const size = `${frame.width}x${frame.height}`;
    if (size !== this.size) this.reopen(frame, size, handlers);
    const { encoder } = this;
    if (!encoder) return;
    this.scaler.scale(encoder.picture, frame);
    const { y } = encoder.planes;
    const unit = encoder.encode(pts, handlers.wantsIdr(pts));
    if (unit) handlers.onUnit(unit, crc32(y));
  }

  private reopen(frame: Frame, size: string, handlers: IngestHandlers): void {
    this.encoder?.close();
    const { num, den } = frame.sampleAspectRatio;
    const square = num > 0 && den > 0 ? num / den : 1; // what follows shows samples as squares
    const width = this.options.width ?? 2 * Math.floor((frame.width * square) / 2);
    const height = this.options.height ?? 2 * Math.floor(frame.height / 2);
    this.encoder = new H264Encoder({
      width,
      height,
      frameRate: this.frameRate,
      bitrate: this.options.bitrate,
      ...(this.options.preset ? { preset: this.options.preset } : {}),
      threads: width * height > 1920 * 1088 ? 2 : 1,
    });
    this.size = size;
    handlers.onFormat({
      codec: 'h264',
      width,
      height,
      frameRate: this.frameRate,
      encoder: this.encoder.description,
      input: `${size}, re-encoded: ${this.why}`,
    });
  }

  close(): void {
    this.decoder.close();
    this.scaler.close();
    this.encoder?.close();
  }
}
