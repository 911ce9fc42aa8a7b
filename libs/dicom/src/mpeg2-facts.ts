import { inputError } from '@smartbox/kernel';
import type { ByteSource } from './byte-source.ts';
import { elementaryVideo, mpeg2Container } from './mpeg2-stream.ts';
import { StartCodes } from './start-codes.ts';
import type { FrameRate, VideoFacts } from './video-facts.ts';

/** What an MPEG-2 stream says, every picture counted. */
export type Mpeg2Facts = VideoFacts & {
  /** Height to width of one sample, as Pixel Aspect Ratio (0028,0034) wants it; undefined for square ones. */
  pixelAspectRatio: readonly [vertical: number, horizontal: number] | undefined;
};

// frame_rate_code, ISO/IEC 13818-2 table 6-4
const rates: readonly (FrameRate | undefined)[] = [
  undefined,
  { num: 24_000, den: 1001 },
  { num: 24, den: 1 },
  { num: 25, den: 1 },
  { num: 30_000, den: 1001 },
  { num: 30, den: 1 },
  { num: 50, den: 1 },
  { num: 60_000, den: 1001 },
  { num: 60, den: 1 },
];
// profile_and_level_indication, tables 8-2 and 8-3
const profiles: Record<number, string> = {
  1: 'High',
  2: 'Spatially Scalable',
  3: 'SNR Scalable',
  4: 'Main',
  5: 'Simple',
};
const chromas = ['unknown', '4:2:0', '4:2:2', '4:4:4'] as const;
/** Longest header that is looked at behind a start code, with the code. */
const HEADER = 14;

/** What the headers of a stream amount to. */
class Scanner {
  sequence: { width: number; height: number; aspect: number; rate: FrameRate | undefined } | undefined;
  extension: { profile: string; level: number; progressive: boolean; chroma: number; w: number; h: number } | undefined;
  fields = 0;
  bFrames = false;
  closedGop = true;
  private readonly codes = new StartCodes(HEADER, 4, (bytes) => this.found(bytes));
  private codings = 0;
  private pictures = 0;

  /** Coded frames: two fields make one. Pictures without an extension are MPEG-1's, each a frame. */
  get frames(): number {
    return this.codings === 0 ? this.pictures : Math.ceil(this.fields / 2);
  }

  push(piece: Buffer, last = false): void {
    this.codes.push(piece, last);
  }

  private found(bytes: Buffer): void {
    const header = Buffer.alloc(HEADER);
    bytes.copy(header, 0, 0, HEADER);
    this.header(header);
  }

  private header(b: Buffer): void {
    const code = b.readUInt8(3);
    if (code === 0xb3 && !this.sequence) {
      const size = b.readUIntBE(4, 3);
      this.sequence = {
        width: size >> 12,
        height: size & 0xfff,
        aspect: b.readUInt8(7) >> 4,
        rate: rates[b.readUInt8(7) & 15],
      };
    } else if (code === 0xb5) this.extensionHeader(b);
    else if (code === 0xb8) {
      // GOP header: 25 bits of time code, then closed_gop; the first GOP has nothing to refer to
      const first = this.pictures === 0;
      if (!first && (b.readUInt8(7) & 0x40) === 0) this.closedGop = false;
    } else if (code === 0) {
      this.pictures += 1;
      if (((b.readUInt8(5) >> 3) & 7) === 3) this.bFrames = true;
    }
  }

  private extensionHeader(b: Buffer): void {
    const id = b.readUInt8(4) >> 4;
    if (id === 1 && !this.extension) {
      const bits = b.readUIntBE(4, 4);
      const indication = (bits >>> 20) & 0xff;
      this.extension = {
        profile:
          (indication & 0x80) !== 0
            ? `escape ${indication}`
            : (profiles[(indication >> 4) & 7] ?? `profile ${indication >> 4}`),
        level: indication & 15,
        progressive: (bits & 0x8_0000) !== 0,
        chroma: (bits >>> 17) & 3,
        w: (bits >>> 15) & 3,
        h: (bits >>> 13) & 3,
      };
    } else if (id === 8) {
      // picture_coding_extension: picture_structure 3 is a whole frame, 1 and 2 are fields
      this.codings += 1;
      this.fields += (b.readUInt8(6) & 3) === 3 ? 2 : 1;
    }
  }
}

/** Sample aspect from the display aspect of table 6-3 and the size. */
function aspectOf(code: number, width: number, height: number): Mpeg2Facts['pixelAspectRatio'] {
  const display = code === 2 ? [4, 3] : code === 3 ? [16, 9] : undefined;
  if (!display) return undefined;
  const [across = 1, down = 1] = display;
  const horizontal = across * height;
  const vertical = down * width;
  let [a, b] = [horizontal, vertical];
  while (b > 0) [a, b] = [b, a % b];
  return horizontal === vertical ? undefined : [vertical / a, horizontal / a];
}

/**
 * Reads profile, level, size, rate and the number of frames of an MPEG-2 payload (transport, program or elementary
 * stream) out of its sequence, GOP and picture headers (ISO/IEC 13818-2 6.2). Reads the whole payload once, in pieces.
 * @throws SmartBoxError `not-mpeg2`
 */
export async function readMpeg2Facts(source: ByteSource): Promise<Mpeg2Facts> {
  const container = await mpeg2Container(source);
  if (!container) throw inputError('not-mpeg2', 'The payload is no MPEG-2 transport, program or elementary stream');
  const scanner = new Scanner();
  for await (const piece of elementaryVideo(source, container)) scanner.push(piece);
  scanner.push(Buffer.alloc(0), true);
  const { sequence, extension, frames } = scanner;
  if (!sequence?.rate || !extension)
    throw inputError('not-mpeg2', 'The payload has no MPEG-2 sequence header with its extension (ISO 13818-2 6.2.2)');
  const { rate } = sequence;
  const width = sequence.width + extension.w * 4096;
  const height = sequence.height + extension.h * 4096;
  return {
    container,
    codec: 'mpeg2video',
    profile: extension.profile,
    level: extension.level,
    width,
    height,
    frameRate: rate,
    constantFrameRate: true,
    frames,
    durationMs: (1000 * frames * rate.den) / rate.num,
    chroma: chromas[extension.chroma] ?? 'unknown',
    bitDepth: 8,
    interlaced: !extension.progressive,
    bFrames: scanner.bFrames,
    closedGop: scanner.closedGop,
    pixelAspectRatio: aspectOf(sequence.aspect, width, height),
  };
}
