import { rm } from 'node:fs/promises';
import { Packet } from 'node-av/lib';
import { check, isEof, openMedia, shown, videoStream, type OpenOptions } from './av.ts';
import { Mp4Writer } from './mp4-writer.ts';

/**
 * Copies the video of a file into a faststart MP4 without decoding it; other tracks are left out.
 * @param open for files that do not say what they are
 * @returns the number of packets copied
 * @throws SmartBoxError `media-error`, `no-video`; the output is removed then
 */
export async function remux(input: string, output: string, open?: OpenOptions): Promise<number> {
  const source = await openMedia(input, open);
  let writer: Mp4Writer | undefined;
  const packet = new Packet();
  packet.alloc();
  try {
    const stream = videoStream(source, input);
    writer = new Mp4Writer(output, stream.codecpar);
    const timeBase = { num: stream.timeBase.num, den: stream.timeBase.den };
    let count = 0;
    for (;;) {
      const code = source.readFrameSync(packet);
      if (isEof(code)) break;
      check(code, `read ${shown(input)}`);
      if (packet.streamIndex === stream.index) {
        writer.write(packet, timeBase);
        count += 1;
      } else packet.unref();
    }
    writer.finish();
    return count;
  } catch (error) {
    writer?.abandon();
    await rm(output, { force: true });
    throw error;
  } finally {
    packet.free();
    await source.closeInput();
  }
}
