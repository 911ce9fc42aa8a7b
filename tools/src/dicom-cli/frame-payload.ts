import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import {
  bufferSource,
  readJpegFacts,
  TransferSyntaxUid as T,
  type SopClass,
  type TransferSyntax,
} from '@smartbox/dicom';
import { inputError } from '@smartbox/kernel';
import { encodeSequence, Htj2kPool, type Htj2kFrame } from '@smartbox/media';
import { historyOf, type Payload, type SourceFacts } from './payload.ts';

export interface FrameRequest {
  input: string;
  facts: SourceFacts;
  sopClass: SopClass;
  syntax: TransferSyntax;
  /** HTJ2K .203: so many to one; absent: reversible. */
  ratio: number | undefined;
  scratch: (extension: string) => string;
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
}

/** Frames each on their own: JPEG baseline, HTJ2K, or one uncompressed picture. */
export async function framePayload(request: FrameRequest): Promise<Payload> {
  const { syntax, facts, sopClass } = request;
  const notes: string[] = [];
  if (sopClass.kind === 'still' && facts.frames > 1) notes.push(`the first of ${facts.frames} frames was taken`);
  const asIs = syntax.codec === 'jpeg' ? await jpegAsIs(request) : undefined;
  const made = asIs ?? (await (syntax.codec === 'jpeg' ? jpegs : syntax.codec === 'htj2k' ? htj2k : native)(request));
  const again = made.mode === 'encoded';
  return {
    ...made.size,
    path: made.file.path,
    temporary: made.file.path !== request.input,
    bytes: made.bytes ?? made.file.lengths.reduce((sum, each) => sum + each, 0),
    shape: syntax.layout === 'native' ? (made.file.lengths[0] ?? 0) : { frameLengths: made.file.lengths },
    transferSyntaxUid: syntax.uid,
    mode: made.mode,
    reason: again
      ? `the input is ${facts.codec}${syntax.codec === 'jpeg' && facts.codec === 'mjpeg' ? ', but not baseline JPEG of three components with its tables' : ''}`
      : undefined,
    encoder: made.encoder,
    frames: made.file.lengths.length,
    frameRate: facts.frameRate,
    bitDepth: 8,
    photometricInterpretation: made.photometric,
    lossyHistory: again ? historyOf(facts, notes) : [],
    lossless: made.lossless,
    notes,
  };
}

interface Frames {
  file: { path: string; lengths: readonly number[] };
  bytes?: number;
  size: { width: number; height: number };
  mode: Payload['mode'];
  encoder?: string;
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
  if (facts.codec !== 'mjpeg') return undefined;
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

async function jpegs({ input, sopClass, scratch }: FrameRequest): Promise<Frames> {
  const { jpegFrames } = await import('@smartbox/media/native');
  const file = new FrameFile(scratch('mjpeg'));
  const quality = 2;
  let size = { width: 0, height: 0 };
  try {
    for await (const { jpeg, width, height } of jpegFrames(input, quality)) {
      size = { width, height };
      await file.add(jpeg);
      if (sopClass.kind === 'still') break;
    }
  } finally {
    await file.close();
  }
  return { file, size, mode: 'encoded', encoder: `mjpeg 4:2:2 q=${quality}` };
}

async function htj2k({ input, syntax, sopClass, ratio, scratch }: FrameRequest): Promise<Frames> {
  if (ratio !== undefined && syntax.lossless)
    throw inputError('lossless-only', `${syntax.name} is reversible: a ratio goes with ${T.htj2k} only (PS3.5 8.2.14)`);
  const { rgbFrames } = await import('@smartbox/media/native');
  const file = new FrameFile(scratch('j2c'));
  const pool = new Htj2kPool();
  let size = { width: 0, height: 0 };
  async function* frames(): AsyncGenerator<Htj2kFrame> {
    for await (const { rgb, width, height } of rgbFrames(input)) {
      size = { width, height };
      yield { rgb, width, height };
      if (sopClass.kind === 'still') return;
    }
  }
  const rpcl = syntax.uid === T.htj2kLosslessRpcl;
  try {
    for await (const { bytes } of encodeSequence(pool, frames(), { rpcl, ...(ratio === undefined ? {} : { ratio }) }))
      await file.add(bytes);
  } finally {
    await file.close();
    await pool.close();
  }
  return {
    file,
    size,
    mode: 'encoded',
    encoder: `OpenJPH ${ratio === undefined ? 'reversible' : `${ratio}:1`}${rpcl ? ' RPCL TLM' : ''}`,
    photometric: ratio === undefined ? 'YBR_RCT' : 'YBR_ICT',
    lossless: ratio === undefined,
  };
}

async function native({ input, scratch }: FrameRequest): Promise<Frames> {
  const { rgbFrames } = await import('@smartbox/media/native');
  const file = new FrameFile(scratch('rgb'));
  let size = { width: 0, height: 0 };
  for await (const { rgb, width, height } of rgbFrames(input)) {
    size = { width, height };
    await file.add(rgb);
    break;
  }
  await file.close();
  return { file, size, mode: 'encoded', encoder: 'uncompressed RGB', photometric: 'RGB', lossless: true };
}
