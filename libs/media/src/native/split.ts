import { rm } from 'node:fs/promises';
import { inputError } from '@smartbox/kernel';
import { AV_NOPTS_VALUE } from 'node-av/constants';
import { Packet, type FormatContext, type Stream } from 'node-av/lib';
import { check, isEof, openMedia, shown, videoStream } from './av.ts';
import { ticks } from './decode.ts';
import { Mp4Writer } from './mp4-writer.ts';

/** One piece of a video: an MP4 that plays alone. */
export interface Piece {
  readonly path: string;
  readonly frames: number;
  /** Of its first frame, from the first frame of the whole, in ms. */
  readonly startMs: number;
}

/** What an MP4 needs besides its samples: tables of some bytes per frame, and headers. */
const TABLES_PER_FRAME = 32;
const HEADERS = 65_536;

/**
 * Cuts a video at keyframes into MP4s of at most `maxBytes` each, without decoding: each begins with a keyframe and
 * plays alone, and together they have every frame once. The GOPs have to be closed.
 * @throws SmartBoxError `gop-too-large` where one GOP exceeds the limit; `media-error`, `no-video`. Nothing is left then.
 */
export async function splitAtKeyframes(
  input: string,
  maxBytes: number,
  pathOf: (index: number) => string,
): Promise<Piece[]> {
  const source = await openMedia(input);
  const pieces = new Pieces(videoStream(source, input), maxBytes, pathOf);
  try {
    await readAll(source, input, pieces);
    return pieces.finish();
  } catch (error) {
    await Promise.all(pieces.abandon().map((path) => rm(path, { force: true })));
    throw error;
  } finally {
    await source.closeInput();
  }
}

async function readAll(source: FormatContext, input: string, pieces: Pieces): Promise<void> {
  const packet = new Packet();
  packet.alloc();
  try {
    for (;;) {
      const code = source.readFrameSync(packet);
      if (isEof(code)) return;
      check(code, `read ${shown(input)}`);
      if (packet.streamIndex === pieces.stream.index) pieces.add(packet);
      packet.unref();
    }
  } finally {
    packet.free();
  }
}

/** Collects one GOP, then decides whether it still goes into the open piece. */
class Pieces {
  readonly stream: Stream;
  private readonly maxBytes: number;
  private readonly pathOf: (index: number) => string;
  private readonly done: { path: string; frames: number; startMs: number }[] = [];
  private gop: Packet[] = [];
  private gopBytes = 0;
  private writer: Mp4Writer | undefined;
  private bytes = 0;
  private firstDts = 0n;
  private firstPts = 0n;
  private startPts: bigint | undefined;

  constructor(stream: Stream, maxBytes: number, pathOf: (index: number) => string) {
    this.stream = stream;
    this.maxBytes = maxBytes;
    this.pathOf = pathOf;
  }

  add(packet: Packet): void {
    if (packet.isKeyframe && this.gop.length > 0) this.place();
    const copy = packet.clone();
    if (!copy) throw inputError('out-of-memory', 'a packet could not be copied');
    this.gop.push(copy);
    this.gopBytes += packet.size + TABLES_PER_FRAME;
  }

  private place(): void {
    if (this.gopBytes + HEADERS > this.maxBytes)
      throw inputError(
        'gop-too-large',
        `one GOP has ${this.gopBytes} bytes, a piece may have ${this.maxBytes}: there is no keyframe to cut at`,
      );
    if (!this.writer || this.bytes + this.gopBytes > this.maxBytes) this.open();
    const { num, den } = this.stream.timeBase;
    const piece = this.done.at(-1);
    for (const packet of this.gop) {
      packet.pts -= this.firstDts;
      packet.dts -= this.firstDts;
      this.writer?.write(packet, { num, den });
      packet.free();
      if (piece) piece.frames += 1;
    }
    this.bytes += this.gopBytes;
    this.gop = [];
    this.gopBytes = 0;
  }

  private open(): void {
    this.writer?.finish();
    const [first] = this.gop;
    const path = this.pathOf(this.done.length);
    this.writer = new Mp4Writer(path, this.stream.codecpar);
    this.bytes = HEADERS;
    this.firstDts = first && first.dts !== AV_NOPTS_VALUE ? first.dts : 0n;
    this.firstPts = first && first.pts !== AV_NOPTS_VALUE ? first.pts : this.firstDts;
    this.startPts ??= this.firstPts;
    const { num, den } = this.stream.timeBase;
    this.done.push({ path, frames: 0, startMs: ticks(this.firstPts - this.startPts, num, den) / 90 });
  }

  finish(): Piece[] {
    if (this.gop.length > 0) this.place();
    this.writer?.finish();
    this.writer = undefined;
    return this.done;
  }

  abandon(): string[] {
    this.writer?.abandon();
    this.writer = undefined;
    for (const packet of this.gop) packet.free();
    return this.done.map(({ path }) => path);
  }
}
