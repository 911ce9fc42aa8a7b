import { createRequire } from 'node:module';
import { inputError } from '@smartbox/kernel';

/** The part of the OpenJPH WASM module that is used; the package ships no types. */
interface Encoder {
  getDecodedBuffer(info: {
    width: number;
    height: number;
    bitsPerSample: number;
    componentCount: number;
    isSigned: boolean;
    isUsingColorTransform: boolean;
  }): Uint8Array;
  getEncodedBuffer(): Uint8Array;
  setQuality(lossless: boolean, quantizationStep: number): void;
  setProgressionOrder(order: number): void;
  setDecompositions(levels: number): void;
  setTLMMarker(present: boolean): void;
  encode(): void;
  delete(): void;
}
interface OpenJph {
  HTJ2KEncoder: new () => Encoder;
}

export interface Htj2kFrame {
  readonly width: number;
  readonly height: number;
  /** R, G, B of each sample, 8 bits each. */
  readonly rgb: Uint8Array;
}

export interface Htj2kOptions {
  /** Size of the frame to size of its code, e.g. 10 for 10:1; absent: reversible, bit-exact. */
  readonly ratio?: number;
  /** RPCL order with tile-part lengths and a base of at most 64 samples, for transfer syntax .202 (PS3.5 10.18). */
  readonly rpcl?: boolean;
  /** Where the search for the ratio begins: what the previous frame ended with. */
  readonly step?: number;
}

export interface Htj2kCode {
  readonly bytes: Uint8Array;
  /** Quantization step that was used; 0 for reversible. */
  readonly step: number;
}

const RPCL = 2;
const LRCP = 0;
const ATTEMPTS = 8;
let module: Promise<OpenJph> | undefined;

function load(): Promise<OpenJph> {
  const require = createRequire(import.meta.url);
  return (module ??= (require('@cornerstonejs/codec-openjph') as () => Promise<OpenJph>)());
}

/**
 * One RGB frame as an HTJ2K code stream (ISO/IEC 15444-15) with the component transform: RCT where reversible, ICT where
 * lossy. OpenJPH has no rate control: a lossy ratio is met by searching the quantization step, to within 3 %.
 */
export async function encodeHtj2k(frame: Htj2kFrame, options: Htj2kOptions = {}): Promise<Htj2kCode> {
  const { HTJ2KEncoder } = await load();
  const raw = frame.width * frame.height * 3;
  if (frame.rgb.length !== raw)
    throw inputError(
      'bad-picture-size',
      `${frame.width}x${frame.height} RGB has ${raw} bytes, got ${frame.rgb.length}`,
    );
  const code = (step: number): Uint8Array => {
    const encoder = new HTJ2KEncoder();
    try {
      encoder
        .getDecodedBuffer({
          width: frame.width,
          height: frame.height,
          bitsPerSample: 8,
          componentCount: 3,
          isSigned: false,
          isUsingColorTransform: true,
        })
        .set(frame.rgb);
      encoder.setQuality(step === 0, step);
      encoder.setProgressionOrder(options.rpcl ? RPCL : LRCP);
      encoder.setDecompositions(decompositions(frame));
      encoder.setTLMMarker(options.rpcl ?? false);
      encoder.encode();
      // a view into the module's memory, which moves when it grows: taken now, and copied
      return encoder.getEncodedBuffer().slice();
    } finally {
      encoder.delete();
    }
  };
  if (options.ratio === undefined) return { bytes: code(0), step: 0 };
  return search(code, raw / options.ratio, options.step ?? 0.02);
}

/** So many that the smaller side of the base is at most 64 samples, and five at least, as is usual. */
function decompositions({ width, height }: Htj2kFrame): number {
  let levels = Math.min(5, Math.floor(Math.log2(Math.min(width, height))));
  while (levels < 32 && Math.ceil(Math.min(width, height) / 2 ** levels) > 64) levels += 1;
  return Math.max(0, levels);
}

/** Secant search for the size in the logarithms of step and size, where it is nearly a line. Never larger than wanted. */
function search(code: (step: number) => Uint8Array, wanted: number, start: number): Htj2kCode {
  let best: Htj2kCode | undefined;
  let smaller: { step: number; size: number } | undefined; // too small: step too large
  let larger: { step: number; size: number } | undefined;
  let step = start;
  for (let i = 0; i < ATTEMPTS; i++) {
    const bytes = code(step);
    if (bytes.length <= wanted) {
      if (!best || bytes.length > best.bytes.length) best = { bytes, step };
      if (bytes.length >= wanted * 0.97) break;
      smaller = { step, size: bytes.length };
    } else larger = { step, size: bytes.length };
    if (smaller && larger) {
      const slope = Math.log(smaller.step / larger.step) / Math.log(smaller.size / larger.size);
      const next = larger.step * Math.exp(slope * Math.log((wanted * 0.985) / larger.size));
      const inside = next > larger.step * 1.001 && next < smaller.step * 0.999;
      step = inside ? next : Math.sqrt(smaller.step * larger.step);
    } else step = Math.min(0.5, Math.max(1e-5, step * (bytes.length / (wanted * 0.985)) ** 1.3));
    if (!larger && step <= 1e-5) break; // it is small even at the finest step
  }
  if (best) return best;
  const step_ = 0.5;
  return { bytes: code(step_), step: step_ };
}
