import { Packet, type FormatContext, type Frame, type Stream } from 'node-av/lib';
import { check, isEof, openMedia, shown, videoStream, type OpenOptions } from '../av.ts';
import { damaged, isWhole } from '../damage.ts';
import { VideoDecoder } from '../decode.ts';

/** The frames of a file one by one, when the caller wants them; a few are held at a time. */
export class FrameStream {
  readonly stream: Stream;
  /** Frames handed out so far. */
  frames = 0;
  private readonly path: string;
  private readonly whole: boolean;
  private readonly input: FormatContext;
  private readonly decoder: VideoDecoder;
  private readonly packet = new Packet();
  private readonly ready: Frame[] = [];
  private ended = false;

  private constructor(path: string, input: FormatContext, whole: boolean) {
    this.path = path;
    this.whole = whole;
    this.input = input;
    this.stream = videoStream(input, path);
    this.decoder = new VideoDecoder(this.stream, 2, { path });
    this.packet.alloc();
  }

  static async open(path: string, signal?: AbortSignal, open: OpenOptions = {}): Promise<FrameStream> {
    const input = await openMedia(path, open, signal);
    try {
      return new FrameStream(path, input, await isWhole(path));
    } catch (error) {
      await input.closeInput();
      throw error;
    }
  }

  /** The next frame, to be freed by the caller; null at the end. @throws SmartBoxError `media-error`, `damaged`. */
  next(): Frame | null {
    while (this.ready.length === 0 && !this.ended) {
      const code = this.input.readFrameSync(this.packet);
      if (isEof(code)) {
        this.ended = true;
        this.decoder.decode(null, (frame) => this.keep(frame));
        break;
      }
      check(code, `read ${shown(this.path)}`);
      if (this.packet.streamIndex === this.stream.index) this.decoder.decode(this.packet, (frame) => this.keep(frame));
      this.packet.unref();
    }
    const frame = this.ready.shift() ?? null;
    if (frame) this.frames++;
    else if (!this.whole) throw damaged(this.path, this.frames);
    return frame;
  }

  private keep(frame: Frame): void {
    const own = frame.clone();
    if (own) this.ready.push(own);
  }

  async close(): Promise<void> {
    for (const frame of this.ready) frame.free();
    this.packet.free();
    this.decoder.close();
    await this.input.closeInput();
  }
}
