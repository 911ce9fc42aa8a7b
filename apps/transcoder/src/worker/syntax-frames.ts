import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import type { VideoFacts } from '@smartbox/contracts';
import { checkFrameCoding, TransferSyntaxUid as T } from '@smartbox/dicom';
import { inputError, SmartBoxError } from '@smartbox/kernel';
import { TURNED_UPRIGHT } from '@smartbox/media';
import { codedFrames, codeFrames, measureFrames, type FrameCoding } from '@smartbox/media/native';
import type { SyntaxPiece } from '../domain/syntax-jobs.ts';
import { isBaselineFrame } from './jpeg-frame.ts';
import type { SyntaxMade, SyntaxWork } from './syntax-stream.ts';

/** JPEG quality where frames are coded one by one: 2 of 31, visually lossless. */
const JPEG_QUALITY = 2;

/** Every frame on its own: JPEG Baseline, HTJ2K, or one uncompressed picture. */
export async function framesFor(work: SyntaxWork): Promise<SyntaxMade> {
  const { ask, syntax, facts, signal, onPercent } = work;
  const { ratio, kind, input } = ask;
  checkFrameCoding(syntax, { bitDepth: facts.bitDepth, ratio });
  if (syntax.codec === 'none' && kind !== 'picture')
    throw inputError('native-video', 'uncompressed video is not written (PS3.5 7.1.1)');
  const coding = codingOf(syntax, ratio);
  const same = coding.kind === 'jpeg' ? await framesOfMjpeg(work) : undefined;
  if (same) return same;
  const range = kind === 'picture' ? { first: ask.frame ?? 0, count: 1 } : {};
  const out = new FrameFiles(ask.folder, ask.maxBytes ?? Infinity);
  const take = async (code: Uint8Array): Promise<void> => {
    await out.add(code);
    // measuring takes about as long again
    onPercent((50 * out.frames) / (kind === 'picture' ? 1 : facts.frames));
  };
  const { encoder, durationMs, frames, ...size } = await codeFrames(input, coding, range, take, signal).finally(() =>
    out.close(),
  );
  const codec = { jpeg: 'mjpeg', htj2k: 'htj2k', rgb: 'rawvideo' }[coding.kind];
  const pieces = out.pieces.map(({ frames: own, ...piece }) => ({
    ...piece,
    facts: frameFacts(facts, codec, size, own),
  }));
  const reason = `it is ${facts.codec}, ${syntax.name} holds each frame by itself`;
  const notes = [
    ...(facts.turned ? [TURNED_UPRIGHT] : []),
    ...(facts.fieldOrder ? ['interlaced: deinterlaced (bwdif), each pair of fields became a frame'] : []),
  ];
  const made = { pieces, mode: 'encoded' as const, encoder, reason, notes, durationMs };
  if (coding.kind === 'rgb') return { ...made, lossless: true };
  const closeness = await measureFrames(input, coding, { ...range, frames }, (index) => out.read(index), signal);
  const lossless = coding.kind === 'htj2k' && ratio === undefined;
  if (lossless && !closeness.identical)
    throw new SmartBoxError({
      code: 'not-lossless',
      fault: 'ours',
      message: `what was coded in ${syntax.name} does not decode to the same samples`,
    });
  return { ...made, lossless, closeness };
}

/** The frames of a Motion JPEG as they were coded; undefined where one of them does not stand alone. */
async function framesOfMjpeg({ ask, facts, signal, onPercent }: SyntaxWork): Promise<SyntaxMade | undefined> {
  if (ask.kind === 'picture' || facts.codec !== 'mjpeg' || facts.interlaced || facts.turned) return undefined;
  const out = new FrameFiles(ask.folder, ask.maxBytes ?? Infinity);
  try {
    for await (const jpeg of codedFrames(ask.input)) {
      signal.throwIfAborted();
      if (!isBaselineFrame(jpeg, facts)) return undefined;
      await out.add(jpeg);
      onPercent((100 * out.frames) / facts.frames);
    }
  } finally {
    await out.close();
  }
  const pieces = out.pieces.map(({ frames, ...piece }) => ({
    ...piece,
    facts: frameFacts(facts, 'mjpeg', facts, frames),
  }));
  return { pieces, mode: 'same', lossless: true };
}

function codingOf({ codec, uid }: SyntaxWork['syntax'], ratio: number | undefined): FrameCoding {
  if (codec === 'jpeg') return { kind: 'jpeg', quality: JPEG_QUALITY };
  if (codec !== 'htj2k') return { kind: 'rgb' };
  return { kind: 'htj2k', rpcl: uid === T.htj2kLosslessRpcl, ...(ratio === undefined ? {} : { ratio }) };
}

function frameFacts(
  facts: VideoFacts,
  codec: string,
  { width, height }: { width: number; height: number },
  frames: number,
): VideoFacts {
  const { num, den } = facts.frameRate;
  const { codecString: _other, fieldOrder: _whole, turned: _upright, ...rest } = facts;
  return {
    ...rest,
    width,
    height,
    container: 'other',
    codec,
    profile: codec === 'mjpeg' ? 'Baseline' : 'HTJ2K',
    level: 0,
    frames,
    durationMs: (1000 * frames * den) / num,
    chroma: codec === 'mjpeg' ? '4:2:2' : '4:4:4',
    bitDepth: 8,
    interlaced: false,
    bFrames: false,
    closedGop: true,
    audioTracks: 0,
  };
}

/** Frames one after the other in files of at most so many bytes, each with a list of their lengths. */
class FrameFiles {
  readonly pieces: (Omit<SyntaxPiece, 'facts'> & { path: string; frames: number })[] = [];
  frames = 0;
  readonly #folder: string;
  readonly #limit: number;
  /** Of every frame: its piece, and where it lies in that. */
  readonly #places: { piece: number; offset: number; length: number }[] = [];
  #file: WriteStream | undefined;
  #lengths: number[] = [];
  #bytes = 0;

  constructor(folder: string, limit: number) {
    this.#folder = folder;
    this.#limit = limit;
  }

  async add(bytes: Uint8Array): Promise<void> {
    if (this.#file && this.#bytes + bytes.length > this.#limit) await this.close();
    this.#file ??= this.#open();
    this.#places.push({ piece: this.pieces.length - 1, offset: this.#bytes, length: bytes.length });
    this.#lengths.push(bytes.length);
    this.#bytes += bytes.length;
    this.frames += 1;
    if (!this.#file.write(bytes)) await once(this.#file, 'drain');
  }

  /** A frame that was added, counted from 0, after `close`. */
  async read(index: number): Promise<Uint8Array> {
    const place = this.#places[index];
    const piece = this.pieces[place?.piece ?? -1];
    if (!place || !piece) throw inputError('no-frames', `there is no frame ${index}`);
    await using file = await open(piece.path);
    const bytes = Buffer.alloc(place.length);
    await file.read(bytes, 0, place.length, place.offset);
    return bytes;
  }

  #open(): WriteStream {
    const number = this.pieces.length + 1;
    const path = join(this.#folder, `frames-${number}`);
    this.pieces.push({ path, framesPath: `${path}.json`, firstFrame: this.frames, frames: 0 });
    return createWriteStream(path);
  }

  async close(): Promise<void> {
    const [file, piece] = [this.#file, this.pieces.at(-1)];
    if (!file || !piece) return;
    this.#file = undefined;
    file.end();
    await finished(file);
    piece.frames = this.#lengths.length;
    await writeFile(piece.framesPath ?? '', JSON.stringify(this.#lengths));
    this.#lengths = [];
    this.#bytes = 0;
  }
}
