import { rm } from 'node:fs/promises';
import { AV_CODEC_ID_MPEG2VIDEO } from 'node-av/constants';
import { Packet } from 'node-av/lib';
import { check, isEof, openMedia, shown, videoStream, type OpenOptions } from './av.ts';
import { Mp4Writer } from './mp4-writer.ts';

/**
 * Copies the video of a file without decoding it into what DICOM carries it in: MPEG-2 into a transport stream (PS3.5
 * 8.2.5), all else into a faststart MP4. Other tracks are left out.
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
    const mpeg2 = stream.codecpar.codecId === AV_CODEC_ID_MPEG2VIDEO;
    writer = new Mp4Writer(output, stream.codecpar, mpeg2 ? 'mpegts' : 'mp4');
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
