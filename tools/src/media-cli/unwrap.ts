import { createReadStream, createWriteStream } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { inputError } from '@smartbox/kernel';
import { extractPayload, fileSource, readPart10, transferSyntaxes, type Dataset } from '@smartbox/dicom';
import { containRaw, remux, type RawVideo } from '@smartbox/media/native';
import { base64Decoder, looksLikeBase64 } from './base64.ts';
import { longBase64 } from './long-base64.ts';

/**
 * Takes a video out of what it was kept in: base64 text, a DICOM object, bare pictures. The path of the video: the
 * file itself, or `scratch`. Everything is streamed.
 */
export async function unwrap(
  file: string,
  scratch: string,
  raw: RawVideo | undefined,
  signal: AbortSignal,
): Promise<string> {
  if (raw && /\.(yuv|yuy2|uyvy|nv12|i420|raw)$/i.test(file)) {
    await containRaw(file, scratch, raw, signal);
    return scratch;
  }
  const head = await headOf(file);
  if (head.toString('latin1', 128, 132) === 'DICM') return fromDicom(file, scratch);
  if (/^\s*[[{]/.test(head.toString('latin1'))) return decodeBase64(file, longString(file), scratch);
  return looksLikeBase64(head.toString('latin1')) ? decodeBase64(file, createReadStream(file), scratch) : file;
}

async function headOf(file: string): Promise<Buffer> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4096), 0, 4096, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** The stream of a DICOM video, byte for byte (PS3.5 8.2.5 to 8.2.11; Motion JPEG: its pictures in a row). */
async function fromDicom(file: string, scratch: string): Promise<string> {
  await using source = await fileSource(file);
  const parsed = await readPart10(source);
  const syntax = transferSyntaxes.get(parsed.transferSyntaxUid);
  if (!syntax || syntax.codec === 'none' || syntax.codec === 'htj2k')
    throw inputError('no-video', `${file} is a DICOM object in ${parsed.transferSyntaxUid}, which holds no video`);
  if (syntax.codec !== 'jpeg') {
    await pipeline(extractPayload(source, parsed), createWriteStream(scratch));
    return scratch;
  }
  // pictures do not say how long they are shown: the object does
  const pictures = `${scratch}-pictures`;
  try {
    await pipeline(extractPayload(source, parsed), createWriteStream(pictures));
    await remux(pictures, scratch, { format: 'mjpeg', options: { framerate: rateOf(parsed.dataset) } });
  } finally {
    await rm(pictures, { force: true });
  }
  return scratch;
}

/** Frame Time, else Cine Rate (PS3.3 C.7.6.5), as FFmpeg writes a rate; 25 where the object says neither. */
function rateOf(dataset: Dataset): string {
  const frameTime = Number([dataset['FrameTime']].flat()[0] ?? NaN);
  const rate = frameTime > 0 ? 1000 / frameTime : Number([dataset['CineRate']].flat()[0] ?? 25);
  // 29.97 and its like (1000/1001); Frame Time is a decimal of 16 characters
  const ntsc = Math.round(rate * 1.001);
  if (Math.abs(rate - Math.round(rate)) < 0.001) return String(Math.round(rate));
  return Math.abs(rate * 1.001 - ntsc) < 0.001 ? `${ntsc * 1000}/1001` : `${Math.round(rate * 1000)}/1000`;
}

const longString = (file: string): AsyncIterable<string> => longBase64(createReadStream(file), file);

async function decodeBase64(file: string, text: AsyncIterable<Buffer | string>, output: string): Promise<string> {
  await pipeline(text, base64Decoder(file), createWriteStream(output));
  return output;
}
