import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import {
  bufferSource,
  checkFrameCoding,
  compressionRatio,
  readJpegFacts,
  TransferSyntaxUid as T,
  type SopClass,
  type TransferSyntax,
} from '@smartbox/dicom';
import { SmartBoxError } from '@smartbox/kernel';
import { TURNED_UPRIGHT } from '@smartbox/media';
import { frameProgress, type Work } from '../file-verb.ts';
import { frameTimesOf, historyOf, type Payload, type SourceFacts } from './payload.ts';

export interface FrameRequest {
  input: string;
  facts: SourceFacts;
  sopClass: SopClass;
  syntax: TransferSyntax;
  /** HTJ2K .203: so many to one; absent: reversible. */
  ratio: number | undefined;
  scratch: (extension: string) => string;
  work: Work | undefined;
}

/** Frames that lie one after the other in a file. */
class FrameFile {
  readonly lengths: number[] = [];
  readonly path: string;
  private readonly stream: ReturnType<typeof createWriteStream>;

  constructor(path: string) {
    this.path = path;
    this.stream = createWriteStream(path);
  }

  async add(bytes: Uint8Array): Promise<void> {
    this.lengths.push(bytes.length);
    if (!this.stream.write(bytes)) await once(this.stream, 'drain');
  }

  get bytes(): number {
    return this.lengths.reduce((sum, each) => sum + each, 0);
  }

  async close(): Promise<void> {
    this.stream.end();
    await finished(this.stream);
  }

  /** Random access to what was added, once it is closed. */
  async reader(): Promise<AsyncDisposable & { read(index: number): Promise<Uint8Array> }> {
    const handle = await open(this.path);
    const offsets: number[] = [];
    this.lengths.reduce((at, length) => (offsets.push(at), at + length), 0);
    return {
      read: async (index) => {
        const bytes = Buffer.alloc(this.lengths[index] ?? 0);
        await handle.read(bytes, 0, bytes.length, offsets[index] ?? 0);
        return bytes;
      },
      [Symbol.asyncDispose]: () => handle.close(),
    };
  }
}

/** Frames each on their own: JPEG baseline, HTJ2K, or one uncompressed picture. */
export async function framePayload(request: FrameRequest): Promise<Payload> {
  const { syntax, facts, sopClass, ratio } = request;
  checkFrameCoding(syntax, { bitDepth: facts.bitDepth, ratio }, sopClass);
  const same = syntax.codec === 'jpeg' ? await jpegAsIs(request) : undefined;
  return payloadOf(request, same ?? (await coded(request)));
}

/** Motion JPEG with its frames as they are; undefined where one of them is not as transfer syntax .50 wants it. */
export async function motionJpegPayload(request: FrameRequest): Promise<Payload | undefined> {
  const same = await jpegAsIs(request);
  return same && payloadOf(request, same);
}

function payloadOf({ syntax, facts, sopClass, input }: FrameRequest, made: Frames): Payload {
  const notes: string[] = [];
  const again = made.mode === 'encoded';
  if (sopClass.kind === 'still' && facts.frames > 1) notes.push(`the first of ${facts.frames} frames was taken`);
  if (again && facts.bitDepth > 8) notes.push(`${facts.bitDepth} bits a sample were made eight`);
  if (again && facts.turned) notes.push(TURNED_UPRIGHT);
  if (again && facts.fieldOrder)
    notes.push('the input is interlaced: deinterlaced (bwdif), each pair of fields became a frame');
  if (sopClass.kind !== 'still' && facts.audioTracks) notes.push('the sound of the input was left out');
  return {
    ...made.size,
    path: made.file.path,
    temporary: made.file.path !== input,
    bytes: made.bytes ?? made.file.lengths.reduce((sum, each) => sum + each, 0),
    shape: syntax.layout === 'native' ? (made.file.lengths[0] ?? 0) : { frameLengths: made.file.lengths },
    transferSyntaxUid: syntax.uid,
    mode: made.mode,
    reason: again ? `the input is ${facts.codec}${whyAnew(facts, syntax)}` : undefined,
    encoder: made.encoder,
    compression: made.compression,
    frames: made.file.lengths.length,
    frameRate: facts.frameRate,
    frameTimesMs: frameTimesOf(facts, made.file.lengths.length),
    bitDepth: 8,
    photometricInterpretation: made.photometric,
    pixelAspectRatio: facts.sampleAspect,
    lossyHistory: again ? historyOf(facts, notes) : [],
    lossless: made.lossless,
    notes,
  };
}

/** Why pictures that are JPEG already were coded anew as JPEG. */
function whyAnew({ codec, turned }: SourceFacts, syntax: TransferSyntax): string {
  if (syntax.codec !== 'jpeg' || codec !== 'mjpeg') return '';
  return turned ? ', but turned when it is shown' : ', but not baseline JPEG of three components with its tables';
}

interface Frames {
  file: { path: string; lengths: readonly number[] };
  bytes?: number;
  size: { width: number; height: number };
  mode: Payload['mode'];
  encoder?: string;
  compression?: Payload['compression'];
  photometric?: Payload['photometricInterpretation'];
  lossless?: boolean;
}

/** Does a JPEG fit transfer syntax .50: process 1, eight bits, three components, with its own Huffman tables? */
async function fits50(jpeg: Uint8Array): Promise<{ width: number; height: number; ycc: boolean } | undefined> {
  const facts = await readJpegFacts(bufferSource(jpeg)).catch(() => undefined);
  const tables = Buffer.from(jpeg.buffer, jpeg.byteOffset, jpeg.byteLength).indexOf('\u00ff\u00c4', 0, 'latin1') >= 0;
  return facts?.baseline && facts.bitDepth === 8 && facts.components === 3 && tables ? facts : undefined;
}

async function jpegAsIs({ input, facts, sopClass, scratch }: FrameRequest): Promise<Frames | undefined> {
  if (facts.codec !== 'mjpeg' || facts.turned || facts.interlaced) return undefined;
  const limit = sopClass.kind === 'still' ? 1 : Infinity;
  if (facts.frames === 1 && facts.container === 'other') {
    const whole = await readFile(input);
    const size = await fits50(whole);
    if (size && whole.readUInt16BE(0) === 0xffd8)
      return {
        file: { path: input, lengths: [whole.length] },
        size,
        mode: 'as-is',
        photometric: size.ycc ? 'YBR_FULL_422' : 'RGB',
      };
  }
  const { codedFrames } = await import('@smartbox/media/native');
  const file = new FrameFile(scratch('mjpeg'));
  let size: { width: number; height: number; ycc: boolean } | undefined;
  try {
    for await (const jpeg of codedFrames(input)) {
      const own = await fits50(jpeg);
      if (!own || (size && (own.width !== size.width || own.height !== size.height))) return undefined;
      size = own;
      await file.add(jpeg);
      if (file.lengths.length >= limit) break;
    }
  } finally {
    await file.close();
  }
  return size && { file, size, mode: 'remuxed', photometric: size.ycc ? 'YBR_FULL_422' : 'RGB' };
}

/** JPEG of 2 on FFmpeg's scale is visually lossless. */
const JPEG_QUALITY = 2;

async function coded({ input, facts, syntax, sopClass, ratio, scratch, work }: FrameRequest): Promise<Frames> {
  const { codeFrames, measureFrames } = await import('@smartbox/media/native');
  const rpcl = syntax.uid === T.htj2kLosslessRpcl;
  const coding =
    syntax.codec === 'htj2k'
      ? ({ kind: 'htj2k', rpcl, ...(ratio === undefined ? {} : { ratio }) } as const)
      : syntax.codec === 'jpeg'
        ? ({ kind: 'jpeg', quality: JPEG_QUALITY } as const)
        : ({ kind: 'rgb' } as const);
  const range: { count?: number } = sopClass.kind === 'still' || coding.kind === 'rgb' ? { count: 1 } : {};
  const file = new FrameFile(scratch(coding.kind));
  const progress = work && frameProgress(work, 'coding');
  const take = async (code: Uint8Array): Promise<void> => {
    await file.add(code);
    progress?.({ frames: file.lengths.length, totalFrames: range.count ?? facts.frames });
  };
  const { encoder, durationMs, frames, ...size } = await codeFrames(input, coding, range, take, work?.signal).finally(
    () => file.close(),
  );
  const whole = { file, size, mode: 'encoded', encoder } as const;
  if (coding.kind === 'rgb') return { ...whole, photometric: 'RGB', lossless: true };
  await using reader = await file.reader();
  const closeness = await measureFrames(
    input,
    coding,
    { ...range, frames },
    (index) => reader.read(index),
    work?.signal,
  );
  const compression = {
    ratio: compressionRatio({ ...size, frames, bitDepth: 8 }, file.bytes),
    ...closeness,
    durationMs,
  };
  const lossless = coding.kind === 'htj2k' && ratio === undefined;
  if (lossless && !closeness.identical)
    throw new SmartBoxError({
      code: 'not-lossless',
      fault: 'ours',
      message: `what was coded reversibly does not decode to the same samples (${facts.codec}, ${size.width}x${size.height})`,
    });
  return {
    ...whole,
    lossless,
    compression,
    photometric: coding.kind === 'jpeg' ? undefined : lossless ? 'YBR_RCT' : 'YBR_ICT',
  };
}
